//! The content model as one among others: a score for every film, in the films' order.

use super::{ContentModel, Signal};
use crate::catalog::Rated;
use crate::features::ranking::RankingFeatures;
use crate::ids::MovieIdx;
use crate::models::{Contributions, Model};
use crate::retrieval::Layout;

/// A content model with the order in which it scores.
#[derive(Clone, Debug)]
pub struct ContentAlone {
    model: ContentModel,
    layout: Layout,
}

impl ContentAlone {
    /// Prepares the rows for scoring. O(entries).
    pub fn fit(features: RankingFeatures) -> Self {
        let layout = Layout::new(features.matrix.n_rows(), |movie| movie);
        Self { model: ContentModel::fit(features, &layout), layout }
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
        // The layout is the films' own order, so that positions are rows.
        let parts = self.model.add_scores(&profile, scores);
        for part in parts {
            let codes = part.codes.of(0..self.layout.films().len());
            for (score, code) in scores.iter_mut().zip(codes) {
                *score += part.values[*code as usize];
            }
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
