//! Published generations on disk, and bundles, which are immutable generations loaded for serving.
//!
//! A generation is a directory of files in open formats:
//!
//! | file | contents |
//! |---|---|
//! | `item_features.npz` | plain feature rows (CSR, f64), readable by `scipy.sparse.load_npz` |
//! | `tfidf_vectorizer.json`, `genre_mlb.json`, `numeric_scaler.json` | fitted transformers of the plain rows |
//! | `ranking_features.npz`, `ranking_features.json` | ranking feature rows (CSR, f32), their columns, and the labels for reasons |
//! | `model_0_edlae.npz` and so on | parameters learned from ratings: weights (CSR, f32) or factors |
//! | `evaluation_0_edlae.npz` and so on | parameters learned without the holdout, if the models above were refit on all users |
//! | `availability.json` | streaming availability by region, if it was fetched |
//! | `movies_meta.json` | movies in row order |
//! | `manifest.json` | settings, counts, inputs and the checksums of the files above |
//! | `card.json`, `card.html` | evaluation results, written after publication and not covered by the manifest |

mod contents;
mod error;
mod file_names;
mod generations;
mod loaded;
mod manifest;
mod models;
mod npz;
mod pickle;
mod sklearn;
mod step_timer;
mod training;
mod update;

pub use contents::Trained;
pub use error::ArtifactsError;
pub use generations::{
    Added, GenerationInfo, Generations, LoadedGeneration, Promoted, Promotion, Published, Role,
};
pub use loaded::Bundle;
pub use manifest::{Counts, Derived, FileChecksum, InputChecksum, Manifest, Refit, Run, Settings};
pub use sklearn::{PICKLES, export_sklearn};
pub use training::{FitStep, TrainError, Training, train};
pub use update::{AlignedCatalog, Base, CatalogChanges, Update, UpdateError};
