//! What was learned from ratings and what films are, in one score.
//!
//! As in the [hybrid], each model's scores are divided by their root mean
//! square over all films and weighted. Then all are divided by the best film's, so that a score says
//! how close a film comes to the best match, and what is asked for beside (genres, novelty) weighs
//! the same for every viewer. Both are one factor a model and request: reasons stay exact.

use super::{Recommender, Request};
use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::models::biased_mf::BiasedMf;
use crate::models::content::{Profile, Signal};
use crate::models::hybrid;
use crate::models::{Contributions, Fitted, Model};
use crate::retrieval::{Candidate, Scores, best, highest};
use crate::sources::excerpt;

/// Models that learned from ratings, with their weights beside content's.
#[derive(Clone, Debug)]
pub struct Blend {
    /// What all of it is called.
    pub name: &'static str,
    /// The models of ratings.
    pub models: Vec<Learned>,
    /// What content counts.
    pub content: f32,
}

/// A model of ratings in a blend.
#[derive(Clone, Debug)]
pub struct Learned {
    /// What it is called.
    pub name: &'static str,
    /// The model, neither content nor a hybrid.
    pub model: Fitted,
    /// What it counts.
    pub weight: f32,
}

/// Which models of a blend rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chosen {
    /// All, by their weights.
    #[default]
    All,
    /// Content alone.
    Content,
    /// One of the models of ratings alone, by its place.
    Learned(usize),
}

/// A name that no model of a blend has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no model `{name}`, only {has}")]
pub struct NoSuchModel {
    name: String,
    has: String,
}

const CONTENT: &str = "content";

impl Blend {
    /// Content and nothing else.
    pub const CONTENT: Self = Self { name: CONTENT, models: Vec::new(), content: 1.0 };

    /// The names of the whole and of its models, the whole first.
    fn names(&self) -> impl Iterator<Item = (&'static str, Chosen)> {
        let learned = self.models.iter().enumerate();
        let learned = learned.map(|(place, model)| (model.name, Chosen::Learned(place)));
        let content = (self.content > 0.0).then_some((CONTENT, Chosen::Content));
        let alone = self.name == CONTENT || self.models.iter().any(|model| model.name == self.name);
        let parts = learned.chain(content).filter(move |_| !alone);
        std::iter::once((self.name, Chosen::All)).chain(parts)
    }

    /// What content counts.
    fn weight_of_content(&self, chosen: Chosen) -> f32 {
        match chosen {
            Chosen::All => self.content,
            Chosen::Content => 1.0,
            Chosen::Learned(_) => 0.0,
        }
    }

    /// The model that predicts stars: whatever it counts in the whole, or the one that ranks alone.
    pub(super) fn predicting(&self, chosen: Chosen) -> Option<&BiasedMf> {
        self.weighed(chosen).find_map(|(model, weight)| match model {
            Fitted::BiasedMf(model) if weight > 0.0 || chosen == Chosen::All => Some(model),
            _ => None,
        })
    }

    /// The models of ratings with what they count.
    fn weighed(&self, chosen: Chosen) -> impl Iterator<Item = (&Fitted, f32)> {
        self.models.iter().enumerate().map(move |(place, Learned { model, weight, .. })| {
            let weight = match chosen {
                Chosen::All => *weight,
                Chosen::Learned(only) if only == place => 1.0,
                Chosen::Learned(_) | Chosen::Content => 0.0,
            };
            (model, weight)
        })
    }
}

impl Recommender {
    /// The model of this name, alone, or all of them by the name of the whole.
    pub fn choose(&self, name: &str) -> Result<Chosen, NoSuchModel> {
        let mut names = self.blend.names();
        let found = names.find_map(|(known, chosen)| (known == name).then_some(chosen));
        found.ok_or_else(|| {
            let has: Vec<&str> = self.blend.names().map(|(name, _)| name).collect();
            NoSuchModel { name: excerpt(name), has: has.join(", ") }
        })
    }

    /// Sets `own` to every film's blended score, by position. Returns what each model's scores were
    /// multiplied by; the profile's weights are multiplied likewise. O(films · models) beside the
    /// models' own work, which `scores_of` does: it puts a model's scores, by film, in place of what
    /// it is given. Content's scores are brought to scale by themselves, or by those of `measured`
    /// where these are larger; where `measured` has none, the lowest takes away what the best film has.
    pub(super) fn fill_blended(
        &self,
        (chosen, history): (Chosen, &[Rated]),
        (profile, measured): (&mut Profile, Option<&Profile>),
        own: &mut Vec<f32>,
        mut scores_of: impl FnMut(usize, &mut Vec<f32>),
    ) -> Vec<f32> {
        own.clear();
        own.resize(self.movies.len(), 0.0);
        let mut content = self.blend.weight_of_content(chosen);
        // What content says against films, where nothing speaks for any.
        let mut against = Vec::new();
        if content > 0.0 {
            let add = |profile: &Profile, own: &mut Vec<f32>| {
                for part in self.model.add_scores(profile, own) {
                    part.add_to(own);
                }
            };
            let weight = content;
            let mut of_measured = f32::INFINITY;
            if let Some(measured) = measured {
                add(measured, own);
                let scale = hybrid::scale(own, weight);
                of_measured = if scale > 0.0 { scale } else { f32::INFINITY };
                own.fill(0.0);
            }
            add(profile, own);
            if measured.is_some() && of_measured == f32::INFINITY {
                against = std::mem::replace(own, vec![0.0; self.movies.len()]);
            } else {
                content = hybrid::scale(own, weight).min(of_measured);
                for own in own.iter_mut() {
                    *own *= content;
                }
            }
        }
        let mut scores = vec![0.0; self.movies.len()];
        let mut scales = Vec::with_capacity(self.blend.models.len());
        for (place, (_, weight)) in self.blend.weighed(chosen).enumerate() {
            let mut scale = 0.0;
            if weight > 0.0 {
                scores_of(place, &mut scores);
                scale = hybrid::scale(&scores, weight);
            }
            if scale > 0.0 {
                self.layout.add_arranged(scale, &scores, own);
            }
            scales.push(scale);
        }
        let to_best = self.to_best(history, own);
        if !against.is_empty() {
            // The film most like what is disliked loses as much as the best of the others has, and no film
            // loses more: that is what dislikes alone are worth.
            let lowest = against.iter().copied().fold(0.0, f32::min);
            content = if lowest < 0.0 { 1.0 / (-lowest * to_best) } else { 0.0 };
            for (own, against) in own.iter_mut().zip(&against) {
                *own += content * against;
            }
        }
        for own in own.iter_mut() {
            *own *= to_best;
        }
        profile.scale_by(content * to_best);
        scales.into_iter().map(|scale| scale * to_best).collect()
    }

    /// What makes the best film that is not in the history score 1.
    fn to_best(&self, history: &[Rated], own: &mut [f32]) -> f32 {
        let seen: Vec<(usize, f32)> = history
            .iter()
            .map(|rated| {
                let position = self.position_of[rated.movie.row()] as usize;
                (position, std::mem::replace(&mut own[position], f32::NEG_INFINITY))
            })
            .collect();
        let best = highest(own);
        // Backwards, so that of a film that stands twice the first value is the one that stays.
        for (position, score) in seen.into_iter().rev() {
            own[position] = score;
        }
        if best > 0.0 { best.recip() } else { 1.0 }
    }

    /// The `k` films that the models rank highest for each of some histories of distinct films, those
    /// of the history left out: without quality, diversity and whatever else a request asks for.
    pub fn best_for(
        &self,
        chosen: Chosen,
        histories: &[&[Rated]],
        k: usize,
    ) -> Vec<Vec<Candidate>> {
        let n_movies = self.movies.len();
        let mut scores: Vec<Vec<Vec<f32>>> = self
            .blend
            .weighed(chosen)
            .map(|(model, weight)| {
                if weight == 0.0 {
                    return Vec::new();
                }
                let mut scores = vec![vec![0.0; n_movies]; histories.len()];
                let mut rows: Vec<&mut [f32]> = scores.iter_mut().map(Vec::as_mut_slice).collect();
                model.score_many(histories, &mut rows);
                scores
            })
            .collect();
        let mut own = Vec::new();
        let list = |(user, history): (usize, &&[Rated])| {
            let signal = |rated: &Rated| Signal::rated(rated.movie, rated.stars.value());
            let signals: Vec<Signal> = history.iter().map(signal).collect();
            let mut profile = self.model.profile(&signals);
            self.fill_blended((chosen, history), (&mut profile, None), &mut own, |model, own| {
                std::mem::swap(own, &mut scores[model][user]);
            });
            for rated in *history {
                own[self.position_of[rated.movie.row()] as usize] = f32::NEG_INFINITY;
            }
            let scores = Scores { layout: &self.layout, own: &own, parts: Vec::new() };
            let mut candidates = best(k, &scores, |_| true);
            candidates.retain(|candidate| candidate.score > f32::NEG_INFINITY);
            candidates
        };
        histories.iter().enumerate().map(list).collect()
    }

    /// What the models of ratings say of each film of a page, in the units of the score.
    pub(super) fn said_by_users(
        &self,
        history: &[Rated],
        scales: &[f32],
        page: &[MovieIdx],
    ) -> Vec<Contributions> {
        let mut sums = Contributions::none(history.len(), page.len());
        for (Learned { model, .. }, scale) in self.blend.models.iter().zip(scales) {
            if *scale == 0.0 {
                continue;
            }
            for (sum, own) in sums.iter_mut().zip(model.contributions(history, page)) {
                sum.add(&own, *scale);
            }
        }
        sums
    }
}

impl Request {
    /// The history as models of ratings take it.
    pub(super) fn rated(&self) -> Vec<Rated> {
        self.history
            .iter()
            .map(|item| Rated { movie: item.signal.movie, stars: item.feedback.stars(), time: 0 })
            .collect()
    }
}
