//! TMDB metadata on disk and from the API, shared by `fetch tmdb`, `import tmdb-csv` and `retrain`.

pub mod fetch;
pub mod files;
mod progress;
mod region;
