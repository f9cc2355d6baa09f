//! Trend: how much more popular a movie is lately than its popularity of all time suggests.
//!
//! Tastes change: of two movies that fit a user equally well, the one that others like lately is the better
//! guess. Popularity of all time favors movies that were on everyone's list twenty years ago (Ji, Sun, Zhang
//! and Li, "A Re-visit of the Popularity Baseline in Recommender Systems", 2020).
//!
//! - **Scores**: (y − b·x) / σ, equal for all users. x = log₂(1 + popularity / c) over all ratings, and y likewise
//!   over those within `days` of the newest one, each with its own c. Popularity is the sum of the rating
//!   weights. A fifth of all likes go to movies with fewer than c likes, among which popularity hardly matters. The
//!   slope b minimizes the squared difference over all likes, and σ is the standard deviation of the difference.
//!   A movie without ratings scores 0.
//! - **In a hybrid**: the scores are relative to the score of the user's best movie.
//! - **Lists ordered by popularity** use the recent popularity itself.
//! - **Time**: O(ratings + movies · log movies) to fit, O(movies) to score. **Memory**: 8 bytes per movie.
//! - **Seed**: none.
//!
//! The archive has the dense arrays `scores` and `recent` (one row per movie) and `scale` (c of recent ratings, c of all
//! ratings, b, σ and the Unix time of the newest rating, to within two minutes). Archives from earlier versions have no
//! `recent`.

use std::borrow::Cow;
use std::io;

use serde::{Deserialize, Serialize};

use super::archive::{Archive, ArchiveContext, DenseArray, ReadArchive};
use super::cold_start::NewMovies;
use super::contributions::Contributions;
use super::implicit::Confidence;
use super::interface::{
    FitCause, FittedModel, ModelParams, ParameterError, SearchSpace, TrainingData, check_positive,
};
use super::log_scale::smoothing;
use super::model::{Model, Scaling};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};

const SECONDS_PER_DAY: f32 = 86_400.0;
/// Below this deviation, the differences are rounding errors: all ratings are recent.
const MIN_DEVIATION: f32 = 1e-4;
/// μ: number of likes of all time that count in the recent popularity. In a year with many ratings, they only break ties;
/// in a year with a handful of ratings, they decide.
const PRIOR_LIKES: f64 = 300.0;

/// Parameters of the `trend` model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrendParams {
    /// Length of the period before the newest rating, in days.
    pub days: f32,
}

impl Default for TrendParams {
    /// Returns a year, so that the season does not matter.
    fn default() -> Self {
        Self { days: 365.0 }
    }
}

/// A fitted trend model.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// Score of each movie.
    scores: Vec<f32>,
    /// Recent popularity of each movie; empty if the archive is from an earlier version.
    recent: Vec<f32>,
    scale: TrendScale,
    confidence: Confidence,
}

/// Computes a movie's score from its popularity.
#[derive(Clone, Copy, Debug, PartialEq)]
struct TrendScale {
    /// c of recent ratings.
    recent_smoothing: f32,
    /// c of all ratings.
    smoothing: f32,
    /// b: increase of the recent logarithm with the logarithm of all ratings.
    slope: f32,
    /// σ: standard deviation of the difference.
    deviation: f32,
    /// Unix time of the newest training rating.
    newest: f32,
}

/// Popularity of a movie.
#[derive(Clone, Copy, Debug, Default)]
struct MoviePopularity {
    all: f32,
    recent: f32,
}

impl TrendParams {
    /// Returns the popularity of each movie. Ratings from `days` before `newest` on are recent.
    fn count(
        self,
        (interactions, users): (&Interactions, &[UserIdx]),
        newest: f32,
        confidence: Confidence,
    ) -> Vec<MoviePopularity> {
        let from = newest - self.days * SECONDS_PER_DAY;
        let mut popularity = vec![MoviePopularity::default(); interactions.n_movies()];
        for rated in users.iter().flat_map(|user| interactions.user_ratings(*user)) {
            let movie = &mut popularity[rated.movie.row()];
            let weight = confidence.weight(rated.stars);
            movie.all += weight;
            if rated.time as f32 >= from {
                movie.recent += weight;
            }
        }
        popularity
    }
}

impl Trend {
    /// Returns each movie's recent popularity: r + μ · a / A, where r is the popularity within the period, a the
    /// popularity of all time, and A the sum of a over all movies (Dirichlet smoothing; Zhai and Lafferty 2001). It is 0
    /// for a movie without likes. `None` if the model was trained by an earlier version.
    pub(crate) fn recent(&self) -> Option<&[f32]> {
        (!self.recent.is_empty()).then_some(&self.recent)
    }
}

/// Returns the smoothed recent popularity of each movie.
fn smoothed(popularity: &[MoviePopularity]) -> Vec<f32> {
    let total: f64 = popularity.iter().map(|movie| f64::from(movie.all)).sum();
    let share = if total > 0.0 { PRIOR_LIKES / total } else { 0.0 };
    let smoothed = |movie: &MoviePopularity| f64::from(movie.recent) + share * f64::from(movie.all);
    popularity.iter().map(|movie| smoothed(movie) as f32).collect()
}

impl TrendScale {
    /// Fits the scale. O(movies · log movies).
    fn fit(popularity: &[MoviePopularity], newest: f32) -> Self {
        let counts =
            |of: fn(&MoviePopularity) -> f32| -> Vec<f32> { popularity.iter().map(of).collect() };
        let mut scale = Self {
            recent_smoothing: smoothing(&counts(|movie| movie.recent)),
            smoothing: smoothing(&counts(|movie| movie.all)),
            slope: 0.0,
            deviation: 0.0,
            newest,
        };
        let sum = |value: &dyn Fn(&MoviePopularity) -> f32| -> f64 {
            let of = |movie: &MoviePopularity| f64::from(movie.all) * f64::from(value(movie));
            popularity.iter().map(of).sum()
        };
        let squares = sum(&|movie| scale.logs(*movie).1.powi(2));
        if squares > 0.0 {
            let products = sum(&|movie| {
                let (recent, all) = scale.logs(*movie);
                recent * all
            });
            scale.slope = (products / squares) as f32;
            let total = sum(&|_| 1.0);
            let mean = (sum(&|movie| scale.difference(*movie)) / total) as f32;
            let variance = sum(&|movie| (scale.difference(*movie) - mean).powi(2)) / total;
            scale.deviation = variance.sqrt() as f32;
        }
        scale
    }

    /// Returns y and x.
    fn logs(&self, movie: MoviePopularity) -> (f32, f32) {
        let log = |popularity: f32, smoothing: f32| (1.0 + popularity / smoothing).log2();
        (log(movie.recent, self.recent_smoothing), log(movie.all, self.smoothing))
    }

    fn difference(&self, movie: MoviePopularity) -> f32 {
        let (recent, all) = self.logs(movie);
        recent - self.slope * all
    }

    fn score(&self, movie: MoviePopularity) -> f32 {
        if self.deviation > MIN_DEVIATION { self.difference(movie) / self.deviation } else { 0.0 }
    }
}

impl ModelParams for TrendParams {
    type Fitted = Trend;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> =
        Some(|params, _, draw| params.days = draw.log_uniform(30.0, 3_000.0));
    const HYBRID_WEIGHTS: (f64, f64) = (0.005, 0.3);

    fn recommended() -> Self {
        Self::default()
    }

    fn validate(&self) -> Result<(), ParameterError> {
        check_positive("days", self.days)
    }

    fn set_seed(&mut self, _: u64) {}

    fn fit(&self, data: &TrainingData<'_>, _: &mut dyn FnMut(f32)) -> Result<Trend, FitCause> {
        self.validate()?;
        let (interactions, users) = data.ratings();
        let confidence = data.confidence();
        let ratings = users.iter().flat_map(|user| interactions.user_ratings(*user));
        let newest = ratings.map(|rated| rated.time).max().unwrap_or(0) as f32;
        let popularity = self.count((interactions, users), newest, confidence);
        let scale = TrendScale::fit(&popularity, newest);
        let recent = smoothed(&popularity);
        let scores = popularity.into_iter().map(|movie| scale.score(movie)).collect();
        Ok(Trend { scores, recent, scale, confidence })
    }

    fn extended(&self, model: &Trend, new_movies: &NewMovies<'_>) -> Trend {
        let n_learned = new_movies.n_learned;
        let mut scores = model.scores[..n_learned].to_vec();
        let mut recent = model.recent.iter().copied().take(n_learned).collect::<Vec<f32>>();
        let is_counted = !recent.is_empty();
        if let Some(ratings) = new_movies.ratings {
            let popularity = self.count(ratings, model.scale.newest, model.confidence);
            scores.extend(popularity[n_learned..].iter().map(|of| model.scale.score(*of)));
            recent.extend(smoothed(&popularity).drain(n_learned..).filter(|_| is_counted));
        }
        let n_movies = n_learned + new_movies.len();
        scores.resize(n_movies, 0.0);
        recent.resize(if is_counted { n_movies } else { 0 }, 0.0);
        Trend { scores, recent, ..*model }
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<Trend> {
        let [recent_smoothing, smoothing, slope, deviation, newest] = archive.dense("scale")?[..]
        else {
            return Err(io::Error::other("`scale` does not have five values"));
        };
        let scale = TrendScale { recent_smoothing, smoothing, slope, deviation, newest };
        let scores = archive.dense("scores")?;
        // Archives from earlier versions do not have this array.
        let recent = archive.dense("recent").unwrap_or_default();
        if !recent.is_empty() && recent.len() != scores.len() {
            return Err(io::Error::other("`recent` does not have one value per movie"));
        }
        Ok(Trend { scores, recent, scale, confidence: context.confidence })
    }
}

impl Model for Trend {
    fn n_movies(&self) -> usize {
        self.scores.len()
    }

    fn score(&self, _: &[Rated], scores: &mut [f32]) {
        scores.copy_from_slice(&self.scores);
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        Contributions::without_parts(history, movies, |movie| Contributions {
            trend: self.scores[movie.row()],
            ..Contributions::default()
        })
    }

    fn scaling(&self) -> Scaling {
        Scaling::Best
    }
}

impl FittedModel for Trend {
    /// Returns false, because popularity is counted, never mapped from similar movies.
    fn has_learned(&self, _: MovieIdx) -> bool {
        false
    }

    fn archive(&self) -> Option<Archive<'_>> {
        let TrendScale { recent_smoothing, smoothing, slope, deviation, newest } = self.scale;
        let scale = vec![recent_smoothing, smoothing, slope, deviation, newest];
        let of_movies = [("scores", &self.scores), ("recent", &self.recent)];
        let of_movies = of_movies.into_iter().filter(|(_, values)| !values.is_empty());
        let mut arrays: Vec<DenseArray<'_>> = of_movies
            .map(|(name, values)| DenseArray {
                name,
                n_rows: values.len(),
                values: Cow::Borrowed(values),
            })
            .collect();
        arrays.push(DenseArray { name: "scale", n_rows: scale.len(), values: Cow::Owned(scale) });
        Some(Archive::Dense(arrays))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::ids::{MovieId, Vocabulary};
    use crate::models::interface::TrainingSet;
    use crate::models::tests::features;
    use crate::sources::ratings;

    const YEAR: u32 = 365 * 86_400;

    /// Movies 1 and 2 have four likes each, those of movie 1 old and those of movie 2 recent. Movie 3 has two of
    /// each, and movie 4 has only a dislike.
    fn interactions() -> Interactions {
        let mut csv = "userId,movieId,rating,timestamp\n".to_owned();
        for user in 1..=4 {
            let age = if user % 2 == 0 { 0 } else { 2 * YEAR };
            writeln!(csv, "{user},1,5.0,{}", 3 * YEAR).unwrap();
            writeln!(csv, "{user},2,4.0,{}", 5 * YEAR - user).unwrap();
            writeln!(csv, "{user},3,4.5,{}", 5 * YEAR - age).unwrap();
        }
        writeln!(csv, "4,4,1.0,{}", 5 * YEAR).unwrap();
        let movies = Vocabulary::new((1..=4).map(MovieId));
        let mut read = ratings::read("ratings.csv", csv.as_bytes(), &movies).unwrap();
        Interactions::new("ratings.csv", movies, &mut read)
    }

    #[test]
    fn movies_that_are_liked_lately_score_above_others_of_equal_popularity() {
        let interactions = interactions();
        let users: Vec<UserIdx> = interactions.users().collect();
        let features = features();
        let set = TrainingSet { interactions: &interactions, users: &users, features: &features };
        let data = TrainingData::new(set, Confidence::default());
        let fit = |days| TrendParams { days }.fit(&data, &mut |_| ()).unwrap();
        let scores = fit(365.0).scores;
        assert!(scores[1] > scores[2] && scores[2] > scores[0], "{scores:?}");
        // The popularity of all time is equal, so the differences lie around 0. Without likes, the score is 0.
        assert!(scores[1] > 0.0 && scores[0] < 0.0, "{scores:?}");
        assert!(scores[3].abs() < 1e-6, "{scores:?}");
        // A period that covers all ratings shows no trend.
        assert!(fit(3650.0).scores.iter().all(|score| score.abs() < 1e-6));
    }

    #[test]
    fn recent_popularity_is_smoothed_with_the_popularity_of_all_time() {
        let popularity = [(50.0, 0.0), (30.0, 2.0), (20.0, 2.0), (0.0, 0.0)]
            .map(|(all, recent)| MoviePopularity { all, recent });
        // Two recent likes are noise beside 50 likes of all time: each of these counts as three recent ones.
        assert_eq!(smoothed(&popularity), [150.0, 92.0, 62.0, 0.0]);
        let popular = [(5e4, 0.0), (3e4, 200.0), (2e4, 210.0), (0.0, 0.0)]
            .map(|(all, recent)| MoviePopularity { all, recent });
        assert_eq!(smoothed(&popular), [150.0, 290.0, 270.0, 0.0]);
        assert_eq!(smoothed(&[MoviePopularity::default()]), [0.0]);
    }
}
