//! Lists for several viewers at once.
//!
//! Every member's own model says what each film is worth to them, and a strategy makes one number of
//! these (Masthoff, "Group recommender systems: combining individual models", 2011): the members'
//! *scores* are put together, not their histories, so that one who has rated a thousand films
//! counts no more than one who has rated ten.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::score_terms::Parts;
use super::{Reason, Recommender, Request, Shortfall};
use crate::ids::MovieIdx;
use crate::retrieval::{Candidate, Filter, FilterKind, PreparedFilter, Scores};

/// The largest group.
pub const MOST_MEMBERS: usize = 20;
/// A veto's usual share: a member stands against what is in the lower half of their own ranking.
pub const VETO_BELOW: f32 = 0.5;

/// How members' scores become the group's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Strategy {
    /// Their mean: most pleasure altogether, one of a small taste may go without.
    #[default]
    Average,
    /// The lowest: the group is as pleased as the one of it who is pleased least.
    LeastMisery,
    /// Their mean, of the films that nobody stands against.
    Veto {
        /// A member stands against the films in this share of their own ranking, from its end: 0
        /// against none, 1 against all but their best. Of films with equal scores against all or none.
        below: f32,
    },
}

/// What a group asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// How members' scores become the group's.
    pub strategy: Strategy,
    /// What may be shown. What a member's own request filters out is not shown either.
    pub filter: Filter,
    /// How many films.
    pub limit: usize,
    /// How many to pass over.
    pub offset: usize,
    /// Whether each member's reasons are wanted.
    pub explain: bool,
}

impl Group {
    /// With filter, limit, offset and reasons of a resolved request.
    pub fn new(request: Request, strategy: Strategy) -> Self {
        let Request { filter, limit, offset, explain, .. } = request;
        Self { strategy, filter, limit, offset, explain }
    }
}

/// A group that cannot be served.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GroupError {
    /// Nobody, or too many.
    #[error("expected 1 to {MOST_MEMBERS} members, got {0}")]
    Members(usize),
    /// A share that is none.
    #[error("expected a veto below 0 to 1, got {0}")]
    Share(f32),
}

/// A film recommended to a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRecommendation<'a> {
    /// The film.
    pub movie: MovieIdx,
    /// The group's score.
    pub score: f32,
    /// Each member's, in the order of the members.
    pub members: Vec<MemberScore<'a>>,
}

/// What a film is worth to a member.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberScore<'a> {
    /// Their own score: the film that fits them best has 1 before preferences and quality.
    pub score: f32,
    /// The score's parts, the largest first; empty where they were not asked for.
    pub reasons: Vec<Reason<'a>>,
}

/// A group's list.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRanked<'a> {
    /// The films, best first.
    pub items: Vec<GroupRecommendation<'a>>,
    /// How much of what each member could have had is in the list, from its first place to the last
    /// of this page: the sum of the member's scores over that of as many films that are best for the
    /// member alone, among those that pass the filters. 1: as good as alone; below 0 counts as 0.
    /// `None` where no film is worth anything to them, or none is listed.
    pub satisfaction: Vec<Option<f32>>,
    /// What the film that is best for each member alone is worth to them, of those that pass the filters:
    /// what to hold the score of a single film against.
    pub best: Vec<Option<f32>>,
    /// Set when fewer films came back than were asked for.
    pub shortfall: Option<Shortfall>,
}

impl Recommender {
    /// Ranks the catalogue for a group. No film is shown that any member has seen or excludes or that
    /// a filter of theirs or of the group removes; exactly `limit` films come back whenever that
    /// many are left behind the offset. By score alone: the members' diversity is for their own lists.
    /// The order of the members changes nothing. Time and memory O(members · films).
    pub fn recommend_group(
        &self,
        members: &[Request],
        group: &Group,
    ) -> Result<GroupRanked<'_>, GroupError> {
        if !(1..=MOST_MEMBERS).contains(&members.len()) {
            return Err(GroupError::Members(members.len()));
        }
        if let Strategy::Veto { below } = group.strategy
            && !(0.0..=1.0).contains(&below)
        {
            return Err(GroupError::Share(below));
        }
        let mut removed_by = BTreeMap::new();
        let eligible = self.eligible(members, group, &mut removed_by);
        let members: Vec<Member<'_, '_>> =
            members.par_iter().map(|request| Member::of(self, request, &eligible)).collect();
        let candidates = candidates(&eligible, &members, group.strategy);
        if candidates.len() < eligible.len() {
            removed_by.insert(FilterKind::Veto, eligible.len() - candidates.len());
        }
        let listed = first(candidates, group.offset.saturating_add(group.limit));
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
            let reasons = if group.explain { member.parts.reasons(&movies) } else { Vec::new() };
            let reasons = reasons.into_iter().chain(std::iter::repeat_with(Vec::new));
            for (item, reasons) in items.iter_mut().zip(reasons) {
                let score = member.score_of(&eligible, item.movie);
                item.members.push(MemberScore { score, reasons });
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

    /// The films that pass every filter, ascending; the others are counted.
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
            // Of several filters the first in their own order, whoever's it is.
            match filters.iter().filter_map(|filter| filter.failed_by(movie)).min() {
                Some(kind) => *removed_by.entry(kind).or_default() += 1,
                None => eligible.push(movie),
            }
        }
        eligible
    }
}

/// What each film that may be shown is worth to one of the group.
struct Member<'a, 'r> {
    parts: Parts<'a, 'r>,
    /// In the order of the eligible films.
    scores: Vec<f32>,
}

impl<'a, 'r> Member<'a, 'r> {
    fn of(recommender: &'a Recommender, request: &'r Request, eligible: &[MovieIdx]) -> Self {
        let mut own = Vec::new();
        let (parts, summands) = Parts::to_the_best(recommender, request, &mut own);
        let all = Scores { layout: &recommender.layout, own: &own, parts: summands };
        let position = |movie: &MovieIdx| recommender.position_of[movie.row()] as usize;
        let scores = eligible.iter().map(|movie| all.at(position(movie))).collect();
        Self { parts, scores }
    }

    /// The least score that the member does not stand against. O(films).
    fn bar(&self, below: f32) -> f32 {
        let mut scores = self.scores.clone();
        let against = (f64::from(below) * scores.len() as f64).floor() as usize;
        let Some(last) = scores.len().checked_sub(1) else { return f32::NEG_INFINITY };
        *scores.select_nth_unstable_by(against.min(last), f32::total_cmp).1
    }

    /// The score of a film that may be shown.
    fn score_of(&self, eligible: &[MovieIdx], movie: MovieIdx) -> f32 {
        eligible.binary_search(&movie).map_or(0.0, |at| self.scores[at])
    }

    /// The best score that the member has for any film. O(films).
    fn best(&self) -> Option<f32> {
        self.scores.iter().copied().max_by(f32::total_cmp)
    }

    /// What a list is worth beside the best one of its length. O(films).
    fn satisfaction(&self, eligible: &[MovieIdx], listed: &[Candidate]) -> Option<f32> {
        let sum = |scores: &mut dyn Iterator<Item = f32>| scores.map(f64::from).sum::<f64>();
        let of_list = sum(&mut listed.iter().map(|film| self.score_of(eligible, film.movie)));
        let own = eligible.iter().zip(&self.scores);
        let own = own.map(|(movie, score)| Candidate { movie: *movie, score: *score }).collect();
        let best = sum(&mut first(own, listed.len()).iter().map(|film| film.score));
        (best > 0.0).then(|| (of_list / best).max(0.0) as f32)
    }
}

/// The films that nobody stands against, with the group's scores.
fn candidates(
    eligible: &[MovieIdx],
    members: &[Member<'_, '_>],
    strategy: Strategy,
) -> Vec<Candidate> {
    let bars: Vec<f32> = match strategy {
        Strategy::Veto { below } => members.iter().map(|member| member.bar(below)).collect(),
        Strategy::Average | Strategy::LeastMisery => vec![f32::NEG_INFINITY; members.len()],
    };
    let score = |at: usize| match strategy {
        Strategy::LeastMisery => {
            members.iter().map(|member| member.scores[at]).fold(f32::INFINITY, f32::min)
        }
        Strategy::Average | Strategy::Veto { .. } => {
            let sum: f64 = members.iter().map(|member| in_steps(member.scores[at])).sum();
            (sum / members.len() as f64) as f32
        }
    };
    let mut candidates = Vec::with_capacity(eligible.len());
    for (at, movie) in eligible.iter().enumerate() {
        if members.iter().zip(&bars).all(|(member, bar)| member.scores[at] >= *bar) {
            candidates.push(Candidate { movie: *movie, score: score(at) });
        }
    }
    candidates
}

/// In whole steps of 2⁻⁴⁰, whose sums are exact in whatever order members come.
fn in_steps(score: f32) -> f64 {
    const STEPS: f64 = (1_u64 << 40) as f64;
    (f64::from(score) * STEPS).round() / STEPS
}

/// The `k` best, best first. O(n + k log k).
fn first(mut candidates: Vec<Candidate>, k: usize) -> Vec<Candidate> {
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
