//! The trained, immutable snapshot that serving holds, and its files on disk.
//!
//! A generation is a directory of open formats:
//!
//! | file | content |
//! |---|---|
//! | `item_features.npz` | the plain rows, `scipy.sparse.load_npz` opens it (CSR, f64) |
//! | `tfidf_vectorizer.json`, `genre_mlb.json`, `numeric_scaler.json` | how they were made |
//! | `ranking_features.npz`, `ranking_features.json` | the ranking rows (CSR, f32) and their columns |
//! | `model_0_edlae.npz` and so on | what was learned from ratings: weights (CSR, f32) or factors |
//! | `availability.json` | where films can be watched, region by region, where that was fetched |
//! | `movies_meta.json` | the films, in row order |
//! | `manifest.json` | settings, counts, inputs and the checksum of every other file |
//! | `card.json`, `card.html` | what it was found to be worth, when; written beside the others later |

mod artifacts;
mod generations;
mod manifest;
mod models;
mod npz;
mod pickle;
mod sklearn;
mod update;

use std::path::Path;

pub use artifacts::{TrainError, Trained, Training, train};
pub use generations::{
    Added, ArtifactsError, Best, GenerationInfo, Generations, Promoted, Promotion, Published, Role,
};
pub use manifest::{Counts, Derived, FileSum, InputSum, Manifest, Run, Settings};
pub use sklearn::{PICKLES, export_sklearn};
pub use update::{Base, LinedUp, News, Update, UpdateError};

use crate::catalog::ServicesSource;
use crate::catalog::availability::ATTRIBUTION;
use crate::ranking::Recommender;

/// A loaded generation.
#[derive(Debug)]
pub struct Bundle {
    /// What the generation says of itself.
    pub manifest: Manifest,
    /// The generation's number, growing with time.
    pub generation: u64,
    /// The model with its films.
    pub recommender: Recommender,
}

impl Bundle {
    /// Loads the published generation below `artifacts`. Every checksum is verified. O(bytes).
    pub fn load(artifacts: &Path) -> Result<Self, ArtifactsError> {
        Generations::at(artifacts).load()
    }

    /// Who has to be named where films' services in a region, or in the operator's own, are shown.
    pub fn attribution(&self, region: Option<usize>) -> Option<&'static str> {
        let real = region.is_some() || self.manifest.services_source == Some(ServicesSource::Tmdb);
        real.then_some(ATTRIBUTION)
    }

    /// Whether the streaming services are invented, which every place that shows them must say.
    pub fn has_mock_services(&self) -> bool {
        self.manifest.services_source == Some(ServicesSource::Mock)
    }
}
