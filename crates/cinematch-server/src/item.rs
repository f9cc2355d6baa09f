//! A film as replies show it.

use std::borrow::Cow;

use cinematch::catalog::{Movie, ServicesSource};
use cinematch::ids::{MovieId, TmdbId};
use cinematch::ranking::Reason;
use serde::Serialize;

/// A film. What is not known is `null`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Item<'a> {
    /// MovieLens' number.
    #[schema(value_type = u32, example = 6)]
    pub movie_id: MovieId,
    /// TMDb's number.
    #[schema(value_type = Option<u32>)]
    pub tmdb_id: Option<TmdbId>,
    /// IMDb's number, zeros kept.
    pub imdb_id: Option<&'a str>,
    /// The title.
    #[schema(example = "Heat")]
    pub title: &'a str,
    /// The year of release.
    pub year: Option<u16>,
    /// Minutes.
    pub runtime: Option<u32>,
    /// What the film is about.
    pub overview: Option<&'a str>,
    /// Genres in lower case.
    pub genres: &'a [String],
    /// Streaming services.
    pub services: &'a [String],
    /// Where the services come from: `mock` ones are invented.
    #[schema(value_type = Option<String>, example = "mock")]
    pub services_source: Option<ServicesSource>,
    /// The poster at TMDb's image host.
    pub poster_url: Option<String>,
    /// ISO 639-1.
    pub original_language: Option<&'a str>,
    /// 0 to 10.
    pub vote_average: Option<f32>,
    /// The votes behind it.
    pub vote_count: Option<u32>,
    /// TMDb's popularity.
    pub popularity: Option<f32>,
    /// Directors, joined by `, `.
    pub director: Option<Cow<'a, str>>,
    /// Actors by billing.
    pub cast: &'a [String],
    /// Keywords.
    pub keywords: &'a [String],
}

impl<'a> Item<'a> {
    /// The film as it stands in the catalogue.
    pub fn new(movie: &'a Movie) -> Self {
        Self {
            movie_id: movie.movie_id,
            tmdb_id: movie.tmdb_id,
            imdb_id: movie.imdb_id.as_deref(),
            title: &movie.title,
            year: movie.year,
            runtime: movie.runtime,
            overview: movie.overview.as_deref(),
            genres: &movie.genres,
            services: &movie.services,
            services_source: movie.services_source,
            poster_url: poster_url(movie),
            original_language: movie.original_language.as_deref(),
            vote_average: movie.vote_average,
            vote_count: movie.vote_count,
            popularity: movie.popularity,
            director: match movie.directors.as_slice() {
                [] => None,
                [one] => Some(Cow::Borrowed(one)),
                several => Some(Cow::Owned(several.join(", "))),
            },
            cast: &movie.cast,
            keywords: &movie.keywords,
        }
    }
}

/// A film's poster at TMDb's image host.
pub fn poster_url(movie: &Movie) -> Option<String> {
    let path = movie.poster_path.as_ref()?;
    Some(format!("https://image.tmdb.org/t/p/w500{path}"))
}

/// A recommended film.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecommendedItem<'a> {
    /// The film.
    #[serde(flatten)]
    pub item: Item<'a>,
    /// The sum of the reasons' contributions.
    pub score: f32,
    /// The reasons in one line.
    #[schema(example = "You liked Heat: heist, crime, Al Pacino • 7.9 from 6,000 votes")]
    pub explanation: String,
    /// The score's parts, the largest first.
    #[schema(value_type = Vec<Object>)]
    pub reasons: Vec<Reason>,
    /// What speaks: `content` (your films), `genres` (your preferences), `quality` (votes).
    pub sources: Vec<&'static str>,
}
