//! Movie popularity, which does not depend on the user.

use serde::{Deserialize, Serialize};

use super::blend::Blend;
use crate::catalog::Movie;
use crate::date::Date;
use crate::features::layout::Layout;

/// How a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By how well movies fit the user's taste.
    #[default]
    Taste,
    /// By popularity. Movies in the history are not listed; other than that, the history, preferred genres,
    /// quality and novelty have no effect.
    Popularity,
}

/// Where popularity comes from: the first source that covers a quarter of the catalog, or the source with the
/// highest coverage if none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PopularitySource {
    /// TMDB's `popularity`: views, votes and watchlist additions in the days before it was fetched. It counts for 30
    /// days after the fetch.
    Tmdb,
    /// Ratings in the last year of the training data, counted by the blend's trend model.
    RecentRatings,
    /// TMDB's vote count.
    Votes,
    /// The blend's popularity model, trained on ratings.
    Ratings,
}

/// Fraction of the catalog that a source must cover. A source that covers less would leave most of the list
/// in arbitrary order.
const MIN_COVERAGE: f64 = 0.25;
/// Number of days after its fetch for which TMDB's popularity is fresh.
const FRESH_DAYS: i64 = 30;

/// Popularity of each movie, by position in the layout. Scores range from 0 to 1 on a logarithmic scale: 1 for the
/// most popular movie, 0 if unknown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Popularity {
    /// TMDB's popularity, each with the date of its fetch.
    current: Vec<(f32, Option<Date>)>,
    /// Date of the fetches that, together with later ones, cover a quarter of the catalog.
    current_since: Option<Date>,
    /// Source and scores for requests on which TMDB's popularity is not fresh.
    lasting: (PopularitySource, Vec<f32>),
}

impl Popularity {
    /// Selects the sources and scales their values. Popularity spans orders of magnitude, so scores are
    /// logarithmic. O(movies · log movies).
    pub(crate) fn fit(movies: &[Movie], blend: &Blend, layout: &Layout) -> Self {
        let min_known = movies.len() as f64 * MIN_COVERAGE;
        let values_of = |value: fn(&Movie) -> f32| movies.iter().map(value).collect::<Vec<f32>>();
        let unknown = || vec![0.0; movies.len()];
        let sources = [
            (PopularitySource::RecentRatings, blend.recent_popularity().unwrap_or_else(unknown)),
            (PopularitySource::Votes, values_of(|movie| movie.vote_count.unwrap_or(0) as f32)),
            (PopularitySource::Ratings, blend.popularity_scores().unwrap_or_else(unknown)),
        ];
        let n_known = |values: &[f32]| values.iter().filter(|value| **value > 0.0).count();
        let useful = sources.iter().position(|(_, values)| n_known(values) as f64 >= min_known);
        // `max_by_key` returns the last maximum, so iterate in reverse to get the first source.
        let best_covered =
            || (0..sources.len()).rev().max_by_key(|index| n_known(&sources[*index].1));
        let selected = useful.or_else(best_covered).unwrap_or_default();
        let (source, values) =
            sources.into_iter().nth(selected).expect("`selected` is a position in `sources`");

        let current = values_of(|movie| movie.popularity.unwrap_or(0.0));
        let fetched_on = |(movie, value): (&Movie, &f32)| movie.fetched_on.filter(|_| *value > 0.0);
        let fetched_on: Vec<Option<Date>> = movies.iter().zip(&current).map(fetched_on).collect();
        let mut newest_first: Vec<Date> = fetched_on.iter().copied().flatten().collect();
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        let last_needed = (min_known.ceil() as usize).saturating_sub(1);
        let current: Vec<(f32, Option<Date>)> =
            scaled(current).into_iter().zip(fetched_on).collect();
        Self {
            current: layout.arrange(&current),
            current_since: newest_first.get(last_needed).copied(),
            lasting: (source, layout.arrange(&scaled(values))),
        }
    }

    /// Returns the source of the scores for a request on `today`.
    pub(crate) fn source(&self, today: Option<Date>) -> PopularitySource {
        if is_fresh(self.current_since, today) { PopularitySource::Tmdb } else { self.lasting.0 }
    }

    /// Returns the score of the movie at `position` for a request on `today`.
    pub(crate) fn score(&self, position: usize, today: Option<Date>) -> f32 {
        match self.source(today) {
            PopularitySource::Tmdb => {
                let (score, fetched_on) = self.current[position];
                if is_fresh(fetched_on, today) { score } else { 0.0 }
            }
            _ => self.lasting.1[position],
        }
    }

    /// Sets `scores` to the scores of all movies for a request on `today`. O(movies).
    pub(crate) fn copy_to(&self, scores: &mut Vec<f32>, today: Option<Date>) {
        scores.clear();
        scores.extend((0..self.current.len()).map(|position| self.score(position, today)));
    }
}

/// Returns true if data fetched on `fetched_on` is fresh on `today`. Unknown dates are not.
fn is_fresh(fetched_on: Option<Date>, today: Option<Date>) -> bool {
    fetched_on
        .zip(today)
        .is_some_and(|(fetched_on, today)| today.days_since(fetched_on) <= FRESH_DAYS)
}

/// Returns the logarithms of `values`, divided by the highest.
fn scaled(mut values: Vec<f32>) -> Vec<f32> {
    let max_log = values.iter().copied().fold(0.0, f32::max).ln_1p();
    for value in &mut values {
        *value = if *value > 0.0 { value.ln_1p() / max_log } else { 0.0 };
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;
    use crate::ids::MovieIdx;
    use crate::models::Fitted;
    use crate::models::popular::Popular;
    use crate::ranking::blend::WeightedModel;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// Computes the popularity of movies with the given vote counts, with `counts` as the scores of the popularity
    /// model.
    fn with_votes(votes: &[Option<u32>], counts: Option<Vec<f32>>) -> Popularity {
        let with = |vote_count: &Option<u32>| Movie { vote_count: *vote_count, ..movie(1, "x") };
        fit(&votes.iter().map(with).collect::<Vec<_>>(), counts)
    }

    fn fit(movies: &[Movie], counts: Option<Vec<f32>>) -> Popularity {
        let popular = |scores| WeightedModel {
            name: "popular",
            model: Fitted::Popular(Popular::from_scores(scores)),
            weight: 1.0,
        };
        let models = counts.map(popular).into_iter().collect();
        let layout = Layout::new(movies.len(), MovieIdx::row);
        Popularity::fit(movies, &Blend { name: "hybrid", models, content: 1.0 }, &layout)
    }

    #[test]
    fn selects_the_first_source_with_enough_coverage() {
        let counts = || Some(vec![0.0, 1.0, 7.0, 2.0, 3.0]);
        let popularity = with_votes(&[Some(3), Some(9), None, None], Some(vec![1.0; 4]));
        assert_eq!(popularity.source(None), PopularitySource::Votes);
        assert!((popularity.score(0, None) - 4_f32.ln() / 10_f32.ln()).abs() < 1e-6);
        let mut scores = vec![0.5];
        popularity.copy_to(&mut scores, None);
        assert!((scores[1] - 1.0).abs() < 1e-6);
        assert_eq!(scores[2..], [0.0, 0.0]);

        // One movie out of five is too little coverage.
        let few = [Some(9), None, None, None, None];
        assert_eq!(with_votes(&few, counts()).source(None), PopularitySource::Ratings);
        assert_eq!(with_votes(&few, None).source(None), PopularitySource::Votes);
        let unknown = with_votes(&[None; 3], None);
        assert_eq!(unknown.lasting.1, [0.0; 3]);
    }

    #[test]
    fn tmdb_popularity_counts_for_30_days_after_its_fetch() {
        let with = |(popularity, fetched_on): (f32, &str)| Movie {
            popularity: Some(popularity),
            vote_count: Some(7),
            fetched_on: fetched_on.parse().ok(),
            ..movie(1, "x")
        };
        let dates = [
            (1.0, "2026-11-20"),
            (9.0, "2026-10-05"),
            (3.0, "2026-11-01"),
            (5.0, ""),
            (5.0, "2026-09-01"),
        ];
        let popularity = fit(&dates.map(with), None);
        // On the last day, two of five movies are covered. A value that is older or without a date does not count.
        let last_day = Some(date("2026-12-01"));
        assert_eq!(popularity.source(last_day), PopularitySource::Tmdb);
        let mut scores = Vec::new();
        popularity.copy_to(&mut scores, last_day);
        assert!(scores[0] > 0.0 && scores[2] > scores[0], "{scores:?}");
        assert_eq!(vec![scores[1], scores[3], scores[4]], [0.0; 3]);
        for later_or_unknown in [Some(date("2026-12-02")), None] {
            assert_eq!(popularity.source(later_or_unknown), PopularitySource::Votes);
            assert!((popularity.score(1, later_or_unknown) - 1.0).abs() < 1e-6);
        }
    }
}
