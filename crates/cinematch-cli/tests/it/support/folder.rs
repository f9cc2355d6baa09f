//! Temporary CineMatch folders to run the binary in.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cinematch::catalog::{Movie, read_merged};
use cinematch_testing::did_not_run;

/// Returns the root of the checkout.
pub fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Returns the folder with real MovieLens and TMDB data. If it is unavailable, prints a notice and returns `None`.
pub fn real_data(test: &str) -> Option<PathBuf> {
    let configured = std::env::var_os("CINEMATCH_TEST_DATA").map(PathBuf::from);
    let raw = configured.unwrap_or_else(|| project().join("../shared/data")).join("raw");
    if raw.join("ml-32m/movies.csv").is_file() {
        return Some(raw);
    }
    did_not_run(test, &format!("no real data in {}; set CINEMATCH_TEST_DATA", raw.display()));
    None
}

/// Returns all movies in MovieLens 32M, with TMDB metadata where available.
pub fn movielens_32m(raw: &Path) -> Vec<Movie> {
    let folder = Folder::empty();
    folder.ok(&[
        "preprocess",
        "--raw",
        raw.join("ml-32m").to_str().unwrap(),
        "--tmdb",
        raw.join("tmdb/tmdb_metadata.csv").to_str().unwrap(),
        "--min-year",
        "none",
        "--keep-without-genres",
        "--services",
        "none",
    ]);
    let table = fs::read(folder.path("data/movies_merged.csv")).unwrap();
    read_merged("movies_merged.csv", &table).unwrap().records
}

/// A temporary folder laid out like an installation, deleted on drop.
pub struct Folder {
    directory: tempfile::TempDir,
}

impl Folder {
    /// Creates an empty folder.
    pub fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// Creates a folder with the sample's files under `raw/`.
    pub fn with_sample() -> Self {
        let folder = Self::empty();
        for (name, directory) in [
            ("movies.csv", "raw/ml-32m"),
            ("links.csv", "raw/ml-32m"),
            ("ratings.csv", "raw/ml-32m"),
            ("tags.csv", "raw/ml-32m"),
            ("tmdb_metadata.csv", "raw/tmdb"),
        ] {
            let bytes = fs::read(project().join("sample").join(name)).unwrap();
            folder.write(&format!("{directory}/{name}"), &bytes);
        }
        folder
    }

    /// Creates a folder with the sample, preprocessed and trained.
    pub fn trained() -> Self {
        let folder = Self::with_sample();
        folder.ok(&["preprocess", "--min-year", "none"]);
        folder.ok(&["train"]);
        folder
    }

    /// Creates a folder with MovieLens latest-small and TMDB metadata, preprocessed and trained.
    pub fn trained_on_latest_small(raw: &Path) -> Self {
        let folder = Self::empty();
        let (release, tmdb) = (raw.join("ml-latest-small"), raw.join("tmdb/tmdb_metadata.csv"));
        let (release, tmdb) = (release.to_str().unwrap(), tmdb.to_str().unwrap());
        folder.ok(&["preprocess", "--raw", release, "--tmdb", tmdb, "--min-year", "none"]);
        folder.ok(&["train", "--raw", release]);
        folder
    }

    /// Copies all files from `other` into this folder.
    pub fn copy_from(&self, other: &Self) {
        let from = other.path(".");
        let copied = Command::new("cp").arg("-a").arg(from).arg(self.path("")).status().unwrap();
        assert!(copied.success());
    }

    /// Appends three ratings by user 900.
    pub fn add_ratings(&self) {
        let mut ratings = self.read("raw/ml-32m/ratings.csv");
        ratings.push_str("900,1,4.5,1700000000\n900,2,5.0,1700000001\n900,3,4.0,1700000002\n");
        self.write("raw/ml-32m/ratings.csv", ratings.as_bytes());
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Returns a command that runs the binary in this folder, without settings from the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cinematch"));
        command.current_dir(self.directory.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let has_prefix = |start| name.to_string_lossy().starts_with(start);
            let prefixes = ["CINEMATCH_", "TMDB_", "DATABASE_URL", "REDIS_URL", "OTEL_"];
            if prefixes.into_iter().any(has_prefix) {
                command.env_remove(name);
            }
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command, asserts that it succeeds, and returns its standard output.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}\n{text}\n{errors}");
        text
    }

    /// Like [`Self::ok`], but with `input` on standard input.
    pub fn ok_with_input(&self, arguments: &[&str], input: &str) -> String {
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}\n{errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command, asserts that it fails with exit code 1, and returns its standard error.
    pub fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}\n{text}");
        text
    }
}
