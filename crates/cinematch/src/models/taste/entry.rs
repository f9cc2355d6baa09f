//! Parameters of the `taste` model.

use std::io;

use serde::{Deserialize, Serialize};

use super::model::Taste;
use super::terms::TasteTerms;
use crate::models::archive::{ArchiveContext, ReadArchive};
use crate::models::cold_start::NewMovies;
use crate::models::interface::{
    FitCause, ModelParams, ParameterError, SearchSpace, TrainingData, check_not_negative,
};

/// Weights of the taste terms. In a hybrid, they are relative to the score of the user's best movie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TasteParams {
    /// Weight of the genre term.
    pub genres: f32,
    /// Weight of the decade term.
    pub decades: f32,
    /// Weight of the popularity term.
    pub popularity: f32,
}

impl Default for TasteParams {
    /// Returns the weights measured in `docs/evaluation.md`.
    fn default() -> Self {
        Self { genres: 0.03, decades: 0.027, popularity: 0.155 }
    }
}

impl TasteParams {
    fn weights(self) -> TasteTerms {
        let Self { genres, decades, popularity } = self;
        TasteTerms { genres, decades, popularity }
    }
}

impl ModelParams for TasteParams {
    type Fitted = Taste;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> = Some(|params, _, draw| {
        params.genres = draw.log_uniform(0.005, 0.3);
        params.decades = draw.log_uniform(0.005, 0.3);
        params.popularity = draw.log_uniform(0.005, 0.5);
    });
    const HYBRID_WEIGHTS: (f64, f64) = (0.2, 2.0);

    fn recommended() -> Self {
        Self::default()
    }

    fn validate(&self) -> Result<(), ParameterError> {
        check_not_negative("genres", self.genres)?;
        check_not_negative("decades", self.decades)?;
        check_not_negative("popularity", self.popularity)
    }

    fn set_seed(&mut self, _: u64) {}

    fn fit(&self, data: &TrainingData<'_>, _: &mut dyn FnMut(f32)) -> Result<Taste, FitCause> {
        self.validate()?;
        Ok(Taste::fit(self.weights(), data.implicit(), data.features()))
    }

    fn extended(&self, model: &Taste, new_movies: &NewMovies<'_>) -> Taste {
        model.extended(new_movies)
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<Taste> {
        Taste::restore(self.weights(), context.confidence, archive)
    }
}
