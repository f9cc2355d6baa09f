//! Retrieval: the k best films a filter lets through, found by an exact scan. A filter acts while
//! the best are collected, never after a cut: if k films pass it, k come back.

mod filter;
mod groups;
mod top;

pub use filter::{BitRows, Filter, FilterIndex, FilterKind, PreparedFilter};
pub use groups::{Block, Groups};
pub use top::{Candidate, Late, Scores, best};
