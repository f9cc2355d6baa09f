//! Star ratings on the MovieLens scale.

use serde::{Serialize, Serializer};

/// A rating of 0.5 to 5 stars, in steps of half a star. Serializes as the number of stars, such as `4.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stars(u8);

impl Serialize for Stars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f32(self.value())
    }
}

impl Stars {
    /// A rating of one star.
    pub(crate) const ONE_STAR: Self = Self(2);

    /// Creates a rating from a number of half stars. Returns `None` if it is not between 1 and 10.
    pub fn from_halves(halves: u8) -> Option<Self> {
        (1..=10).contains(&halves).then_some(Self(halves))
    }

    /// Creates a rating from a number of stars. Returns `None` if it is not between 0.5 and 5.0 in steps
    /// of 0.5.
    pub fn from_value(stars: f32) -> Option<Self> {
        is_rating(stars).then_some(Self((stars * 2.0) as u8))
    }

    /// Returns the number of half stars, 1 to 10.
    pub fn halves(self) -> u8 {
        self.0
    }

    /// Returns true if the rating is at least 4 stars.
    pub fn is_like(self) -> bool {
        self.0 >= LIKE_THRESHOLD
    }

    /// Returns the number of stars, 0.5 to 5.0.
    pub fn value(self) -> f32 {
        f32::from(self.0) / 2.0
    }
}

/// Lowest rating that counts as a like, in half stars: 8, which is 4 stars.
pub const LIKE_THRESHOLD: u8 = 8;

/// Returns true if `stars` is a valid rating: 0.5 to 5.0 in steps of 0.5.
pub fn is_rating(stars: f32) -> bool {
    (0.5..=5.0).contains(&stars) && (stars * 2.0).fract() == 0.0
}
