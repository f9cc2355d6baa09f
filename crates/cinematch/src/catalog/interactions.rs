//! Timestamped ratings as a user × movie matrix and its transpose, both in compressed sparse row form.

mod build;
mod packed;
mod restrict;

use std::ops::Range;

use crate::ids::{MovieIdx, UserId, UserIdx, Vocabulary};
use crate::rating::Stars;

pub use packed::{Fingerprint, Packed, PackedError, Provenance};

/// Ratings stored twice: sorted by user then movie, and by movie then user. Each user–movie pair occurs
/// once. Takes 14 bytes per rating.
#[derive(Clone, Debug, PartialEq)]
pub struct Interactions {
    users: Vec<UserId>,
    movies: Vocabulary,
    user_offsets: Vec<u64>,
    user_movies: Vec<u32>,
    user_stars: Vec<u8>,
    user_times: Vec<u32>,
    movie_offsets: Vec<u64>,
    movie_users: Vec<u32>,
    movie_stars: Vec<u8>,
}

/// A user's rating of a movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rated {
    /// The rated movie.
    pub movie: MovieIdx,
    /// Rating, 0.5 to 5 stars.
    pub stars: Stars,
    /// Time of the rating, in Unix seconds.
    pub time: u32,
}

impl Interactions {
    /// Returns the number of users.
    pub fn n_users(&self) -> usize {
        self.users.len()
    }

    /// Returns the number of movies, including those with no ratings.
    pub fn n_movies(&self) -> usize {
        self.movies.len()
    }

    /// Returns the number of ratings.
    pub fn n_ratings(&self) -> usize {
        self.user_movies.len()
    }

    /// Returns the vocabulary that maps movie IDs to matrix columns.
    pub fn movies(&self) -> &Vocabulary {
        &self.movies
    }

    /// Returns the ID of `user`.
    ///
    /// # Panics
    /// Panics if `user` is out of range.
    pub fn user_id(&self, user: UserIdx) -> UserId {
        self.users[user.row()]
    }

    /// Iterates over all users, in ascending order of ID.
    pub fn users(&self) -> impl ExactSizeIterator<Item = UserIdx> + use<> {
        (0..self.users.len() as u32).map(UserIdx)
    }

    /// Iterates over the ratings given by `user`, in ascending order of movie.
    ///
    /// # Panics
    /// Panics if `user` is out of range.
    pub fn user_ratings(&self, user: UserIdx) -> impl ExactSizeIterator<Item = Rated> + Clone + '_ {
        let range = row_range(&self.user_offsets, user.row());
        let times = &self.user_times[range.clone()];
        let stars = &self.user_stars[range.clone()];
        let movies = &self.user_movies[range];
        movies.iter().zip(stars).zip(times).map(|((movie, stars), time)| Rated {
            movie: MovieIdx(*movie),
            stars: Stars::from_halves(*stars).expect("validated when the ratings were read"),
            time: *time,
        })
    }

    /// Iterates over the users who rated `movie` and their star ratings, in ascending order of user.
    ///
    /// # Panics
    /// Panics if `movie` is out of range.
    pub fn movie_ratings(
        &self,
        movie: MovieIdx,
    ) -> impl ExactSizeIterator<Item = (UserIdx, Stars)> + Clone + '_ {
        let range = row_range(&self.movie_offsets, movie.row());
        let stars = &self.movie_stars[range.clone()];
        let users = &self.movie_users[range];
        users.iter().zip(stars).map(|(user, stars)| {
            (
                UserIdx(*user),
                Stars::from_halves(*stars).expect("validated when the ratings were read"),
            )
        })
    }
}

/// Returns the range of entries that belong to `row`.
fn row_range(offsets: &[u64], row: usize) -> Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

#[cfg(test)]
mod tests;
