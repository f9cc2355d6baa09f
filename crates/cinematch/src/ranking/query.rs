//! Queries as sent by clients, with movie IDs and names.

use serde::{Deserialize, Serialize};

use super::popularity::Order;
use crate::date::Date;
use crate::ids::MovieId;

/// A user's star rating for a movie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// ID of the movie.
    pub movie_id: MovieId,
    /// Stars, 0.5 to 5.0 in steps of 0.5.
    pub rating: f32,
}

/// Conditions on a movie's genres.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenreFilter {
    /// Requires at least one of these genres. If empty, there is no condition.
    pub any: Vec<String>,
    /// Requires all of these genres.
    pub all: Vec<String>,
    /// Rejects movies with any of these genres.
    pub none: Vec<String>,
}

/// Conditions on the listed movies. Ranges are inclusive. A movie with an unknown value fails every condition
/// on that value.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// Conditions on a movie's genres.
    pub genres: GenreFilter,
    /// Requires at least one of these streaming services. If empty, there is no condition.
    pub services: Vec<String>,
    /// Country (ISO 3166-1) whose services are filtered and shown. If `None`, the catalog's own services are
    /// used.
    pub region: Option<String>,
    /// Requires one of these original languages (ISO 639-1). If empty, there is no condition.
    pub languages: Vec<String>,
    /// Earliest release year.
    pub year_min: Option<u16>,
    /// Latest release year.
    pub year_max: Option<u16>,
    /// Minimum runtime, in minutes.
    pub runtime_min: Option<u32>,
    /// Maximum runtime, in minutes.
    pub runtime_max: Option<u32>,
    /// Minimum number of votes.
    pub min_votes: u32,
    /// Minimum average vote, 0 to 10.
    pub rating_min: Option<f64>,
    /// Age of the youngest viewer, 0 to 18: requires a [minimum age](crate::catalog::Movie::minimum_age) of at most
    /// this. The certificates are those of `region`.
    pub max_age: Option<u8>,
    /// True to allow movies that TMDB marks as adult. Movies without TMDB metadata are not adult.
    pub include_adult: bool,
    /// True to allow movies that have not been released on [`Query::today`]. Movies without TMDB metadata count as
    /// released.
    pub include_unreleased: bool,
}

/// A request for a list, before validation by [`Recommender::resolve`](super::Recommender::resolve).
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Movies that the user likes.
    pub liked: Vec<MovieId>,
    /// Movies that the user dislikes. A dislike overrides a like for the same movie.
    pub disliked: Vec<MovieId>,
    /// The user's ratings. A rating overrides likes, dislikes and earlier ratings of the same movie.
    pub ratings: Vec<Rating>,
    /// Genres that the user prefers.
    pub preferred_genres: Vec<String>,
    /// Conditions on the listed movies.
    pub filters: Filters,
    /// Movies that must not be listed.
    pub exclude: Vec<MovieId>,
    /// Movies that may be listed. If empty, all may.
    pub only: Vec<MovieId>,
    /// Movies that are not listed because the user knows them: those with any feedback, including dismissals
    /// and watched marks, and those on the watchlist. Liked, disliked and rated movies count as seen even if
    /// they are missing here.
    pub seen: Vec<MovieId>,
    /// Date of the request, in UTC. If `None`, movies with a date of release count as released.
    pub today: Option<Date>,
    /// Maximum number of movies to return, 1 to 100. Default: [`DEFAULT_LIMIT`].
    pub limit: usize,
    /// Number of movies to skip at the start of the list.
    pub offset: usize,
    /// Diversity of the list, from 0 to 1. `None` selects a default.
    pub diversity: Option<f32>,
    /// Novelty, from -1 to 1: strength of the penalty for well-known movies. A negative value favors them.
    pub novelty: f32,
    /// True to return the reasons for each score.
    pub explain: bool,
    /// Name of the model to rank with. If `None`, all models are used.
    pub model: Option<String>,
    /// How the list is ordered.
    pub order: Order,
}

/// Number of movies in a list whose length isn't requested.
pub const DEFAULT_LIMIT: usize = 20;

impl Default for Query {
    fn default() -> Self {
        Self {
            liked: Vec::new(),
            disliked: Vec::new(),
            ratings: Vec::new(),
            preferred_genres: Vec::new(),
            filters: Filters::default(),
            exclude: Vec::new(),
            only: Vec::new(),
            seen: Vec::new(),
            today: None,
            limit: DEFAULT_LIMIT,
            offset: 0,
            diversity: None,
            novelty: 0.0,
            explain: false,
            model: None,
            order: Order::default(),
        }
    }
}

/// An invalid field in a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Path to the field, such as `filters.genres.any[0]`.
    pub field: String,
    /// Error message, which names the valid values.
    pub message: String,
}

/// Error returned for a query with invalid fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; "))]
pub struct QueryError {
    /// One error per invalid field; 1 to 20 errors.
    pub errors: Vec<FieldError>,
}
