//! Movies that an ambiguous row might refer to, and how to tell them apart.

use std::fmt::{self, Display};

use serde::{Serialize, Serializer};

use crate::catalog::Movie;
use crate::ids::{MovieId, MovieIdx};

/// Maximum number of candidates listed for a row.
const MAX_CANDIDATES: usize = 5;

/// A movie that an ambiguous row might refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CandidateMovie {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// Title of the movie.
    pub title: String,
    /// Release year; `None` if unknown.
    pub year: Option<u16>,
    /// Difference from other candidates with its title and year; `None` if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// Difference between a movie and others with its title and year. Displayed and serialized as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Names of the directors.
    Directors(Vec<String>),
    /// Genres in lowercase, if the directors are equal or unknown.
    Genres(Vec<String>),
    /// MovieLens ID, if nothing else differs.
    Id(MovieId),
}

impl Display for Detail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directors(names) | Self::Genres(names) => out.write_str(&names.join(", ")),
            Self::Id(id) => write!(out, "ID {id}"),
        }
    }
}

impl Serialize for Detail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Describes the first five of `candidates`.
pub(super) fn describe(candidates: &[MovieIdx], movies: &[Movie]) -> Vec<CandidateMovie> {
    let candidates = &candidates[..candidates.len().min(MAX_CANDIDATES)];
    let candidates = || candidates.iter().map(|movie| &movies[movie.row()]);
    let describe = |movie: &Movie| {
        let has_its_name = |other: &&Movie| {
            other.movie_id != movie.movie_id
                && (&other.title, other.year) == (&movie.title, movie.year)
        };
        let namesakes: Vec<&Movie> = candidates().filter(has_its_name).collect();
        CandidateMovie {
            movie_id: movie.movie_id,
            title: movie.title.clone(),
            year: movie.year,
            detail: (!namesakes.is_empty()).then(|| Detail::new(movie, &namesakes)),
        }
    };
    candidates().map(describe).collect()
}

impl Detail {
    /// Returns what sets `movie` apart from its `namesakes`.
    fn new(movie: &Movie, namesakes: &[&Movie]) -> Self {
        let is_distinct = |values: fn(&Movie) -> &[String]| {
            let own = values(movie);
            !own.is_empty() && namesakes.iter().all(|other| values(other) != own)
        };
        if is_distinct(|movie| &movie.directors) {
            Self::Directors(movie.directors.clone())
        } else if is_distinct(|movie| &movie.genres) {
            Self::Genres(movie.genres.clone())
        } else {
            Self::Id(movie.movie_id)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    #[test]
    fn namesakes_are_told_apart_by_director_genres_or_id() {
        let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let emma = |id, directors: &[&str], genres: &[&str]| Movie {
            directors: strings(directors),
            genres: strings(genres),
            year: Some(1996),
            ..movie(id, "Emma")
        };
        let movies = [
            emma(1, &["Douglas McGrath"], &["comedy"]),
            emma(2, &["Diarmuid Lawrence"], &["comedy"]),
            emma(3, &[], &["drama", "romance"]),
            emma(4, &[], &["comedy"]),
            Movie { year: Some(2020), ..movie(5, "Emma") },
        ];
        let rows: Vec<MovieIdx> = (0..5).map(MovieIdx).collect();
        let details: Vec<String> = describe(&rows, &movies)
            .iter()
            .map(|candidate| candidate.detail.as_ref().map(Detail::to_string).unwrap_or_default())
            .collect();
        let expected = ["Douglas McGrath", "Diarmuid Lawrence", "drama, romance", "ID 4", ""];
        assert_eq!(details, expected);
        assert_eq!(serde_json::to_value(&describe(&rows, &movies)[3]).unwrap()["detail"], "ID 4");
    }
}
