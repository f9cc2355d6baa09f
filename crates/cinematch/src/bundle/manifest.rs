//! `manifest.json`: the settings, inputs, counts and checksums of a generation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::{Movie, ServicesSource};
use crate::evaluation::{BlendWeights, Holdout, MatchCalibration};
use crate::features::ranking::FeatureSet;
use crate::features::text::TfidfParams;
use crate::ids::sha256_hex;
use crate::models::Spec;
use crate::ranking::Votes;

/// Version of the file layout. Generations with any other version can't be loaded.
pub(crate) const FORMAT_VERSION: u32 = 2;

/// Training settings chosen by the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The model and all its parameters.
    pub model: Spec,
    /// Features in the ranking rows.
    pub features: FeatureSet,
    /// TF-IDF parameters for the plain rows.
    pub tfidf: TfidfParams,
    /// Seed for the models' random numbers.
    pub seed: u64,
    /// True if models learn from MovieLens data only. TMDB metadata is then used only for display and
    /// filters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_tmdb_text: bool,
}

impl Default for Settings {
    /// Returns the defaults for `cinematch train`: the hybrid with all features and a seed of 42.
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
    /// Returns how TMDB's votes are used.
    pub(super) fn votes(&self) -> Votes {
        if self.without_tmdb_text { Votes::Ignore } else { Votes::Count }
    }

    /// Returns the movies, limited to the metadata that models may learn from.
    pub(super) fn training_movies<'a>(&self, movies: &'a [Movie]) -> Cow<'a, [Movie]> {
        if self.without_tmdb_text {
            movies.iter().map(Movie::without_tmdb_facts).collect()
        } else {
            Cow::Borrowed(movies)
        }
    }
}

/// An input file and its checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputChecksum {
    /// File name: `movies_merged.csv`, `tags.csv` or `ratings.csv`.
    pub name: String,
    /// Number of valid rows.
    pub rows: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Length and checksum of a file in a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChecksum {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Counts that describe the size of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Number of movies, which is the number of rows in both feature matrices.
    pub movies: usize,
    /// Number of TF-IDF terms.
    pub terms: usize,
    /// Number of genres.
    pub genres: usize,
    /// Number of numeric columns among the plain features.
    pub numeric: usize,
    /// Number of columns in the ranking rows.
    pub ranking_columns: usize,
    /// Number of stored entries in the ranking rows.
    pub ranking_entries: usize,
    /// Number of movies that have user tags.
    pub tagged_movies: usize,
    /// Number of ratings of the generation's movies that the served models were fitted on.
    pub ratings: usize,
}

/// Refit of the served models on all users. The evaluation models, which were fitted without the holdout,
/// are stored beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refit {
    /// Number of ratings that the evaluation models were fitted on.
    pub evaluation_ratings: usize,
}

/// Origin of a generation that was created by an update rather than by training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    /// Number of the generation that was trained.
    pub generation: u64,
    /// Model ID of the generation that was trained.
    pub model_id: String,
    /// Number of movies that the models were trained on. They come first, followed by movies that updates
    /// added.
    pub learned_movies: usize,
    /// Number of added movies whose model rows were computed from ratings.
    #[serde(rename = "rated_newcomers")]
    pub rated_new_movies: usize,
    /// Ratings file used for the added movies; `None` if there wasn't one.
    pub ratings: Option<InputChecksum>,
}

/// The only part of the manifest that differs between runs with equal inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Start time of the run, as RFC 3339 in UTC.
    pub created_at: String,
    /// Start time of the original training run; `None` unless the generation was created by an update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_at: Option<String>,
    /// Number of worker threads.
    pub threads: usize,
    /// Duration of each step, in milliseconds, keyed by step name.
    pub timings_ms: BTreeMap<String, f64>,
}

/// Describes a generation: what it was trained on, how, and which files it consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the file layout.
    pub format_version: u32,
    /// Name of the model, plus twelve hex digits of the SHA-256 of the manifest without this field and
    /// `run`. Equal models have equal IDs.
    pub model_id: String,
    /// Settings used for training.
    pub settings: Settings,
    /// Counts that describe the size of the generation.
    pub counts: Counts,
    /// Input files and their checksums.
    pub inputs: Vec<InputChecksum>,
    /// Users held out of the features and of the evaluation models, and of the served models unless those were
    /// refit; `None` if there are none.
    #[serde(rename = "hold_out", default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Holdout>,
    /// Refit of the served models on all users; `None` if the generation has one set of models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit: Option<Refit>,
    /// Weights of the hybrid, fitted to the holdout; `None` if they were not fitted.
    #[serde(rename = "weights", default, skip_serializing_if = "Option::is_none")]
    pub blend_weights: Option<BlendWeights>,
    /// Scale of the matches and its reliability; `None` without a holdout, or if the models don't learn from ratings.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub match_calibration: Option<MatchCalibration>,
    /// Origin of a generation created by `cinematch update`; `None` if it was trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<Derived>,
    /// SHA-256 of the movie IDs, in row order.
    pub vocabulary_sha256: String,
    /// Source of the streaming services; `None` if there are none.
    pub services_source: Option<ServicesSource>,
    /// Length and checksum of each file in the generation except the manifest and the card.
    pub files: BTreeMap<String, FileChecksum>,
    /// Start time, thread count and step durations of the run.
    pub run: Run,
}

impl Manifest {
    /// Returns the number of movies that were part of the training. They come first in row order.
    pub fn learned_movies(&self) -> usize {
        self.derived_from.as_ref().map_or(self.counts.movies, |derived| derived.learned_movies)
    }

    /// Returns the specification of the models: that of the settings, with fitted weights if there are any.
    pub fn spec(&self) -> Spec {
        BlendWeights::applied(self.blend_weights.as_ref(), &self.settings.model)
    }

    /// Returns the number of ratings that the models compared with other generations were fitted on.
    pub fn evaluation_ratings(&self) -> usize {
        self.refit.map_or(self.counts.ratings, |refit| refit.evaluation_ratings)
    }

    /// Computes the model ID from all fields except `model_id` and `run`.
    pub(crate) fn computed_id(&self) -> String {
        let identity = Self { model_id: String::new(), run: Run::default(), ..self.clone() };
        // Serializing a struct of plain values can't fail.
        let bytes = serde_json::to_vec(&identity).unwrap_or_default();
        format!("{}-{}", self.settings.model.model.name(), &sha256_hex(&bytes)[..12])
    }
}
