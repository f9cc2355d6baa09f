//! The movie catalog: links, cleans and filters records from several sources into a single movie table.

mod age;
pub mod availability;
mod interactions;
pub mod matching;
mod merge;
mod merged_csv;
pub mod names;
mod release;
mod report;
pub mod series;
pub mod services;

pub use availability::Availability;
pub use interactions::{Fingerprint, Interactions, Packed, PackedError, Provenance, Rated};
pub use merge::{
    CorrectedTitle, CorrectedYear, Corrections, CountRatings, Counts, Inputs, MergeError,
    MergeSettings, Merged, MergedEntry, Relinked, Removed, ServicesChoice, SourceCount, merge,
};
pub use merged_csv::{HEADER, read_merged};
pub use release::Release;
pub use report::{InputPaths, ProblemCount, Recipe, Report, count_problems, count_with_unlisted};

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::ids::{MovieId, MovieIdx, TmdbId, Vocabulary};

/// Source of a movie's streaming services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServicesSource {
    /// TMDB watch providers.
    Tmdb,
    /// Mock data for demonstrations, labeled as such wherever it appears.
    Mock,
}

impl ServicesSource {
    /// Returns the name used in files and responses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tmdb => "tmdb",
            Self::Mock => "mock",
        }
    }
}

impl Movie {
    /// Returns a movie that has a title but no other metadata.
    pub fn new(movie_id: MovieId, title: impl Into<String>) -> Self {
        Self {
            movie_id,
            tmdb_id: None,
            imdb_id: None,
            title: title.into(),
            alt_titles: Vec::new(),
            year: None,
            genres: Vec::new(),
            overview: None,
            runtime: None,
            popularity: None,
            vote_count: None,
            vote_average: None,
            keywords: Vec::new(),
            cast: Vec::new(),
            directors: Vec::new(),
            services: Vec::new(),
            services_source: None,
            original_language: None,
            poster_path: None,
            collection: None,
            is_adult: false,
            status: None,
            release_date: None,
            fetched_on: None,
            certifications: Vec::new(),
            duplicates: Vec::new(),
        }
    }

    /// Returns the MovieLens IDs of the movie, its own first, then those of its duplicates.
    pub fn ids(&self) -> impl Iterator<Item = MovieId> + '_ {
        std::iter::once(self.movie_id).chain(self.duplicates.iter().map(|entry| entry.movie_id))
    }

    /// Returns a copy without the TMDB metadata. Keeps the IDs, titles, year, genres, services and
    /// poster, and the facts that decide whether the movie may be listed.
    #[must_use]
    pub(crate) fn without_tmdb_facts(&self) -> Self {
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
            collection: None,
            ..self.clone()
        }
    }
}

/// Formats a title with the release year, if the year is known: `Heat (1995)`.
pub fn title_with_year(title: &str, year: Option<u16>) -> String {
    year.map_or_else(|| title.to_owned(), |year| format!("{title} ({year})"))
}

/// A movie in the catalog. Unknown values are `None` or an empty list, never placeholders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Movie {
    /// MovieLens ID.
    pub movie_id: MovieId,
    /// TMDB ID, unique in the catalog.
    pub tmdb_id: Option<TmdbId>,
    /// IMDb ID without the `tt` prefix but with leading zeros.
    pub imdb_id: Option<String>,
    /// Title with its article at the front, such as `The Matrix`.
    pub title: String,
    /// Alternative titles, used for search and matching.
    pub alt_titles: Vec<String>,
    /// Release year.
    pub year: Option<u16>,
    /// MovieLens genres, in lowercase.
    pub genres: Vec<String>,
    /// Plot summary.
    pub overview: Option<String>,
    /// Runtime in minutes.
    pub runtime: Option<u32>,
    /// TMDB popularity score, 0 or higher.
    pub popularity: Option<f32>,
    /// Number of votes on TMDB.
    pub vote_count: Option<u32>,
    /// Average vote on TMDB, 0 to 10.
    pub vote_average: Option<f32>,
    /// Keywords assigned on TMDB.
    pub keywords: Vec<String>,
    /// Actors, in billing order.
    pub cast: Vec<String>,
    /// Names of the directors.
    pub directors: Vec<String>,
    /// Names of the streaming services that offer the movie.
    pub services: Vec<String>,
    /// Source of `services`; `None` if it is empty.
    pub services_source: Option<ServicesSource>,
    /// Original language, as an ISO 639-1 code.
    pub original_language: Option<String>,
    /// Poster path on TMDB's image host.
    pub poster_path: Option<String>,
    /// Name of the TMDB collection that the movie belongs to, such as `Toy Story Collection`.
    #[serde(default)]
    pub collection: Option<String>,
    /// True for movies that TMDB marks as adult.
    #[serde(default)]
    pub is_adult: bool,
    /// Status of the production on TMDB, such as `Released` or `Planned`.
    #[serde(default)]
    pub status: Option<String>,
    /// Date of the first release, which may be in the future.
    #[serde(default)]
    pub release_date: Option<Date>,
    /// Date on which the metadata was fetched from TMDB.
    #[serde(default)]
    pub fetched_on: Option<Date>,
    /// Country (ISO 3166-1) and name of each certificate, such as `US:PG-13`.
    #[serde(default)]
    pub certifications: Vec<String>,
    /// Other MovieLens entries for the same film. Their ratings, tags and IDs count as the movie's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<DuplicateEntry>,
}

/// IDs of a MovieLens entry for a film that has another entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateEntry {
    /// MovieLens ID of the entry.
    pub movie_id: MovieId,
    /// IMDb ID without the `tt` prefix but with leading zeros.
    pub imdb_id: Option<String>,
    /// TMDB ID.
    pub tmdb_id: Option<TmdbId>,
}

/// Returns the vocabulary of `movies`, in which the IDs of duplicates have the index of their movie.
pub fn vocabulary(movies: &[Movie]) -> Vocabulary {
    let duplicates = movies.iter().zip(0..).flat_map(|(movie, row)| {
        movie.duplicates.iter().map(move |entry| (entry.movie_id, MovieIdx(row)))
    });
    Vocabulary::new(movies.iter().map(|movie| movie.movie_id)).with_duplicates(duplicates)
}
