//! Results of a search.

use crate::ids::MovieIdx;

/// A movie that matches a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Index of the matching movie.
    pub movie: MovieIdx,
    /// Relevance score, 0 or higher.
    pub score: f32,
    /// The part of the movie's metadata that matches the query.
    pub matched: Matched,
}

/// The part of a movie's metadata that matches a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// The title, its initials, or the movie's number in a series.
    Title,
    /// This alternative title.
    AlternativeTitle(String),
    /// The name of this director or actor, possibly together with words of the title.
    Person(String),
    /// This keyword, possibly together with words of the title.
    Keyword(String),
    /// The IMDb or TMDB ID.
    Id,
}

/// A person whose name matches a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonHit {
    /// Name of the person.
    pub name: String,
    /// Movies of the person, most popular first.
    pub movies: Vec<MovieIdx>,
}

/// Results of a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Matching movies, best first.
    pub hits: Vec<Hit>,
    /// People whose name is the whole query, the most prominent first.
    pub people: Vec<PersonHit>,
    /// Words of the query that were ignored because no movie matches all of its words.
    pub dropped: Vec<String>,
}
