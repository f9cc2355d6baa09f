//! Browsing all of MovieLens page by page.

use std::time::{Duration, Instant};

use cinematch::retrieval::{Filter, FilterIndex, Sort, Start};

use crate::support::folder::{movielens_32m, real_data};

#[test]
fn pages_cover_movielens_32m_exactly_once() {
    let Some(raw) = real_data("pages_cover_movielens_32m_exactly_once") else { return };
    let movies = movielens_32m(&raw);
    let index = FilterIndex::new(&movies);
    for sort in Sort::ALL {
        let (mut start, mut seen) = (Start::First(sort), vec![false; movies.len()]);
        let (mut times, mut n_seen): (Vec<Duration>, _) = (Vec::new(), 0);
        loop {
            let started = Instant::now();
            let page = index.page(&movies, &start, Filter::default(), 500);
            times.push(started.elapsed());
            assert_eq!(page.total, movies.len());
            for movie in page.movies {
                assert!(
                    !std::mem::replace(&mut seen[movie.row()], true),
                    "{sort:?}: a movie is listed twice"
                );
                n_seen += 1;
            }
            let Some(next) = page.next else { break };
            start = Start::After(next);
        }
        assert_eq!(n_seen, movies.len(), "{sort:?}");
        let first = times.remove(0);
        times.sort_unstable();
        println!(
            "{} movies by {}: first page {first:?}, other pages: median {:?}, maximum {:?}",
            movies.len(),
            sort.name(),
            times[times.len() / 2],
            times[times.len() - 1]
        );
    }
}
