//! Nearest neighbors by cosine similarity: [`item`](ItemKnnParams) and [`user`](UserKnnParams) based.

mod item;
mod user;

pub use item::ItemKnnParams;
pub use user::{UserKnn, UserKnnParams};
