//! The interface between each model's folder and the [registry](super::registry).
//!
//! Neither trait has default methods, so the compiler reports every item that a new model omits.

use std::cell::OnceCell;
use std::io;

use super::archive::{Archive, ArchiveContext, ReadArchive};
use super::cold_start::NewMovies;
use super::draw::Draw;
use super::implicit::{Confidence, Implicit};
use super::model::Model;
use crate::catalog::Interactions;
use crate::features::ranking::RankingFeatures;
use crate::ids::{MovieIdx, UserIdx};
use crate::linalg::NotPositive;

/// A model's parameters, with functions to fit, tune, extend and restore the model.
pub(crate) trait ModelParams: Clone + Sized {
    /// The type of the fitted model.
    type Fitted: FittedModel;

    /// True if fitting requires ratings.
    const LEARNS_FROM_RATINGS: bool;

    /// Function that draws parameters for a `cinematch tune` trial. `None` if the model has no parameters to
    /// tune for ranking.
    const SEARCH: Option<SearchSpace<Self>>;

    /// Range of weights that `cinematch tune` tries for the model in a hybrid.
    const HYBRID_WEIGHTS: (f64, f64);

    /// Returns the parameters to use when none are given.
    fn recommended() -> Self;

    /// Checks that every parameter is within its range.
    fn validate(&self) -> Result<(), ParameterError>;

    /// Sets the random seed, if the model uses one.
    fn set_seed(&mut self, seed: u64);

    /// Fits the model. Calls `progress` with the fraction of training completed, from 0 to 1.
    fn fit(
        &self,
        data: &TrainingData<'_>,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Self::Fitted, FitCause>;

    /// Returns the model with `new_movies` appended. Replaces any rows that an earlier extension appended.
    fn extended(&self, model: &Self::Fitted, new_movies: &NewMovies<'_>) -> Self::Fitted;

    /// Restores a model from its archive.
    fn restore(
        &self,
        context: ArchiveContext,
        archive: &dyn ReadArchive,
    ) -> io::Result<Self::Fitted>;
}

/// Function that draws parameters, and the weight of ratings of 3 and 3.5 stars, from their search ranges.
pub(crate) type SearchSpace<P> = fn(&mut P, &mut Confidence, &mut Draw);

/// A fitted model in the registry.
pub(crate) trait FittedModel: Model + Clone {
    /// Returns true if ratings of `movie` influenced the model's parameters.
    fn has_learned(&self, movie: MovieIdx) -> bool;

    /// Returns the arrays needed to restore the model, or `None` if it is restored from the features.
    fn archive(&self) -> Option<Archive<'_>>;
}

/// The ratings, users and features that a model is fitted to.
#[derive(Clone, Copy, Debug)]
pub struct TrainingSet<'a> {
    /// Ratings by all users.
    pub interactions: &'a Interactions,
    /// Users to learn from.
    pub users: &'a [UserIdx],
    /// Ranking features of the movies, in the column order of `interactions`.
    pub features: &'a RankingFeatures,
}

/// A training set with the implicit feedback derived from it.
pub(crate) struct TrainingData<'a> {
    set: TrainingSet<'a>,
    confidence: Confidence,
    implicit: OnceCell<Implicit>,
}

impl<'a> TrainingData<'a> {
    pub(crate) fn new(set: TrainingSet<'a>, confidence: Confidence) -> Self {
        Self { set, confidence, implicit: OnceCell::new() }
    }

    /// Returns the ratings and the users to learn from.
    pub(crate) fn ratings(&self) -> (&'a Interactions, &'a [UserIdx]) {
        (self.set.interactions, self.set.users)
    }

    /// Returns the weights of ratings in the implicit feedback.
    pub(crate) fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// Returns the ranking features of the movies.
    pub(crate) fn features(&self) -> &'a RankingFeatures {
        self.set.features
    }

    /// Returns the implicit feedback, computing it on the first call. O(ratings).
    pub(crate) fn implicit(&self) -> &Implicit {
        let TrainingSet { interactions, users, .. } = self.set;
        self.implicit.get_or_init(|| Implicit::new(interactions, users, self.confidence))
    }
}

/// The reason a model can't be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitCause {
    /// A parameter is outside its range.
    #[error("{0}")]
    Parameter(#[from] ParameterError),
    /// The regularization is too small for f32 arithmetic.
    #[error("{0}; increase `regularization`")]
    Singular(#[from] NotPositive),
    /// A hybrid has no models, repeats a model, or contains another hybrid.
    #[error("expected one or more different models, none of them a hybrid")]
    InvalidHybrid,
}

/// Error returned when a parameter is outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{parameter} is {value}; expected {expected}")]
pub struct ParameterError {
    parameter: &'static str,
    value: f32,
    expected: &'static str,
}

/// Returns an error unless `value` is finite and `is_valid` is true. `expected` describes the valid range.
pub(crate) fn check(
    parameter: &'static str,
    value: f32,
    is_valid: bool,
    expected: &'static str,
) -> Result<(), ParameterError> {
    if value.is_finite() && is_valid {
        Ok(())
    } else {
        Err(ParameterError { parameter, value, expected })
    }
}

/// Checks that a parameter is above 0.
pub(crate) fn check_positive(parameter: &'static str, value: f32) -> Result<(), ParameterError> {
    check(parameter, value, value > 0.0, "a number above 0")
}

/// Checks that a parameter is 0 or more.
pub(crate) fn check_not_negative(
    parameter: &'static str,
    value: f32,
) -> Result<(), ParameterError> {
    check(parameter, value, value >= 0.0, "0 or more")
}

/// Checks that a count is 1 or more.
pub(crate) fn check_count(parameter: &'static str, value: usize) -> Result<(), ParameterError> {
    check(parameter, value as f32, value >= 1, "1 or more")
}
