//! Movie popularity, which does not depend on the user.

use serde::{Deserialize, Serialize};

use super::blend::Blend;
use crate::catalog::Movie;

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
    /// TMDB's `popularity`: views, votes and watchlist additions in the days before it was fetched.
    Tmdb,
    /// TMDB's vote count.
    Votes,
    /// The blend's popularity model, trained on ratings.
    Ratings,
}

/// Fraction of the catalog that a source must cover. A source that covers less would leave most of the list
/// in arbitrary order.
const MIN_COVERAGE: f64 = 0.25;

/// Popularity of each movie.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Popularity {
    /// Source of the scores.
    pub source: PopularitySource,
    /// Popularity of each movie, from 0 to 1 on a logarithmic scale: 1 for the most popular movie, 0 if
    /// unknown.
    pub score: Vec<f32>,
}

impl Popularity {
    /// Selects a source and scales its values. Popularity spans orders of magnitude, so scores are
    /// logarithmic. O(movies).
    pub(crate) fn fit(movies: &[Movie], blend: &Blend) -> Self {
        let values_of = |value: fn(&Movie) -> f32| movies.iter().map(value).collect::<Vec<f32>>();
        let learned = blend.popularity_scores();
        let sources = [
            (PopularitySource::Tmdb, values_of(|movie| movie.popularity.unwrap_or(0.0))),
            (PopularitySource::Votes, values_of(|movie| movie.vote_count.unwrap_or(0) as f32)),
            (PopularitySource::Ratings, learned.unwrap_or_else(|| vec![0.0; movies.len()])),
        ];
        let n_known = |values: &[f32]| values.iter().filter(|value| **value > 0.0).count();
        let min_known = movies.len() as f64 * MIN_COVERAGE;
        let useful = sources.iter().position(|(_, values)| n_known(values) as f64 >= min_known);
        // `max_by_key` returns the last maximum, so iterate in reverse to get the first source.
        let best_covered =
            || (0..sources.len()).rev().max_by_key(|index| n_known(&sources[*index].1));
        let selected = useful.or_else(best_covered).unwrap_or_default();
        let (source, mut score) =
            sources.into_iter().nth(selected).expect("`selected` is a position in `sources`");
        let max_log = score.iter().copied().fold(0.0, f32::max).ln_1p();
        for score in &mut score {
            *score = if *score > 0.0 { score.ln_1p() / max_log } else { 0.0 };
        }
        Self { source, score }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;
    use crate::models::Fitted;
    use crate::models::popular::Popular;
    use crate::ranking::blend::WeightedModel;

    /// Computes the popularity of movies with the given popularity and vote count, with `counts` as the
    /// scores of the popularity model.
    fn fit(facts: &[(Option<f32>, Option<u32>)], counts: Option<Vec<f32>>) -> Popularity {
        let with = |(popularity, vote_count): &(Option<f32>, Option<u32>)| Movie {
            popularity: *popularity,
            vote_count: *vote_count,
            ..movie(1, "x")
        };
        let movies: Vec<Movie> = facts.iter().map(with).collect();
        let popular = |scores| WeightedModel {
            name: "popular",
            model: Fitted::Popular(Popular::from_scores(scores)),
            weight: 1.0,
        };
        let models = counts.map(popular).into_iter().collect();
        Popularity::fit(&movies, &Blend { name: "hybrid", models, content: 1.0 })
    }

    #[test]
    fn selects_the_first_source_with_enough_coverage() {
        let counts = || Some(vec![0.0, 1.0, 7.0, 2.0, 3.0]);
        let all = [(Some(3.0), Some(10)), (Some(9.0), None), (None, Some(4)), (None, None)];
        let popularity = fit(&all, Some(vec![1.0; 4]));
        assert_eq!(popularity.source, PopularitySource::Tmdb);
        assert!((popularity.score[0] - 4_f32.ln() / 10_f32.ln()).abs() < 1e-6);
        assert!((popularity.score[1] - 1.0).abs() < 1e-6);
        assert_eq!(popularity.score[2..], [0.0, 0.0]);

        // One movie out of five is too little coverage; two are enough.
        let few = [(Some(9.0), None), (None, None), (None, None), (None, None), (None, None)];
        assert_eq!(fit(&few, counts()).source, PopularitySource::Ratings);
        assert_eq!(fit(&few, None).source, PopularitySource::Tmdb);
        let votes = few.map(|(popularity, _)| (popularity, Some(5)));
        assert_eq!(fit(&votes, counts()).source, PopularitySource::Votes);
        let unknown = fit(&[(None, None); 3], None);
        assert_eq!((unknown.source, unknown.score), (PopularitySource::Tmdb, vec![0.0; 3]));
    }
}
