//! Queries as clients send them, with movie ids and names.

use serde::{Deserialize, Serialize};

use super::popularity::Order;
use crate::ids::MovieId;

/// A star rating of a movie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// Id of the movie.
    pub movie_id: MovieId,
    /// Stars, 0.5 to 5.0 in steps of 0.5.
    pub rating: f32,
}

/// Conditions on the genres of a movie.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenreFilter {
    /// Requires at least one of these genres; empty: no condition.
    pub any: Vec<String>,
    /// Requires all of these genres.
    pub all: Vec<String>,
    /// Rejects movies with any of these genres.
    pub none: Vec<String>,
}

/// Conditions on the listed movies. Ranges are inclusive. A movie whose value is unknown fails every condition
/// on that value.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// Conditions on the genres of a movie.
    pub genres: GenreFilter,
    /// Requires at least one of these streaming services; empty: no condition.
    pub services: Vec<String>,
    /// Country (ISO 3166-1) whose services are filtered and shown; `None`: the services of the catalog itself.
    pub region: Option<String>,
    /// Requires one of these original languages (ISO 639-1); empty: no condition.
    pub languages: Vec<String>,
    /// Earliest year of release.
    pub year_min: Option<u16>,
    /// Latest year of release.
    pub year_max: Option<u16>,
    /// Minimum runtime in minutes.
    pub runtime_min: Option<u32>,
    /// Maximum runtime in minutes.
    pub runtime_max: Option<u32>,
    /// Minimum number of votes.
    pub min_votes: u32,
    /// Minimum average vote, 0 to 10.
    pub rating_min: Option<f64>,
}

/// A request for a list, before validation by [`Recommender::resolve`](super::Recommender::resolve).
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Movies that the user likes.
    pub liked: Vec<MovieId>,
    /// Movies that the user dislikes. A dislike overrides a like of the same movie.
    pub disliked: Vec<MovieId>,
    /// The user's ratings. A rating overrides likes, dislikes and earlier ratings of the same movie.
    pub ratings: Vec<Rating>,
    /// Genres that the user prefers.
    pub preferred_genres: Vec<String>,
    /// Conditions on the listed movies.
    pub filters: Filters,
    /// Movies that must not be listed.
    pub exclude: Vec<MovieId>,
    /// Movies that are watched or on the watchlist, which are not listed.
    pub seen: Vec<MovieId>,
    /// Maximum number of movies to return, 1 to 100. Default: [`DEFAULT_LIMIT`].
    pub limit: usize,
    /// Number of movies to skip at the start of the list.
    pub offset: usize,
    /// Diversity of the list, 0 to 1; `None` selects a default.
    pub diversity: Option<f32>,
    /// Novelty, 0 to 1: strength of the penalty on well-known movies.
    pub novelty: f32,
    /// True if the reasons of each score are requested.
    pub explain: bool,
    /// Name of the model that ranks; `None`: all models.
    pub model: Option<String>,
    /// Order of the list.
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
            seen: Vec::new(),
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

/// An invalid field of a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Path of the field, such as `filters.genres.any[0]`.
    pub field: String,
    /// Error message, which names the valid values.
    pub message: String,
}

/// The invalid fields of a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; "))]
pub struct QueryError {
    /// Errors of the fields, 1 to 20.
    pub errors: Vec<FieldError>,
}
