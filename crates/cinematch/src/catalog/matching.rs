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
    /// Several movies match the title, the year of the matching movie is unknown or off by one and the title is
    /// ordinary, or other rows match the movie better.
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
    /// Number of main titles that contain each word.
    word_counts: FxHashMap<String, u32>,
    years: Vec<Option<u16>>,
    ids: Vec<ExternalIds>,
}

/// The IDs of a movie and its duplicates at other services.
#[derive(Debug, Default)]
struct ExternalIds {
    imdb: Vec<u64>,
    tmdb: Vec<TmdbId>,
}

impl ExternalIds {
    fn new(movie: &Movie) -> Self {
        let duplicates = || movie.duplicates.iter();
        let imdb = duplicates().map(|entry| &entry.imdb_id).chain([&movie.imdb_id]);
        let tmdb = duplicates().map(|entry| entry.tmdb_id).chain([movie.tmdb_id]);
        let mut ids = Self {
            imdb: imdb.filter_map(|id| imdb_number(id.as_deref()?)).collect(),
            tmdb: tmdb.flatten().collect(),
        };
        ids.imdb.reverse();
        ids.tmdb.reverse();
        ids
    }

    /// Returns true if `entry` has an ID of a kind that the movie also has, but a different one.
    fn contradict(&self, entry: &Entry) -> bool {
        fn excludes<T: PartialEq>(known: &[T], id: Option<T>) -> bool {
            id.is_some_and(|id| !known.is_empty() && !known.contains(&id))
        }
        excludes(&self.imdb, entry.imdb_id.as_deref().and_then(imdb_number))
            || excludes(&self.tmdb, entry.tmdb_id)
    }
}

/// Words that don't identify a title.
const STOP_WORDS: [&str; 20] = [
    "the", "a", "an", "of", "and", "in", "on", "to", "la", "le", "les", "un", "une", "der", "die",
    "das", "el", "los", "il", "o",
];
/// Maximum number of words, without stop words, of a title that may be ordinary.
const MAX_ORDINARY_WORDS: usize = 2;
/// A word is common if at least this number of movies and this share of them have it in a title.
const MIN_COMMON_MOVIES: u32 = 5;
const MIN_COMMON_SHARE: f32 = 0.002;

impl MatchIndex {
    /// Indexes `movies`. If several share an ID, that ID refers to the first one. O(characters in all
    /// titles).
    pub fn new(movies: &[Movie]) -> Self {
        let titles = |movie: &Movie| -> Vec<String> {
            let titles = std::iter::once(&movie.title).chain(&movie.alt_titles);
            titles.map(|title| fold_title(title)).filter(|title| !title.is_empty()).collect()
        };
        let titles: Vec<Vec<String>> = movies.par_iter().map(titles).collect();
        let mut index = Self {
            by_id: FxHashMap::default(),
            by_imdb: FxHashMap::default(),
            by_tmdb: FxHashMap::default(),
            by_title: FxHashMap::default(),
            word_counts: word_counts(&titles),
            years: movies.iter().map(|movie| movie.year).collect(),
            ids: movies.iter().map(ExternalIds::new).collect(),
        };
        for ((movie, titles), row) in movies.iter().zip(titles).zip(0..) {
            let index_of_movie = MovieIdx(row);
            for id in movie.ids() {
                index.by_id.entry(id).or_insert(index_of_movie);
            }
            for id in &index.ids[index_of_movie.row()].imdb {
                index.by_imdb.entry(*id).or_insert(index_of_movie);
            }
            for id in &index.ids[index_of_movie.row()].tmdb {
                index.by_tmdb.entry(*id).or_insert(index_of_movie);
            }
            for title in titles {
                let candidates = index.by_title.entry(title).or_default();
                if candidates.last() != Some(&index_of_movie) {
                    candidates.push(index_of_movie);
                }
            }
        }
        index
    }

    /// Finds the movie that `entry` refers to: first by MovieLens, IMDb or TMDB ID, then by title, then
    /// by original title. A movie that has another ID of the same kind never matches by title.
    /// O(characters in the titles).
    pub fn find(&self, entry: &Entry) -> Match {
        let movielens = || self.by_id.get(&entry.movie_id?);
        let imdb = || self.by_imdb.get(&imdb_number(entry.imdb_id.as_deref()?)?);
        let tmdb = || self.by_tmdb.get(&entry.tmdb_id?);
        if let Some(movie) = movielens().or_else(imdb).or_else(tmdb) {
            return Match::ById(*movie);
        }
        if entry.movie_id.is_some() {
            return Match::Unmatched;
        }
        match (self.by_title(&entry.title, entry), &entry.original_title) {
            (Match::Unmatched, Some(original)) => self.by_title(original, entry),
            (matched, _) => matched,
        }
    }

    fn by_title(&self, title: &str, entry: &Entry) -> Match {
        let title = fold_title(title);
        let Some(titled) = self.by_title.get(&title) else { return Match::Unmatched };
        let year_of = |movie: &MovieIdx| self.years[movie.row()];
        let is_possible = |movie: &MovieIdx| !self.ids[movie.row()].contradict(entry);
        let movies: Vec<MovieIdx> = titled.iter().copied().filter(is_possible).collect();
        let with_year = |accepts: &dyn Fn(Option<u16>) -> bool| -> Vec<MovieIdx> {
            movies.iter().copied().filter(|movie| accepts(year_of(movie))).collect()
        };
        let Some(year) = entry.year else {
            return match movies.as_slice() {
                [] => Match::Unmatched,
                [movie] if year_of(movie).is_none() => Match::ByTitle(*movie),
                [movie] => Match::ByTitleAndNearYear(*movie),
                _ => Match::Ambiguous(movies),
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
            // The movie with the exact year is another work if it has another ID.
            let has_exact_year = titled.iter().any(|movie| year_of(movie) == Some(year));
            if has_exact_year || titled.len() > 1 || self.is_ordinary(&title) {
                return Match::Ambiguous(near);
            }
            return single_or_ambiguous(near, Match::ByTitleAndNearYear);
        }
        let undated = with_year(&|movie_year| movie_year.is_none());
        if undated.is_empty() { Match::Unmatched } else { Match::Ambiguous(undated) }
    }

    /// Returns true if different works are likely to have the folded `title`: it is a single word, as in “The
    /// Innocent”, or two words that many titles have.
    fn is_ordinary(&self, title: &str) -> bool {
        let words: Vec<&str> = title.split(' ').filter(|word| !STOP_WORDS.contains(word)).collect();
        let min_count =
            MIN_COMMON_MOVIES.max((self.years.len() as f32 * MIN_COMMON_SHARE).ceil() as u32);
        let is_common =
            |word: &&str| self.word_counts.get(*word).is_some_and(|count| *count >= min_count);
        words.len() <= 1 || (words.len() <= MAX_ORDINARY_WORDS && words.iter().all(is_common))
    }
}

/// Returns the number of main titles that contain each word.
fn word_counts(titles: &[Vec<String>]) -> FxHashMap<String, u32> {
    let mut counts: FxHashMap<String, u32> = FxHashMap::default();
    for word in titles.iter().filter_map(|titles| titles.first()).flat_map(|title| title.split(' '))
    {
        match counts.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                counts.insert(word.to_owned(), 1);
            }
        }
    }
    counts
}

fn single_or_ambiguous(movies: Vec<MovieIdx>, matched: fn(MovieIdx) -> Match) -> Match {
    match movies.as_slice() {
        [movie] => matched(*movie),
        _ => Match::Ambiguous(movies),
    }
}

/// Parses the digits of an IMDb ID, ignoring leading zeros.
pub(super) fn imdb_number(digits: &str) -> Option<u64> {
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
            ("heat", Some(1996), Match::Ambiguous(vec![id(0)])),
            ("Romeo and Juliet", Some(1997), Match::ByTitleAndNearYear(id(4))),
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
        // An entry with an ID that the movie lacks may match by title or original title.
        let original_title = Some("Amelie from Montmartre".to_owned());
        let imdb_id = Some("0211915".to_owned());
        let other = Entry { original_title, imdb_id, ..entry("Die fabelhafte Welt", Some(2002)) };
        assert_eq!(index.find(&other), Match::ByTitleAndNearYear(id(1)));
        // If both have an ID of the same kind, only equal IDs match.
        for title in ["Amélie", "Amelie from Montmartre"] {
            let other = Entry { tmdb_id: Some(TmdbId(7)), ..entry(title, Some(2001)) };
            assert_eq!(index.find(&other), Match::Unmatched);
        }
        let other = Entry { imdb_id: Some("0000001".to_owned()), ..entry("Heat", Some(1995)) };
        assert_eq!(index.find(&other), Match::Unmatched);
        let other = Entry { movie_id: Some(MovieId(999)), ..entry("Heat", Some(1995)) };
        assert_eq!(index.find(&other), Match::Unmatched);
        let numbered = Entry { movie_id: Some(MovieId(8)), ..entry("Heat", Some(1995)) };
        assert_eq!(index.find(&numbered), Match::ById(id(2)));
    }
}
