//! Extends the model with movies added after training, using their ratings and similar movies.

use super::model::Svd;
use crate::linalg::add_combination;
use crate::models::cold_start::NewMovies;
use crate::models::factors::Factors;

impl Svd {
    /// Returns the model with the new movies appended. O(n·d) for each like of a new movie by a user with n ratings.
    pub(super) fn extended(&self, new_movies: &NewMovies<'_>) -> Self {
        let folded = self.fold_in_ratings(new_movies);
        let movies = new_movies.extended(&self.movies, folded.as_ref());
        Self::new(self.confidence, movies, self.singular_values.clone())
    }

    /// Folds in the new movies: a movie whose column of weights is y has the factors yᵀUΣ⁻¹ = yᵀXVΣ⁻². Returns the
    /// factors and total weights of the new movies, or `None` if there are no ratings.
    fn fold_in_ratings(&self, new_movies: &NewMovies<'_>) -> Option<(Factors, Vec<f32>)> {
        let (interactions, _) = new_movies.ratings?;
        let mut folded = Factors::zeros(new_movies.len(), self.movies.n_factors());
        let mut counts = vec![0.0; new_movies.len()];
        for (new_movie, factors) in folded.rows_mut().enumerate() {
            for (user, stars) in new_movies.training_ratings(new_movie) {
                let weight = self.confidence.weight(stars);
                counts[new_movie] += weight;
                if weight == 0.0 {
                    continue;
                }
                for rated in interactions.user_ratings(user) {
                    let other = self.confidence.weight(rated.stars);
                    if other > 0.0 && rated.movie.row() < new_movies.n_learned {
                        add_combination(
                            self.movies.row(rated.movie.row()),
                            &[weight * other],
                            factors,
                        );
                    }
                }
            }
            for (factor, value) in factors.as_flattened_mut().iter_mut().zip(&self.singular_values)
            {
                *factor = if *value > 0.0 { *factor / (value * value) } else { 0.0 };
            }
        }
        Some((folded, counts))
    }
}
