//! Fits a [`MatchScale`] on the users of a [`Holdout`], and measures its reliability.
//!
//! Each user gives two sets of samples: one with 80 % of the ratings as history, and one with a few of them, so that
//! the scale covers short histories. The samples are the other ratings, which the recommender has not seen.
//!
//! Reliability is measured by cross-validation: the scale fitted on every second user computes the matches of the
//! others. A bin groups samples with similar matches; in a reliable bin, the mean match equals the share of likes
//! (`DeGroot` and Fienberg, "The comparison and evaluation of forecasters", 1983).

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Holdout, StrongGeneralization};
use crate::catalog::{Interactions, Rated};
use crate::digits::thousands;
use crate::ids::{MovieIdx, UserIdx};
use crate::ranking::{MatchSample, MatchScale, Query, Rating, Recommender};

/// RNG stream for the hidden ratings, distinct from those of the splits and of the holdout's histories.
const STREAM: u64 = 3;
/// Maximum number of users. Scoring takes most of the time, and more users would hardly change the scale.
const MAX_USERS: usize = 1_000;
/// Minimum number of ratings of a user.
const MIN_RATINGS: usize = 5;
/// Lengths of the short histories, each used for an equal share of the users.
const SHORT_HISTORIES: [usize; 4] = [3, 6, 12, 25];
/// Maximum length of a history, which equals the limit for a request.
const MAX_HISTORY: usize = 10_000;
/// Number of bins of the reliability table.
const N_BINS: usize = 10;

/// A fitted scale and its reliability on users whom it was not fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchCalibration {
    /// The scale, fitted on all samples.
    pub scale: MatchScale,
    /// Number of users.
    pub users: usize,
    /// Number of samples.
    pub samples: usize,
    /// Expected calibration error: mean difference between the match and the share of likes, over all samples and
    /// by bin. From 0 to 1.
    pub calibration_error: f64,
    /// Bins with samples, by ascending match.
    pub reliability: Vec<ReliabilityBin>,
}

/// Samples whose matches are between two multiples of 0.1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Mean match of the samples.
    pub mean_match: f64,
    /// Share of the samples that are likes.
    pub like_rate: f64,
    /// Number of samples.
    pub samples: usize,
}

impl fmt::Display for MatchCalibration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [samples, users] = [self.samples, self.users].map(|number| thousands(number as u64));
        let error = 100.0 * self.calibration_error;
        write!(
            formatter,
            "calibration error {error:.1} % on {samples} samples of {users} held-out users"
        )
    }
}

impl MatchCalibration {
    /// Fits a scale for `recommender`, whose models were trained without `holdout`. Returns `None` if the users of
    /// the holdout are too few or rated too few movies, or if a higher score doesn't make a like more probable.
    /// O(users · movies in the catalog).
    pub fn fit(
        recommender: &Recommender,
        interactions: &Interactions,
        holdout: Holdout,
    ) -> Option<Self> {
        let is_eligible = |user: &UserIdx| {
            holdout.contains(interactions.user_id(*user))
                && interactions.user_ratings(*user).len() >= MIN_RATINGS
        };
        let users: Vec<UserIdx> =
            interactions.users().filter(is_eligible).take(MAX_USERS).collect();
        let samples: Vec<Vec<MatchSample>> = users
            .par_iter()
            .enumerate()
            .map(|(index, user)| {
                let n_short = SHORT_HISTORIES[index % SHORT_HISTORIES.len()];
                user_samples(recommender, interactions, *user, n_short)
            })
            .collect();
        let scale = MatchScale::fit(&samples.concat())?;
        let reliability = reliability(&samples);
        if reliability.is_empty() {
            // A scale whose reliability is unknown would be a guess.
            return None;
        }
        let n_samples: usize = reliability.iter().map(|bin| bin.samples).sum();
        let error = |bin: &ReliabilityBin| {
            (bin.mean_match - bin.like_rate).abs() * bin.samples as f64 / n_samples as f64
        };
        Some(Self {
            scale,
            users: users.len(),
            samples: samples.iter().map(Vec::len).sum(),
            calibration_error: reliability.iter().map(error).sum(),
            reliability,
        })
    }
}

/// Returns the samples of a user for a long history and for a history of `n_short` movies.
fn user_samples(
    recommender: &Recommender,
    interactions: &Interactions,
    user: UserIdx,
    n_short: usize,
) -> Vec<MatchSample> {
    let ratings = interactions.user_ratings(user);
    let protocol = StrongGeneralization::default();
    let split = protocol.split_ratings(interactions.user_id(user), STREAM, ratings);
    let Some((mut history, hidden)) = split else { return Vec::new() };
    history.truncate(MAX_HISTORY);
    // A history is in the order of the movies, whose beginning would be a sample of old movies.
    let step = history.len().div_ceil(n_short);
    let short: Vec<Rated> = history.iter().step_by(step).copied().collect();
    let samples = |history: &[Rated]| samples(recommender, interactions, history, &hidden);
    [samples(&history), samples(&short)].concat()
}

/// Scores the movies of the hidden ratings by a history.
fn samples(
    recommender: &Recommender,
    interactions: &Interactions,
    history: &[Rated],
    hidden: &[Rated],
) -> Vec<MatchSample> {
    let id = |rated: &Rated| interactions.movies().id_of(rated.movie);
    let rating = |rated: &Rated| Rating { movie_id: id(rated), rating: rated.stars.value() };
    let ratings = history.iter().map(rating).collect();
    let query = Query { ratings, explain: false, ..Query::default() };
    // The query has no invalid names or values, so an error would be a bug.
    let Ok((request, _)) = recommender.resolve(&query) else { return Vec::new() };
    let row = |rated: &&Rated| recommender.vocabulary().index_of(id(rated));
    let known: Vec<(MovieIdx, bool)> =
        hidden.iter().filter_map(|rated| Some((row(&rated)?, rated.stars.is_like()))).collect();
    let movies: Vec<MovieIdx> = known.iter().map(|(movie, _)| *movie).collect();
    let counts = request.history_counts();
    let scored = recommender.score_movies(&request, &movies).into_iter().zip(known);
    scored
        .map(|(scored, (_, is_liked))| MatchSample {
            history: counts,
            score: scored.score,
            is_liked,
        })
        .collect()
}

/// Computes each user's matches with the scale fitted on the other half of the users, and groups them into bins.
fn reliability(samples: &[Vec<MatchSample>]) -> Vec<ReliabilityBin> {
    let half = |parity: usize| samples.iter().skip(parity).step_by(2).flatten();
    let mut bins = [(0.0, 0.0, 0_usize); N_BINS];
    for parity in [0, 1] {
        let fitted_on: Vec<MatchSample> = half(1 - parity).copied().collect();
        let Some(scale) = MatchScale::fit(&fitted_on) else { return Vec::new() };
        for sample in half(parity) {
            let probability = scale.for_history(sample.history).probability(sample.score);
            let bin = ((f64::from(probability) * N_BINS as f64) as usize).min(N_BINS - 1);
            bins[bin].0 += f64::from(probability);
            bins[bin].1 += f64::from(u8::from(sample.is_liked));
            bins[bin].2 += 1;
        }
    }
    bins.into_iter()
        .filter(|(.., samples)| *samples > 0)
        .map(|(matches, likes, samples)| ReliabilityBin {
            mean_match: matches / samples as f64,
            like_rate: likes / samples as f64,
            samples,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranking::HistoryCounts;

    /// Returns samples of 40 users whose likes follow the score, with a tenth of exceptions.
    fn users() -> Vec<Vec<MatchSample>> {
        let history = HistoryCounts { n_movies: 40, n_liked: 20 };
        let sample = |user: usize, index: usize| {
            let score = index as f32 / 20.0;
            let is_exception = (user + index).is_multiple_of(10);
            MatchSample { history, score, is_liked: (score > 0.5) != is_exception }
        };
        (0..40).map(|user| (0..20).map(|index| sample(user, index)).collect()).collect()
    }

    #[test]
    fn bins_are_in_order_and_cover_all_samples() {
        let bins = reliability(&users());
        assert!(bins.len() > 3 && bins.is_sorted_by(|a, b| a.mean_match < b.mean_match));
        assert_eq!(bins.iter().map(|bin| bin.samples).sum::<usize>(), 800);
        assert!(bins[0].like_rate < 0.3 && bins[bins.len() - 1].like_rate > 0.7);
    }

    #[test]
    fn too_few_users_have_no_reliability() {
        assert_eq!(reliability(&[]), []);
        assert_eq!(reliability(&users()[..1]), []);
    }
}
