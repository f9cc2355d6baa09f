//! The catalogue page by page, sorted and filtered. A page begins behind the film that the one before
//! ended with, wherever that film would stand now: nothing is shown twice or left out where films come
//! and go between two pages, and the last page costs as much as the first.

use std::cmp::Reverse;
use std::fmt;
use std::sync::OnceLock;

use super::{Filter, FilterIndex};
use crate::catalog::Movie;
use crate::catalog::matching::folded;
use crate::ids::{MovieId, MovieIdx, hex};

/// What films are sorted by. Films of which it is not known come last, and among equals the one with the
/// lower number first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// TMDb's popularity, the highest first.
    #[default]
    Popularity,
    /// The number of votes, the highest first.
    Votes,
    /// The average vote, the highest first.
    Rating,
    /// The year of release, the latest first.
    Year,
    /// The title without case, accents and punctuation, A first; articles count.
    Title,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Popularity, Self::Votes, Self::Rating, Self::Year, Self::Title];

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Popularity => "popularity",
            Self::Votes => "votes",
            Self::Rating => "rating",
            Self::Year => "year",
            Self::Title => "title",
        }
    }

    /// The sort of a name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.name() == name)
    }

    fn key_of(self, movie: &Movie) -> Key {
        let number = |number: Option<f32>| {
            number.filter(|number| !number.is_nan()).map(|number| Reverse(ascending(number)))
        };
        let whole = |number: Option<u32>| number.map(Reverse);
        let value = match self {
            Self::Popularity => number(movie.popularity).map(Value::Number),
            Self::Votes => whole(movie.vote_count).map(Value::Number),
            Self::Rating => number(movie.vote_average).map(Value::Number),
            Self::Year => whole(movie.year.map(u32::from)).map(Value::Number),
            Self::Title => Some(folded(&movie.title)).filter(|it| !it.is_empty()).map(Value::Text),
        };
        Key { value: value.unwrap_or(Value::Unknown), movie_id: movie.movie_id }
    }
}

/// Bits in the order of the numbers they stand for.
fn ascending(number: f32) -> u32 {
    let bits = number.to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

/// What a film is sorted by, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(Reverse<u32>),
    Text(String),
    Unknown,
}

/// A film's place in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    value: Value,
    movie_id: MovieId,
}

/// Where a page ended. As text it is opaque, may stand in an address, and means the same to another
/// generation of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    sort: Sort,
    last: Key,
}

/// A text that is no cursor, or not of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It was not given out, or not as it is now.
    #[error("expected a next_cursor as it was given, or none for the first page")]
    Malformed,
    /// It is of a list sorted otherwise.
    #[error("it is of a list sorted by {}", .0.name())]
    OtherSort(Sort),
}

const VERSION: u8 = 1;
/// The longest text that is looked at.
const LONGEST: usize = 1 << 14;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION, self.sort as u8];
        bytes.extend(self.last.movie_id.0.to_le_bytes());
        match &self.last.value {
            Value::Number(Reverse(number)) => {
                bytes.push(b'n');
                bytes.extend(number.to_le_bytes());
            }
            Value::Text(text) => {
                bytes.push(b't');
                bytes.extend(text.bytes());
            }
            Value::Unknown => bytes.push(b'u'),
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        formatter.write_str(&hex(&bytes))
    }
}

impl Cursor {
    /// Reads a cursor of a list sorted so.
    ///
    /// # Errors
    /// When it is none, or of another list.
    pub fn parse(text: &str, sort: Sort) -> Result<Self, CursorError> {
        let cursor = Self::decode(text).ok_or(CursorError::Malformed)?;
        if cursor.sort == sort { Ok(cursor) } else { Err(CursorError::OtherSort(cursor.sort)) }
    }

    fn decode(text: &str) -> Option<Self> {
        let digit = |digit: &u8| char::from(*digit).to_digit(16).map(|digit| digit as u8);
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        if text.len() > LONGEST {
            return None;
        }
        let bytes: Vec<u8> = pairs
            .iter()
            .map(|[high, low]| Some(digit(high)? << 4 | digit(low)?))
            .collect::<Option<_>>()?;
        let (bytes, sum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(bytes) != u32::from_le_bytes(*sum) {
            return None;
        }
        let ([VERSION, sort], rest) = bytes.split_first_chunk::<2>()? else { return None };
        let (movie_id, rest) = rest.split_first_chunk::<4>()?;
        let value = match rest.split_first()? {
            (b'n', number) => Value::Number(Reverse(u32::from_le_bytes(number.try_into().ok()?))),
            (b't', text) => Value::Text(std::str::from_utf8(text).ok()?.to_owned()),
            (b'u', []) => Value::Unknown,
            _ => return None,
        };
        let movie_id = MovieId(u32::from_le_bytes(*movie_id));
        let sort = *Sort::ALL.get(usize::from(*sort))?;
        Some(Self { sort, last: Key { value, movie_id } })
    }
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first film of a list sorted so.
    First(Sort),
    /// Behind the page that ended here.
    After(Cursor),
}

/// A page of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its films, in their order.
    pub movies: Vec<MovieIdx>,
    /// How many films pass the filter, on all pages.
    pub total: usize,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
}

/// The films in the order of every [`Sort`], each made when it is first asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders([OnceLock<Vec<MovieIdx>>; Sort::ALL.len()]);

impl Orders {
    fn of(&self, sort: Sort, movies: &[Movie]) -> &[MovieIdx] {
        self.0[sort as usize].get_or_init(|| {
            let mut films: Vec<MovieIdx> = (0..movies.len() as u32).map(MovieIdx).collect();
            films.sort_by_cached_key(|movie| sort.key_of(&movies[movie.row()]));
            films
        })
    }
}

impl FilterIndex {
    /// A page of at most `limit` films that pass a filter. `movies` are those the index was made of.
    /// O(films) with a few operations each, and once a sort O(films · log films).
    pub fn page(&self, movies: &[Movie], start: &Start, filter: Filter, limit: usize) -> Page {
        let sort = match start {
            Start::First(sort) => *sort,
            Start::After(cursor) => cursor.sort,
        };
        let order = self.orders().of(sort, movies);
        let from = match start {
            Start::First(_) => 0,
            Start::After(cursor) => {
                order.partition_point(|film| sort.key_of(&movies[film.row()]) <= cursor.last)
            }
        };
        let filter = self.prepare(filter);
        let passes = |film: &MovieIdx| filter.failed_by(*film).is_none();
        let mut rest = order[from..].iter().copied().filter(passes);
        let page: Vec<MovieIdx> = rest.by_ref().take(limit).collect();
        let more = rest.next().is_some();
        let last = page.last().filter(|_| more).map(|film| &movies[film.row()]);
        Page {
            next: last.map(|movie| Cursor { sort, last: sort.key_of(movie) }),
            total: order.iter().copied().filter(passes).count(),
            movies: page,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::models::content::tests::movie;

    fn catalogue() -> impl Strategy<Value = Vec<Movie>> {
        let number = || proptest::option::of((0_u8..6).prop_map(|n| f32::from(n) / 2.0));
        let title = proptest::sample::select(vec!["Heat", "the heat", "Amélie", "…", "Élan", "Z"]);
        let facts = (title, number(), number(), proptest::option::of(0_u32..4), any::<bool>());
        let facts_and_year = (facts, proptest::option::of(1990_u16..1994));
        proptest::collection::vec(facts_and_year, 0..60).prop_map(|movies| {
            let films = movies.into_iter().zip(1..).map(|((facts, year), id)| {
                let (title, popularity, vote_average, vote_count, is_drama) = facts;
                // Rows are in no order of the numbers.
                let genres = if is_drama { vec!["drama".to_owned()] } else { Vec::new() };
                let movie = movie(id * 37 % 101, title);
                Movie { year, genres, popularity, vote_count, vote_average, ..movie }
            });
            films.collect()
        })
    }

    /// The films that pass, sorted the plain way.
    fn all(movies: &[Movie], sort: Sort, passes: impl Fn(&Movie) -> bool) -> Vec<MovieId> {
        let mut films: Vec<&Movie> = movies.iter().filter(|movie| passes(movie)).collect();
        films.sort_by(|a, b| {
            let descending = |a: Option<f32>, b: Option<f32>| {
                b.unwrap_or(f32::MIN).total_cmp(&a.unwrap_or(f32::MIN))
            };
            let whole = |a: Option<u32>, b: Option<u32>| b.cmp(&a);
            let text = |movie: &Movie| (folded(&movie.title).is_empty(), folded(&movie.title));
            let by = match sort {
                Sort::Popularity => descending(a.popularity, b.popularity),
                Sort::Votes => whole(a.vote_count, b.vote_count),
                Sort::Rating => descending(a.vote_average, b.vote_average),
                Sort::Year => whole(a.year.map(u32::from), b.year.map(u32::from)),
                Sort::Title => text(a).cmp(&text(b)),
            };
            by.then(a.movie_id.cmp(&b.movie_id))
        });
        films.iter().map(|movie| movie.movie_id).collect()
    }

    proptest! {
        #[test]
        fn pages_one_behind_the_other_are_the_sorted_list(
            movies in catalogue(),
            sort in proptest::sample::select(Sort::ALL.to_vec()),
            limit in 1_usize..9,
            min_votes in 0_u32..3,
            wants_drama in any::<bool>(),
            gone in proptest::option::of((0_usize..4, any::<proptest::sample::Index>())),
        ) {
            let filter_of = |index: &FilterIndex| {
                let drama = index.genres.find("drama").filter(|_| wants_drama);
                Filter { min_votes, genres_any: drama.into_iter().collect(), ..Filter::default() }
            };
            let has_drama = movies.iter().any(|movie| !movie.genres.is_empty());
            let passes = |movie: &Movie| {
                movie.vote_count.unwrap_or(0) >= min_votes
                    && (!wants_drama || !has_drama || !movie.genres.is_empty())
            };
            let mut expected = all(&movies, sort, passes);
            let mut now = movies.clone();
            let mut index = FilterIndex::new(&now);
            let (mut listed, mut start) = (Vec::new(), Start::First(sort));
            for page_number in 0.. {
                // A film may leave the catalogue between two pages, and every row moves.
                if let Some((_, which)) = gone.filter(|(when, _)| *when == page_number)
                    && !now.is_empty()
                {
                    let left = now.remove(which.index(now.len()));
                    let place = expected.iter().position(|id| *id == left.movie_id);
                    // Who has seen it has seen it.
                    if let Some(place) = place.filter(|place| *place >= listed.len()) {
                        expected.remove(place);
                    }
                    if now.iter().any(|movie| !movie.genres.is_empty()) != has_drama {
                        return Ok(());
                    }
                    index = FilterIndex::new(&now);
                }
                let page = index.page(&now, &start, filter_of(&index), limit);
                prop_assert_eq!(page.total, now.iter().filter(|movie| passes(movie)).count());
                prop_assert!(page.movies.len() == limit || page.next.is_none());
                listed.extend(page.movies.iter().map(|film| now[film.row()].movie_id));
                let Some(next) = page.next else { break };
                let text = next.to_string();
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
                let read = Cursor::parse(&text, sort);
                prop_assert_eq!(read.as_ref(), Ok(&next));
                start = Start::After(next);
            }
            prop_assert_eq!(listed, expected);
        }

        #[test]
        fn no_text_but_a_cursor_is_one(text in "[0-9a-f]{0,40}|\\PC{0,20}") {
            prop_assert_eq!(Cursor::parse(&text, Sort::Year), Err(CursorError::Malformed));
        }
    }

    #[test]
    fn a_cursor_is_of_one_list_and_as_it_was_given() {
        let movies = [movie(1, "Amélie"), movie(2, "Heat")];
        let index = FilterIndex::new(&movies);
        let page = index.page(&movies, &Start::First(Sort::Title), Filter::default(), 1);
        let text = page.next.unwrap().to_string();
        let other = Cursor::parse(&text, Sort::Year);
        assert_eq!(other, Err(CursorError::OtherSort(Sort::Title)));
        assert_eq!(other.unwrap_err().to_string(), "it is of a list sorted by title");
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'7' { b'3' } else { b'7' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Cursor::parse(&changed, Sort::Title), Err(CursorError::Malformed));
            assert_eq!(Cursor::parse(&text[..at], Sort::Title), Err(CursorError::Malformed));
        }
        assert!(Sort::ALL.iter().all(|sort| Sort::find(sort.name()) == Some(*sort)));
        assert!((0..5).all(|at| Sort::ALL[at] as usize == at));
    }

    #[test]
    fn bits_are_in_the_order_of_numbers() {
        let numbers =
            [f32::NEG_INFINITY, -1.5, -0.0, 0.0, 1e-30, 0.5, 1.0, 2.5, 1e9, f32::INFINITY];
        assert!(numbers.is_sorted_by_key(|number| ascending(*number)));
    }
}
