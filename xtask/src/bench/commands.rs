//! Every command line that the benchmarks run, ours and the peers', and nothing else.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::Inputs;

/// The features that the server which is measured was trained with: what `train` does unasked.
pub const SERVED: Features = Features::Full;

/// How much `cinematch train` makes of a film.
#[derive(Clone, Copy)]
pub enum Features {
    /// The peer's features: TF-IDF, genres, year and runtime.
    Seed,
    /// Everything there is.
    Full,
}

impl Features {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Full => "full",
        }
    }
}

/// A peer's server.
#[derive(Clone, Copy)]
pub struct PeerServer {
    /// Which one.
    pub kind: PeerKind,
    /// Its processes.
    pub workers: usize,
}

/// How a peer's server is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PeerKind {
    /// pandas and scikit-learn, on what `train.py` made.
    Usual,
    /// numpy and scipy, on our own artifacts, for replies equal to ours.
    Tuned,
}

impl PeerServer {
    /// What tables and messages call it.
    pub fn name(self) -> String {
        let kind = match self.kind {
            PeerKind::Usual => "usual peer",
            PeerKind::Tuned => "tuned peer",
        };
        let plural = if self.workers == 1 { "" } else { "s" };
        format!("{kind}, {} worker{plural}", self.workers)
    }

    fn script(self) -> &'static str {
        match self.kind {
            PeerKind::Usual => "serve.py",
            PeerKind::Tuned => "serve_tuned.py",
        }
    }
}

/// The programs of both sides.
pub struct Programs {
    /// Our release binary.
    pub ours: PathBuf,
    /// The Python of the peers' own environment.
    pub python: PathBuf,
    /// The directory of the peers' scripts.
    pub peers: PathBuf,
}

impl Programs {
    fn ours(&self, root: &Path) -> Command {
        let mut command = Command::new(&self.ours);
        // The defaults are measured, not what this shell happens to configure.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"CINEMATCH_") {
                command.env_remove(name);
            }
        }
        command.current_dir(root).arg("--root").arg(root);
        command
    }

    fn peer(&self, script: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(self.peers.join(script));
        command
    }

    /// Merges the raw files in `root`; keeps the films without a genre, as the peer does.
    pub fn ours_preprocess(&self, root: &Path) -> Command {
        let mut command = self.ours(root);
        command.args(["preprocess", "--keep-without-genres"]);
        command
    }

    /// Trains on the merged file in `root`.
    pub fn ours_train(&self, root: &Path, features: Features) -> Command {
        let mut command = self.ours(root);
        command.args(["train", "--features", features.name()]);
        command
    }

    /// Serves what was trained last in `root`; like the peer, it logs warnings and no requests.
    pub fn ours_serve(&self, root: &Path, port: u16) -> Command {
        let mut command = self.ours(root);
        command.args(["serve", "--port", &port.to_string(), "--log", "warn"]);
        command
    }

    /// Merges the same raw files into `out`.
    pub fn peer_preprocess(&self, inputs: &Inputs, out: &Path) -> Command {
        let mut command = self.peer("preprocess.py");
        command.arg("--movies").arg(&inputs.movies).arg("--links").arg(&inputs.links);
        command.arg("--tmdb").arg(&inputs.tmdb).arg("--out").arg(out);
        command
    }

    /// Trains on `merged` into the directory `out`.
    pub fn peer_train(&self, merged: &Path, out: &Path) -> Command {
        let mut command = self.peer("train.py");
        command.arg("--merged").arg(merged).arg("--out").arg(out);
        command
    }

    /// Serves artifacts: those of [`Self::peer_train`], or ours for [`PeerKind::Tuned`].
    pub fn peer_serve(&self, server: PeerServer, artifacts: &Path, port: u16) -> Command {
        let mut command = self.peer(server.script());
        command.arg("--artifacts").arg(artifacts);
        command.args(["--port", &port.to_string(), "--workers", &server.workers.to_string()]);
        command
    }
}

/// Makes a new, empty folder in the layout that `cinematch --root` expects.
pub fn make_root(root: &Path, inputs: &Inputs) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| format!("cannot clear {}", root.display()))?;
    }
    let links = [
        (&inputs.movies, "raw/ml-32m/movies.csv"),
        (&inputs.links, "raw/ml-32m/links.csv"),
        (&inputs.tmdb, "raw/tmdb/tmdb_metadata.csv"),
    ];
    for (file, place) in links {
        let place = root.join(place);
        fs::create_dir_all(place.parent().unwrap_or(root))
            .and_then(|()| symlink(file, &place))
            .with_context(|| format!("cannot link {}", place.display()))?;
    }
    Ok(())
}

/// Where `cinematch preprocess` leaves the merged file.
pub fn merged(root: &Path) -> PathBuf {
    root.join("data/movies_merged.csv")
}
