//! Every command line that the benchmarks run, ours and the peers', and nothing else.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::Inputs;

/// The features that the server which is measured was trained with: what `train` does unasked.
pub const SERVED: Features = Features::Full;

/// Splits to choose by have seeds from here on; those to test by begin with the default.
const TUNE_SEED: &str = "1042";

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

/// What `cinematch ratings` does.
#[derive(Clone, Copy)]
pub enum Ratings {
    /// Reads and checks ratings.csv, and keeps nothing.
    Read,
    /// Reads, checks and packs it.
    Pack,
    /// Opens what was packed.
    Open,
}

/// A peer that reads ratings.csv.
#[derive(Clone, Copy)]
pub struct PeerReader {
    /// The library.
    pub library: &'static str,
    /// Whether it also sorts by user and film, keeps one rating of a pair, and sorts by film.
    pub sort: bool,
}

/// How a row of the least-squares problem is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Exactly.
    Cholesky,
    /// By a few steps of conjugate gradients.
    ConjugateGradients,
}

impl Solver {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cholesky => "cholesky",
            Self::ConjugateGradients => "cg",
        }
    }
}

/// One training of implicit ALS.
#[derive(Clone, Copy)]
pub struct Training {
    /// The length of a user's and of a film's vector.
    pub factors: usize,
    /// How often both sides are solved.
    pub iterations: usize,
    /// Threads.
    pub threads: usize,
}

impl Training {
    fn add_to(self, command: &mut Command) {
        let options = [
            ("--factors", self.factors),
            ("--iterations", self.iterations),
            ("--threads", self.threads),
        ];
        for (name, value) in options {
            command.arg(name).arg(value.to_string());
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
    /// The usual one with people and their ratings in SQLite, and a search.
    People,
}

impl PeerServer {
    /// What tables and messages call it.
    pub fn name(self) -> String {
        let kind = match self.kind {
            PeerKind::Usual => "usual peer",
            PeerKind::Tuned => "tuned peer",
            PeerKind::People => "usual peer with people",
        };
        let plural = if self.workers == 1 { "" } else { "s" };
        format!("{kind}, {} worker{plural}", self.workers)
    }

    fn script(self) -> &'static str {
        match self.kind {
            PeerKind::Usual => "serve.py",
            PeerKind::Tuned => "serve_tuned.py",
            PeerKind::People => "serve_people.py",
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
            let named = name.as_encoded_bytes();
            if named.starts_with(b"CINEMATCH_") || named == b"REDIS_URL" {
                command.env_remove(name);
            }
        }
        command.current_dir(root).arg("--root").arg(root);
        command
    }

    fn peer(&self, script: &str) -> Command {
        self.peer_of(&self.python, script)
    }

    fn peer_of(&self, python: &Path, script: &str) -> Command {
        let mut command = Command::new(python);
        command.arg(self.peers.join(script));
        // Where this shell holds OpenBLAS to an older processor, numpy would be slower than it is.
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
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

    /// Makes up files of MovieLens' form in `root`.
    pub fn ours_synth(&self, root: &Path, ratings: u64) -> Command {
        let mut command = self.ours(root);
        command.args(["synth", "--ratings", &ratings.to_string(), "--out"]).arg(root);
        command
    }

    /// Reads the ratings in `root`.
    pub fn ours_ratings(&self, root: &Path, what: Ratings) -> Command {
        let mut command = self.ours(root);
        command.args(["ratings", "--json"]).args(match what {
            Ratings::Read => &["--refresh", "--no-cache"][..],
            Ratings::Pack => &["--refresh"],
            Ratings::Open => &[],
        });
        command
    }

    /// Merges what [`Self::ours_synth`] made up, all of its films.
    pub fn ours_merge_all(&self, root: &Path) -> Command {
        let mut command = self.ours(root);
        command.args(["preprocess", "--min-year", "none", "--keep-without-genres"]);
        command
    }

    /// Trains the hybrid.
    pub fn ours_learn(&self, root: &Path) -> Command {
        let mut command = self.ours(root);
        command.arg("train");
        command
    }

    /// Writes lists of 100 films for the viewers of `histories`.
    pub fn ours_rank_all(&self, root: &Path, histories: &Path, out: &Path) -> Command {
        let mut command = self.ours(root);
        command.args(["recommend", "--limit", "100"]);
        command.arg("--histories").arg(histories).arg("--out").arg(out);
        command
    }

    /// Merges the small data set, all of its films.
    pub fn ours_small(&self, root: &Path) -> Command {
        let mut command = self.ours(root);
        command.args(["preprocess", "--raw", "raw/small", "--services", "none"]);
        command.args(["--min-year", "none", "--keep-without-genres"]);
        command
    }

    /// Searches a model's parameters on so many splits.
    pub fn ours_tune(&self, root: &Path, model: &str, trials: usize, splits: usize) -> Command {
        let mut command = self.ours(root);
        command.args(["tune", "--raw", "raw/small", "--model", model, "--seed", TUNE_SEED]);
        command.args(["--trials", &trials.to_string(), "--splits", &splits.to_string()]);
        command
    }

    /// Writes the splits that [`Self::ours_tune`] chooses by to a folder.
    pub fn ours_export_validation(&self, root: &Path, splits: usize, out: &Path) -> Command {
        let mut command = self.ours_evaluate(root, splits);
        command.args(["--models", "popular", "--seed", TUNE_SEED]);
        command.arg("--export-split").arg(out);
        command
    }

    /// Measures models on the test of so many splits.
    pub fn ours_evaluate(&self, root: &Path, splits: usize) -> Command {
        let mut command = self.ours(root);
        command.args(["evaluate", "--raw", "raw/small", "--splits", &splits.to_string()]);
        command
    }

    /// Tunes the peer `name` on one folder of splits, and writes its lists for another.
    pub fn peer_quality(
        &self,
        python: &Path,
        name: &str,
        trials: usize,
        [tune, test, out]: [&Path; 3],
    ) -> Command {
        let mut command = self.peer_of(python, "quality.py");
        command.args([name, "--trials", &trials.to_string()]);
        command.arg("--tune").arg(tune).arg("--test").arg(test).arg("--out").arg(out);
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

    /// Reads `ratings`.
    pub fn peer_ratings(&self, reader: PeerReader, ratings: &Path) -> Command {
        let mut command = self.peer("ratings.py");
        command.arg(reader.library).arg("--ratings").arg(ratings);
        if reader.sort {
            command.arg("--sort");
        }
        command
    }

    /// Writes those of `ratings` that say a film was liked, at most 20 million, into the matrix `out`.
    pub fn peer_prepare_ials(&self, python: &Path, ratings: &Path, out: &Path) -> Command {
        let mut command = self.peer_of(python, "ials.py");
        command.args(["prepare", "--at-least", "3", "--most", "20000000"]);
        command.arg("--ratings").arg(ratings).arg("--out").arg(out);
        command
    }

    /// Splits the matrix `data` into `seen` and `hidden`.
    pub fn peer_split_ials(
        &self,
        python: &Path,
        data: &Path,
        [seen, hidden]: [&Path; 2],
    ) -> Command {
        let mut command = self.peer_of(python, "ials.py");
        command.arg("split").arg("--data").arg(data);
        command.arg("--seen").arg(seen).arg("--hidden").arg(hidden);
        command
    }

    /// Looks whether what was hidden is found by the factors that ours left in a folder.
    pub fn peer_check_ials(
        &self,
        python: &Path,
        [seen, hidden]: [&Path; 2],
        factors: &Path,
    ) -> Command {
        let mut command = self.peer_of(python, "ials.py");
        command.arg("check").arg("--factors").arg(factors);
        command.arg("--seen").arg(seen).arg("--hidden").arg(hidden);
        command
    }

    /// Trains numpy's EASE on the matrix `data`, the inverse by `method`.
    pub fn peer_ease(&self, python: &Path, method: &str, data: &Path, movies: usize) -> Command {
        let mut command = self.peer_of(python, "ease.py");
        command.arg(method).arg("--data").arg(data);
        command.args(["--films", &movies.to_string()]);
        command
    }

    /// Trains the implicit ALS of the peer `name` on the matrix `data`.
    pub fn peer_ials(&self, python: &Path, name: &str, data: &Path, training: Training) -> Command {
        let mut command = self.peer_of(python, "ials.py");
        command.arg(name).arg("--data").arg(data);
        // What our example trains with: its defaults.
        command.args(["--unobserved-weight", "0.1", "--regularization", "0.003"]);
        command.args(["--cg-steps", "3"]);
        training.add_to(&mut command);
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

/// Trains our implicit ALS on the matrix `data` that the peers read, by the example at `program`.
pub fn ours_ials(program: &Path, data: &Path, solver: Solver, training: Training) -> Command {
    let mut command = Command::new(program);
    command.arg("ials").arg(data).args(["--solver", solver.name()]);
    training.add_to(&mut command);
    command
}

/// Trains our EASE on the matrix `data` that the peers read, by the example at `program`.
pub fn ours_ease(program: &Path, data: &Path, movies: usize) -> Command {
    let mut command = Command::new(program);
    command.arg("ease").arg(data).args(["--films", &movies.to_string()]);
    command
}

/// Times single requests on what was trained in `root`, by the example at `program`.
pub fn ours_rank(program: &Path, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(root.join("ml/artifacts"));
    command
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

/// Where `cinematch synth` leaves the ratings.
pub fn ratings(root: &Path) -> PathBuf {
    root.join("raw/ml-synthetic/ratings.csv")
}

/// Where `cinematch ratings` packs them.
pub fn packed(root: &Path) -> PathBuf {
    root.join("data/ratings.bin")
}
