//! Selects ratings by movie, time or predicate.

use super::{Interactions, Rated};
use crate::ids::Vocabulary;

impl Interactions {
    /// Keeps only the ratings of `movies`, which become the columns. If a user rated a film under several IDs,
    /// the latest rating is kept. Users are kept even if they have no ratings left. O(ratings).
    #[must_use]
    pub fn restricted_to(self, movies: &Vocabulary) -> Self {
        if self.movies == *movies {
            return self;
        }
        let column_of: Vec<Option<u32>> =
            self.movies.ids().iter().map(|id| movies.index_of(*id).map(|movie| movie.0)).collect();
        let n = self.n_ratings();
        let mut restricted = Self {
            users: self.users,
            movies: movies.clone(),
            user_offsets: vec![0],
            user_movies: Vec::with_capacity(n),
            user_stars: Vec::with_capacity(n),
            user_times: Vec::with_capacity(n),
            movie_offsets: Vec::new(),
            movie_users: Vec::new(),
            movie_stars: Vec::new(),
        };
        let mut row = Vec::new();
        for range in self.user_offsets.windows(2) {
            row.clear();
            row.extend((range[0] as usize..range[1] as usize).filter_map(|index| {
                let column = column_of[self.user_movies[index] as usize]?;
                Some((column, self.user_stars[index], self.user_times[index]))
            }));
            row.sort_unstable_by_key(|(column, stars, time)| (*column, *time, *stars));
            let latest = row.chunk_by(|a, b| a.0 == b.0).filter_map(|ratings| ratings.last());
            for (column, stars, time) in latest {
                restricted.user_movies.push(*column);
                restricted.user_stars.push(*stars);
                restricted.user_times.push(*time);
            }
            restricted.user_offsets.push(restricted.user_movies.len() as u64);
        }
        restricted.transpose();
        restricted
    }

    /// Returns the ratings for which `keep` returns true. Keeps all users and movies, even those with no
    /// ratings left. O(ratings).
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&Rated) -> bool) -> Self {
        let mut restricted = Self {
            users: self.users.clone(),
            movies: self.movies.clone(),
            user_offsets: vec![0],
            user_movies: Vec::new(),
            user_stars: Vec::new(),
            user_times: Vec::new(),
            movie_offsets: Vec::new(),
            movie_users: Vec::new(),
            movie_stars: Vec::new(),
        };
        for user in self.users() {
            for rated in self.user_ratings(user).filter(&keep) {
                restricted.user_movies.push(rated.movie.0);
                restricted.user_stars.push(rated.stars.halves());
                restricted.user_times.push(rated.time);
            }
            restricted.user_offsets.push(restricted.user_movies.len() as u64);
        }
        restricted.transpose();
        restricted
    }

    /// Returns the ratings given before `time`, in Unix seconds. Keeps all users and movies, even those
    /// with no ratings left. O(ratings).
    #[must_use]
    pub(crate) fn before(&self, time: u32) -> Self {
        self.filtered(|rated| rated.time < time)
    }
}
