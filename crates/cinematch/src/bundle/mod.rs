//! Published generations on disk, and bundles: immutable generations loaded for serving.
//!
//! A generation is a directory of files in open formats:
//!
//! | file | contents |
//! |---|---|
//! | `item_features.npz` | plain feature rows (CSR, f64), readable by `scipy.sparse.load_npz` |
//! | `tfidf_vectorizer.json`, `genre_mlb.json`, `numeric_scaler.json` | fitted transformers of the plain rows |
//! | `ranking_features.npz`, `ranking_features.json` | ranking feature rows (CSR, f32) and their columns |
//! | `model_0_edlae.npz` and so on | parameters learned from ratings: weights (CSR, f32) or factors |
//! | `availability.json` | streaming availability by region, if it was fetched |
//! | `movies_meta.json` | movies in row order |
//! | `manifest.json` | settings, counts, inputs and the checksums of the files above |
//! | `card.json`, `card.html` | evaluation results, written after publication and not covered by the manifest |

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
    /// Manifest of the generation.
    pub manifest: Manifest,
    /// Number of the generation; newer generations have higher numbers.
    pub generation: u64,
    /// The model and its movies.
    pub recommender: Recommender,
}

impl Bundle {
    /// Loads the published generation in `artifacts` and verifies every checksum. O(bytes).
    pub fn load(artifacts: &Path) -> Result<Self, ArtifactsError> {
        Generations::at(artifacts).load()
    }

    /// Returns the attribution required where streaming services are shown, in a region or, for `None`, those
    /// of the catalog.
    pub fn attribution(&self, region: Option<usize>) -> Option<&'static str> {
        let real = region.is_some() || self.manifest.services_source == Some(ServicesSource::Tmdb);
        real.then_some(ATTRIBUTION)
    }

    /// True if the catalog's streaming services are mock data, which must be labeled wherever they are shown.
    pub fn has_mock_services(&self) -> bool {
        self.manifest.services_source == Some(ServicesSource::Mock)
    }
}
