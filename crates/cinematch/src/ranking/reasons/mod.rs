//! Reasons: the terms of a movie's score, and how they are worded.
//!
//! [`reason`] defines the reason types, [`compute`] derives reasons from the terms of a score, and
//! [`wording`] contains all English text about them.

pub(super) mod compute;
pub(super) mod reason;
mod stop_list;
pub mod wording;
