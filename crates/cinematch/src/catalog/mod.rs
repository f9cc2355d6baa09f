//! The catalogue: records of several sources linked, cleaned and filtered into one table of films.

pub mod availability;
mod interactions;
pub mod matching;
mod merge;
mod merged_csv;
pub mod names;
mod report;
pub mod services;

pub use availability::Availability;
pub use interactions::{Fingerprint, Interactions, Packed, PackedError, Provenance, Rated};
pub use merge::{
    Counts, Inputs, MergeError, MergeSettings, Merged, Removed, ServicesChoice, SourceCount, merge,
};
pub use merged_csv::{HEADER, read_merged};
pub use report::{MadeFrom, ProblemCount, Recipe, Report, count_all, count_problems};

use serde::{Deserialize, Serialize};

use crate::ids::{MovieId, TmdbId};

/// Where a film's streaming services come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServicesSource {
    /// TMDb's watch providers.
    Tmdb,
    /// Invented for demonstrations. Every place that shows such a service says so.
    Mock,
}

impl ServicesSource {
    /// The word in files and replies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tmdb => "tmdb",
            Self::Mock => "mock",
        }
    }
}

impl Movie {
    /// The same film without what TMDb says of it but its number: title, year and genres are
    /// MovieLens'.
    #[must_use]
    pub fn of_movielens_alone(&self) -> Self {
        Self {
            overview: None,
            runtime: None,
            popularity: None,
            vote_count: None,
            vote_average: None,
            keywords: Vec::new(),
            cast: Vec::new(),
            directors: Vec::new(),
            original_language: None,
            ..self.clone()
        }
    }
}

/// A film, cleaned. What is not known is `None` or an empty list, never a made-up value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Movie {
    /// MovieLens' number.
    pub movie_id: MovieId,
    /// TMDb's number; no two films share one.
    pub tmdb_id: Option<TmdbId>,
    /// IMDb's number, zeros kept.
    pub imdb_id: Option<String>,
    /// The title as a person writes it: `The Matrix`.
    pub title: String,
    /// Other titles, for search.
    pub alt_titles: Vec<String>,
    /// The year of release.
    pub year: Option<u16>,
    /// MovieLens' genres in lower case.
    pub genres: Vec<String>,
    /// What the film is about.
    pub overview: Option<String>,
    /// Minutes.
    pub runtime: Option<u32>,
    /// TMDb's popularity.
    pub popularity: Option<f32>,
    /// TMDb's number of votes.
    pub vote_count: Option<u32>,
    /// TMDb's average vote, 0 to 10.
    pub vote_average: Option<f32>,
    /// TMDb's keywords.
    pub keywords: Vec<String>,
    /// Actors by billing.
    pub cast: Vec<String>,
    /// Directors.
    pub directors: Vec<String>,
    /// Streaming services that have the film.
    pub services: Vec<String>,
    /// Where `services` comes from; `None` where there are none.
    pub services_source: Option<ServicesSource>,
    /// The language it was made in, ISO 639-1.
    pub original_language: Option<String>,
    /// The poster's path at TMDb's image host.
    pub poster_path: Option<String>,
}
