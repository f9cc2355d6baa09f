//! Reasons: the terms of a movie's score, and their wording.
//!
//! [`reason`] defines the typed reasons, [`compute`] derives them from the terms of a score, and [`wording`]
//! contains all English text about them.

pub(super) mod compute;
pub(super) mod reason;
pub mod wording;
