//! Retrieval: filters, exact top-k selection over a scored catalog, and paging through the catalog.
//!
//! Filters run during the scan, before the list is cut to k movies: if at least k movies pass a filter,
//! exactly k are returned. [`FilterIndex`] holds the columns that filters use, and [`FilterIndex::page`]
//! returns the catalog page by page in one of several sort orders.

mod ages;
mod bit_rows;
mod browse;
mod cursor;
mod filter;
mod filter_index;
mod sort;
mod top;

pub use browse::{Page, Start};
pub use cursor::{Cursor, CursorError};
pub(crate) use filter::PreparedFilter;
pub use filter::{Filter, FilterKind};
pub use filter_index::{FilterIndex, RegionIndex};
pub use sort::Sort;
pub use top::Candidate;
pub(crate) use top::{Scores, at_least, highest, top_k};
