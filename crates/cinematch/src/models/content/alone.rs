//! The content model as one among others: a score for every film, in the films' order.

use super::{ContentModel, Signal};
use crate::catalog::Rated;
use crate::features::ranking::RankingFeatures;
use crate::ids::MovieIdx;
use crate::models::{Contributions, Model};
use crate::retrieval::Layout;

/// A content model that scores in the films' order.
#[derive(Clone, Debug)]
pub struct ContentAlone {
    model: ContentModel,
}

impl ContentAlone {
    /// Prepares the rows for scoring. O(entries).
    pub fn fit(features: RankingFeatures) -> Self {
        // In the films' own order, so that positions are rows.
        let layout = Layout::new(features.matrix.n_rows(), |movie| movie);
        Self { model: ContentModel::fit(features, &layout) }
    }
}

fn signals(history: &[Rated]) -> Vec<Signal> {
    let signal = |rated: &Rated| Signal::rated(rated.movie, rated.stars.value());
    history.iter().map(signal).collect()
}

impl Model for ContentAlone {
    fn n_movies(&self) -> usize {
        self.model.n_movies()
    }

    /// O(films + entries of the profile's columns).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        scores.fill(0.0);
        let profile = self.model.profile(&signals(history));
        for part in self.model.add_scores(&profile, scores) {
            part.add_to(scores);
        }
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let signals = signals(history);
        let profile = self.model.profile(&signals);
        let mut contributions = Vec::with_capacity(movies.len());
        self.model.explain(&profile, &signals, movies, |_, affinity| {
            contributions.push(Contributions { base: 0.0, parts: affinity.parts.clone() });
        });
        contributions
    }
}
