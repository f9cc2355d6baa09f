//! Pages through the sorted and filtered catalog.
//!
//! Each page starts after the sort key of the last movie on the previous page (keyset pagination). If movies
//! are added or removed between two requests, no movie is repeated or skipped. The time per page does not
//! depend on its position in the list.

use super::cursor::Cursor;
use super::filter::Filter;
use super::filter_index::FilterIndex;
use super::sort::Sort;
use crate::catalog::Movie;
use crate::ids::MovieIdx;

/// Where a page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first movie in a sort order.
    First(Sort),
    /// At the movie after the page that ended at this cursor.
    After(Cursor),
}

/// A page of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Movies on this page, in sort order.
    pub movies: Vec<MovieIdx>,
    /// Total number of movies that pass the filter, over all pages.
    pub total: usize,
    /// Cursor for the next page, or `None` on the last page.
    pub next: Option<Cursor>,
}

impl FilterIndex {
    /// Returns a page of up to `limit` movies that pass `filter`. `movies` must be the movies that the index
    /// was built from.
    ///
    /// O(n) for n movies. The first call per sort order also sorts the catalog in O(n log n).
    pub fn page(&self, movies: &[Movie], start: &Start, filter: Filter, limit: usize) -> Page {
        let sort = match start {
            Start::First(sort) => *sort,
            Start::After(cursor) => cursor.sort,
        };
        let sorted = self.sorted().by(sort, movies);
        let from = match start {
            Start::First(_) => 0,
            Start::After(cursor) => {
                sorted.partition_point(|movie| sort.key_of(&movies[movie.row()]) <= cursor.last)
            }
        };
        let filter = self.prepare(filter);
        let passes = |movie: &MovieIdx| filter.failed_by(*movie).is_none();
        let mut rest = sorted[from..].iter().copied().filter(passes);
        let page: Vec<MovieIdx> = rest.by_ref().take(limit).collect();
        let has_more = rest.next().is_some();
        let last = page.last().filter(|_| has_more).map(|movie| &movies[movie.row()]);
        Page {
            next: last.map(|movie| Cursor { sort, last: sort.key_of(movie) }),
            total: sorted.iter().copied().filter(passes).count(),
            movies: page,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::matching::fold_title;
    use crate::fixtures::movie;
    use crate::ids::MovieId;

    fn catalogs() -> impl Strategy<Value = Vec<Movie>> {
        let number = || proptest::option::of((0_u8..6).prop_map(|n| f32::from(n) / 2.0));
        let title = proptest::sample::select(vec!["Heat", "the heat", "Amélie", "…", "Élan", "Z"]);
        let facts = (title, number(), number(), proptest::option::of(0_u32..4), any::<bool>());
        let facts_and_year = (facts, proptest::option::of(1990_u16..1994));
        proptest::collection::vec(facts_and_year, 0..60).prop_map(|movies| {
            let movies = movies.into_iter().zip(1..).map(|((facts, year), id)| {
                let (title, popularity, vote_average, vote_count, is_drama) = facts;
                // Movie IDs are not in row order.
                let genres = if is_drama { vec!["drama".to_owned()] } else { Vec::new() };
                let movie = movie(id * 37 % 101, title);
                Movie { year, genres, popularity, vote_count, vote_average, ..movie }
            });
            movies.collect()
        })
    }

    /// Returns the IDs of the movies that pass, sorted without the code under test.
    fn sorted_ids(movies: &[Movie], sort: Sort, passes: impl Fn(&Movie) -> bool) -> Vec<MovieId> {
        let mut passing: Vec<&Movie> = movies.iter().filter(|movie| passes(movie)).collect();
        passing.sort_by(|a, b| {
            let descending = |a: Option<f32>, b: Option<f32>| {
                b.unwrap_or(f32::MIN).total_cmp(&a.unwrap_or(f32::MIN))
            };
            let whole = |a: Option<u32>, b: Option<u32>| b.cmp(&a);
            let text =
                |movie: &Movie| (fold_title(&movie.title).is_empty(), fold_title(&movie.title));
            let by = match sort {
                Sort::Popularity => descending(a.popularity, b.popularity),
                Sort::Votes => whole(a.vote_count, b.vote_count),
                Sort::Rating => descending(a.vote_average, b.vote_average),
                Sort::Year => whole(a.year.map(u32::from), b.year.map(u32::from)),
                Sort::Title => text(a).cmp(&text(b)),
            };
            by.then(a.movie_id.cmp(&b.movie_id))
        });
        passing.iter().map(|movie| movie.movie_id).collect()
    }

    proptest! {
        #[test]
        fn consecutive_pages_add_up_to_the_sorted_list(
            movies in catalogs(),
            sort in proptest::sample::select(Sort::ALL.to_vec()),
            limit in 1_usize..9,
            min_votes in 0_u32..3,
            wants_drama in any::<bool>(),
            removed in proptest::option::of((0_usize..4, any::<proptest::sample::Index>())),
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
            let mut expected = sorted_ids(&movies, sort, passes);
            let mut now = movies.clone();
            let mut index = FilterIndex::new(&now);
            let (mut listed, mut start) = (Vec::new(), Start::First(sort));
            for page_number in 0.. {
                // A movie may be removed between two pages, which shifts all rows after it.
                if let Some((_, which)) = removed.filter(|(when, _)| *when == page_number)
                    && !now.is_empty()
                {
                    let gone = now.remove(which.index(now.len()));
                    let place = expected.iter().position(|id| *id == gone.movie_id);
                    // A movie that has already been listed stays in the expected list.
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
                listed.extend(page.movies.iter().map(|movie| now[movie.row()].movie_id));
                let Some(next) = page.next else { break };
                let text = next.to_string();
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
                let parsed = Cursor::parse(&text, sort);
                prop_assert_eq!(parsed.as_ref(), Ok(&next));
                start = Start::After(next);
            }
            prop_assert_eq!(listed, expected);
        }
    }
}
