//! Prediction error quantiles for each user and movie class.

/// Minimum rating count of a user or movie in each class: 0, then 2²ᵏ⁻¹ − 1.
pub(super) const CLASSES: [usize; 5] = [0, 1, 7, 31, 127];

/// Half-widths of prediction intervals in units of the spread, indexed by user class, then movie class.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantiles([[f32; CLASSES.len()]; CLASSES.len()]);

/// A prediction error divided by the predicted spread, with the classes of its user and movie.
pub(super) type ClassError = ([usize; 2], f32);

impl Quantiles {
    /// Returns infinite quantiles, which make every interval span the whole rating scale.
    pub(super) fn unknown() -> Self {
        Self([[f32::INFINITY; CLASSES.len()]; CLASSES.len()])
    }

    /// Computes the `coverage` quantile of the errors in each user and movie class. Quantiles of classes with
    /// too few errors are infinite.
    pub(super) fn from_errors(errors: impl Iterator<Item = ClassError>, coverage: f64) -> Self {
        let mut classes: [[Vec<f32>; CLASSES.len()]; CLASSES.len()] = Default::default();
        for ([user, movie], error) in errors {
            classes[user][movie].push(error);
        }
        Self(classes.map(|movies| movies.map(|errors| quantile(errors, coverage))))
    }

    /// Returns all quantiles, ordered by user class, then movie class.
    pub(super) fn values(&self) -> &[f32] {
        self.0.as_flattened()
    }

    /// Restores quantiles ordered by user class, then movie class. Returns `None` if there are too few or too
    /// many.
    pub(super) fn from_values(values: &[f32]) -> Option<Self> {
        let (rows, rest) = values.as_chunks();
        rest.is_empty().then_some(Self(rows.try_into().ok()?))
    }

    /// Returns the quantile for a user and a movie with these rating counts.
    pub(super) fn quantile(&self, user: usize, movie: usize) -> f32 {
        self.0[class(user)][class(movie)]
    }
}

/// Returns the class for a rating count.
pub(super) fn class(n_ratings: usize) -> usize {
    CLASSES.partition_point(|min_ratings| *min_ratings <= n_ratings) - 1
}

/// Returns the ⌈(n + 1)·coverage⌉-th smallest of n errors, or infinity if there are too few.
fn quantile(mut errors: Vec<f32>, coverage: f64) -> f32 {
    let rank = ((errors.len() + 1) as f64 * coverage).ceil() as usize;
    if rank > errors.len() {
        return f32::INFINITY;
    }
    *errors.select_nth_unstable_by(rank - 1, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_reserve_a_rank_for_the_next_error() {
        let errors: Vec<f32> = (1..=9).rev().map(|error| error as f32).collect();
        assert!((quantile(errors.clone(), 0.8) - 8.0).abs() < 1e-9);
        assert!((quantile(errors.clone(), 0.9) - 9.0).abs() < 1e-9);
        assert!(quantile(errors, 0.91).is_infinite());
        assert!(quantile(Vec::new(), 0.1).is_infinite());
    }

    #[test]
    fn classes_start_at_their_minimum_number_of_ratings() {
        let classes = [0, 1, 6, 7, 30, 31, 126, 127, 100_000].map(class);
        assert_eq!(classes, [0, 1, 1, 2, 2, 3, 3, 4, 4]);
    }
}
