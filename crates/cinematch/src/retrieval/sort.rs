//! Sort orders for the catalog.

use std::cmp::Reverse;
use std::sync::OnceLock;

use crate::catalog::Movie;
use crate::catalog::matching::fold_title;
use crate::ids::{MovieId, MovieIdx};

/// A sort order for the catalog. Movies without a value come last, and ties are broken by ascending movie ID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// TMDB popularity at the time of its fetch, descending.
    #[default]
    Popularity,
    /// Vote count, descending.
    Votes,
    /// Average vote, descending.
    Rating,
    /// Release year, descending.
    Year,
    /// Title, ascending, ignoring case, accents and punctuation. Leading articles are not skipped.
    Title,
}

impl Sort {
    /// All sort orders, in discriminant order.
    pub const ALL: [Self; 5] =
        [Self::Popularity, Self::Votes, Self::Rating, Self::Year, Self::Title];

    /// Returns the name of this order, as used in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Popularity => "popularity",
            Self::Votes => "votes",
            Self::Rating => "rating",
            Self::Year => "year",
            Self::Title => "title",
        }
    }

    /// Returns the sort order called `name`, or `None` if there is none.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.name() == name)
    }

    pub(super) fn key_of(self, movie: &Movie) -> SortKey {
        let number = |number: Option<f32>| {
            number.filter(|number| !number.is_nan()).map(|number| Reverse(ordered_bits(number)))
        };
        let integer = |number: Option<u32>| number.map(Reverse);
        let value = match self {
            Self::Popularity => number(movie.popularity).map(SortValue::Number),
            Self::Votes => integer(movie.vote_count).map(SortValue::Number),
            Self::Rating => number(movie.vote_average).map(SortValue::Number),
            Self::Year => integer(movie.year.map(u32::from)).map(SortValue::Number),
            Self::Title => Some(fold_title(&movie.title))
                .filter(|title| !title.is_empty())
                .map(SortValue::Text),
        };
        SortKey { value: value.unwrap_or(SortValue::Unknown), movie_id: movie.movie_id }
    }
}

/// Maps a float to an integer that sorts the same way.
fn ordered_bits(number: f32) -> u32 {
    let bits = number.to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

/// The value that a movie is sorted by. The derived ordering is the list order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortValue {
    Number(Reverse<u32>),
    Text(String),
    Unknown,
}

/// A movie's key in a sorted list. Keys are unique because they contain the movie ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    pub value: SortValue,
    pub movie_id: MovieId,
}

/// The catalog in each [`Sort`] order. Each order is computed when it is first requested.
#[derive(Clone, Debug, Default)]
pub(super) struct SortedMovies([OnceLock<Vec<MovieIdx>>; Sort::ALL.len()]);

impl SortedMovies {
    /// Returns the movies in `sort` order. O(n log n) for the first call per order, then O(1).
    pub(crate) fn by(&self, sort: Sort, movies: &[Movie]) -> &[MovieIdx] {
        self.0[sort as usize].get_or_init(|| {
            let mut sorted: Vec<MovieIdx> = (0..movies.len() as u32).map(MovieIdx).collect();
            sorted.sort_by_cached_key(|movie| sort.key_of(&movies[movie.row()]));
            sorted
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_discriminants_identify_each_order() {
        assert!(Sort::ALL.iter().all(|sort| Sort::find(sort.name()) == Some(*sort)));
        assert!((0..5).all(|at| Sort::ALL[at] as usize == at));
    }

    #[test]
    fn ordered_bits_compare_like_the_numbers() {
        let numbers =
            [f32::NEG_INFINITY, -1.5, -0.0, 0.0, 1e-30, 0.5, 1.0, 2.5, 1e9, f32::INFINITY];
        assert!(numbers.is_sorted_by_key(|number| ordered_bits(*number)));
    }
}
