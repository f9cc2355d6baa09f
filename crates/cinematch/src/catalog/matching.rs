//! Matches movies from other services to the catalog, by ID or by title and year. If a title matches
//! several movies, the match is ambiguous.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Movie;
use crate::ids::{MovieId, MovieIdx, TmdbId};
use crate::sources::history::Entry;

/// Result of matching a history entry against the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// The MovieLens, IMDb or TMDB ID matches.
    ById(MovieIdx),
    /// The title and year match, or the title matches and both years are missing.
    ByTitle(MovieIdx),
    /// Only this movie's title matches, and its year is off by one or the entry has no year.
    ByTitleAndNearYear(MovieIdx),
    /// Several movies match the title, or the year of the matching movie is unknown.
    Ambiguous(Vec<MovieIdx>),
    /// No movie matches.
    Unmatched,
}

impl Match {
    /// Returns the matched movie, or `None` if the entry is ambiguous or unmatched.
    pub fn movie(&self) -> Option<MovieIdx> {
        match self {
            Self::ById(movie) | Self::ByTitle(movie) | Self::ByTitleAndNearYear(movie) => {
                Some(*movie)
            }
            Self::Ambiguous(_) | Self::Unmatched => None,
        }
    }
}

/// Matching index for a catalog. Built once per catalog and shared by all lookups.
#[derive(Debug)]
pub struct MatchIndex {
    by_id: FxHashMap<MovieId, MovieIdx>,
    by_imdb: FxHashMap<u64, MovieIdx>,
    by_tmdb: FxHashMap<TmdbId, MovieIdx>,
    /// Movies by folded title or alternative title.
    by_title: FxHashMap<String, Vec<MovieIdx>>,
    years: Vec<Option<u16>>,
}

impl MatchIndex {
    /// Indexes `movies`. If several share an ID, that ID refers to the first one. O(characters in all
    /// titles).
    pub fn new(movies: &[Movie]) -> Self {
        let mut index = Self {
            by_id: FxHashMap::default(),
            by_imdb: FxHashMap::default(),
            by_tmdb: FxHashMap::default(),
            by_title: FxHashMap::default(),
            years: movies.iter().map(|movie| movie.year).collect(),
        };
        let titles = |movie: &Movie| -> Vec<String> {
            std::iter::once(&movie.title)
                .chain(&movie.alt_titles)
                .map(|title| fold_title(title))
                .collect()
        };
        let titles: Vec<Vec<String>> = movies.par_iter().map(titles).collect();
        for ((movie, titles), row) in movies.iter().zip(titles).zip(0..) {
            let index_of_movie = MovieIdx(row);
            index.by_id.entry(movie.movie_id).or_insert(index_of_movie);
            if let Some(imdb_id) = movie.imdb_id.as_deref().and_then(imdb_number) {
                index.by_imdb.entry(imdb_id).or_insert(index_of_movie);
            }
            if let Some(tmdb_id) = movie.tmdb_id {
                index.by_tmdb.entry(tmdb_id).or_insert(index_of_movie);
            }
            for title in titles.into_iter().filter(|title| !title.is_empty()) {
                let candidates = index.by_title.entry(title).or_default();
                if candidates.last() != Some(&index_of_movie) {
                    candidates.push(index_of_movie);
                }
            }
        }
        index
    }

    /// Finds the movie that `entry` refers to: first by MovieLens, IMDb or TMDB ID, then by title, then
    /// by original title. O(characters in the titles).
    pub fn find(&self, entry: &Entry) -> Match {
        let movielens = || self.by_id.get(&entry.movie_id?);
        let imdb = || self.by_imdb.get(&imdb_number(entry.imdb_id.as_deref()?)?);
        let tmdb = || self.by_tmdb.get(&entry.tmdb_id?);
        if let Some(movie) = movielens().or_else(imdb).or_else(tmdb) {
            return Match::ById(*movie);
        }
        match (self.by_title(&entry.title, entry.year), &entry.original_title) {
            (Match::Unmatched, Some(original)) => self.by_title(original, entry.year),
            (matched, _) => matched,
        }
    }

    fn by_title(&self, title: &str, year: Option<u16>) -> Match {
        let Some(movies) = self.by_title.get(&fold_title(title)) else { return Match::Unmatched };
        let year_of = |movie: &MovieIdx| self.years[movie.row()];
        let with_year = |accepts: &dyn Fn(Option<u16>) -> bool| -> Vec<MovieIdx> {
            movies.iter().copied().filter(|movie| accepts(year_of(movie))).collect()
        };
        let Some(year) = year else {
            return match movies.as_slice() {
                [movie] if year_of(movie).is_none() => Match::ByTitle(*movie),
                [movie] => Match::ByTitleAndNearYear(*movie),
                _ => Match::Ambiguous(movies.clone()),
            };
        };
        let exact = with_year(&|movie_year| movie_year == Some(year));
        if !exact.is_empty() {
            return single_or_ambiguous(exact, Match::ByTitle);
        }
        let near = with_year(&|movie_year| {
            movie_year.is_some_and(|movie_year| movie_year.abs_diff(year) == 1)
        });
        if !near.is_empty() {
            return single_or_ambiguous(near, Match::ByTitleAndNearYear);
        }
        let undated = with_year(&|movie_year| movie_year.is_none());
        if undated.is_empty() { Match::Unmatched } else { Match::Ambiguous(undated) }
    }
}

fn single_or_ambiguous(movies: Vec<MovieIdx>, matched: fn(MovieIdx) -> Match) -> Match {
    match movies.as_slice() {
        [movie] => matched(*movie),
        _ => Match::Ambiguous(movies),
    }
}

/// Parses the digits of an IMDb ID, ignoring leading zeros.
fn imdb_number(digits: &str) -> Option<u64> {
    digits.parse().ok()
}

/// Normalizes a title for comparison: ignores case, accents and punctuation, and spells `&` as `and`.
/// `Amélie` becomes `amelie`, and `Se7en…` becomes `se7en`.
pub(crate) fn fold_title(title: &str) -> String {
    let mut folded = String::with_capacity(title.len());
    let mut gap = false;
    for character in title.nfkd().filter(|character| !is_combining_mark(*character)) {
        // Apostrophes don't separate words, so `Schindler's` and `Schindlers` are equal.
        if matches!(character, '\'' | '’' | '‘' | '`') {
            continue;
        }
        if character == '&' {
            folded.push_str(if folded.is_empty() { "and" } else { " and" });
            gap = true;
            continue;
        }
        if !character.is_alphanumeric() {
            gap = true;
            continue;
        }
        if gap && !folded.is_empty() {
            folded.push(' ');
        }
        gap = false;
        folded.extend(character.to_lowercase());
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;
    use crate::sources::history::EntryKind;

    fn entry(title: &str, year: Option<u16>) -> Entry {
        Entry {
            title: title.to_owned(),
            original_title: None,
            year,
            imdb_id: None,
            tmdb_id: None,
            movie_id: None,
            kind: EntryKind::Watched,
            is_diary_rating: false,
            file: "f.csv".to_owned(),
            line: 2,
        }
    }

    #[test]
    fn ids_take_precedence_over_titles_and_ties_are_ambiguous() {
        let with = |id, title: &str, year| Movie { year: Some(year), ..movie(id, title) };
        let movies = [
            Movie { imdb_id: Some("0113277".to_owned()), ..with(6, "Heat", 1995) },
            Movie {
                tmdb_id: Some(TmdbId(194)),
                alt_titles: vec!["Amélie".to_owned()],
                ..with(7, "Amelie from Montmartre", 2001)
            },
            with(8, "Solaris", 1972),
            with(9, "Solaris", 2002),
            with(10, "Romeo & Juliet", 1996),
            with(11, "Schindler's List", 1993),
            with(12, "Twins", 1988),
            with(13, "Twins", 1988),
            movie(14, "Undated"),
            with(15, "…", 2000),
        ];
        let index = MatchIndex::new(&movies);
        let id = |row: u32| MovieIdx(row);
        for (title, year, expected) in [
            ("HEAT", Some(1995), Match::ByTitle(id(0))),
            ("heat", Some(1996), Match::ByTitleAndNearYear(id(0))),
            ("Heat", Some(1986), Match::Unmatched),
            ("amelie", Some(2001), Match::ByTitle(id(1))),
            ("Solaris", Some(2002), Match::ByTitle(id(3))),
            ("Solaris", None, Match::Ambiguous(vec![id(2), id(3)])),
            ("Romeo and Juliet", Some(1996), Match::ByTitle(id(4))),
            ("Schindler’s List", Some(1993), Match::ByTitle(id(5))),
            ("Twins", Some(1989), Match::Ambiguous(vec![id(6), id(7)])),
            ("Schindlers list", None, Match::ByTitleAndNearYear(id(5))),
            ("Undated", None, Match::ByTitle(id(8))),
            ("Undated", Some(1995), Match::Ambiguous(vec![id(8)])),
            ("…", Some(2000), Match::Unmatched),
        ] {
            assert_eq!(index.find(&entry(title, year)), expected, "{title} {year:?}");
        }
        let numbered = Entry { imdb_id: Some("113277".to_owned()), ..entry("Other", None) };
        assert_eq!(index.find(&numbered), Match::ById(id(0)));
        let numbered = Entry { tmdb_id: Some(TmdbId(194)), ..entry("Heat", Some(1995)) };
        assert_eq!(index.find(&numbered), Match::ById(id(1)));
        // With an unknown ID, matching falls back to the title and the original title.
        let original_title = Some("Amelie from Montmartre".to_owned());
        let tmdb_id = Some(TmdbId(7));
        let other = Entry { original_title, tmdb_id, ..entry("Die fabelhafte Welt", Some(2002)) };
        assert_eq!(index.find(&other), Match::ByTitleAndNearYear(id(1)));
        let numbered = Entry { movie_id: Some(MovieId(8)), ..entry("Heat", Some(1995)) };
        assert_eq!(index.find(&numbered), Match::ById(id(2)));
    }
}
