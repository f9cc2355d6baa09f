//! The registry's traits for the `svd` model.

use std::borrow::Cow;
use std::io;

use super::model::Svd;
use super::params::SvdParams;
use super::training::truncated_svd;
use crate::ids::MovieIdx;
use crate::models::archive::{Archive, ArchiveContext, DenseArray, ReadArchive};
use crate::models::cold_start::NewMovies;
use crate::models::factors::Factors;
use crate::models::interface::{
    FitCause, FittedModel, ModelParams, ParameterError, SearchSpace, TrainingData, check,
    check_count,
};

impl FittedModel for Svd {
    fn has_learned(&self, movie: MovieIdx) -> bool {
        !self.movies().is_zero(movie.row())
    }

    fn archive(&self) -> Option<Archive<'_>> {
        let array = |name, n_rows, values| DenseArray { name, n_rows, values };
        let movies = self.movies();
        Some(Archive::Dense(vec![
            array("factors", movies.n_rows(), Cow::Owned(movies.to_values())),
            array("singular_values", 1, Cow::Borrowed(self.singular_values())),
        ]))
    }
}

impl ModelParams for SvdParams {
    type Fitted = Svd;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> = Some(|params, confidence, draw| {
        params.factors = *draw.choice(&[16, 24, 32, 48, 64, 96, 128]);
        confidence.draw(draw);
    });
    const HYBRID_WEIGHTS: (f64, f64) = (0.05, 8.0);

    fn recommended() -> Self {
        Self::default()
    }

    fn validate(&self) -> Result<(), ParameterError> {
        let Self { factors, iterations, .. } = *self;
        check("factors", factors as f32, (1..=512).contains(&factors), "1 to 512")?;
        check_count("iterations", iterations)
    }

    fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    fn fit(&self, data: &TrainingData<'_>, progress: &mut dyn FnMut(f32)) -> Result<Svd, FitCause> {
        self.validate()?;
        let implicit = data.implicit();
        let (movies, singular_values) = truncated_svd(*self, implicit, progress);
        Ok(Svd::new(implicit.confidence(), movies, singular_values))
    }

    fn extended(&self, model: &Svd, new_movies: &NewMovies<'_>) -> Svd {
        model.extended(new_movies)
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<Svd> {
        let ArchiveContext { n_movies, confidence, .. } = context;
        let (factors, singular_values) =
            (archive.dense("factors")?, archive.dense("singular_values")?);
        let movies = Factors::from_values(n_movies, self.factors, &factors)
            .filter(|_| singular_values.len() == self.factors);
        movies.map(|movies| Svd::new(confidence, movies, singular_values)).ok_or_else(|| {
            let (d, found) = (self.factors, factors.len());
            io::Error::other(format!(
                "expected {d} singular values and {d} factors for each of {n_movies} movies, found \
                 {found} factors"
            ))
        })
    }
}
