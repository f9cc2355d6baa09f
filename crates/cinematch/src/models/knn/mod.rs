//! Nearest neighbors by cosine similarity: item-based ([`ItemKnnParams`]) and user-based
//! ([`UserKnnParams`]).

mod item;
mod user;

pub use item::ItemKnnParams;
pub use user::{UserKnn, UserKnnParams};
