//! `cinematch fetch` and `import`, against local servers with injected faults.

mod broken_body;
mod grouplens;
mod import;
mod killed;
mod local;
mod movielens;
mod tmdb;
mod tmdb_faults;
mod tmdb_server;
mod update;

use std::process::Output;

use crate::support::folder::Folder;
use tmdb_server::TmdbServer;

/// A TMDB token that must not appear anywhere except in the `Authorization` header.
pub const CANARY: &str = "canary-4711-eyJhbGciOiJIUzI1NiJ9";

/// Returns a folder with movies 1 to `n`, whose TMDB IDs are 1001 to 1000 + `n`. Movie m ≤ 60 has 61 − m ratings and
/// later movies have none, so movie 1 has the most ratings.
pub fn folder_of(n: u32) -> Folder {
    use std::fmt::Write;
    let folder = Folder::empty();
    let (mut movies, mut links) =
        ("movieId,title,genres\n".to_owned(), "movieId,imdbId,tmdbId\n".to_owned());
    // The files list the movies with the fewest ratings first.
    for movie in (1..=n).rev() {
        writeln!(movies, "{movie},Film {movie} (1999),Drama").unwrap();
        writeln!(links, "{movie},{movie:07},{}", 1000 + movie).unwrap();
    }
    let mut ratings = "userId,movieId,rating,timestamp\n".to_owned();
    for movie in 1..=n.min(60) {
        for user in movie..=60 {
            writeln!(ratings, "{user},{movie},4.0,100000").unwrap();
        }
    }
    folder.write("raw/ml-32m/movies.csv", movies.as_bytes());
    folder.write("raw/ml-32m/links.csv", links.as_bytes());
    folder.write("raw/ml-32m/ratings.csv", ratings.as_bytes());
    folder
}

/// Runs `fetch tmdb` against `server`, with the clock running 1,000 times as fast.
pub fn fetch(folder: &Folder, server: &TmdbServer, arguments: &[&str]) -> Output {
    command(folder, server, arguments).output().unwrap()
}

/// Returns a command that runs `fetch tmdb` against `server`, with the clock running 1,000 times as fast.
pub fn command(folder: &Folder, server: &TmdbServer, arguments: &[&str]) -> std::process::Command {
    let mut command = folder.command(&[&["fetch", "tmdb"], arguments].concat());
    command
        .env("TMDB_BEARER_TOKEN", CANARY)
        .env("CINEMATCH_TMDB_URL", server.url())
        .env("CINEMATCH_CLOCK_SPEED", "1000")
        .env("CINEMATCH_REGION", "DE");
    command
}

/// Runs `fetch tmdb --json`, asserts that it succeeds, and returns its report.
pub fn fetched(folder: &Folder, server: &TmdbServer, arguments: &[&str]) -> serde_json::Value {
    let output = fetch(folder, server, &[arguments, &["--json"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

/// Returns the metadata table written by the last fetch.
pub fn table(folder: &Folder) -> String {
    folder.read("raw/tmdb/tmdb_metadata.csv")
}
