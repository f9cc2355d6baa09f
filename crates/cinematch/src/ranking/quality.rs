//! Movie quality and popularity, computed from votes.

use crate::catalog::Movie;

/// Quality and popularity. Each list has one entry per movie.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Quality {
    /// Quality, from 0 to 1: a weighted sum of the Bayesian average of the votes and the vote popularity. 0
    /// for movies without votes.
    pub score: Vec<f32>,
    /// How far the average vote falls short of [`GOOD_AVERAGE`], from 0 to 1. Movies without votes fall short of it
    /// most, unless no movie has votes.
    pub deficit: Vec<f32>,
    /// Logarithm of the vote count, scaled to 0–1: 1 for the movie with the most votes.
    pub vote_popularity: Vec<f32>,
}

/// Weight of the Bayesian average in the quality. The rest is the weight of the vote popularity.
const AVERAGE_SHARE: f32 = 0.65;
/// Bayesian averages that map to 0 and 1. Averages outside this range are clamped.
const WORST_AVERAGE: f32 = 4.5;
const BEST_AVERAGE: f32 = 8.7;
/// Average at which a little-known movie is worth a recommendation.
const GOOD_AVERAGE: f32 = 6.6;
/// Number of votes with the mean of all movies that are added to a movie's own to compute its deficit. The quality adds
/// many more, which hides the differences between little-known movies.
const DEFICIT_PRIOR_VOTES: f64 = 30.0;

impl Quality {
    /// Computes the Bayesian average (v·R + m·C) / (v + m) for each movie with v votes and average R, where C
    /// is the mean of the averages and m is the upper quartile of the vote counts. O(n log n).
    pub(crate) fn fit(movies: &[Movie]) -> Self {
        let votes = |movie: &Movie| movie.vote_count.unwrap_or(0);
        let rated: Vec<(f64, f64)> = movies
            .iter()
            .filter(|movie| votes(movie) > 0)
            .filter_map(|movie| Some((f64::from(votes(movie)), f64::from(movie.vote_average?))))
            .collect();
        if rated.is_empty() {
            return Self {
                score: vec![0.0; movies.len()],
                deficit: vec![0.0; movies.len()],
                vote_popularity: vec![0.0; movies.len()],
            };
        }
        let mean = rated.iter().map(|(_, average)| average).sum::<f64>() / rated.len() as f64;
        let mut counts: Vec<f64> = rated.iter().map(|(count, _)| *count).collect();
        counts.sort_unstable_by(f64::total_cmp);
        let prior_votes = counts[counts.len() * 3 / 4];
        let max_log = counts[counts.len() - 1].ln_1p();
        let mut quality = Self::default();
        for movie in movies {
            let count = f64::from(votes(movie));
            let vote_popularity = (count.ln_1p() / max_log) as f32;
            let average = f64::from(movie.vote_average.unwrap_or(mean as f32));
            let bayesian = |prior| ((count * average + prior * mean) / (count + prior)) as f32;
            let grade = (bayesian(prior_votes) - WORST_AVERAGE) / (BEST_AVERAGE - WORST_AVERAGE);
            let grade = grade.clamp(0.0, 1.0);
            let score = AVERAGE_SHARE * grade + (1.0 - AVERAGE_SHARE) * vote_popularity;
            quality.score.push(if count > 0.0 { score } else { 0.0 });
            let deficit =
                (GOOD_AVERAGE - bayesian(DEFICIT_PRIOR_VOTES)) / (GOOD_AVERAGE - WORST_AVERAGE);
            let deficit = deficit.clamp(0.0, 1.0);
            quality.deficit.push(if count > 0.0 { deficit } else { 1.0 });
            quality.vote_popularity.push(vote_popularity);
        }
        quality
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    #[test]
    fn many_good_votes_beat_few_perfect_votes_and_no_votes_score_0() {
        let mut movies: Vec<Movie> = (0..8).map(|id| movie(id, "x")).collect();
        for (at, (count, average)) in
            [(20_000, 8.5), (3, 10.0), (20_000, 6.0), (900, 6.5), (400, 6.0), (90, 6.1), (0, 0.0)]
                .into_iter()
                .enumerate()
        {
            movies[at].vote_count = Some(count);
            movies[at].vote_average = Some(average).filter(|average| *average > 0.0);
        }
        let Quality { score, deficit, vote_popularity } = Quality::fit(&movies);
        assert!(score[0] > score[1] && score[0] > score[2] && score[2] > score[1]);
        assert!(score[6].abs() < f32::EPSILON && score[7].abs() < f32::EPSILON);
        assert!(deficit[0] < 1e-6 && deficit[2] > deficit[3] && deficit[6] > deficit[2]);
        assert!((vote_popularity[0] - 1.0).abs() < 1e-6);
        assert!(score.iter().chain(&vote_popularity).all(|value| (0.0..=1.0).contains(value)));
    }
}
