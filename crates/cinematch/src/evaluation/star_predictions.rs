//! Predicts ratings with models and baselines for the tasks of a split, and measures the accuracy.

use rayon::prelude::*;
use serde::Serialize;

use super::split::{Split, StarTask};
use super::{interval_coverage, star_errors};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};
use crate::models::biased_mf::{BiasedMf, Prediction};

/// A rating predictor to evaluate.
#[derive(Debug)]
pub enum StarModel<'a> {
    /// Biased matrix factorization, which provides prediction intervals.
    BiasedMf(&'a BiasedMf),
    /// Averages as a baseline, without prediction intervals.
    Baseline(&'a Averages),
}

/// Baseline predictors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StarBaseline {
    /// Predicts the movie's mean rating.
    MovieMean,
    /// Predicts the movie's mean rating plus the user's mean deviation from movie means.
    Biases,
}

/// Averages of the training ratings, where each bias is shrunk by five virtual ratings that don't deviate
/// from the mean.
#[derive(Clone, Debug)]
pub struct Averages {
    baseline: StarBaseline,
    mean: f64,
    movie_biases: Vec<f64>,
}

/// Number of virtual ratings that shrink each bias toward zero.
const PRIOR_RATINGS: f64 = 5.0;

impl StarBaseline {
    /// Computes the averages over the ratings of `users`. O(ratings).
    pub fn fit(self, interactions: &Interactions, users: &[UserIdx]) -> Averages {
        let mut sums = vec![(0.0_f64, 0.0_f64); interactions.n_movies()];
        for user in users {
            for rated in interactions.user_ratings(*user) {
                let (sum, n) = &mut sums[rated.movie.row()];
                *sum += f64::from(rated.stars.value());
                *n += 1.0;
            }
        }
        let (total, n) =
            sums.iter().fold((0.0, 0.0), |total, movie| (total.0 + movie.0, total.1 + movie.1));
        let mean = if n > 0.0 { total / n } else { 0.0 };
        let bias = |(sum, n): (f64, f64)| (sum - n * mean) / (n + PRIOR_RATINGS);
        Averages { baseline: self, mean, movie_biases: sums.into_iter().map(bias).collect() }
    }
}

impl Averages {
    fn movie_mean(&self, movie: MovieIdx) -> f64 {
        self.mean + self.movie_biases[movie.row()]
    }

    fn predict(&self, history: &[Rated], movie: MovieIdx) -> f64 {
        let deviation =
            |rated: &Rated| f64::from(rated.stars.value()) - self.movie_mean(rated.movie);
        let bias = match self.baseline {
            StarBaseline::MovieMean => 0.0,
            StarBaseline::Biases => {
                history.iter().map(deviation).sum::<f64>() / (history.len() as f64 + PRIOR_RATINGS)
            }
        };
        (self.movie_mean(movie) + bias).clamp(0.5, 5.0)
    }
}

/// A predicted and an actual rating.
#[derive(Clone, Copy, Debug)]
struct Pair {
    stars: f64,
    /// Bounds of the prediction interval; `None` if the model doesn't provide intervals.
    interval: Option<(f64, f64)>,
    actual: f64,
}

/// A model's predictions on one or more splits.
#[derive(Clone, Debug)]
pub struct StarPredictions {
    name: String,
    pairs: Vec<Pair>,
}

/// Accuracy of a model's rating predictions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StarReport {
    /// Model name in the report.
    pub name: String,
    /// Number of predicted ratings.
    pub ratings: usize,
    /// Root mean squared error, in stars.
    pub rmse: f64,
    /// Mean absolute error, in stars.
    pub mae: f64,
    /// Share of ratings within their prediction interval; `None` if the model doesn't provide intervals.
    pub interval_coverage: Option<f64>,
    /// Mean width of the prediction intervals, in stars; `None` if the model doesn't provide intervals.
    pub interval_width: Option<f64>,
}

impl StarPredictions {
    /// Creates an empty set of predictions by the model `name`.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), pairs: Vec::new() }
    }

    /// Adds a model's predictions for all tasks in `split`. Processes users in parallel.
    pub fn extend(&mut self, model: &StarModel<'_>, split: &Split<'_>) {
        let predict_task = |task: &StarTask| {
            let movies: Vec<MovieIdx> = task.hidden.iter().map(|rated| rated.movie).collect();
            let predicted: Vec<(f64, Option<(f64, f64)>)> = match model {
                StarModel::Baseline(averages) => {
                    let predict = |movie: &MovieIdx| averages.predict(&task.history, *movie);
                    movies.iter().map(|movie| (predict(movie), None)).collect()
                }
                StarModel::BiasedMf(model) => {
                    let pair = |Prediction { stars, low, high }| {
                        (f64::from(stars), Some((f64::from(low), f64::from(high))))
                    };
                    model.predict(&task.history, &movies).into_iter().map(pair).collect()
                }
            };
            let hidden = task.hidden.iter().map(|rated| f64::from(rated.stars.value()));
            let pair = |((stars, interval), actual)| Pair { stars, interval, actual };
            predicted.into_iter().zip(hidden).map(pair).collect::<Vec<Pair>>()
        };
        let pairs: Vec<Vec<Pair>> = split.stars.par_iter().map(predict_task).collect();
        self.pairs.extend(pairs.into_iter().flatten());
    }

    /// Summarizes the predictions. Returns `None` if there are none.
    pub fn report(&self) -> Option<StarReport> {
        let errors = star_errors(self.pairs.iter().map(|pair| (pair.stars, pair.actual)))?;
        let with_interval = || {
            let interval_and_actual =
                |pair: &Pair| pair.interval.map(|(low, high)| (low..=high, pair.actual));
            self.pairs.iter().filter_map(interval_and_actual)
        };
        let widths: Vec<f64> =
            with_interval().map(|(range, _)| range.end() - range.start()).collect();
        let width = widths.iter().sum::<f64>() / widths.len() as f64;
        Some(StarReport {
            name: self.name.clone(),
            ratings: self.pairs.len(),
            rmse: errors.rmse,
            mae: errors.mae,
            interval_coverage: interval_coverage(with_interval()),
            interval_width: (!widths.is_empty()).then_some(width),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{movie_set, ratings};
    use super::super::{ColdMovies, Part, Protocol, StrongGeneralization, TimeCut, assert_close};
    use super::*;
    use crate::models::biased_mf::BiasedMfParams;

    #[test]
    fn hidden_ratings_are_absent_from_training_and_history_in_every_protocol() {
        let interactions = ratings();
        for protocol in [
            Protocol::StrongGeneralization(StrongGeneralization::default()),
            Protocol::TimeCut(TimeCut::default()),
            Protocol::ColdMovies(ColdMovies { share: 0.2, ..ColdMovies::default() }),
        ] {
            let split = protocol.split(&interactions, Part::Test).unwrap();
            assert!(split.stars.len() > 5, "{}", protocol.name());
            for task in &split.stars {
                let (history, hidden) = (movie_set(&task.history), movie_set(&task.hidden));
                assert!(history.is_disjoint(&hidden) && !history.is_empty() && !hidden.is_empty());
                if split.training.binary_search(&task.user).is_ok() {
                    let learnt: Vec<Rated> = split.interactions.user_ratings(task.user).collect();
                    assert!(movie_set(&learnt).is_disjoint(&hidden), "{}", protocol.name());
                }
            }
        }
    }

    #[test]
    fn averages_match_hand_computed_values() {
        let averages =
            Averages { baseline: StarBaseline::Biases, mean: 3.0, movie_biases: vec![0.5, -1.0] };
        let interactions = ratings();
        let rated = interactions.user_ratings(UserIdx(0)).next().unwrap();
        let rated = Rated { movie: MovieIdx(0), ..rated };
        let above = (f64::from(rated.stars.value()) - 3.5) / 6.0;
        assert_close(averages.predict(&[rated], MovieIdx(1)), 2.0 + above);
        assert_close(averages.predict(&[], MovieIdx(0)), 3.5);
        let movie_mean = Averages { baseline: StarBaseline::MovieMean, ..averages };
        assert_close(movie_mean.predict(&[rated], MovieIdx(1)), 2.0);
    }

    #[test]
    fn biased_mf_beats_the_movie_mean_and_alone_reports_interval_coverage() {
        let interactions = ratings();
        let protocol = Protocol::StrongGeneralization(StrongGeneralization::default());
        let split = protocol.split(&interactions, Part::Test).unwrap();
        let report = |model: &StarModel<'_>| {
            let mut predictions = StarPredictions::new("x");
            assert_eq!(predictions.report(), None);
            predictions.extend(model, &split);
            predictions.report().unwrap()
        };
        let baseline = |of: StarBaseline| {
            report(&StarModel::Baseline(&of.fit(&split.interactions, &split.training)))
        };
        let (mean, biases) = (baseline(StarBaseline::MovieMean), baseline(StarBaseline::Biases));
        assert_eq!(mean.interval_coverage, None);
        let hidden: usize = split.stars.iter().map(|task| task.hidden.len()).sum();
        assert_eq!((mean.ratings, biases.ratings), (hidden, hidden));
        let params = BiasedMfParams::default().check().unwrap();
        let model = params.fit(&split.interactions, &split.training, &mut |_| ());
        let model = report(&StarModel::BiasedMf(&model));
        assert!(model.interval_coverage.unwrap() > 0.5 && model.interval_width.unwrap() > 0.0);
        assert!(model.rmse < mean.rmse, "{model:?} {mean:?}");
    }
}
