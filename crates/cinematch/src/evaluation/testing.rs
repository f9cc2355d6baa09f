//! Synthetic ratings for tests, from users with two opposite tastes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieId, MovieIdx, Vocabulary};
use crate::sources::ratings;

/// Returns ratings of 60 movies by 100 users. Users with an even index prefer movies with an even index,
/// and likewise for odd ones. The last movie has no ratings.
pub(super) fn ratings() -> Interactions {
    let mut csv = "userId,movieId,rating,timestamp\n".to_owned();
    for user in 0..100_u32 {
        for movie in 0..59_u32 {
            let draw = (user * 7919 + movie * 104_729 + user * movie * 31) % 97;
            let fits = user % 2 == movie % 2;
            if draw < if fits { 45 } else { 10 } {
                let halves = if fits { 7 + draw % 4 } else { 2 + draw % 6 };
                // Users join one after another, and most of them return later.
                let time = 1_000_000 + user * 1000 + draw % 7 * 20_000;
                let stars = f64::from(halves) / 2.0;
                writeln!(csv, "{},{},{stars:.1},{time}", user + 10, movie + 1).unwrap();
            }
        }
    }
    let movies = Vocabulary::new((1..=60).map(MovieId));
    let mut read = ratings::read("ratings.csv", csv.as_bytes(), &movies).unwrap();
    Interactions::new("ratings.csv", movies, &mut read)
}

/// Returns the set of movies in `rated`.
pub(super) fn movie_set(rated: &[Rated]) -> BTreeSet<MovieIdx> {
    rated.iter().map(|rated| rated.movie).collect()
}
