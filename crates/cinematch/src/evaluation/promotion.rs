//! Tests whether a new generation (challenger) is non-inferior to the active one (champion).
//!
//! Requiring a significant improvement would block promotion for months on small datasets, so the
//! challenger only needs to be no worse than the champion. Both rank movies for the same held-out users,
//! whom neither saw in training, using the same code path as the server. The challenger passes if the
//! lower bound of the 95 % interval for the NDCG difference, from the paired [`Bootstrap`], is above the
//! negative margin. It must pass separately for users with a history and for cold-start users, because a
//! gain in one group can hide a loss in the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::holdout::{HoldoutMetrics, HoldoutUsers, LIST_LENGTH};
use super::significance::{Bootstrap, SignificanceError};
use super::taste::{TASTE_GROUPS, TasteMetrics};
use crate::ranking::Recommender;

/// Reason given when a challenger is promoted because there is no champion to compare it with.
const NO_COMPARISON_NEEDED: &str = "no other generation is serving, so no comparison is needed";
/// Minimum number of users needed for a comparison.
const MIN_USERS: usize = 10;
/// A challenger must have at least this share of the champion's movies and ratings. Fewer suggest that an
/// input is truncated.
const MIN_SIZE_RATIO: f64 = 0.9;

/// The rule that decides on promotion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Share of the champion's NDCG that the challenger may lose. Defaults to 0.02.
    pub margin: f64,
    /// Accepts a challenger that has less than 90 % as many movies as the champion.
    pub allow_fewer_movies: bool,
    /// Accepts a challenger trained on less than 90 % as many ratings as the champion.
    pub allow_fewer_ratings: bool,
    /// Bootstrap used to compute the confidence intervals.
    pub bootstrap: Bootstrap,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            margin: 0.02,
            allow_fewer_movies: false,
            allow_fewer_ratings: false,
            bootstrap: Bootstrap::default(),
        }
    }
}

/// The generation being considered for promotion.
#[derive(Clone, Copy, Debug)]
pub struct Challenger<'a> {
    /// The challenger's recommender, with models that were trained without the held-out users.
    pub recommender: &'a Recommender,
    /// Number of ratings that the challenger was trained on.
    pub n_ratings: usize,
}

/// The active generation.
#[derive(Clone, Debug)]
pub struct Champion<'a> {
    /// The champion's recommender, with models that were trained without the held-out users, if it has any.
    pub recommender: &'a Recommender,
    /// Number of ratings that these models were trained on.
    pub n_ratings: usize,
    /// True if the champion has only models trained on all users, including the held-out ones. This would bias a
    /// comparison in its favor.
    pub is_trained_on_all_users: bool,
    /// True if the challenger was trained with the champion's settings.
    pub has_same_settings: bool,
    /// The champion's generation number.
    pub generation: u64,
    /// The champion's model ID.
    pub model_id: String,
}

/// A mean over users, or a mean difference, with a 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Mean over all users.
    pub mean: f64,
    /// Lower bound of the 95 % interval.
    pub low: f64,
    /// Upper bound of the 95 % interval.
    pub high: f64,
}

/// A generation's metrics for one group of users, with a cutoff of 20 movies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Means {
    /// NDCG, which decides on promotion.
    pub ndcg: Interval,
    /// Recall of the relevant movies.
    pub recall: Interval,
    /// Share of users with at least one relevant movie on their page.
    pub hit: Interval,
    /// Number of distinct movies across all pages.
    pub n_shown: usize,
}

/// NDCG for users whose history length falls in one range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByHistory {
    /// Minimum history length in the range.
    pub from: usize,
    /// Number of users in the range.
    pub users: usize,
    /// The challenger's mean NDCG.
    pub challenger: f64,
    /// The champion's mean NDCG; `None` if there is no comparable champion.
    pub champion: Option<f64>,
}

/// Taste metrics for the users in one taste group. They are reported, but do not decide on promotion: their
/// differences vary too much between users to detect a loss of a few percent with 1,000 of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByTaste {
    /// Name of the group: `niche`, `mixed` or `mainstream`.
    pub group: String,
    /// Number of users in the group.
    pub users: usize,
    /// The challenger's mean of each metric, keyed by the metric's name.
    pub challenger: BTreeMap<String, f64>,
    /// The champion's means; `None` without a comparable champion.
    pub champion: Option<BTreeMap<String, f64>>,
}

/// Comparison of the challenger and the champion on one group of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Number of users in the group.
    pub users: usize,
    /// The challenger's metrics.
    pub challenger: Means,
    /// The champion's metrics; `None` if there is no comparable champion.
    pub champion: Option<Means>,
    /// The challenger's NDCG minus the champion's; `None` if there is no comparable champion.
    pub difference: Option<Interval>,
    /// Lowest value of `difference.low` that passes: −margin × the champion's NDCG.
    pub allowed: Option<f64>,
    /// NDCG by history length.
    pub by_history: Vec<ByHistory>,
    /// Taste metrics of users with niche, mixed and mainstream taste. Empty in verdicts of older versions.
    #[serde(default)]
    pub by_taste: Vec<ByTaste>,
    /// True if `difference.low` is at least `allowed`, or if there is no comparable champion.
    pub passed: bool,
}

/// The champion as recorded in a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChampionId {
    /// The champion's generation number.
    pub generation: u64,
    /// The champion's model ID.
    pub model_id: String,
}

/// Outcome of a promotion test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// True if the challenger should be promoted.
    pub promote: bool,
    /// The reason for the decision, in one sentence.
    #[serde(rename = "why")]
    pub reason: String,
    /// Share of the champion's NDCG that the challenger was allowed to lose.
    pub margin: f64,
    /// The champion; `None` if there is no active generation.
    pub champion: Option<ChampionId>,
    /// Comparison for users with a history; `None` if there are too few users.
    pub overall: Option<Comparison>,
    /// Comparison for cold-start users; `None` if there are too few users.
    pub cold: Option<Comparison>,
}

/// Decides whether to promote the challenger. If there are no holdout users because there are no ratings,
/// runs only the checks that need no users. Deterministic: equal inputs give equal verdicts. Takes
/// O(users · movies) time per generation.
pub fn decide(
    holdout: Option<&HoldoutUsers<'_>>,
    challenger: Challenger<'_>,
    champion: Option<&Champion<'_>>,
    rule: &Rule,
) -> Result<Verdict, SignificanceError> {
    let comparable = champion.filter(|champion| !champion.is_trained_on_all_users);
    let attributes = holdout.map(|holdout| holdout.attributes(challenger.recommender));
    let compare = |evaluate: &dyn Fn(&Recommender) -> HoldoutMetrics| {
        let metrics = evaluate(challenger.recommender);
        let champion_metrics = comparable.map(|champion| evaluate(champion.recommender));
        Ok((metrics.n_empty, Comparison::new(&metrics, champion_metrics.as_ref(), rule)?))
    };
    let (mut n_empty, mut overall, mut cold) = (0, None, None);
    let n_users = holdout.map_or(0, |holdout| holdout.n_users().min(holdout.n_cold_start()));
    if let Some((holdout, attributes)) = holdout.zip(attributes).filter(|_| n_users >= MIN_USERS) {
        let (n_empty_lists, comparison) =
            compare(&|recommender| holdout.evaluate_users(recommender, &attributes))?;
        (n_empty, overall) = (n_empty_lists, Some(comparison));
        let (n_empty_lists, comparison) =
            compare(&|recommender| holdout.evaluate_cold_start(recommender, &attributes))?;
        (n_empty, cold) = (n_empty + n_empty_lists, Some(comparison));
    }
    let rejection = reason_to_reject(challenger, champion, n_empty, rule);
    let (promote, reason) = match (rejection, &overall, &cold) {
        (Some(reason), ..) => (false, reason),
        (None, Some(overall), Some(cold)) => decide_from_comparisons(overall, cold),
        (None, ..) => decide_without_users(n_users, challenger, champion),
    };
    let champion = champion.map(|champion| ChampionId {
        generation: champion.generation,
        model_id: champion.model_id.clone(),
    });
    Ok(Verdict { promote, reason, margin: rule.margin, champion, overall, cold })
}

/// Returns a reason to reject the challenger regardless of its metrics, or `None`.
fn reason_to_reject(
    challenger: Challenger<'_>,
    champion: Option<&Champion<'_>>,
    n_empty: usize,
    rule: &Rule,
) -> Option<String> {
    let n_movies = challenger.recommender.movies().len();
    if n_movies == 0 {
        return Some("it has no movies".to_owned());
    }
    if n_empty > 0 {
        return Some(format!("its recommendations are empty in {n_empty} test cases"));
    }
    let champion = champion?;
    if champion.is_trained_on_all_users {
        let reason = "the champion was trained on all users, so no held-out users remain for a comparison; \
                   `cinematch models promote` serves it, and later generations are compared with it";
        return Some(reason.to_owned());
    }
    let is_much_less = |n_challenger: usize, n_champion: usize| {
        (n_challenger as f64) < n_champion as f64 * MIN_SIZE_RATIO
    };
    let champion_movies = champion.recommender.movies().len();
    if !rule.allow_fewer_movies && is_much_less(n_movies, champion_movies) {
        return Some(format!(
            "it has {n_movies} movies and the champion {champion_movies}: an input may be truncated; use \
             --allow-fewer-films to accept it"
        ));
    }
    let (n_ratings, champion_ratings) = (challenger.n_ratings, champion.n_ratings);
    if !rule.allow_fewer_ratings && is_much_less(n_ratings, champion_ratings) {
        return Some(format!(
            "it learned from {n_ratings} ratings and the champion from {champion_ratings}: an input may be \
             truncated; use --allow-fewer-ratings to accept it"
        ));
    }
    None
}

/// Decides when there are too few users for a comparison. The challenger passes only if there is no
/// champion, or if both were trained with the same settings and no ratings.
fn decide_without_users(
    n_users: usize,
    challenger: Challenger<'_>,
    champion: Option<&Champion<'_>>,
) -> (bool, String) {
    match champion {
        None => (true, NO_COMPARISON_NEEDED.to_owned()),
        Some(champion)
            if champion.has_same_settings
                && champion.n_ratings == 0
                && challenger.n_ratings == 0 =>
        {
            let reason = "trained with the champion's settings and without ratings, so no comparison is needed";
            (true, reason.to_owned())
        }
        Some(_) => (
            false,
            format!(
                "{n_users} users are too few for a comparison; `cinematch models promote` serves it anyway"
            ),
        ),
    }
}

fn decide_from_comparisons(overall: &Comparison, cold: &Comparison) -> (bool, String) {
    let Some(_) = &overall.difference else {
        return (true, NO_COMPARISON_NEEDED.to_owned());
    };
    let parts = [("users with a history", overall), ("new users", cold)];
    let describe = |(group, comparison): &(&str, &Comparison)| {
        let Comparison { difference: Some(difference), allowed: Some(allowed), .. } = comparison
        else {
            return String::new();
        };
        format!(
            "for {group} by {:+.4} (95 % interval {:+.4} to {:+.4}, allowed {:+.4})",
            difference.mean, difference.low, difference.high, allowed
        )
    };
    let failed: Vec<String> =
        parts.iter().filter(|(_, comparison)| !comparison.passed).map(describe).collect();
    if failed.is_empty() {
        let all: Vec<String> = parts.iter().map(describe).collect();
        return (true, format!("not worse: NDCG at 20 differs {}", all.join(" and ")));
    }
    (false, format!("it may be worse: NDCG at 20 differs {}", failed.join(" and ")))
}

impl Comparison {
    fn new(
        challenger: &HoldoutMetrics,
        champion: Option<&HoldoutMetrics>,
        rule: &Rule,
    ) -> Result<Self, SignificanceError> {
        let means = |metrics: &HoldoutMetrics| Means::new(metrics, rule.bootstrap);
        let champion_means = champion.map(means).transpose()?;
        let difference = champion
            .map(|champion| interval(rule.bootstrap, &champion.ndcg, &challenger.ndcg))
            .transpose()?;
        let allowed = champion_means.map(|champion| -rule.margin * champion.ndcg.mean);
        Ok(Self {
            users: challenger.ndcg.len(),
            challenger: means(challenger)?,
            champion: champion_means,
            difference,
            allowed,
            by_history: by_history(challenger, champion),
            by_taste: by_taste(challenger, champion),
            passed: difference
                .zip(allowed)
                .is_none_or(|(difference, allowed)| difference.low >= allowed),
        })
    }
}

impl Means {
    fn new(metrics: &HoldoutMetrics, bootstrap: Bootstrap) -> Result<Self, SignificanceError> {
        let zeros = vec![0.0; metrics.ndcg.len()];
        let mean_interval = |values: &[f64]| interval(bootstrap, &zeros, values);
        Ok(Self {
            ndcg: mean_interval(&metrics.ndcg)?,
            recall: mean_interval(&metrics.recall)?,
            hit: mean_interval(&metrics.hit)?,
            n_shown: metrics.n_shown,
        })
    }
}

fn interval(
    bootstrap: Bootstrap,
    baseline: &[f64],
    values: &[f64],
) -> Result<Interval, SignificanceError> {
    let comparisons = bootstrap.compare(baseline, &[values], 1)?;
    let comparison = comparisons.first().ok_or(SignificanceError::NoUsers)?;
    Ok(Interval { mean: comparison.difference, low: comparison.low, high: comparison.high })
}

/// Returns the mean NDCG for each range of history lengths.
fn by_history(challenger: &HoldoutMetrics, champion: Option<&HoldoutMetrics>) -> Vec<ByHistory> {
    const MIN_LENGTHS: [usize; 5] = [1, 10, 30, 100, 300];
    let class_of =
        |n_history: usize| MIN_LENGTHS.iter().rposition(|from| n_history >= *from).unwrap_or(0);
    let mut classes: Vec<ByHistory> = Vec::new();
    for (class, from) in MIN_LENGTHS.into_iter().enumerate() {
        let users: Vec<usize> = (0..challenger.ndcg.len())
            .filter(|user| class_of(challenger.history_lengths[*user]) == class)
            .collect();
        if users.is_empty() {
            continue;
        }
        let mean = |metrics: &HoldoutMetrics| {
            users.iter().map(|user| metrics.ndcg[*user]).sum::<f64>() / users.len() as f64
        };
        classes.push(ByHistory {
            from,
            users: users.len(),
            challenger: mean(challenger),
            champion: champion.map(mean),
        });
    }
    classes
}

/// Returns the means of the taste metrics for each taste group.
fn by_taste(challenger: &HoldoutMetrics, champion: Option<&HoldoutMetrics>) -> Vec<ByTaste> {
    let mut groups = Vec::new();
    for (index, group) in TASTE_GROUPS.into_iter().enumerate() {
        let is_member = |of: &&(TasteMetrics, Option<usize>)| of.1 == Some(index);
        let means = |metrics: &HoldoutMetrics| {
            let members = || metrics.taste.iter().filter(is_member);
            let mean = |(position, name): (usize, &&str)| {
                let values: Vec<f64> =
                    members().filter_map(|(metrics, _)| metrics.values()[position]).collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                // Pages are shorter than 100 movies, so the recall is that of the whole page.
                let name = name.replace("@100", &format!("@{LIST_LENGTH}"));
                (!values.is_empty()).then_some((name, mean))
            };
            TasteMetrics::NAMES.iter().enumerate().filter_map(mean).collect()
        };
        let users = challenger.taste.iter().filter(is_member).count();
        if users > 0 {
            groups.push(ByTaste {
                group: group.to_owned(),
                users,
                challenger: means(challenger),
                champion: champion.map(means),
            });
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns metrics for 200 users, with each user's NDCG shifted by `shift(user)`.
    fn worth(shift: impl Fn(usize) -> f64) -> HoldoutMetrics {
        let ndcg: Vec<f64> =
            (0..200).map(|user| 0.3 + f64::from(user * 37 % 100) / 500.0).collect();
        let ndcg: Vec<f64> = ndcg.iter().enumerate().map(|(user, of)| of + shift(user)).collect();
        let n_history = (0..200).map(|user| user * 2).collect();
        HoldoutMetrics {
            recall: ndcg.clone(),
            hit: ndcg.clone(),
            ndcg,
            history_lengths: n_history,
            ..HoldoutMetrics::default()
        }
    }

    fn compare(shift: impl Fn(usize) -> f64, margin: f64) -> Comparison {
        let rule = Rule { margin, ..Rule::default() };
        Comparison::new(&worth(shift), Some(&worth(|_| 0.0)), &rule).unwrap()
    }

    #[test]
    fn passes_without_a_loss_or_with_one_within_the_margin() {
        assert!(compare(|_| 0.0, 0.0).passed);
        // The mean NDCG is about 0.4, so a margin of 2 % is 0.008.
        assert!(compare(|_| -0.007, 0.02).passed);
        assert!(!compare(|_| -0.009, 0.02).passed);
        assert!(compare(|_| 0.001, 0.0).passed);
    }

    #[test]
    fn fails_when_the_interval_is_wider_than_the_margin() {
        // The mean difference is 0, but the differences vary too much for a sample of 200 users to be
        // conclusive.
        let noisy = compare(|user| if user % 2 == 0 { 0.1 } else { -0.1 }, 0.02);
        assert!(!noisy.passed, "{noisy:?}");
        let by = noisy.difference.unwrap();
        assert!(by.low < -0.008 && by.high > 0.008 && by.mean.abs() < 1e-9, "{by:?}");
        let quiet = compare(|user| if user % 2 == 0 { 0.01 } else { -0.01 }, 0.02);
        assert!(quiet.passed, "{quiet:?}");
        assert_eq!(quiet, compare(|user| if user % 2 == 0 { 0.01 } else { -0.01 }, 0.02));
    }

    #[test]
    fn promotes_only_if_both_groups_of_users_pass() {
        let (good, bad) = (compare(|_| 0.0, 0.02), compare(|_| -0.05, 0.02));
        let (promote, reason) = decide_from_comparisons(&good, &good);
        assert!(
            promote && reason.starts_with("not worse: NDCG at 20 differs for users with"),
            "{reason}"
        );
        let (promote, reason) = decide_from_comparisons(&good, &bad);
        assert!(!promote && reason.contains("for new users by -0.0500"), "{reason}");
        assert!(!reason.contains("with a history"), "{reason}");
        assert!(!decide_from_comparisons(&bad, &good).0);
    }

    #[test]
    fn taste_metrics_are_means_over_the_users_of_a_group() {
        let metrics = |lift: f64| {
            let user = |user: usize| {
                let taste = TasteMetrics {
                    lift: Some(lift + user as f64),
                    ips_ndcg_10: 0.25,
                    tail_recall_100: None,
                    miscalibration: None,
                    decade_miscalibration: None,
                    language_miscalibration: None,
                };
                (taste, [Some(0), Some(2), Some(0), None][user])
            };
            HoldoutMetrics { taste: (0..4).map(user).collect(), ..worth(|_| 0.0) }
        };
        let groups = by_taste(&metrics(1.0), Some(&metrics(0.0)));
        let names: Vec<(&str, usize)> =
            groups.iter().map(|of| (of.group.as_str(), of.users)).collect();
        assert_eq!(names, [("niche", 2), ("mainstream", 1)]);
        let means = |means: &BTreeMap<String, f64>| {
            assert_eq!(means.len(), 2, "metrics without values are left out");
            format!("{:.2} {:.2}", means["lift@10"], means["ips_ndcg@10"])
        };
        assert_eq!(means(&groups[0].challenger), "2.00 0.25");
        assert_eq!(means(groups[0].champion.as_ref().unwrap()), "1.00 0.25");
        assert_eq!(means(&groups[1].challenger), "2.00 0.25");
    }

    #[test]
    fn groups_users_by_history_length() {
        let of = compare(|_| 0.0, 0.02).by_history;
        let users: Vec<(usize, usize)> = of.iter().map(|by| (by.from, by.users)).collect();
        assert_eq!(users, [(1, 5), (10, 10), (30, 35), (100, 100), (300, 50)]);
    }
}
