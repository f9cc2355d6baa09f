//! Recommendations for groups of users.
//!
//! Each movie is scored for each member, and a strategy aggregates the scores (Masthoff, "Group recommender
//! systems: combining individual models", 2011). Scores are aggregated rather than histories, so a member
//! with a thousand ratings has no more influence than one with ten.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ranked::Shortfall;
use super::reasons::reason::Reason;
use super::recommender::Recommender;
use super::request::Request;
use super::score_terms::ScoreTerms;
use crate::ids::MovieIdx;
use crate::retrieval::{Candidate, Filter, FilterKind, PreparedFilter, Scores};

/// Maximum number of members in a group.
pub const MAX_MEMBERS: usize = 20;
/// Default `below` of [`Strategy::Veto`]: a member vetoes the lower half of their own ranking.
pub const DEFAULT_VETO_SHARE: f32 = 0.5;

/// Strategy for aggregating the members' scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Strategy {
    /// Mean of the scores. Members with unusual tastes may get few suitable movies.
    #[default]
    Average,
    /// Minimum of the scores.
    LeastMisery,
    /// Mean of the scores, excluding movies that any member vetoes.
    Veto {
        /// Fraction of movies at the bottom of each member's own ranking that the member vetoes: 0 vetoes
        /// none, 1 vetoes all but the best movie. Movies with equal scores are either all vetoed or all kept.
        below: f32,
    },
}

/// A request for a group's list, in addition to the members' own requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Strategy for aggregating the members' scores.
    pub strategy: Strategy,
    /// Conditions on the listed movies, in addition to the filters of the members' own requests.
    pub filter: Filter,
    /// Maximum number of movies to return.
    pub limit: usize,
    /// Number of movies to skip at the start of the list.
    pub offset: usize,
    /// True to return each member's reasons.
    pub explain: bool,
}

impl Group {
    /// Creates a group request with the filter, limit, offset and `explain` flag of a resolved request.
    pub fn new(request: Request, strategy: Strategy) -> Self {
        let Request { filter, limit, offset, explain, .. } = request;
        Self { strategy, filter, limit, offset, explain }
    }
}

/// Error returned for an invalid group request.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GroupError {
    /// The number of members is 0 or too large.
    #[error("expected 1 to {MAX_MEMBERS} members, got {0}")]
    Members(usize),
    /// The veto share is not between 0 and 1.
    #[error("expected a veto share from 0 to 1, got {0}")]
    VetoShare(f32),
}

/// A movie recommended to a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRecommendation<'a> {
    /// Row of the movie.
    pub movie: MovieIdx,
    /// Aggregate of the members' scores.
    pub score: f32,
    /// Each member's score, in member order.
    pub members: Vec<MemberScore<'a>>,
}

/// A member's score for a movie.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberScore<'a> {
    /// The score, normalized so that the movie that best fits the member's history scores 1 before genres,
    /// quality and novelty are added.
    pub score: f32,
    /// Match of the movie for the member; see
    /// [`Recommendation::match_probability`](super::Recommendation::match_probability).
    pub match_probability: Option<f32>,
    /// Terms of the score, largest first. Empty unless the request asks for reasons.
    pub reasons: Vec<Reason<'a>>,
}

/// A ranked list for a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRanked<'a> {
    /// Movies, best first.
    pub items: Vec<GroupRecommendation<'a>>,
    /// Satisfaction of each member: the sum of the member's scores over the list up to the end of this page,
    /// divided by the sum over the member's own best list of that length under the group's filters. 1 means
    /// that the list is as good as one for this member alone. Negative values are clamped to 0. `None` if no
    /// movie has a positive score or no movie is listed.
    pub satisfaction: Vec<Option<f32>>,
    /// Each member's highest score among the movies that pass the filters, as a reference for individual
    /// scores. `None` if no movie passes.
    pub best: Vec<Option<f32>>,
    /// Set if fewer movies were returned than requested.
    pub shortfall: Option<Shortfall>,
}

impl GroupRanked<'_> {
    /// Returns each member's score of a listed movie relative to the member's best score, from 0 to 1. It is 0 for
    /// a member without a positive score.
    pub fn score_shares(&self, movie: &GroupRecommendation<'_>) -> Vec<f32> {
        let scores = movie.members.iter().zip(&self.best);
        scores.map(|(member, best)| score_share(member.score, *best)).collect()
    }
}

fn score_share(score: f32, best: Option<f32>) -> f32 {
    match best {
        Some(best) if best > 0.0 => (score / best).clamp(0.0, 1.0),
        _ => 0.0,
    }
}

impl Recommender {
    /// Ranks the catalog for a group of users.
    ///
    /// Movies that any member has seen or excluded, and movies that fail a filter set by a member or the
    /// group, are not listed. Exactly `limit` movies are returned if that many remain after the offset.
    /// Movies are sorted by score, except that an earlier part of a series that no member has seen comes before its
    /// sequels. The members' diversity settings do not apply. The result does not
    /// depend on the order of the members. Takes O(members · movies) time and memory.
    ///
    /// # Errors
    /// Returns an error if the number of members or the veto share is out of range.
    pub fn recommend_group(
        &self,
        members: &[Request],
        group: &Group,
    ) -> Result<GroupRanked<'_>, GroupError> {
        if !(1..=MAX_MEMBERS).contains(&members.len()) {
            return Err(GroupError::Members(members.len()));
        }
        if let Strategy::Veto { below } = group.strategy
            && !(0.0..=1.0).contains(&below)
        {
            return Err(GroupError::VetoShare(below));
        }
        let mut removed_by = BTreeMap::new();
        let eligible = self.eligible(members, group, &mut removed_by);
        let members: Vec<Member<'_, '_>> =
            members.par_iter().map(|request| Member::new(self, request, &eligible)).collect();
        let candidates = candidates(&eligible, &members, group.strategy);
        if candidates.len() < eligible.len() {
            removed_by.insert(FilterKind::Veto, eligible.len() - candidates.len());
        }
        let mut listed = top_k(candidates.clone(), group.offset.saturating_add(group.limit));
        let index_of = |movie| candidates.binary_search_by_key(&movie, |candidate| candidate.movie);
        let score_of = |movie| index_of(movie).map_or(0.0, |index| candidates[index].score);
        self.put_series_in_order(&mut listed, |movie| index_of(movie).is_ok(), score_of);
        let satisfaction =
            members.iter().map(|member| member.satisfaction(&eligible, &listed)).collect();
        let best = members.iter().map(Member::best).collect();
        let page = &listed[group.offset.min(listed.len())..];
        let movies: Vec<MovieIdx> = page.iter().map(|candidate| candidate.movie).collect();
        let mut items: Vec<GroupRecommendation<'_>> = page
            .iter()
            .map(|Candidate { movie, score }| GroupRecommendation {
                movie: *movie,
                score: *score,
                members: Vec::with_capacity(members.len()),
            })
            .collect();
        for member in &members {
            let reasons = if group.explain { member.terms.reasons(&movies) } else { Vec::new() };
            let reasons = reasons.into_iter().chain(std::iter::repeat_with(Vec::new));
            for (item, reasons) in items.iter_mut().zip(reasons) {
                let score = member.score_of(&eligible, item.movie);
                let match_probability = member.terms.match_probability(item.movie, score);
                item.members.push(MemberScore { score, match_probability, reasons });
            }
        }
        let shortfall = (items.len() < group.limit).then_some(Shortfall {
            requested: group.limit,
            offset: group.offset,
            returned: items.len(),
            removed_by,
        });
        Ok(GroupRanked { items, satisfaction, best, shortfall })
    }

    /// Returns the movies that pass every filter, in ascending order, and counts the others by filter.
    fn eligible(
        &self,
        members: &[Request],
        group: &Group,
        removed_by: &mut BTreeMap<FilterKind, usize>,
    ) -> Vec<MovieIdx> {
        let filters = members.iter().map(|member| &member.filter).chain([&group.filter]);
        let filters: Vec<PreparedFilter<'_>> =
            filters.map(|filter| self.index.prepare(filter.clone())).collect();
        let mut eligible = Vec::new();
        for movie in (0..self.movies.len() as u32).map(MovieIdx) {
            // A movie is counted only under the first kind of filter it fails, regardless of the member.
            match filters.iter().filter_map(|filter| filter.failed_by(movie)).min() {
                Some(kind) => *removed_by.entry(kind).or_default() += 1,
                None => eligible.push(movie),
            }
        }
        eligible
    }
}

/// A member's scores for the eligible movies.
struct Member<'a, 'r> {
    terms: ScoreTerms<'a, 'r>,
    /// Scores, in the order of the eligible movies.
    scores: Vec<f32>,
}

impl<'a, 'r> Member<'a, 'r> {
    fn new(recommender: &'a Recommender, request: &'r Request, eligible: &[MovieIdx]) -> Self {
        let mut own = Vec::new();
        let (terms, shared) = ScoreTerms::compute_normalized(recommender, request, &mut own);
        let all = Scores { layout: &recommender.layout, own: &own, shared };
        let position = |movie: &MovieIdx| recommender.position_of[movie.row()] as usize;
        let scores = eligible.iter().map(|movie| all.at(position(movie))).collect();
        Self { terms, scores }
    }

    /// Returns the lowest score that the member does not veto. O(movies).
    fn veto_threshold(&self, below: f32) -> f32 {
        let mut scores = self.scores.clone();
        let n_vetoed = (f64::from(below) * scores.len() as f64).floor() as usize;
        let Some(last) = scores.len().checked_sub(1) else { return f32::NEG_INFINITY };
        *scores.select_nth_unstable_by(n_vetoed.min(last), f32::total_cmp).1
    }

    /// Returns the score of `movie`, or 0 if it is not eligible.
    fn score_of(&self, eligible: &[MovieIdx], movie: MovieIdx) -> f32 {
        eligible.binary_search(&movie).map_or(0.0, |index| self.scores[index])
    }

    /// Returns the highest score among the eligible movies, or `None` if there are none. O(movies).
    fn best(&self) -> Option<f32> {
        self.scores.iter().copied().max_by(f32::total_cmp)
    }

    /// Returns the sum of the member's scores over `listed`, divided by the sum over the member's best list
    /// of the same length, or `None` if the latter is not positive. O(movies).
    fn satisfaction(&self, eligible: &[MovieIdx], listed: &[Candidate]) -> Option<f32> {
        let sum = |scores: &mut dyn Iterator<Item = f32>| scores.map(f64::from).sum::<f64>();
        let list_sum = sum(&mut listed.iter().map(|item| self.score_of(eligible, item.movie)));
        let own = eligible.iter().zip(&self.scores);
        let own = own.map(|(movie, score)| Candidate { movie: *movie, score: *score }).collect();
        let best_sum = sum(&mut top_k(own, listed.len()).iter().map(|item| item.score));
        (best_sum > 0.0).then(|| (list_sum / best_sum).max(0.0) as f32)
    }
}

/// Returns the movies that no member vetoes, with the group's scores.
fn candidates(
    eligible: &[MovieIdx],
    members: &[Member<'_, '_>],
    strategy: Strategy,
) -> Vec<Candidate> {
    let thresholds: Vec<f32> = match strategy {
        Strategy::Veto { below } => {
            members.iter().map(|member| member.veto_threshold(below)).collect()
        }
        Strategy::Average | Strategy::LeastMisery => vec![f32::NEG_INFINITY; members.len()],
    };
    let score = |index: usize| match strategy {
        Strategy::LeastMisery => {
            members.iter().map(|member| member.scores[index]).fold(f32::INFINITY, f32::min)
        }
        Strategy::Average | Strategy::Veto { .. } => {
            let sum: f64 = members.iter().map(|member| quantized(member.scores[index])).sum();
            (sum / members.len() as f64) as f32
        }
    };
    let mut candidates = Vec::with_capacity(eligible.len());
    for (index, movie) in eligible.iter().enumerate() {
        if members
            .iter()
            .zip(&thresholds)
            .all(|(member, threshold)| member.scores[index] >= *threshold)
        {
            candidates.push(Candidate { movie: *movie, score: score(index) });
        }
    }
    candidates
}

/// Rounds to a multiple of 2⁻⁴⁰, which makes sums exact and independent of the order of the members.
fn quantized(score: f32) -> f64 {
    const STEPS: f64 = (1_u64 << 40) as f64;
    (f64::from(score) * STEPS).round() / STEPS
}

/// Returns the `k` best candidates, best first. O(n + k log k).
fn top_k(mut candidates: Vec<Candidate>, k: usize) -> Vec<Candidate> {
    if k == 0 {
        return Vec::new();
    }
    if k < candidates.len() {
        candidates.select_nth_unstable_by(k - 1, |a, b| a.order(*b));
        candidates.truncate(k);
    }
    candidates.sort_unstable_by(|a, b| a.order(*b));
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn score_shares_are_relative_to_the_best_score() {
        let tenths = |score, best| (10.0 * score_share(score, best)).round() as i32;
        let best = Some(2.0);
        assert_eq!([1.0, 4.0, -1.0].map(|score| tenths(score, best)), [5, 10, 0]);
        assert_eq!([None, Some(0.0)].map(|best| tenths(0.5, best)), [0, 0]);
    }
}
