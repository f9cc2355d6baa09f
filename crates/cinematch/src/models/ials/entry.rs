//! Implements the registry's traits for iALS.

use std::borrow::Cow;
use std::io;

use super::model::Ials;
use super::params::IalsParams;
use crate::ids::MovieIdx;
use crate::models::archive::{Archive, ArchiveContext, DenseArray, ReadArchive};
use crate::models::cold_start::NewMovies;
use crate::models::interface::{
    FitCause, FittedModel, ModelParams, ParameterError, SearchSpace, TrainingData,
};

impl FittedModel for Ials {
    fn has_learned(&self, movie: MovieIdx) -> bool {
        !self.movies().is_zero(movie.row())
    }

    fn archive(&self) -> Option<Archive<'_>> {
        let movies = self.movies();
        Some(Archive::Dense(vec![DenseArray {
            name: "factors",
            n_rows: movies.n_rows(),
            values: Cow::Owned(movies.to_values()),
        }]))
    }
}

impl ModelParams for IalsParams {
    type Fitted = Ials;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> = Some(|params, confidence, draw| {
        params.factors = *draw.choice(&[32, 48, 64, 96, 128, 192, 256]);
        params.regularization = draw.log_uniform(2e-4, 0.05);
        params.unobserved_weight = draw.log_uniform(0.02, 5.0);
        confidence.draw(draw);
    });
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
    ) -> Result<Ials, FitCause> {
        Ok(self.check()?.fit(data.implicit(), progress))
    }

    fn extended(&self, model: &Ials, new_movies: &NewMovies<'_>) -> Ials {
        model.extended(new_movies)
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<Ials> {
        let params = self.check().map_err(io::Error::other)?;
        let ArchiveContext { n_movies, n_learned, confidence } = context;
        let values = archive.dense("factors")?;
        let model = Ials::from_factors(params, confidence, (n_movies, n_learned), &values);
        model.ok_or_else(|| {
            let (n_factors, found) = (self.factors, values.len());
            io::Error::other(format!(
                "expected {n_factors} factors for each of {n_movies} movies, found {found} values"
            ))
        })
    }
}
