//! A movie recommender: reads MovieLens and TMDB files, trains models, and ranks movies with reasons.
//!
//! # Example
//!
//! ```
//! use std::path::Path;
//!
//! use cinematch::{Catalog, MergeSettings, MovieId, Query, Settings, explanation, train};
//!
//! let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample");
//! let tmdb = folder.join("tmdb_metadata.csv");
//! let catalog = Catalog::read(&folder, Some(&tmdb), &MergeSettings::default())?;
//! let training = catalog.training(Settings::default(), "2026-11-29T12:00:00Z");
//! let bundle = train(training, &mut |_step, _fraction| ())?.into_bundle()?;
//!
//! let recommender = &bundle.recommender;
//! let query = Query { liked: vec![MovieId(1)], limit: 5, explain: true, ..Query::default() };
//! let (request, _unknown_movies) = recommender.resolve(&query)?;
//! for item in recommender.recommend(&request).items {
//!     println!("{}: {}", recommender.movie(item.movie).title, explanation(&item.reasons));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Instead of training, use [`Bundle::load`] to load a generation published by `cinematch train`.
//!
//! # Modules
//!
//! The library is synchronous and uses no network, SQL, HTTP or async types. Time and randomness are arguments.
//! Data flows in one direction:
//!
//! | module | purpose |
//! |---|---|
//! | [`sources`] | readers for MovieLens, TMDB and export files |
//! | [`catalog`] | merges sources into movies and interactions |
//! | [`features`] | movie features |
//! | [`models`] | models that learn from ratings or content |
//! | [`retrieval`] | filters, sort orders and pages over the catalog |
//! | [`ranking`] | blends models into lists with reasons, for users and groups |
//! | [`search`] | title search |
//! | [`imports`] | matches exported histories against the catalog |
//! | [`bundle`] | trains, publishes and loads generations |
//! | [`evaluation`] | splits, metrics, significance tests, tuning |

#![warn(unreachable_pub)]

pub mod bundle;
pub mod catalog;
pub mod date;
pub mod digits;
pub mod evaluation;
pub mod features;
pub mod files;
#[cfg(test)]
mod fixtures;
mod folder;
pub mod ids;
pub mod imports;
mod linalg;
pub mod models;
pub mod ranking;
pub mod rating;
pub mod retrieval;
pub mod search;
pub mod sources;

pub use bundle::{Bundle, Generations, Settings, Trained, Training, train};
pub use catalog::{Interactions, MergeSettings, Movie, Rated};
pub use folder::{Catalog, CatalogError};
pub use ids::{MovieId, MovieIdx, UserId, UserIdx};
pub use models::{Model, Spec};
pub use ranking::{
    Filters, Query, Ranked, Rating, Reason, Recommendation, Recommender, Request, explanation,
};
pub use rating::Stars;
