//! Who gave which film how many stars, and when: the ratings as a matrix of users × films, and the
//! same turned round, both in compressed sparse rows.

mod build;
mod packed;
mod restrict;

use std::ops::Range;

use crate::ids::{MovieIdx, UserId, UserIdx, Vocabulary};
use crate::rating::Stars;

pub use packed::{Fingerprint, Packed, PackedError, Provenance};

/// Ratings, by user and film and by film and user, all ascending; a pair stands once. 14 bytes a
/// rating.
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

/// One rating of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rated {
    /// The film.
    pub movie: MovieIdx,
    /// What it was given.
    pub stars: Stars,
    /// When: seconds since 1970.
    pub time: u32,
}

impl Interactions {
    /// The number of users.
    pub fn n_users(&self) -> usize {
        self.users.len()
    }

    /// The number of films, those without a rating included.
    pub fn n_movies(&self) -> usize {
        self.movies.len()
    }

    /// The number of ratings.
    pub fn n_ratings(&self) -> usize {
        self.user_movies.len()
    }

    /// Which films the columns are.
    pub fn movies(&self) -> &Vocabulary {
        &self.movies
    }

    /// Which user a row is.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn user(&self, user: UserIdx) -> UserId {
        self.users[user.row()]
    }

    /// All users, ascending by their ids.
    pub fn users(&self) -> impl ExactSizeIterator<Item = UserIdx> + use<> {
        (0..self.users.len() as u32).map(UserIdx)
    }

    /// A user's ratings, by film.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn of_user(&self, user: UserIdx) -> impl ExactSizeIterator<Item = Rated> + Clone + '_ {
        let range = row(&self.user_offsets, user.row());
        let times = &self.user_times[range.clone()];
        let stars = &self.user_stars[range.clone()];
        let movies = &self.user_movies[range];
        movies.iter().zip(stars).zip(times).map(|((movie, stars), time)| Rated {
            movie: MovieIdx(*movie),
            stars: Stars::from_halves(*stars).expect("checked when it was read"),
            time: *time,
        })
    }

    /// Who rated a film and how, by user.
    ///
    /// # Panics
    /// When there is no such film.
    pub fn of_movie(
        &self,
        movie: MovieIdx,
    ) -> impl ExactSizeIterator<Item = (UserIdx, Stars)> + Clone + '_ {
        let range = row(&self.movie_offsets, movie.row());
        let stars = &self.movie_stars[range.clone()];
        let users = &self.movie_users[range];
        users.iter().zip(stars).map(|(user, stars)| {
            (UserIdx(*user), Stars::from_halves(*stars).expect("checked when it was read"))
        })
    }
}

/// Where a row's entries are.
fn row(offsets: &[u64], row: usize) -> Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

#[cfg(test)]
mod tests;
