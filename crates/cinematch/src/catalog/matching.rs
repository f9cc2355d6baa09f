//! Films of elsewhere found in the catalogue: by number, or by title and year. Nothing is guessed: a
//! title that could be two films is said to be.

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Movie;
use crate::ids::{MovieIdx, TmdbId, Vocabulary};
use crate::sources::history::Entry;

/// How a film was found, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// By a number that both sides know it under.
    ById(MovieIdx),
    /// By its title and year, the year off by one at most.
    ByTitle(MovieIdx),
    /// The title could be any of these.
    Ambiguous(Vec<MovieIdx>),
    /// No such film.
    Unmatched,
}

impl Match {
    /// The film, if it is one.
    pub fn film(&self) -> Option<MovieIdx> {
        match self {
            Self::ById(film) | Self::ByTitle(film) => Some(*film),
            Self::Ambiguous(_) | Self::Unmatched => None,
        }
    }
}

/// Finds films of a catalogue.
#[derive(Debug)]
pub struct Matcher<'a> {
    movies: &'a [Movie],
    vocabulary: &'a Vocabulary,
    by_imdb: FxHashMap<&'a str, MovieIdx>,
    by_tmdb: FxHashMap<TmdbId, MovieIdx>,
    /// Titles and alternative titles, folded.
    by_title: FxHashMap<String, Vec<MovieIdx>>,
}

impl<'a> Matcher<'a> {
    /// Indexes a catalogue. O(films).
    pub fn new(movies: &'a [Movie], vocabulary: &'a Vocabulary) -> Self {
        let mut matcher = Self {
            movies,
            vocabulary,
            by_imdb: FxHashMap::default(),
            by_tmdb: FxHashMap::default(),
            by_title: FxHashMap::default(),
        };
        for (movie, row) in movies.iter().zip(0..) {
            let film = MovieIdx(row);
            if let Some(imdb_id) = &movie.imdb_id {
                matcher.by_imdb.entry(without_zeros(imdb_id)).or_insert(film);
            }
            if let Some(tmdb_id) = movie.tmdb_id {
                matcher.by_tmdb.entry(tmdb_id).or_insert(film);
            }
            for title in std::iter::once(&movie.title).chain(&movie.alt_titles) {
                let films = matcher.by_title.entry(folded(title)).or_default();
                if films.last() != Some(&film) {
                    films.push(film);
                }
            }
        }
        matcher
    }

    /// Finds the film of a row. Numbers go before titles.
    pub fn find(&self, entry: &Entry) -> Match {
        let by_id = entry
            .movie_id
            .and_then(|id| self.vocabulary.index_of(id))
            .or_else(|| {
                let imdb_id = entry.imdb_id.as_deref()?;
                self.by_imdb.get(without_zeros(imdb_id)).copied()
            })
            .or_else(|| self.by_tmdb.get(&entry.tmdb_id?).copied());
        by_id.map_or_else(|| self.by_title(&entry.title, entry.year), Match::ById)
    }

    fn by_title(&self, title: &str, year: Option<u16>) -> Match {
        let title = folded(title);
        let Some(films) = self.by_title.get(&title).filter(|_| !title.is_empty()) else {
            return Match::Unmatched;
        };
        let off = |film: &MovieIdx| {
            let (theirs, ours) = (year?, self.movies[film.row()].year?);
            Some(theirs.abs_diff(ours))
        };
        let within = |most: u16| -> Vec<MovieIdx> {
            films.iter().copied().filter(|film| off(film).is_some_and(|off| off <= most)).collect()
        };
        let exact = within(0);
        let candidates = match exact.is_empty() {
            _ if year.is_none() => films.clone(),
            true => within(1),
            false => exact,
        };
        match candidates.as_slice() {
            [] => Match::Unmatched,
            [film] => Match::ByTitle(*film),
            _ => Match::Ambiguous(candidates),
        }
    }
}

fn without_zeros(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

/// A title without case, accents and punctuation, its article in front: `Amélie` and `amelie` are one,
/// and so are `Se7en…` and `se7en`.
pub(crate) fn folded(title: &str) -> String {
    let mut folded = String::with_capacity(title.len());
    let mut gap = false;
    for character in title.nfkd().filter(|character| !is_combining_mark(*character)) {
        // An apostrophe is no gap: `Schindler's` is one word however it is written.
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
    use crate::ids::MovieId;
    use crate::models::content::tests::film;
    use crate::sources::history::Said;

    fn entry(title: &str, year: Option<u16>) -> Entry {
        Entry {
            title: title.to_owned(),
            year,
            imdb_id: None,
            tmdb_id: None,
            movie_id: None,
            said: Said::Watched,
            file: "f.csv".to_owned(),
            line: 2,
        }
    }

    #[test]
    fn numbers_go_before_titles_and_titles_before_guesses() {
        let with = |id, title: &str, year| Movie { year: Some(year), ..film(id, title) };
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
        ];
        let vocabulary = Vocabulary::new(movies.iter().map(|movie| movie.movie_id));
        let matcher = Matcher::new(&movies, &vocabulary);
        let id = |row: u32| MovieIdx(row);
        for (title, year, expected) in [
            ("HEAT", Some(1995), Match::ByTitle(id(0))),
            ("heat", Some(1996), Match::ByTitle(id(0))),
            ("Heat", Some(1986), Match::Unmatched),
            ("amelie", Some(2001), Match::ByTitle(id(1))),
            ("Solaris", Some(2002), Match::ByTitle(id(3))),
            ("Solaris", None, Match::Ambiguous(vec![id(2), id(3)])),
            ("Romeo and Juliet", Some(1996), Match::ByTitle(id(4))),
            ("Schindler’s List", Some(1993), Match::ByTitle(id(5))),
            ("Twins", Some(1989), Match::Ambiguous(vec![id(6), id(7)])),
            ("…", Some(1995), Match::Unmatched),
        ] {
            assert_eq!(matcher.find(&entry(title, year)), expected, "{title} {year:?}");
        }
        let numbered = Entry { imdb_id: Some("113277".to_owned()), ..entry("Other", None) };
        assert_eq!(matcher.find(&numbered), Match::ById(id(0)));
        let numbered = Entry { tmdb_id: Some(TmdbId(194)), ..entry("Heat", Some(1995)) };
        assert_eq!(matcher.find(&numbered), Match::ById(id(1)));
        let numbered = Entry { movie_id: Some(MovieId(8)), ..entry("Heat", Some(1995)) };
        assert_eq!(matcher.find(&numbered), Match::ById(id(2)));
    }
}
