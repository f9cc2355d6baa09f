//! User to user: Herlocker, Konstan, Borchers and Riedl, "An Algorithmic Framework for Performing
//! Collaborative Filtering", 1999, for implicit feedback.

use serde::{Deserialize, Serialize};

use super::super::{Contributions, Implicit, Model};
use crate::catalog::Rated;
use crate::ids::MovieIdx;

/// Parameters of user-knn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserKnnParams {
    /// Users asked, the most similar.
    pub neighbors: usize,
    /// Added to the length of a user's ratings: the larger, the less users count who share all of
    /// few films.
    pub shrinkage: f32,
}

impl Default for UserKnnParams {
    fn default() -> Self {
        Self { neighbors: 50, shrinkage: 0.3 }
    }
}

/// The fitted model: the users themselves.
#[derive(Clone, Debug)]
pub struct UserKnn {
    params: UserKnnParams,
    implicit: Implicit,
    /// Of every user, ‖xᵤ‖ + shrinkage.
    lengths: Vec<f32>,
}

impl UserKnnParams {
    /// Keeps the users. O(ratings).
    pub fn fit(self, implicit: &Implicit) -> UserKnn {
        let length = |user: usize| {
            let weights = implicit.user_movies().row(user).1;
            weights.iter().map(|weight| weight * weight).sum::<f32>().sqrt() + self.shrinkage
        };
        let lengths = (0..implicit.n_users()).map(length).collect();
        UserKnn { params: self, implicit: implicit.clone(), lengths }
    }
}

impl UserKnn {
    /// The users.
    pub fn implicit(&self) -> &Implicit {
        &self.implicit
    }

    /// The users most similar to a viewer and how much, the most similar first, among equals the
    /// lower row.
    fn neighbours(&self, history: &[Rated]) -> Vec<(usize, f32)> {
        let mut dots = vec![0.0_f32; self.implicit.n_users()];
        for (_, movie, weight) in self.implicit.confidence().weigh(history) {
            for (user, other) in self.implicit.movie_users().entries(movie.row()) {
                dots[user as usize] += weight * other;
            }
        }
        let similar = dots.iter().zip(&self.lengths).map(|(dot, length)| dot / length);
        let mut users: Vec<(usize, f32)> =
            similar.enumerate().filter(|(_, similarity)| *similarity > 0.0).collect();
        let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if self.params.neighbors < users.len() {
            users.select_nth_unstable_by(self.params.neighbors, order);
            users.truncate(self.params.neighbors);
        }
        users.sort_unstable_by(order);
        users
    }
}

impl Model for UserKnn {
    fn n_movies(&self) -> usize {
        self.implicit.n_movies()
    }

    /// O(ratings of the history's films + users + ratings of the neighbours).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "a score for every film");
        scores.fill(0.0);
        for (user, similarity) in self.neighbours(history) {
            for (movie, weight) in self.implicit.user_movies().entries(user) {
                scores[movie as usize] += similarity * weight;
            }
        }
    }

    /// A neighbour's similarity is a sum over the films of the history; so is what they say.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let mut contributions = Contributions::none(history.len(), movies.len());
        for (user, _) in self.neighbours(history) {
            let (columns, weights) = self.implicit.user_movies().row(user);
            let of = |movie: MovieIdx| columns.binary_search(&movie.0).ok().map(|at| weights[at]);
            for (movie, contributions) in movies.iter().zip(&mut contributions) {
                let Some(says) = of(*movie) else { continue };
                for (place, source, weight) in self.implicit.confidence().weigh(history) {
                    let shared = of(source).unwrap_or(0.0);
                    contributions.parts[place] += weight * shared / self.lengths[user] * says;
                }
            }
        }
        contributions
    }
}
