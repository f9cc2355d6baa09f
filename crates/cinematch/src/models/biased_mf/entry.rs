//! Implements the registry's traits for biased matrix factorization.

use std::borrow::Cow;
use std::io;

use super::model::{BiasedMf, Values};
use super::params::BiasedMfParams;
use crate::ids::MovieIdx;
use crate::models::archive::{Archive, ArchiveContext, DenseArray, ReadArchive};
use crate::models::cold_start::NewMovies;
use crate::models::interface::{
    FitCause, FittedModel, ModelParams, ParameterError, SearchSpace, TrainingData,
};

impl FittedModel for BiasedMf {
    fn has_learned(&self, movie: MovieIdx) -> bool {
        self.n_ratings(movie) > 0
    }

    fn archive(&self) -> Option<Archive<'_>> {
        let Values { mean, counts, movies, quantiles } = self.values();
        // Rating counts are far below 2²⁴, the limit up to which f32 represents every integer exactly.
        let counts: Vec<f32> = counts.into_iter().map(|count| count as f32).collect();
        let array = |name, n_rows, values| DenseArray { name, n_rows, values: Cow::Owned(values) };
        Some(Archive::Dense(vec![
            array("films", counts.len(), movies),
            array("mean", 1, vec![mean]),
            array("counts", counts.len(), counts),
            array("quantiles", 5, quantiles),
        ]))
    }
}

impl ModelParams for BiasedMfParams {
    type Fitted = BiasedMf;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> = None;
    const HYBRID_WEIGHTS: (f64, f64) = (0.05, 8.0);

    fn recommended() -> Self {
        Self::default()
    }

    fn validate(&self) -> Result<(), ParameterError> {
        self.check().map(|_| ())
    }

    fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    fn fit(
        &self,
        data: &TrainingData<'_>,
        progress: &mut dyn FnMut(f32),
    ) -> Result<BiasedMf, FitCause> {
        let (interactions, users) = data.ratings();
        Ok(self.check()?.fit(interactions, users, progress))
    }

    fn extended(&self, model: &BiasedMf, new_movies: &NewMovies<'_>) -> BiasedMf {
        model.extended(new_movies)
    }

    fn restore(&self, _: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<BiasedMf> {
        let params = self.check().map_err(io::Error::other)?;
        let values = Values {
            mean: archive.dense("mean")?.first().copied().unwrap_or_default(),
            counts: archive.dense("counts")?.into_iter().map(|count| count as u32).collect(),
            movies: archive.dense("films")?,
            quantiles: archive.dense("quantiles")?,
        };
        let n_movies = values.counts.len();
        BiasedMf::from_values(params, values).ok_or_else(|| {
            let factors = self.factors;
            io::Error::other(format!(
                "expected {} values for each of {n_movies} movies ({factors} factors, bias and \
                 constant) and 25 quantiles",
                factors + 2
            ))
        })
    }
}
