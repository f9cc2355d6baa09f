//! `manifest.json`: what a generation was made from and what it holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::ServicesSource;
use crate::evaluation::HoldOut;
use crate::features::ranking::FeatureSet;
use crate::features::text::TfidfParams;
use crate::ids::sha256_hex;
use crate::models::Spec;

/// The version of the files' layout. A program reads its own version only.
pub const FORMAT_VERSION: u32 = 2;

/// What the user chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The model, with all its parameters.
    pub model: Spec,
    /// Which rows ranking uses.
    pub features: FeatureSet,
    /// How the plain rows' vocabulary was chosen.
    pub tfidf: TfidfParams,
    /// The seed of what a model draws at random.
    pub seed: u64,
    /// Whether all was learned from MovieLens alone, and TMDb's facts are only shown and filtered by.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_tmdb_text: bool,
}

/// An input and its checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSum {
    /// What it is: `movies_merged.csv`, `tags.csv`, `ratings.csv`.
    pub name: String,
    /// Usable rows.
    pub rows: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// A file and its checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSum {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Films: rows of both matrices.
    pub movies: usize,
    /// Columns of the plain rows: terms, genres, numbers.
    pub terms: usize,
    /// Genres.
    pub genres: usize,
    /// Numeric columns.
    pub numeric: usize,
    /// Columns of the ranking rows.
    pub ranking_columns: usize,
    /// Entries of the ranking rows.
    pub ranking_entries: usize,
    /// Films with viewers' tags.
    pub tagged_movies: usize,
    /// Ratings of these films.
    pub ratings: usize,
}

/// What a generation that was not trained goes back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    /// The trained generation.
    pub generation: u64,
    /// Its model.
    pub model_id: String,
    /// Its films, the first rows: what models learned. Films behind them came later.
    pub learned_movies: usize,
    /// How many of these have ratings that they were folded in by.
    pub rated_newcomers: usize,
    /// Those ratings, where there were any.
    pub ratings: Option<InputSum>,
}

/// What differs between two runs on the same input: nothing else does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When, RFC 3339 in UTC.
    pub created_at: String,
    /// When what it was derived from was trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_at: Option<String>,
    /// Worker threads.
    pub threads: usize,
    /// Milliseconds a step.
    pub timings_ms: BTreeMap<String, f64>,
}

/// The manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout's version.
    pub format_version: u32,
    /// The model's name and twelve digits of a checksum over everything below but `run`: equal models
    /// have equal ids.
    pub model_id: String,
    /// What the user chose.
    pub settings: Settings,
    /// Sizes.
    pub counts: Counts,
    /// What it was made from.
    pub inputs: Vec<InputSum>,
    /// The users whom it has not seen; `None`: it learned from all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_out: Option<HoldOut>,
    /// Set where films were added to a trained generation (`cinematch update`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<Derived>,
    /// The checksum of the film ids in row order.
    pub vocabulary_sha256: String,
    /// Where the films' streaming services come from.
    pub services_source: Option<ServicesSource>,
    /// Every other file of the generation.
    pub files: BTreeMap<String, FileSum>,
    /// When and how fast.
    pub run: Run,
}

impl Manifest {
    /// The films that models learned: the first rows.
    pub fn learned_movies(&self) -> usize {
        self.derived_from.as_ref().map_or(self.counts.movies, |from| from.learned_movies)
    }

    /// The id that the content calls for.
    pub fn computed_id(&self) -> String {
        let identity = Self { model_id: String::new(), run: Run::default(), ..self.clone() };
        // A struct of plain values always serialises.
        let bytes = serde_json::to_vec(&identity).unwrap_or_default();
        format!("{}-{}", self.settings.model.model.name(), &sha256_hex(&bytes)[..12])
    }
}
