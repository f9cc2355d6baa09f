//! Evaluation report: the metrics of all models over several splits, with significance tests.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model_metrics::ModelMetrics;
use super::strata::{HISTORY_STRATA, MOVIE_STRATA, StratumValue};
use super::taste::{TASTE_GROUPS, TasteMetrics};
use super::{
    Bootstrap, Comparison, Part, Protocol, SignificanceError, Split, StarReport, UserMetrics,
    mean_and_standard_error,
};
use crate::ids::UserIdx;
use crate::models::Spec;

/// Metrics to test for significance.
const COMPARED_METRICS: [&str; 4] = ["ndcg@10", "ndcg@100", "recall@20", "recall@50"];
/// Metric that the models are sorted by.
const RANKING_METRIC: &str = "ndcg@100";

/// A model and its metrics on every split.
#[derive(Clone, Debug)]
pub struct EvaluatedModel {
    /// Model name in the report.
    pub name: String,
    /// The model's parameters; `None` for lists from another system.
    pub spec: Option<Spec>,
    /// Metrics on each split, in split order.
    pub splits: Vec<ModelMetrics>,
}

/// An evaluation report. Values are means over users. A user who is held out in several splits counts
/// once, with the mean over those splits.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Version of the report format.
    pub format_version: u32,
    /// The protocol, with the seed of the first split.
    pub protocol: Protocol,
    /// The part of the held-out users that was evaluated.
    pub part: Part,
    /// Statistics for each split.
    pub splits: Vec<SplitReport>,
    /// Number of distinct held-out users.
    pub users: usize,
    /// Name of the model that all others are compared with.
    pub baseline: String,
    /// Models, sorted by NDCG at 100, best first.
    pub models: Vec<ModelReport>,
    /// Accuracy of rating predictions, for the models that predict ratings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stars: Vec<StarReport>,
}

/// Statistics for a split.
#[derive(Clone, Debug, Serialize)]
pub struct SplitReport {
    /// Seed used for the split, or the number of the rolling cut.
    pub seed: u64,
    /// Number of training users.
    pub training_users: usize,
    /// Number of training ratings.
    pub training_ratings: usize,
    /// Number of held-out users.
    pub held_out_users: usize,
    /// Total number of relevant movies of all held-out users.
    pub relevant: usize,
    /// Number of movies that lists can contain.
    pub candidates: usize,
    /// Number of movies whose ratings were removed.
    #[serde(rename = "cold_films")]
    pub cold_movies: usize,
}

/// A mean over users.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// Mean over all users.
    pub mean: f64,
    /// Standard error of the mean; `None` if there are fewer than two users.
    pub standard_error: Option<f64>,
    /// Number of users that the mean is taken over.
    pub users: usize,
}

/// Metrics for one model.
#[derive(Clone, Debug, Serialize)]
pub struct ModelReport {
    /// Model name in the report.
    pub name: String,
    /// The model's parameters; `None` for lists from another system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Spec>,
    /// Mean of each metric, keyed by metric name.
    pub metrics: BTreeMap<String, Mean>,
    /// Share of candidates that appear in the top 10 of at least one user, averaged over splits.
    #[serde(rename = "coverage@10")]
    pub coverage: f64,
    /// Number of distinct movies in the top 10 of all users, averaged over splits.
    #[serde(rename = "movies@10")]
    pub n_shown: f64,
    /// Share of top-10 positions held by the 1 % most-rated candidates, averaged over splits.
    #[serde(rename = "popularity_share@10")]
    pub popularity_share: f64,
    /// Metrics by movie popularity and by history length.
    pub strata: Vec<StratumReport>,
    /// Metrics by the popularity of the movies that users like.
    pub groups: Vec<GroupReport>,
    /// Differences from the baseline, keyed by metric name; empty for the baseline itself.
    pub against_baseline: MetricComparisons,
}

/// Differences from the baseline, keyed by metric name.
pub type MetricComparisons = BTreeMap<&'static str, Comparison>;

/// One model's metrics in one stratum of movies or users.
#[derive(Clone, Debug, Serialize)]
pub struct StratumReport {
    /// How the strata are grouped: `film popularity` or `history length`.
    pub by: &'static str,
    /// Name of the stratum.
    pub stratum: &'static str,
    /// Mean NDCG at 100.
    #[serde(rename = "ndcg@100")]
    pub ndcg_100: Mean,
    /// Mean recall at 50.
    #[serde(rename = "recall@50")]
    pub recall_50: Mean,
}

/// One model's metrics for the users in one taste group.
#[derive(Clone, Debug, Serialize)]
pub struct GroupReport {
    /// Name of the group: `niche`, `mixed` or `mainstream`.
    pub group: &'static str,
    /// Mean of each metric over the users in the group, keyed by metric name.
    pub metrics: BTreeMap<&'static str, Mean>,
}

/// Error returned by [`Evaluation::new`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReportError {
    /// There are no models to report on.
    #[error("there are no models to evaluate")]
    NoModels,
    /// The baseline is not one of the models.
    #[error("the baseline `{baseline}` is not one of the evaluated models: {models}")]
    NoBaseline {
        /// Name of the requested baseline.
        baseline: String,
        /// Names of the evaluated models, separated by commas.
        models: String,
    },
    /// The significance test failed.
    #[error(transparent)]
    Significance(#[from] SignificanceError),
}

impl SplitReport {
    /// Counts the users, ratings and movies in `split`. O(ratings).
    pub fn new(split: &Split<'_>, seed: u64) -> Self {
        Self {
            seed,
            training_users: split.training.len(),
            training_ratings: split.n_ratings().iter().map(|n| *n as usize).sum(),
            held_out_users: split.held_out.len(),
            relevant: split.held_out.iter().map(|held| held.relevant.len()).sum(),
            candidates: split.is_candidate.iter().filter(|candidate| **candidate).count(),
            cold_movies: split.cold.len(),
        }
    }
}

impl Evaluation {
    /// Builds the report. The baseline defaults to the model with the highest NDCG at 100.
    pub fn new(
        (protocol, part): (Protocol, Part),
        splits: Vec<SplitReport>,
        models: Vec<EvaluatedModel>,
        baseline: Option<&str>,
        bootstrap: Bootstrap,
    ) -> Result<Self, ReportError> {
        let mut values: Vec<(EvaluatedModel, Values)> = models
            .into_iter()
            .map(|model| {
                let values = values(&model.splits);
                (model, values)
            })
            .collect();
        let ranking_value = |values: &Values| mean(&values[RANKING_METRIC]).mean;
        values.sort_by(|a, b| ranking_value(&b.1).total_cmp(&ranking_value(&a.1)));
        let best = values.first().ok_or(ReportError::NoModels)?;
        let users = best.1[RANKING_METRIC].len();
        // If the baseline was chosen because it is the best by these values, correct for all pairs of
        // models.
        let hypotheses = match baseline {
            Some(_) => values.len() - 1,
            None => values.len() * (values.len() - 1) / 2,
        };
        let baseline = baseline.unwrap_or(&best.0.name).to_owned();
        let Some(baseline_index) = values.iter().position(|(model, _)| model.name == baseline)
        else {
            let names: Vec<&str> = values.iter().map(|(model, _)| model.name.as_str()).collect();
            return Err(ReportError::NoBaseline { baseline, models: names.join(", ") });
        };

        let mut model_comparisons: Vec<MetricComparisons> = vec![BTreeMap::new(); values.len()];
        let others: Vec<usize> =
            (0..values.len()).filter(|model| *model != baseline_index).collect();
        for metric in COMPARED_METRICS {
            let column =
                |model: usize| -> Vec<f64> { values[model].1[metric].values().copied().collect() };
            let columns: Vec<Vec<f64>> = others.iter().map(|model| column(*model)).collect();
            let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let comparisons = bootstrap.compare(&column(baseline_index), &slices, hypotheses)?;
            for (model, comparison) in others.iter().zip(comparisons) {
                model_comparisons[*model].insert(metric, comparison);
            }
        }
        let models =
            values.into_iter().zip(model_comparisons).map(|((model, values), comparisons)| {
                let EvaluatedModel { name, spec, splits: judged } = model;
                let over_splits = |value: fn(&ModelMetrics) -> f64| {
                    judged.iter().map(value).sum::<f64>() / judged.len().max(1) as f64
                };
                ModelReport {
                    coverage: over_splits(|judged| judged.coverage),
                    popularity_share: over_splits(|judged| judged.popularity_share),
                    n_shown: over_splits(|judged| judged.n_shown as f64),
                    strata: strata(&judged),
                    groups: groups(&judged),
                    metrics: values
                        .iter()
                        .map(|(name, by_user)| ((*name).to_owned(), mean(by_user)))
                        .collect(),
                    against_baseline: comparisons,
                    name,
                    spec,
                }
            });
        let models = models.collect();
        let (format_version, stars) = (1, Vec::new());
        Ok(Self { format_version, protocol, part, splits, users, baseline, models, stars })
    }
}

/// A value for each user.
type ByUser = BTreeMap<UserIdx, f64>;
/// Each user's values, keyed by metric name.
type Values = BTreeMap<&'static str, ByUser>;

fn values(judged: &[ModelMetrics]) -> Values {
    let mut values = Values::new();
    for (index, name) in UserMetrics::NAMES.into_iter().enumerate() {
        let users = judged.iter().flat_map(|judged| &judged.users);
        values.insert(
            name,
            mean_by_user(users.map(|(user, metrics)| (*user, metrics.values()[index]))),
        );
    }
    values.extend(taste_values(judged, |_| true));
    let cold = || judged.iter().flat_map(|judged| &judged.cold);
    if cold().next().is_some() {
        values.insert("cold_above", mean_by_user(cold().map(|(user, rank)| (*user, rank.auc))));
        values
            .insert("cold_ndcg@10", mean_by_user(cold().map(|(user, rank)| (*user, rank.ndcg_10))));
        let by_chance = cold().map(|(user, rank)| (*user, rank.ndcg_10_by_chance));
        values.insert("cold_ndcg@10_by_chance", mean_by_user(by_chance));
    }
    values
}

/// Returns the taste metrics of the users whose group is selected by `is_selected`.
fn taste_values(
    judged: &[ModelMetrics],
    is_selected: impl Fn(Option<usize>) -> bool,
) -> impl Iterator<Item = (&'static str, ByUser)> {
    let users = judged.iter().flat_map(|judged| judged.users.iter().zip(&judged.taste));
    let selected: Vec<(UserIdx, TasteMetrics)> = users
        .filter(|(_, (_, group))| is_selected(*group))
        .map(|((user, _), (metrics, _))| (*user, *metrics))
        .collect();
    TasteMetrics::NAMES.into_iter().enumerate().map(move |(index, name)| {
        let values = selected.iter();
        let values = values.filter_map(|(user, metrics)| Some((*user, metrics.values()[index]?)));
        (name, mean_by_user(values))
    })
}

/// Returns NDCG and the taste metrics for each group of users.
fn groups(judged: &[ModelMetrics]) -> Vec<GroupReport> {
    let report = |(index, group): (usize, &'static str)| {
        let users = judged.iter().flat_map(|judged| judged.users.iter().zip(&judged.taste));
        let ndcg_10 = users
            .filter(|(_, (_, group))| *group == Some(index))
            .map(|((user, metrics), _)| (*user, metrics.ndcg_10));
        let metrics = taste_values(judged, |group| group == Some(index))
            .chain([("ndcg@10", mean_by_user(ndcg_10))])
            .map(|(name, by_user)| (name, mean(&by_user)))
            .collect();
        GroupReport { group, metrics }
    };
    TASTE_GROUPS.into_iter().enumerate().map(report).collect()
}

/// Returns the mean of the values for each user.
fn mean_by_user(values: impl Iterator<Item = (UserIdx, f64)>) -> ByUser {
    let mut sums: BTreeMap<UserIdx, (f64, f64)> = BTreeMap::new();
    for (user, value) in values {
        let (sum, n) = sums.entry(user).or_default();
        *sum += value;
        *n += 1.0;
    }
    sums.into_iter().map(|(user, (sum, n))| (user, sum / n)).collect()
}

fn mean(values: &ByUser) -> Mean {
    let values: Vec<f64> = values.values().copied().collect();
    let users = values.len();
    let (mean, standard_error) = mean_and_standard_error(&values)
        .map_or((values.first().copied().unwrap_or(0.0), None), |(mean, error)| {
            (mean, Some(error))
        });
    Mean { mean, standard_error, users }
}

fn strata(judged: &[ModelMetrics]) -> Vec<StratumReport> {
    let mut reports = Vec::new();
    let mut report =
        |by, names: [&'static str; 4], stratum_values: fn(&ModelMetrics) -> &Vec<StratumValue>| {
            for (index, stratum) in names.into_iter().enumerate() {
                let values = || {
                    let all = judged.iter().flat_map(stratum_values);
                    all.filter(move |value| value.stratum == index)
                };
                let ndcg_100 =
                    mean(&mean_by_user(values().map(|value| (value.user, value.ndcg_100))));
                let recall_50 =
                    mean(&mean_by_user(values().map(|value| (value.user, value.recall_50))));
                if ndcg_100.users > 0 {
                    reports.push(StratumReport { by, stratum, ndcg_100, recall_50 });
                }
            }
        };
    report("film popularity", MOVIE_STRATA, |judged| &judged.movie_strata);
    report("history length", HISTORY_STRATA, |judged| &judged.history_strata);
    reports
}

#[cfg(test)]
mod tests {
    use super::super::testing::ratings;
    use super::super::{MovieAttributes, StrongGeneralization, assert_close};
    use super::*;
    use crate::ids::MovieIdx;
    use crate::models::popular::Popularity;

    fn protocol() -> Protocol {
        Protocol::StrongGeneralization(StrongGeneralization::default())
    }

    /// Evaluates popularity and a constant list, with one split per seed.
    fn contestants(seeds: &[u64]) -> (Vec<SplitReport>, Vec<EvaluatedModel>) {
        let interactions = ratings();
        let attributes = MovieAttributes::unknown(interactions.n_movies());
        let (mut splits, mut popular, mut same) = (Vec::new(), Vec::new(), Vec::new());
        for seed in seeds {
            let protocol = protocol().with_seed(*seed);
            let split = protocol.split(&interactions, Part::Test).unwrap();
            let model = Popularity::Liked.fit(&split.interactions, &split.training);
            popular.push(ModelMetrics::from_model(&model, &split, &attributes).0);
            let lists = vec![vec![MovieIdx(59)]; split.held_out.len()];
            same.push(ModelMetrics::from_lists(&lists, &split, &attributes));
            splits.push(SplitReport::new(&split, *seed));
        }
        let contestant = |name: &str, judged| EvaluatedModel {
            name: name.to_owned(),
            spec: None,
            splits: judged,
        };
        (splits, vec![contestant("nothing", same), contestant("popular", popular)])
    }

    fn report(seeds: &[u64], baseline: Option<&str>) -> Result<Evaluation, ReportError> {
        let (splits, contestants) = contestants(seeds);
        let bootstrap = Bootstrap { resamples: 200, seed: 1 };
        Evaluation::new((protocol(), Part::Test), splits, contestants, baseline, bootstrap)
    }

    #[test]
    fn models_are_sorted_best_first_and_compared_with_the_baseline() {
        let best = report(&[1], None).unwrap();
        assert_eq!(best.baseline, "popular");
        let [popular, nothing] = &best.models[..] else { panic!("expected two models") };
        assert_eq!((popular.name.as_str(), nothing.name.as_str()), ("popular", "nothing"));
        assert!(popular.against_baseline.is_empty());
        let against = nothing.against_baseline["ndcg@100"];
        assert_close(against.difference, -popular.metrics["ndcg@100"].mean);
        assert!(against.adjusted_p < 0.05 && against.high < 0.0);
        assert_close(nothing.metrics["recall@50"].mean, 0.0);
        assert!(popular.strata.iter().any(|stratum| stratum.by == "film popularity"));

        let other = report(&[1], Some("nothing")).unwrap();
        assert!(other.models[0].against_baseline["ndcg@10"].difference > 0.0);
        let unknown = report(&[1], Some("magic")).unwrap_err().to_string();
        assert!(
            unknown.contains("`magic` is not one of the evaluated models: popular"),
            "{unknown}"
        );
    }

    #[test]
    fn user_of_several_splits_counts_once() {
        let (splits, judged) = contestants(&[1, 2, 3, 4, 5, 6]);
        let places: usize = splits.iter().map(|split| split.held_out_users).sum();
        let mut users: Vec<UserIdx> =
            judged[1].splits.iter().flat_map(|of| of.users.iter().map(|(user, _)| *user)).collect();
        users.sort_unstable();
        users.dedup();
        let evaluation = report(&[1, 2, 3, 4, 5, 6], None).unwrap();
        assert!(users.len() < places);
        assert_eq!(evaluation.users, users.len());
        assert_eq!(evaluation.models[0].metrics["ndcg@10"].users, users.len());
        assert_close(
            mean_by_user([(UserIdx(3), 1.0), (UserIdx(3), 0.0)].into_iter())[&UserIdx(3)],
            0.5,
        );
        assert_eq!(mean(&ByUser::new()).standard_error, None);
    }
}
