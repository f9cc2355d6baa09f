//! The terms of a taste score.

use serde::Serialize;

/// Terms of a taste score, or their weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TasteTerms {
    /// Match of the movie's genres. Negative if the user likes them less than others do.
    pub genres: f32,
    /// Match of the movie's decade. Negative if the user likes it less than others do.
    pub decades: f32,
    /// Match of the movie's popularity. Negative if it is more popular than what the user likes.
    pub popularity: f32,
}

impl TasteTerms {
    /// Returns the score: the sum of the terms.
    pub fn total(self) -> f32 {
        self.genres + self.decades + self.popularity
    }

    /// Returns the terms multiplied by `scale`.
    #[must_use]
    pub fn scaled(self, scale: f32) -> Self {
        Self {
            genres: scale * self.genres,
            decades: scale * self.decades,
            popularity: scale * self.popularity,
        }
    }

    /// Returns the sums of the terms of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            genres: self.genres + other.genres,
            decades: self.decades + other.decades,
            popularity: self.popularity + other.popularity,
        }
    }
}
