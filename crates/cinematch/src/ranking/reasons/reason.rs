//! Types for the reasons behind a score.

use serde::Serialize;

use crate::ids::MovieId;
use crate::models::content::SharedFeature;
use crate::models::taste::TasteTerms;
use crate::ranking::feedback::Feedback;
use crate::ranking::popularity::PopularitySource;

/// A term in a movie's score. The contributions of all reasons for a movie add up to its score.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason<'a> {
    /// A movie in the user's history.
    #[serde(rename = "film")]
    Movie {
        /// ID of the movie in the history.
        movie_id: MovieId,
        /// Title of the movie in the history.
        title: &'a str,
        /// The user's feedback on the movie in the history.
        feedback: Feedback,
        /// Contribution to the score.
        contribution: f32,
        /// Part of the contribution from models trained on other users' ratings alone.
        #[serde(rename = "from_viewers")]
        from_users: f32,
        /// Meaningful features that both movies have, in descending order of contribution.
        shared: Vec<SharedFeature<'a>>,
    },
    /// All other movies in the user's history.
    #[serde(rename = "other_films")]
    OtherMovies {
        /// Number of these movies.
        #[serde(rename = "films")]
        movies: usize,
        /// Contribution to the score.
        contribution: f32,
        /// Part of the contribution from models trained on other users' ratings alone.
        #[serde(rename = "from_viewers")]
        from_users: f32,
    },
    /// Popularity among the training users. Present if the blend includes the popularity model.
    Popularity {
        /// Contribution to the score.
        contribution: f32,
    },
    /// How popular the movie has been lately among the training users. Present if the blend includes the trend model.
    Trend {
        /// Contribution to the score.
        contribution: f32,
    },
    /// Match of the movie's genres, decade and popularity with those of the movies that the user likes.
    /// Present if the blend includes the taste model.
    Taste {
        /// Contribution of each property.
        #[serde(flatten)]
        terms: TasteTerms,
        /// Contribution to the score: the sum of the terms.
        contribution: f32,
    },
    /// A preferred genre that the movie has.
    Genre {
        /// Name of the genre.
        name: &'a str,
        /// Contribution to the score.
        contribution: f32,
    },
    /// The movie's quality, computed from its votes. Low votes count against a movie if the request asks for novelty.
    Quality {
        /// Average vote, 0 to 10.
        vote_average: Option<f32>,
        /// Number of votes.
        vote_count: Option<u32>,
        /// Contribution to the score.
        contribution: f32,
    },
    /// The movie is well known.
    Novelty {
        /// Contribution to the score: negative if the request asks for novelty, positive if it asks for well-known
        /// movies.
        contribution: f32,
    },
    /// The movie's popularity, in a list ordered by popularity.
    Trending {
        /// Where the popularity comes from.
        source: PopularitySource,
        /// Contribution to the score, which has no other terms.
        contribution: f32,
    },
}

impl Reason<'_> {
    /// Returns the reason's contribution to the score.
    pub fn contribution(&self) -> f32 {
        match self {
            Self::Movie { contribution, .. }
            | Self::OtherMovies { contribution, .. }
            | Self::Popularity { contribution }
            | Self::Trend { contribution }
            | Self::Taste { contribution, .. }
            | Self::Genre { contribution, .. }
            | Self::Quality { contribution, .. }
            | Self::Novelty { contribution }
            | Self::Trending { contribution, .. } => *contribution,
        }
    }
}

/// Describes popularity from `source`.
pub(super) fn popular(source: PopularitySource) -> &'static str {
    match source {
        PopularitySource::Tmdb => "Popular now",
        PopularitySource::RecentRatings => "Liked by many users lately",
        PopularitySource::Votes => "Widely known",
        PopularitySource::Ratings => "Liked by many users",
    }
}
