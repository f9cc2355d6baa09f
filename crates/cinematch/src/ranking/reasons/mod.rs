//! Reasons: the terms of a movie's score, and how they are worded.
//!
//! [`reason`] defines the reason types, [`compute`] derives reasons from the terms of a score, [`sentence`] explains
//! a recommendation by its most specific reason, and [`wording`] contains all other English text about reasons.

pub(super) mod compute;
mod grammar;
mod line;
pub(super) mod reason;
mod segment;
mod sentence;
pub mod wording;
