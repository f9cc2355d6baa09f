//! How popular films are, whoever asks.

use serde::{Deserialize, Serialize};

use super::Blend;
use crate::catalog::Movie;
use crate::models::Fitted;

/// What ranks the films that may be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// How well they fit the viewer.
    #[default]
    Taste,
    /// How popular they are, whoever asks. Of the history it counts only that its films are never
    /// shown; preferred genres, quality and novelty count nothing.
    Popularity,
}

/// What popularity is taken from: the first of these that the catalogue has for a [useful
/// share](USEFUL_SHARE) of its films, or else the one that it has for most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PopularitySource {
    /// TMDb's `popularity`: views, votes and watchlists of the days before it was fetched.
    Tmdb,
    /// TMDb's number of votes: how known films are.
    Votes,
    /// What the blend's model of popularity learned from ratings.
    Ratings,
}

/// A source that knows fewer films than this would leave the order of the others to chance.
pub const USEFUL_SHARE: f64 = 0.25;

/// How popular every film is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trend {
    /// What it is taken from.
    pub source: PopularitySource,
    /// 0 to 1, by film: logarithms, the catalogue's most popular film 1, unknown films 0.
    pub score: Vec<f32>,
}

impl Trend {
    /// Chooses the source and scales it. Popularity spans orders of magnitude: its logarithm keeps
    /// the order and leaves differences that can be seen. O(films).
    pub fn fit(movies: &[Movie], blend: &Blend) -> Self {
        let of_movies = |value: fn(&Movie) -> f32| movies.iter().map(value).collect::<Vec<f32>>();
        let learned = blend.models.iter().find_map(|learned| match &learned.model {
            Fitted::Popular(model) => Some(model.scores().to_vec()),
            _ => None,
        });
        let sources = [
            (PopularitySource::Tmdb, of_movies(|movie| movie.popularity.unwrap_or(0.0))),
            (PopularitySource::Votes, of_movies(|movie| movie.vote_count.unwrap_or(0) as f32)),
            (PopularitySource::Ratings, learned.unwrap_or_else(|| vec![0.0; movies.len()])),
        ];
        let known = |values: &[f32]| values.iter().filter(|value| **value > 0.0).count();
        let enough = movies.len() as f64 * USEFUL_SHARE;
        let useful = sources.iter().position(|(_, values)| known(values) as f64 >= enough);
        // Of equals the first.
        let widest = || (0..sources.len()).rev().max_by_key(|at| known(&sources[*at].1));
        let chosen = useful.or_else(widest).unwrap_or_default();
        let (source, mut score) = sources.into_iter().nth(chosen).expect("a position among them");
        let most = score.iter().copied().fold(0.0, f32::max).ln_1p();
        for score in &mut score {
            *score = if *score > 0.0 { score.ln_1p() / most } else { 0.0 };
        }
        Self { source, score }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::content::tests::movie;
    use crate::models::popular::Popular;
    use crate::ranking::Learned;

    fn fit(facts: &[(Option<f32>, Option<u32>)], counts: Option<Vec<f32>>) -> Trend {
        let with = |(popularity, vote_count): &(Option<f32>, Option<u32>)| Movie {
            popularity: *popularity,
            vote_count: *vote_count,
            ..movie(1, "x")
        };
        let movies: Vec<Movie> = facts.iter().map(with).collect();
        let popular = |scores| Learned {
            name: "popular",
            model: Fitted::Popular(Popular::from_scores(scores)),
            weight: 1.0,
        };
        let models = counts.map(popular).into_iter().collect();
        Trend::fit(&movies, &Blend { name: "hybrid", models, content: 1.0 })
    }

    #[test]
    fn the_first_source_that_knows_enough_movies_counts() {
        let counts = || Some(vec![0.0, 1.0, 7.0, 2.0, 3.0]);
        let all = [(Some(3.0), Some(10)), (Some(9.0), None), (None, Some(4)), (None, None)];
        let trend = fit(&all, Some(vec![1.0; 4]));
        assert_eq!(trend.source, PopularitySource::Tmdb);
        assert!((trend.score[0] - 4_f32.ln() / 10_f32.ln()).abs() < 1e-6);
        assert!((trend.score[1] - 1.0).abs() < 1e-6);
        assert_eq!(trend.score[2..], [0.0, 0.0]);

        // One film of five is no useful share; two are.
        let few = [(Some(9.0), None), (None, None), (None, None), (None, None), (None, None)];
        assert_eq!(fit(&few, counts()).source, PopularitySource::Ratings);
        assert_eq!(fit(&few, None).source, PopularitySource::Tmdb);
        let votes = few.map(|(popularity, _)| (popularity, Some(5)));
        assert_eq!(fit(&votes, counts()).source, PopularitySource::Votes);
        let nothing = fit(&[(None, None); 3], None);
        assert_eq!((nothing.source, nothing.score), (PopularitySource::Tmdb, vec![0.0; 3]));
    }
}
