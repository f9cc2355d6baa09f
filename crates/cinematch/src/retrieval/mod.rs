//! Retrieval: the k best films a filter lets through, found by an exact scan. A filter acts while
//! the best are collected, never after a cut: if k films pass it, k come back. And the whole catalogue,
//! page by page.

mod browse;
mod filter;
mod layout;
mod top;

pub use browse::{Cursor, CursorError, Page, Sort, Start};
pub use filter::{BitRows, Filter, FilterIndex, FilterKind, PreparedFilter, RegionIndex};
pub use layout::{Codes, Layout};
pub use top::{Candidate, Part, Scores, at_least, best, highest};
