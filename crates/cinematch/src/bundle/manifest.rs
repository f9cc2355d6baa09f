//! `manifest.json`: settings, inputs, counts and checksums of a generation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::{Movie, ServicesSource};
use crate::evaluation::Holdout;
use crate::features::ranking::FeatureSet;
use crate::features::text::TfidfParams;
use crate::ids::sha256_hex;
use crate::models::Spec;

/// Version of the file layout. Other versions are rejected when a generation is loaded.
pub(crate) const FORMAT_VERSION: u32 = 2;

/// Training settings chosen by the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Model with all its parameters.
    pub model: Spec,
    /// Features of the ranking rows.
    pub features: FeatureSet,
    /// TF-IDF parameters of the plain rows.
    pub tfidf: TfidfParams,
    /// Seed of the models' random numbers.
    pub seed: u64,
    /// True if models learn from MovieLens data only; TMDb facts are then used for display and filters only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_tmdb_text: bool,
}

impl Default for Settings {
    /// Returns the defaults of `cinematch train`: the hybrid with all features and the seed 42.
    fn default() -> Self {
        Self {
            model: Spec::default().with_predictions(),
            features: FeatureSet::Full,
            tfidf: TfidfParams::default(),
            seed: 42,
            without_tmdb_text: false,
        }
    }
}

impl Settings {
    /// Returns the movies with only the facts that models may learn from.
    pub(super) fn training_movies<'a>(&self, movies: &'a [Movie]) -> Cow<'a, [Movie]> {
        if self.without_tmdb_text {
            movies.iter().map(Movie::without_tmdb_facts).collect()
        } else {
            Cow::Borrowed(movies)
        }
    }
}

/// An input file with its checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputChecksum {
    /// Name of the file: `movies_merged.csv`, `tags.csv` or `ratings.csv`.
    pub name: String,
    /// Number of valid rows.
    pub rows: u64,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
}

/// Length and checksum of a generation's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChecksum {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
}

/// Sizes of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Number of movies: the rows of both feature matrices.
    pub movies: usize,
    /// Number of TF-IDF terms.
    pub terms: usize,
    /// Number of genres.
    pub genres: usize,
    /// Number of numeric columns of the plain rows.
    pub numeric: usize,
    /// Number of columns of the ranking rows.
    pub ranking_columns: usize,
    /// Number of stored entries of the ranking rows.
    pub ranking_entries: usize,
    /// Number of movies with user tags.
    pub tagged_movies: usize,
    /// Number of ratings of the generation's movies by the users in training.
    pub ratings: usize,
}

/// Origin of a generation made by an update instead of training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    /// Number of the trained generation.
    pub generation: u64,
    /// Model id of the trained generation.
    pub model_id: String,
    /// Number of movies in the trained generation. They come first in row order; updates add the later rows.
    pub learned_movies: usize,
    /// Number of added movies whose model rows were computed from ratings.
    #[serde(rename = "rated_newcomers")]
    pub rated_new_movies: usize,
    /// Ratings file used for the added movies; `None` if there was none.
    pub ratings: Option<InputChecksum>,
}

/// The only part of a manifest that differs between runs on equal inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Start of the run, RFC 3339 in UTC.
    pub created_at: String,
    /// Start of the original training run; `None` unless the generation was made by an update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_at: Option<String>,
    /// Number of worker threads.
    pub threads: usize,
    /// Duration of each step in milliseconds.
    pub timings_ms: BTreeMap<String, f64>,
}

/// Manifest of a generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the file layout.
    pub format_version: u32,
    /// Name of the model and twelve hex digits of the SHA-256 of the manifest without this field and `run`.
    /// Equal models have equal ids.
    pub model_id: String,
    /// Training settings.
    pub settings: Settings,
    /// Sizes of the generation.
    pub counts: Counts,
    /// Input files.
    pub inputs: Vec<InputChecksum>,
    /// Users held out of training; `None` if there are none.
    #[serde(rename = "hold_out", default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Holdout>,
    /// Origin of an updated generation (`cinematch update`); `None` for a trained one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<Derived>,
    /// SHA-256 of the movie ids in row order.
    pub vocabulary_sha256: String,
    /// Source of the streaming services; `None` without services.
    pub services_source: Option<ServicesSource>,
    /// Length and checksum of every other file.
    pub files: BTreeMap<String, FileChecksum>,
    /// Start, threads and durations of the run.
    pub run: Run,
}

impl Manifest {
    /// Returns the number of movies that were part of the training. They come first in row order.
    pub fn learned_movies(&self) -> usize {
        self.derived_from.as_ref().map_or(self.counts.movies, |derived| derived.learned_movies)
    }

    /// Computes the model id from the other fields, except for `run`.
    pub(crate) fn computed_id(&self) -> String {
        let identity = Self { model_id: String::new(), run: Run::default(), ..self.clone() };
        // Serializing a struct of plain values does not fail.
        let bytes = serde_json::to_vec(&identity).unwrap_or_default();
        format!("{}-{}", self.settings.model.model.name(), &sha256_hex(&bytes)[..12])
    }
}
