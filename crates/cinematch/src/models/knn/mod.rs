//! Neighbours: films like those of the history, and users like the viewer, both by cosine.

mod item;
mod user;

pub use item::ItemKnnParams;
pub use user::{UserKnn, UserKnnParams};
