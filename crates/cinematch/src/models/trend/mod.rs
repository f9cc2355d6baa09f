//! Trend: how popular a movie has been lately.
//!
//! Popularity of all time favors movies that were on everyone's list twenty years ago (Ji, Sun, Zhang and Li, "A
//! Re-visit of the Popularity Baseline in Recommender Systems", 2020). What others like now is a better guess, but only
//! for a user who watches now: it says nothing about a history that ended years ago.
//!
//! - **Scores**: w · (log₂(r + c) − m) / σ. r is the movie's popularity within `days` of the newest training rating,
//!   smoothed with that of all time. A fifth of the recent popularity belongs to movies with less than c, among which it
//!   hardly matters. m and σ are the mean and the standard deviation of the logarithm over r. w = exp(−a / `days`) · n² /
//!   (n² + 30²) for a history of n ratings, where a is the number of days from the newest one to the newest training
//!   rating, or 0 if they have no times, as in requests. Among few likes, the trend would outweigh what the user told.
//! - **In a hybrid**: the scores are relative to the score of the user's best movie.
//! - **Lists ordered by popularity** use the recent popularity itself.
//! - **Time**: O(ratings + movies · log movies) to fit, O(movies) to score. **Memory**: 8 bytes per movie.
//! - **Seed**: none.
//!
//! The archive has the dense arrays `recent` (one row per movie) and `scale` (c, m, σ and the Unix time of the newest
//! rating, to within two minutes).

use std::borrow::Cow;
use std::io;

use serde::{Deserialize, Serialize};

use super::archive::{Archive, ArchiveContext, DenseArray, ReadArchive};
use super::cold_start::NewMovies;
use super::contributions::Contributions;
use super::experience::experience;
use super::implicit::Confidence;
use super::interface::{
    FitCause, FittedModel, ModelParams, ParameterError, SearchSpace, TrainingData, check_positive,
};
use super::log_scale::LogScale;
use super::model::{Model, Scaling};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};

const SECONDS_PER_DAY: f32 = 86_400.0;
/// μ: number of likes of all time that count in the recent popularity. In a year with many ratings, they only break ties;
/// in a year with a handful of ratings, they decide.
const PRIOR_LIKES: f64 = 300.0;

/// Parameters of the `trend` model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrendParams {
    /// Length of the period before the newest rating, in days. The term fades at the same rate for histories that ended
    /// earlier.
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
    days: f32,
    /// Recent popularity of each movie.
    recent: Vec<f32>,
    /// Score of each movie for a user who watches now.
    scores: Vec<f32>,
    scale: LogScale,
    /// Unix time of the newest training rating.
    newest: f32,
    confidence: Confidence,
}

/// Popularity of a movie.
#[derive(Clone, Copy, Debug, Default)]
struct MoviePopularity {
    all: f32,
    recent: f32,
}

impl TrendParams {
    /// Returns the recent popularity of each movie. Ratings from `days` before `newest` on are recent.
    fn count(
        self,
        (interactions, users): (&Interactions, &[UserIdx]),
        newest: f32,
        confidence: Confidence,
    ) -> Vec<f32> {
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
        smoothed(&popularity)
    }
}

/// Returns the smoothed recent popularity of each movie.
fn smoothed(popularity: &[MoviePopularity]) -> Vec<f32> {
    let total: f64 = popularity.iter().map(|movie| f64::from(movie.all)).sum();
    let share = if total > 0.0 { PRIOR_LIKES / total } else { 0.0 };
    let smoothed = |movie: &MoviePopularity| f64::from(movie.recent) + share * f64::from(movie.all);
    popularity.iter().map(|movie| smoothed(movie) as f32).collect()
}

impl Trend {
    fn new(
        TrendParams { days }: TrendParams,
        recent: Vec<f32>,
        (scale, newest): (LogScale, f32),
        confidence: Confidence,
    ) -> Self {
        let scores = recent.iter().map(|popularity| scale.standardized(*popularity)).collect();
        Self { days, recent, scores, scale, newest, confidence }
    }

    /// Returns each movie's recent popularity: r + μ · a / A, where r is the popularity within the period, a the
    /// popularity of all time, and A the sum of a over all movies (Dirichlet smoothing; Zhai and Lafferty 2001). It is 0
    /// for a movie without likes.
    pub(crate) fn recent(&self) -> &[f32] {
        &self.recent
    }

    /// Returns w: how much recent popularity matters for the history.
    fn relevance(&self, history: &[Rated]) -> f32 {
        /// Number of ratings at which the trend has half its weight.
        const HALF: f32 = 30.0;
        let recency = match history.iter().map(|rated| rated.time).max() {
            Some(last) if last > 0 => {
                let age = (self.newest - last as f32).max(0.0) / SECONDS_PER_DAY;
                (-age / self.days).exp()
            }
            _ => 1.0,
        };
        recency * experience(history, HALF)
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
        let recent = self.count((interactions, users), newest, confidence);
        let scale = LogScale::fit(&recent);
        Ok(Trend::new(*self, recent, (scale, newest), confidence))
    }

    fn extended(&self, model: &Trend, new_movies: &NewMovies<'_>) -> Trend {
        let n_learned = new_movies.n_learned;
        let mut recent = model.recent[..n_learned].to_vec();
        if let Some(ratings) = new_movies.ratings {
            let popularity = self.count(ratings, model.newest, model.confidence);
            recent.extend(&popularity[n_learned..]);
        }
        recent.resize(n_learned + new_movies.len(), 0.0);
        Trend::new(*self, recent, (model.scale, model.newest), model.confidence)
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<Trend> {
        let [smoothing, mean, deviation, newest] = archive.dense("scale")?[..] else {
            return Err(io::Error::other("`scale` does not have four values"));
        };
        let scale = LogScale { smoothing, mean, deviation };
        Ok(Trend::new(*self, archive.dense("recent")?, (scale, newest), context.confidence))
    }
}

impl Model for Trend {
    fn n_movies(&self) -> usize {
        self.scores.len()
    }

    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        let relevance = self.relevance(history);
        for (score, own) in scores.iter_mut().zip(&self.scores) {
            *score = relevance * own;
        }
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let relevance = self.relevance(history);
        Contributions::without_parts(history, movies, |movie| Contributions {
            trend: relevance * self.scores[movie.row()],
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
        let LogScale { smoothing, mean, deviation } = self.scale;
        let scale = vec![smoothing, mean, deviation, self.newest];
        let n_rows = self.recent.len();
        Some(Archive::Dense(vec![
            DenseArray { name: "recent", n_rows, values: Cow::Borrowed(&self.recent) },
            DenseArray { name: "scale", n_rows: scale.len(), values: Cow::Owned(scale) },
        ]))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::ids::{MovieId, Vocabulary};
    use crate::models::interface::TrainingSet;
    use crate::models::tests::features;
    use crate::rating::Stars;
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

    fn fit(days: f32) -> Trend {
        let interactions = interactions();
        let users: Vec<UserIdx> = interactions.users().collect();
        let features = features();
        let set = TrainingSet { interactions: &interactions, users: &users, features: &features };
        let data = TrainingData::new(set, Confidence::default());
        TrendParams { days }.fit(&data, &mut |_| ()).unwrap()
    }

    fn scores(model: &Trend, history: &[Rated]) -> Vec<f32> {
        let mut scores = vec![f32::NAN; model.n_movies()];
        model.score(history, &mut scores);
        scores
    }

    #[test]
    fn movies_that_are_liked_lately_score_above_others_of_equal_popularity() {
        let recent = fit(3.0).scores;
        assert!(recent[1] > recent[2] && recent[2] > recent[0], "{recent:?}");
        assert!(recent[0] > recent[3], "a movie without likes is the least popular: {recent:?}");
        // A period that covers all ratings shows no difference.
        let all = fit(3650.0).scores;
        assert_eq!((all[0], all[1]), (all[1], all[2]));
    }

    #[test]
    fn trend_fades_for_histories_that_ended_earlier() {
        let model = fit(365.0);
        let history = |time: u32| {
            let stars = Stars::from_halves(8).unwrap();
            [
                Rated { movie: MovieIdx(0), stars, time: 1 },
                Rated { movie: MovieIdx(1), stars, time },
            ]
        };
        assert_eq!(scores(&model, &[]), [0.0; 4]);
        let now: Vec<f32> = model.scores.iter().map(|score| score * 4.0 / 904.0).collect();
        // Requests have no times, and a rating may be newer than the training data.
        for time in [5 * YEAR, 6 * YEAR] {
            assert_eq!(scores(&model, &history(time)), now);
        }
        let timeless = history(0).map(|rated| Rated { time: 0, ..rated });
        assert_eq!(scores(&model, &timeless), now);
        for (score, now) in scores(&model, &history(3 * YEAR)).iter().zip(&now) {
            assert!((score - now * (-2_f32).exp()).abs() < 1e-4, "{score} {now}");
        }
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
