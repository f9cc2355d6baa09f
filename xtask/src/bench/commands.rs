//! Command lines for the benchmarks, for our binary and the Python programs that it is compared with.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::Inputs;

/// Features that the measured server uses: the default of `cinematch train`.
pub const SERVED: Features = Features::Full;

/// First seed of the tuning splits. The test splits start at the default seed.
const TUNE_SEED: &str = "1042";

/// Movie features that `cinematch train` computes.
#[derive(Clone, Copy)]
pub enum Features {
    /// Features that the Python stack uses: TF-IDF, genres, year and runtime.
    Seed,
    /// All features.
    Full,
}

impl Features {
    /// Returns the value for `--features`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Full => "full",
        }
    }
}

/// Mode in which `cinematch ratings` runs.
#[derive(Clone, Copy)]
pub enum Ratings {
    /// Parses and validates ratings.csv without writing a cache.
    Read,
    /// Parses and validates ratings.csv, and writes the packed file.
    Pack,
    /// Opens the packed file.
    Open,
}

/// A compared library that reads ratings.csv.
#[derive(Clone, Copy)]
pub struct PeerReader {
    /// Name of the library.
    pub library: &'static str,
    /// If true, also sorts by user and movie, removes duplicate pairs, and sorts by movie.
    pub sort: bool,
}

/// Method for solving the least-squares problem of a user or movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Cholesky decomposition, which is exact.
    Cholesky,
    /// A few steps of conjugate gradients.
    ConjugateGradients,
}

impl Solver {
    /// Returns the value for `--solver`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cholesky => "cholesky",
            Self::ConjugateGradients => "cg",
        }
    }
}

/// Parameters of an implicit ALS training run.
#[derive(Clone, Copy)]
pub struct Training {
    /// Length of user and movie vectors.
    pub factors: usize,
    /// Number of iterations; each solves for users and for movies.
    pub iterations: usize,
    /// Number of threads.
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

/// A competing recommender's server.
#[derive(Clone, Copy)]
pub struct PeerServer {
    /// Implementation of the server.
    pub kind: PeerKind,
    /// Number of worker processes.
    pub workers: usize,
}

/// Implementation of a competing server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PeerKind {
    /// pandas and scikit-learn, with artifacts from `train.py`.
    Plain,
    /// numpy and scipy, with our artifacts; returns the same replies as our server.
    Tuned,
    /// [`PeerKind::Plain`] with search, and with users and their ratings in SQLite.
    WithProfiles,
}

impl PeerServer {
    /// Returns the name for tables and messages.
    pub fn name(self) -> String {
        let kind = match self.kind {
            PeerKind::Plain => "usual peer",
            PeerKind::Tuned => "tuned peer",
            PeerKind::WithProfiles => "usual peer with profiles",
        };
        let plural = if self.workers == 1 { "" } else { "s" };
        format!("{kind}, {} worker{plural}", self.workers)
    }

    fn script(self) -> &'static str {
        match self.kind {
            PeerKind::Plain => "serve.py",
            PeerKind::Tuned => "serve_tuned.py",
            PeerKind::WithProfiles => "serve_people.py",
        }
    }
}

/// Our binary, and the Python interpreter and scripts that it is compared with.
pub struct Programs {
    /// Path of our release binary.
    pub ours: PathBuf,
    /// Path of the Python interpreter that runs the scripts.
    pub python: PathBuf,
    /// Directory that contains the scripts.
    pub peers: PathBuf,
}

impl Programs {
    fn ours(&self, root: &Path) -> Command {
        let mut command = Command::new(&self.ours);
        // The benchmarks measure the defaults, regardless of settings in the caller's environment.
        for (name, _) in std::env::vars_os() {
            let name_bytes = name.as_encoded_bytes();
            if name_bytes.starts_with(b"CINEMATCH_") || name_bytes == b"REDIS_URL" {
                command.env_remove(name);
            }
        }
        command.current_dir(root).arg("--root").arg(root);
        command
    }

    fn peer(&self, script: &str) -> Command {
        self.peer_with(&self.python, script)
    }

    fn peer_with(&self, python: &Path, script: &str) -> Command {
        let mut command = Command::new(python);
        command.arg(self.peers.join(script));
        // OpenBLAS settings for an older processor would slow down numpy.
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
        command
    }

    /// Merges the raw files in `root`. Keeps movies without genres, like the Python script.
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

    /// Serves the latest artifacts in `root`. Logs warnings but not requests, like the competing servers.
    pub fn ours_serve(&self, root: &Path, port: u16) -> Command {
        let mut command = self.ours(root);
        command.args(["serve", "--port", &port.to_string(), "--log", "warn"]);
        command
    }

    /// Generates synthetic files in MovieLens format in `root`.
    pub fn ours_synth(&self, root: &Path, ratings: u64) -> Command {
        let mut command = self.ours(root);
        command.args(["synth", "--ratings", &ratings.to_string(), "--out"]).arg(root);
        command
    }

    /// Reads, packs or opens the ratings in `root`.
    pub fn ours_ratings(&self, root: &Path, mode: Ratings) -> Command {
        let mut command = self.ours(root);
        command.args(["ratings", "--json"]).args(match mode {
            Ratings::Read => &["--refresh", "--no-cache"][..],
            Ratings::Pack => &["--refresh"],
            Ratings::Open => &[],
        });
        command
    }

    /// Merges all movies generated by [`Self::ours_synth`].
    pub fn ours_merge_all(&self, root: &Path) -> Command {
        let mut command = self.ours(root);
        command.args(["preprocess", "--min-year", "none", "--keep-without-genres"]);
        command
    }

    /// Trains the default hybrid.
    pub fn ours_train_default(&self, root: &Path) -> Command {
        let mut command = self.ours(root);
        command.arg("train");
        command
    }

    /// Writes lists of 100 movies for the users in `histories`.
    pub fn ours_rank_all(&self, root: &Path, histories: &Path, out: &Path) -> Command {
        let mut command = self.ours(root);
        command.args(["recommend", "--limit", "100"]);
        command.arg("--histories").arg(histories).arg("--out").arg(out);
        command
    }

    /// Merges all movies in the small dataset.
    pub fn ours_preprocess_small(&self, root: &Path) -> Command {
        let mut command = self.ours(root);
        command.args(["preprocess", "--raw", "raw/small", "--services", "none"]);
        command.args(["--min-year", "none", "--keep-without-genres"]);
        command
    }

    /// Tunes the hyperparameters of `model` on `splits` splits.
    pub fn ours_tune(&self, root: &Path, model: &str, trials: usize, splits: usize) -> Command {
        let mut command = self.ours(root);
        command.args(["tune", "--raw", "raw/small", "--model", model, "--seed", TUNE_SEED]);
        command.args(["--trials", &trials.to_string(), "--splits", &splits.to_string()]);
        command
    }

    /// Writes the validation splits that [`Self::ours_tune`] uses to the folder `out`.
    pub fn ours_export_validation(&self, root: &Path, splits: usize, out: &Path) -> Command {
        let mut command = self.ours_evaluate(root, splits);
        command.args(["--models", "popular", "--seed", TUNE_SEED]);
        command.arg("--export-split").arg(out);
        command
    }

    /// Evaluates models on the test sets of `splits` splits.
    pub fn ours_evaluate(&self, root: &Path, splits: usize) -> Command {
        let mut command = self.ours(root);
        command.args(["evaluate", "--raw", "raw/small", "--splits", &splits.to_string()]);
        command
    }

    /// Tunes the compared library `name` on the splits in `tune`, then writes its lists for the splits in
    /// `test` to `out`.
    pub fn peer_quality(
        &self,
        python: &Path,
        name: &str,
        trials: usize,
        [tune, test, out]: [&Path; 3],
    ) -> Command {
        let mut command = self.peer_with(python, "quality.py");
        command.args([name, "--trials", &trials.to_string()]);
        command.arg("--tune").arg(tune).arg("--test").arg(test).arg("--out").arg(out);
        command
    }

    /// Merges the raw files into `out` with pandas.
    pub fn peer_preprocess(&self, inputs: &Inputs, out: &Path) -> Command {
        let mut command = self.peer("preprocess.py");
        command.arg("--movies").arg(&inputs.movies).arg("--links").arg(&inputs.links);
        command.arg("--tmdb").arg(&inputs.tmdb).arg("--out").arg(out);
        command
    }

    /// Trains on `merged` with scikit-learn and writes to the directory `out`.
    pub fn peer_train(&self, merged: &Path, out: &Path) -> Command {
        let mut command = self.peer("train.py");
        command.arg("--merged").arg(merged).arg("--out").arg(out);
        command
    }

    /// Reads the file `ratings` with a compared library.
    pub fn peer_ratings(&self, reader: PeerReader, ratings: &Path) -> Command {
        let mut command = self.peer("ratings.py");
        command.arg(reader.library).arg("--ratings").arg(ratings);
        if reader.sort {
            command.arg("--sort");
        }
        command
    }

    /// Writes the positive ratings (3 stars or more), at most 20 million, to the matrix `out`.
    pub fn peer_prepare_ials(&self, python: &Path, ratings: &Path, out: &Path) -> Command {
        let mut command = self.peer_with(python, "ials.py");
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
        let mut command = self.peer_with(python, "ials.py");
        command.arg("split").arg("--data").arg(data);
        command.arg("--seen").arg(seen).arg("--hidden").arg(hidden);
        command
    }

    /// Checks that our factors, read from a folder, retrieve the hidden interactions.
    pub fn peer_check_ials(
        &self,
        python: &Path,
        [seen, hidden]: [&Path; 2],
        factors: &Path,
    ) -> Command {
        let mut command = self.peer_with(python, "ials.py");
        command.arg("check").arg("--factors").arg(factors);
        command.arg("--seen").arg(seen).arg("--hidden").arg(hidden);
        command
    }

    /// Trains EASE in numpy on the matrix `data`, using `method` for the matrix inversion.
    pub fn peer_ease(&self, python: &Path, method: &str, data: &Path, movies: usize) -> Command {
        let mut command = self.peer_with(python, "ease.py");
        command.arg(method).arg("--data").arg(data);
        command.args(["--films", &movies.to_string()]);
        command
    }

    /// Trains implicit ALS on the matrix `data` with the compared library `name`.
    pub fn peer_ials(&self, python: &Path, name: &str, data: &Path, training: Training) -> Command {
        let mut command = self.peer_with(python, "ials.py");
        command.arg(name).arg("--data").arg(data);
        // Our trainer uses these values by default.
        command.args(["--unobserved-weight", "0.1", "--regularization", "0.003"]);
        command.args(["--cg-steps", "3"]);
        training.add_to(&mut command);
        command
    }

    /// Serves the artifacts written by [`Self::peer_train`], or ours for [`PeerKind::Tuned`].
    pub fn peer_serve(&self, server: PeerServer, artifacts: &Path, port: u16) -> Command {
        let mut command = self.peer(server.script());
        command.arg("--artifacts").arg(artifacts);
        command.args(["--port", &port.to_string(), "--workers", &server.workers.to_string()]);
        command
    }
}

/// Trains our implicit ALS on the matrix `data` with the measurement binary `program`.
pub fn ours_ials(program: &Path, data: &Path, solver: Solver, training: Training) -> Command {
    let mut command = Command::new(program);
    command.args(["fit", "ials"]).arg(data).args(["--solver", solver.name()]);
    training.add_to(&mut command);
    command
}

/// Trains our EASE on the matrix `data` with the measurement binary `program`.
pub fn ours_ease(program: &Path, data: &Path, movies: usize) -> Command {
    let mut command = Command::new(program);
    command.args(["fit", "ease"]).arg(data).args(["--films", &movies.to_string()]);
    command
}

/// Times individual requests on the artifacts in `root` with the measurement binary `program`.
pub fn ours_rank(program: &Path, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("rank").arg(root.join("ml/artifacts"));
    command
}

/// Creates a folder with links to the raw files in the layout that `cinematch --root` expects.
pub fn make_root(root: &Path, inputs: &Inputs) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| format!("cannot clear {}", root.display()))?;
    }
    let links = [
        (&inputs.movies, "raw/ml-32m/movies.csv"),
        (&inputs.links, "raw/ml-32m/links.csv"),
        (&inputs.tmdb, "raw/tmdb/tmdb_metadata.csv"),
    ];
    for (file, path) in links {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(root))
            .and_then(|()| symlink(file, &path))
            .with_context(|| format!("cannot link {}", path.display()))?;
    }
    Ok(())
}

/// Returns the path of the merged file that `cinematch preprocess` writes.
pub fn merged(root: &Path) -> PathBuf {
    root.join("data/movies_merged.csv")
}

/// Returns the path of the ratings that `cinematch synth` writes.
pub fn ratings(root: &Path) -> PathBuf {
    root.join("raw/ml-synthetic/ratings.csv")
}

/// Returns the path of the packed ratings that `cinematch ratings` writes.
pub fn packed(root: &Path) -> PathBuf {
    root.join("data/ratings.bin")
}
