//! Feedback on movies, with the equivalent star ratings and content signals.

use serde::Serialize;

use crate::ids::MovieIdx;
use crate::models::content::Signal;
use crate::rating::Stars;

/// Weight of a dislike in the content model. A like has weight 1.
const DISLIKE_WEIGHT: f32 = -0.7;

/// A user's feedback on a movie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// The user likes the movie.
    Liked,
    /// The user dislikes the movie.
    Disliked,
    /// The user gave the movie this many stars.
    Rated(f32),
}

impl Feedback {
    /// Returns the equivalent star rating: 5 stars for a like, 1 star for a dislike.
    pub(super) fn stars(self) -> Stars {
        let stars = match self {
            Self::Liked => 5.0,
            Self::Disliked => 1.0,
            Self::Rated(stars) => stars,
        };
        // `resolve` rejects ratings outside the scale; a request constructed directly may contain one.
        Stars::from_value(stars).unwrap_or(Stars::ONE_STAR)
    }

    /// Returns the content signal for `movie`. A positive weight raises the scores of similar movies, and a
    /// negative weight lowers them.
    pub(super) fn signal(self, movie: MovieIdx) -> Signal {
        match self {
            Self::Liked => Signal { movie, weight: 1.0 },
            Self::Disliked => Signal { movie, weight: DISLIKE_WEIGHT },
            Self::Rated(stars) => Signal::rated(movie, stars),
        }
    }
}
