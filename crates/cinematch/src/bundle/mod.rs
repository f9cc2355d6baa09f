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
//! | `movies_meta.json` | the films, in row order |
//! | `manifest.json` | settings, counts, inputs and the checksum of every other file |

mod artifacts;
mod generations;
mod manifest;
mod models;
mod npz;
mod pickle;
mod sklearn;

use std::path::Path;

pub use artifacts::{TrainError, Trained, Training, train};
pub use generations::{ArtifactsError, Generations, Published};
pub use manifest::{Counts, FileSum, InputSum, Manifest, Run, Settings};
pub use sklearn::{PICKLES, export_sklearn};

use crate::ranking::Recommender;

/// A generation without the model that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the generation has no model `{name}`, only {has}; `cinematch train --model {name}` makes one"
)]
pub struct NoSuchPart {
    name: String,
    has: String,
}

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

    /// Leaves of the model only the part of this name, if it is not the name of all of it.
    pub fn narrow_to(&mut self, name: &str) -> Result<(), NoSuchPart> {
        let model = &self.manifest.settings.model.model;
        if model.name() == name {
            return Ok(());
        }
        let parts: Vec<&'static str> = models::names(&self.manifest.settings.model);
        let place = parts.iter().position(|part| *part == name).ok_or_else(|| {
            let names = std::iter::once(model.name()).chain(parts.iter().copied());
            let mut names: Vec<&str> = names.collect();
            names.dedup();
            NoSuchPart { name: name.to_owned(), has: names.join(", ") }
        })?;
        // Content is no model of ratings: the ones before it are counted without it.
        let before = parts[..place].iter().filter(|part| **part != "content").count();
        self.recommender.narrow_to((name != "content").then_some(before));
        Ok(())
    }

    /// Whether the streaming services are invented, which every place that shows them must say.
    pub fn has_mock_services(&self) -> bool {
        self.manifest.services_source == Some(crate::catalog::ServicesSource::Mock)
    }
}
