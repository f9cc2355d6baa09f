//! The content model behind the common model interface: one score per movie, in row order.

use std::io;

use serde::{Deserialize, Serialize};

use super::model::{ContentModel, Signal};
use crate::catalog::Rated;
use crate::features::layout::Layout;
use crate::features::ranking::RankingFeatures;
use crate::ids::MovieIdx;
use crate::models::archive::{Archive, ArchiveContext, ReadArchive};
use crate::models::cold_start::NewMovies;
use crate::models::contributions::Contributions;
use crate::models::experience::content_emphasis;
use crate::models::interface::{
    FitCause, FittedModel, ModelParams, ParameterError, SearchSpace, TrainingData,
};
use crate::models::model::Model;

/// A content model that scores movies in row order.
#[derive(Clone, Debug)]
pub struct StandaloneContent {
    model: ContentModel,
}

impl StandaloneContent {
    /// Prepares the rows for scoring. O(entries).
    pub fn fit(features: RankingFeatures) -> Self {
        // The layout is in row order, so positions are row indices.
        let layout = Layout::new(features.matrix.n_rows(), |movie| movie);
        Self { model: ContentModel::fit(features, &layout) }
    }
}

fn signals(history: &[Rated]) -> Vec<Signal> {
    let signal = |rated: &Rated| Signal::rated(rated.movie, rated.stars.value());
    history.iter().map(signal).collect()
}

impl Model for StandaloneContent {
    fn n_movies(&self) -> usize {
        self.model.n_movies()
    }

    /// Computes the scores in O(movies + entries of the profile's columns).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        scores.fill(0.0);
        let profile = self.model.profile(&signals(history));
        for part in self.model.add_scores(&profile, scores) {
            part.add_to(scores);
        }
    }

    fn emphasis(&self, history: &[Rated]) -> f32 {
        content_emphasis(history)
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let signals = signals(history);
        let profile = self.model.profile(&signals);
        let mut contributions = Vec::with_capacity(movies.len());
        self.model.explain(&profile, &signals, movies, |_, affinity| {
            let parts = affinity.parts.clone();
            contributions.push(Contributions { parts, ..Contributions::default() });
        });
        contributions
    }
}

impl FittedModel for StandaloneContent {
    /// Returns false, because the model does not use ratings.
    fn has_learned(&self, _: MovieIdx) -> bool {
        false
    }

    fn archive(&self) -> Option<Archive<'_>> {
        None
    }
}

/// Parameters of the `content` model, which has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContentParams {}

impl ModelParams for ContentParams {
    type Fitted = StandaloneContent;

    const LEARNS_FROM_RATINGS: bool = false;
    const SEARCH: Option<SearchSpace<Self>> = None;
    const HYBRID_WEIGHTS: (f64, f64) = (0.05, 8.0);

    fn recommended() -> Self {
        Self {}
    }

    fn validate(&self) -> Result<(), ParameterError> {
        Ok(())
    }

    fn set_seed(&mut self, _: u64) {}

    fn fit(
        &self,
        data: &TrainingData<'_>,
        _: &mut dyn FnMut(f32),
    ) -> Result<StandaloneContent, FitCause> {
        Ok(StandaloneContent::fit(data.features().clone()))
    }

    /// Returns the model unchanged, because the rows of new movies come from the features.
    fn extended(&self, model: &StandaloneContent, _: &NewMovies<'_>) -> StandaloneContent {
        model.clone()
    }

    fn restore(&self, _: ArchiveContext, _: &dyn ReadArchive) -> io::Result<StandaloneContent> {
        Err(io::Error::other("the content model has no archive; it is restored from the features"))
    }
}
