//! Synthetic data that resembles MovieLens and TMDB, in any size, for benchmarks, load tests and tests
//! that cannot use the real files.
//!
//! No values are copied from a real dataset. Distributions follow the MovieLens 32M README, its published
//! figures and [`ml-latest-small`](https://grouplens.org/datasets/movielens/). Titles, names and other
//! text are composed from word lists written for this crate.
//!
//! ```
//! use cinematch_synth::{Generator, SyntheticParams};
//!
//! let params = SyntheticParams { movies: 50, users: 10, ratings: 200, tags: 20, seed: 1 };
//! let mut ratings = Vec::new();
//! Generator::new(&params.check()?).write_ratings(&mut ratings, &mut |_rows| {})?;
//! assert!(ratings.starts_with(b"userId,movieId,rating,timestamp\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Model
//!
//! * **Popularity.** The movie with popularity rank r (from 0) is watched next with odds
//!   `(1 + r/30)^−0.85 / (1 + (r/1500)^1.72) + 4.5·10⁻⁶`. The odds don't depend on the size of the
//!   dataset, so a small catalog is the head of a large one. A user watches each movie at most once,
//!   which flattens the head: at MovieLens 32M scale, half of all users rate the first movie, and the
//!   median movie has 8 ratings.
//! * **Activity.** A user rates 20 movies (fewer if the mean is below 20) plus a log-normally distributed
//!   number with σ = 1.39, scaled so that the counts add up to exactly [`SyntheticParams::ratings`].
//! * **Taste.** Twenty clusters lie in ℝ⁸, each with its own genres, words and people. A movie's vector f
//!   is its cluster's center, shifted by the vectors of the movie's themes. A user's taste t is a unit
//!   vector between two or three centers. Taste determines which movies the user watches, with odds ∝
//!   `popularity · exp(β ⟨t, center⟩) · (0.17 + 1.05 ⟨t, f⟩) · recency`, and how they rate them:
//!   `stars = 3.27 + user bias + movie quality + 1.1 ⟨t, f⟩ + noise`. Collaborative filtering therefore
//!   beats popularity, and genres, keywords, people and overviews carry information about taste.
//! * **Time.** Users join between 1996 and 2023. Most stay for one session, and the most active ones for
//!   years. Recent movies attract more ratings, and a movie is rated before its release year only if no
//!   other movie is left. Half stars exist from 18 February 2003 onward.
//! * **Irregularities** in titles, IDs and genres, and the missing values in TMDB data, occur in exactly
//!   the same proportions as in the real files, and at least once if there are enough movies.
//!
//! # Determinism and cost
//!
//! All randomness comes from `ChaCha8`, with a separate stream for each user or movie, and all arithmetic
//! on it is specified by IEEE 754, so equal parameters give equal bytes on every machine. Drawing the
//! movies costs O(movies log movies) once. The n ratings of a user cost O(n log n), or O(movies) for
//! users who have seen nearly all of them. Memory is O(movies + users), or 16 MB at MovieLens 32M scale.
//! Files are streamed and never held in memory.

mod blanks;
mod credits;
mod metadata;
mod movie;
mod movielens;
mod params;
mod ratings;
mod sampling;
mod story;
mod stream;
mod tags;
mod taxonomy;
#[cfg(test)]
mod tests;
mod title;
mod user;
mod words;
mod world;

use std::io::{self, Write};

use world::World;

pub use params::{CheckedSyntheticParams, SyntheticError, SyntheticParams};

/// Writes the five synthetic files. Each file can be written on its own, in any order and any number of
/// times.
pub struct Generator {
    world: World,
}

impl Generator {
    /// Draws the movies and each user's number of ratings.
    pub fn new(params: &CheckedSyntheticParams) -> Self {
        Self { world: World::new(*params.get()) }
    }

    /// Writes `movies.csv` with the columns movieId, title and genres.
    pub fn write_movies(&self, out: &mut dyn Write) -> io::Result<()> {
        movielens::write_movies(&self.world, out)
    }

    /// Writes `links.csv` with the columns movieId, imdbId and tmdbId.
    pub fn write_links(&self, out: &mut dyn Write) -> io::Result<()> {
        movielens::write_links(&self.world, out)
    }

    /// Writes `tmdb_metadata.csv`, in ascending order of `tmdb_id`.
    pub fn write_tmdb(&self, out: &mut dyn Write) -> io::Result<()> {
        metadata::write(&self.world, out)
    }

    /// Writes `ratings.csv` with the columns userId, movieId, rating and timestamp, sorted by user and
    /// movie. Calls `progress` with the number of rows written so far, about every 100,000 rows and at
    /// the end.
    pub fn write_ratings(
        &self,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<()> {
        ratings::write(&self.world, out, progress)
    }

    /// Writes `tags.csv` with the columns userId, movieId, tag and timestamp, sorted by user, movie and
    /// tag.
    pub fn write_tags(&self, out: &mut dyn Write) -> io::Result<()> {
        tags::write(&self.world, out)
    }
}
