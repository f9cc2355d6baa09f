//! Which film to ask a newcomer about.
//!
//! An answer is worth something only if there is one: films that many know come first, and as soon as
//! anything is known of the newcomer, films like those that they watch. Among these the one whose answer
//! tells most of the others: how alike films are is the covariance of a Gaussian prior over the newcomer's
//! taste, and a question takes variance from all of them, each weighted by how known it is (Yu, Bi and
//! Tresp, "Active learning via transductive experimental design", 2006).
//!
//! ```text
//! (share(i) + fit(i)) · (Σⱼ share(j) · K(i, j)² / (K(i, i) + σ²))^γ
//! ```
//!
//! share(i) is how many know film i beside the most known one, fit(i) what models of ratings say of it (the
//! best film has 1). Every film that was seen conditions K by a step of rank one, whatever was said of it;
//! what was not seen says nothing. γ is small: where answers are few, their number is worth more than what
//! one of them tells, and what is left is that films of one kind do not come one after the other.
//!
//! `crates/cinematch/examples/onboarding.rs` measures it. Lists for 600 held-out users of ml-latest-small have, beside
//! those after questions about the most known films, an NDCG@20 higher by 0.002 ± 0.003 after 5 questions, by
//! 0.005 ± 0.004 after 10 and by 0.016 ± 0.005 after 20, where it is 0.210. With content alone no way of
//! asking was better than another.

use super::score_terms::Parts;
use super::{HistoryItem, Recommender, Request};
use crate::ids::MovieIdx;
use crate::models::Fitted;
use crate::retrieval::Scores;

/// Films that may be asked about, the most known ones.
const POOL: usize = 400;
/// σ²: how little one answer says of the film itself.
const NOISE: f32 = 0.3;
/// γ: how much counts what an answer tells beside whether there is one.
const TELLING: f32 = 0.3;

/// What somebody said when they were asked about a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They have seen it and said what they think.
    Seen,
    /// They have not seen it.
    NotSeen,
    /// Nothing.
    Skipped,
}

/// The films that may be asked about.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    movies: Vec<MovieIdx>,
    /// How many know each, the most known film 1.
    share: Vec<f32>,
    /// How alike every two are, 1 of a film with itself.
    likeness: Vec<f32>,
}

impl Questions {
    /// The most known films. O(films + pool · (entries + pool)).
    fn of(recommender: &Recommender) -> Self {
        let known = how_known(recommender);
        let mut movies: Vec<MovieIdx> = (0..known.len() as u32).map(MovieIdx).collect();
        movies.retain(|movie| known[movie.row()] > 0.0);
        movies.sort_by(|a, b| known[b.row()].total_cmp(&known[a.row()]).then(a.cmp(b)));
        movies.truncate(POOL);
        let most = movies.first().map_or(1.0, |movie| known[movie.row()]);
        let share = movies.iter().map(|movie| known[movie.row()] / most).collect();
        let mut pool = recommender.model.likeness();
        for movie in &movies {
            pool.push(*movie);
        }
        let mut likeness = Vec::with_capacity(movies.len() * movies.len());
        for movie in &movies {
            likeness.extend_from_slice(pool.to(*movie));
        }
        let n_movies = movies.len();
        let lengths: Vec<f32> = (0..n_movies)
            .map(|at| likeness[at * n_movies + at].sqrt().max(f32::MIN_POSITIVE))
            .collect();
        for (row, length) in likeness.chunks_mut(n_movies.max(1)).zip(&lengths) {
            for (value, other) in row.iter_mut().zip(&lengths) {
                *value /= length * other;
            }
        }
        Self { movies, share, likeness }
    }

    /// The film whose answer is expected to say most; none if all were asked about. `fits` is how well each
    /// fits what is known of the newcomer. O(pool² · films seen).
    fn next(&self, answers: &[(MovieIdx, Answer)], fits: &[f32]) -> Option<MovieIdx> {
        let n_movies = self.movies.len();
        let mut covariance = self.likeness.clone();
        let mut is_asked = vec![false; n_movies];
        for (movie, answer) in answers {
            let Some(at) = self.movies.iter().position(|other| other == movie) else { continue };
            // What was answered twice was answered once.
            if !std::mem::replace(&mut is_asked[at], true) && *answer == Answer::Seen {
                condition(&mut covariance, at, n_movies);
            }
        }
        let worth = |at: usize| {
            let row = &covariance[at * n_movies..][..n_movies];
            let told: f32 = row.iter().zip(&self.share).map(|(one, share)| share * one * one).sum();
            (self.share[at] + fits[at].max(0.0)) * (told / (row[at] + NOISE)).powf(TELLING)
        };
        let mut best: Option<(f32, usize)> = None;
        for at in (0..n_movies).filter(|at| !is_asked[*at]) {
            let worth = worth(at);
            // Of equals the more known.
            if best.is_none_or(|(most, _)| worth > most) {
                best = Some((worth, at));
            }
        }
        best.map(|(_, at)| self.movies[at])
    }
}

/// Conditions a covariance on an answer of one film.
fn condition(covariance: &mut [f32], at: usize, n_movies: usize) {
    let row = covariance[at * n_movies..][..n_movies].to_vec();
    let scale = (row[at] + NOISE).recip();
    for (values, factor) in covariance.chunks_mut(n_movies).zip(&row) {
        let factor = factor * scale;
        for (value, other) in values.iter_mut().zip(&row) {
            *value -= factor * other;
        }
    }
}

/// How known every film is: how many viewers liked it, or else how many voted.
fn how_known(recommender: &Recommender) -> Vec<f32> {
    let learned = recommender.blend.models.iter().find_map(|learned| match &learned.model {
        Fitted::Popular(model) => Some(model.scores().to_vec()),
        _ => None,
    });
    learned.filter(|scores| scores.iter().any(|score| *score > 0.0)).unwrap_or_else(|| {
        recommender.movies.iter().map(|movie| movie.vote_count.unwrap_or(0) as f32).collect()
    })
}

impl Recommender {
    /// The film to ask a newcomer about next, given their history and what they answered; none if there is
    /// nothing left to ask. The same answers give the same question, in whatever order they came. Costs what
    /// [`Self::recommend`] does where models of ratings rank, and what it needs of the catalogue is made
    /// when it is first asked.
    pub fn ask(&self, history: &[HistoryItem], answers: &[(MovieIdx, Answer)]) -> Option<MovieIdx> {
        let questions = self.questions.get_or_init(|| Questions::of(self));
        let mut answers = answers.to_vec();
        answers.sort_by_key(|(movie, _)| *movie);
        questions.next(&answers, &self.fits(history, &questions.movies))
    }

    /// What models of ratings say of films: whoever watched those of the history is likely to have watched
    /// these. Content says no such thing, and whoever has no history is nobody in particular.
    fn fits(&self, history: &[HistoryItem], movies: &[MovieIdx]) -> Vec<f32> {
        if history.is_empty() || self.blend.models.is_empty() {
            return vec![0.0; movies.len()];
        }
        let request = Request { history: history.to_vec(), ..Request::default() };
        let mut own = Vec::new();
        let (_, parts) = Parts::to_the_best(self, &request, &mut own);
        let scores = Scores { layout: &self.layout, own: &own, parts };
        movies.iter().map(|movie| scores.at(self.position_of[movie.row()] as usize)).collect()
    }
}
