//! The summands of films' scores under one request.

use super::{KNOWN, Order, Recommender, Request};
use crate::ids::MovieIdx;
use crate::models::Model;
use crate::models::content::{Profile, Signal};
use crate::retrieval::Part;

/// The summands of a film's score under one request.
pub(super) struct Parts<'a, 'r> {
    pub recommender: &'a Recommender,
    pub request: &'r Request,
    /// The history, each film with what it speaks for or against others.
    pub signals: Vec<Signal>,
    pub profile: Profile,
    /// What the scores of each model of ratings are multiplied by.
    pub scales: Vec<f32>,
}

impl<'a, 'r> Parts<'a, 'r> {
    /// Sets every film's `own` score, by position, and returns what many films have in common.
    pub fn new(
        recommender: &'a Recommender,
        request: &'r Request,
        own: &mut Vec<f32>,
    ) -> (Self, Vec<Part<'a>>) {
        let by_content_alone = recommender.blend.models.is_empty();
        if request.order == Order::Popularity || !by_content_alone {
            return Self::to_the_best(recommender, request, own);
        }
        let parts = Self::of(recommender, request);
        own.clear();
        own.resize(recommender.movies.len(), 0.0);
        parts.add_priors(own);
        let mut summands = recommender.model.add_scores(&parts.profile, own);
        summands.extend(parts.of_genres());
        (parts, summands)
    }

    /// The same, scaled so that the film that fits the history best has 1, whatever ranks: what lets
    /// scores of different viewers be compared.
    pub fn to_the_best(
        recommender: &'a Recommender,
        request: &'r Request,
        own: &mut Vec<f32>,
    ) -> (Self, Vec<Part<'a>>) {
        let mut parts = Self::of(recommender, request);
        if request.order == Order::Popularity {
            own.clear();
            own.extend_from_slice(&recommender.trend_by_position);
            return (parts, Vec::new());
        }
        let history = request.rated();
        let whose = (request.chosen, history.as_slice());
        // A dislike takes from films like it. Were the rest brought to scale without them, what is
        // left of their kind would have back what it lost.
        let has_dislikes = parts.signals.iter().any(|signal| signal.weight < 0.0);
        let liked = has_dislikes.then(|| recommender.model.liked_profile(&parts.signals));
        let profiles = (&mut parts.profile, liked.as_ref());
        parts.scales = recommender.fill_blended(whose, profiles, own, |model, scores| {
            recommender.blend.models[model].model.score(&history, scores);
        });
        parts.add_priors(own);
        let summands = parts.of_genres().into_iter().collect();
        (parts, summands)
    }

    /// The history folded in; nothing of it where it does not count.
    fn of(recommender: &'a Recommender, request: &'r Request) -> Self {
        let signals: Vec<Signal> =
            request.history.iter().map(|item| recommender.heard(item.signal)).collect();
        let profile = match request.order {
            Order::Taste => recommender.model.profile(&signals),
            Order::Popularity => Profile::default(),
        };
        Self { recommender, request, signals, profile, scales: Vec::new() }
    }

    /// Adds to every film's own score what does not depend on the history.
    fn add_priors(&self, own: &mut [f32]) {
        for (own, prior) in own.iter_mut().zip(&self.recommender.own) {
            *own += prior;
        }
        if self.request.novelty > 0.0 {
            for (own, popularity) in own.iter_mut().zip(&self.recommender.popularity) {
                *own -= self.price(*popularity);
            }
        }
    }

    /// The exact part of every film of the history in each film's score. O(entries of both +
    /// matches) beside what the models of ratings take.
    pub fn of_history(&self, movies: &[MovieIdx]) -> Vec<Vec<f32>> {
        let recommender = self.recommender;
        let users = recommender.said_by_users(&self.request.rated(), &self.scales, movies);
        let mut parts: Vec<Vec<f32>> = users.into_iter().map(|users| users.parts).collect();
        let mut rows = parts.iter_mut();
        recommender.model.explain(&self.profile, &self.signals, movies, |_, affinity| {
            let row = rows.next().expect("one for every film");
            for (part, content) in row.iter_mut().zip(&affinity.parts) {
                *part += content;
            }
        });
        parts
    }

    /// What every combination of genres adds, where genres are preferred.
    fn of_genres(&self) -> Option<Part<'a>> {
        let recommender = self.recommender;
        let values = || recommender.index.combinations().map(|genres| self.genres(genres));
        let part = || Part { codes: &recommender.genre_codes, values: values().collect() };
        (!self.request.preferred_genres.is_empty()).then(part)
    }

    pub fn quality(&self, row: usize) -> f32 {
        self.recommender.quality_weight * self.recommender.quality.score[row]
    }

    pub fn novelty(&self, row: usize) -> f32 {
        self.price(self.recommender.quality.popularity[row])
    }

    /// What novelty takes from a film of this popularity.
    fn price(&self, popularity: f32) -> f32 {
        let known = ((popularity - KNOWN) / (1.0 - KNOWN)).max(0.0);
        self.recommender.novelty_weight * self.request.novelty * known
    }

    /// What a film's genres add: the preferred ones among them, over the geometric mean of both
    /// counts.
    fn genres(&self, of_movie: &[u64]) -> f32 {
        let preferred = &self.request.preferred_genres;
        let matched = preferred.iter().filter(|genre| has_bit(of_movie, **genre)).count();
        if matched == 0 { 0.0 } else { matched as f32 * self.genre_share(of_movie) }
    }

    /// What one matched genre adds.
    pub fn genre_share(&self, of_movie: &[u64]) -> f32 {
        let n_genres: u32 = of_movie.iter().map(|word| word.count_ones()).sum();
        let both = self.request.preferred_genres.len() as f32 * n_genres.max(1) as f32;
        self.recommender.genre_weight / both.sqrt()
    }
}

pub(super) fn has_bit(words: &[u64], bit: usize) -> bool {
    words[bit / 64] >> (bit % 64) & 1 == 1
}
