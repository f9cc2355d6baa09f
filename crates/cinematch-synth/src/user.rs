//! Users, with their taste, their sessions, the movies they watch and the star ratings they give.
//!
//! User u has a taste tᵤ, a unit vector between the centers of two or three clusters. Movie i in cluster
//! c and era e is watched next with odds
//!
//! ```text
//! popularityᵢ · exp(βᵤ ⟨tᵤ, center_c⟩) · κᵤ / (κᵤ + age of e) · clamp(0.17 + 1.05 ⟨tᵤ, fᵢ⟩)
//! ```
//!
//! without replacement, and never before its release year. Each draw takes O(1): the user's alias table
//! yields a shelf (cluster and era), the shelf's table yields a movie, and movies that are already seen,
//! unreleased or not accepted are rejected. For users who have seen nearly everything, rejection would
//! take forever. After twelve draws per rating, the remaining movies are therefore those with the
//! smallest exponential keys Eᵢ / oddsᵢ (Efraimidis and Spirakis 2006), which gives the same distribution
//! in O(movies).

use crate::movie::{ERAS, Movie, Movies};
use crate::params::SyntheticParams;
use crate::sampling::{AliasTable, share_out};
use crate::stream::{Stream, Topic, exp, ln};
use crate::taxonomy::{CLUSTERS, Factors, N_CLUSTERS, Taxonomy, add, direction, dot, normalized};

/// Start of the last day in MovieLens 32M, 13 October 2023, as a Unix timestamp.
const LAST_SECOND: u32 = 1_697_155_200;
/// Start of the day when MovieLens introduced half stars, 18 February 2003, as a Unix timestamp.
const FIRST_HALF_STARS: u32 = 1_045_526_400;

const FIRST_YEAR: u16 = 1996;
/// Relative number of users who joined in 1996, 1997, …, 2023.
const JOIN_YEAR_WEIGHTS: [u32; 28] = [
    62, 24, 11, 38, 62, 32, 26, 30, 32, 48, 33, 29, 31, 26, 26, 23, 22, 18, 17, 52, 56, 55, 47, 44,
    50, 44, 40, 30,
];

/// Mean of βᵤ, the weight of taste when users choose movies.
const TASTE_STRENGTH: f64 = 1.5;
/// Weight of taste when users rate movies.
const TASTE_WEIGHT: f32 = 1.1;
const MEAN_STARS: f32 = 3.27;
/// Ratings within this distance of a whole number of stars are rounded to it.
const WHOLE_STAR_MARGIN: f32 = 0.28;

/// A user, without the movies they rate.
pub(crate) struct User {
    n_ratings: u32,
    taste: Factors,
    cluster_odds: [f64; N_CLUSTERS],
    era_odds: [f64; ERAS.len()],
    shelves: AliasTable,
    bias: f32,
    noise_deviation: f32,
    whole_stars: bool,
    /// Session start times, in ascending order.
    sessions: Vec<u32>,
    session_seconds: u32,
    /// Index of the first session in or after each year, beginning with [`FIRST_YEAR`].
    first_session: [u16; JOIN_YEAR_WEIGHTS.len()],
}

impl User {
    /// Draws the user with the number `user`. Also returns the user's stream, which is then used to draw their
    /// movies and ratings.
    pub fn draw(
        seed: u64,
        user: u32,
        n_ratings: u32,
        taxonomy: &Taxonomy,
        movies: &Movies,
    ) -> (Self, Stream) {
        let mut stream = Stream::new(seed, Topic::User, u64::from(user));
        let shares = CLUSTERS.map(|cluster| cluster.share[0] + cluster.share[1]);
        let home_cluster = stream.weighted(&shares);
        let mut taste = taxonomy.centers[home_cluster];
        for max_weight in [0.8, 0.5] {
            let second = stream.weighted(&shares);
            add(&mut taste, &taxonomy.centers[second], max_weight * stream.short_unit());
        }
        add(&mut taste, &direction(&mut stream), 0.35);
        let taste = normalized(taste);

        let taste_strength = TASTE_STRENGTH * (0.4 + 1.2 * stream.unit());
        let cluster_odds: [f64; N_CLUSTERS] = std::array::from_fn(|cluster| {
            exp(taste_strength * f64::from(dot(&taste, &taxonomy.centers[cluster])))
        });
        let (joined, sessions) = draw_sessions(n_ratings, &mut stream);
        let era_tolerance = 4.0 * exp(1.1 * stream.normal().abs());
        let last_year = year_of(sessions[sessions.len() - 1]);
        let era_odds = std::array::from_fn(|era| {
            let next = ERAS.get(era + 1).map_or(joined, |next| *next);
            let age = f64::from(joined.saturating_sub(next));
            if ERAS[era] > last_year { 0.0 } else { era_tolerance / (era_tolerance + age) }
        });
        let shelves: Vec<(u32, f64)> = (0..)
            .zip(&movies.shelves)
            .map(|(shelf, movies)| {
                let (cluster, era) = (shelf as usize / ERAS.len(), shelf as usize % ERAS.len());
                (shelf, movies.total() * cluster_odds[cluster] * era_odds[era])
            })
            .filter(|(_, odds)| *odds > 0.0)
            .collect();
        let profile = Self {
            n_ratings,
            taste,
            cluster_odds,
            shelves: AliasTable::new(&shelves),
            era_odds,
            bias: 0.5 * stream.approximate_normal(),
            noise_deviation: 0.46 + 0.36 * stream.short_unit(),
            whole_stars: stream.chance(0.08),
            first_session: std::array::from_fn(|year| {
                let start = year_start(FIRST_YEAR + year as u16);
                sessions.partition_point(|session| *session < start) as u16
            }),
            session_seconds: 60 + 18 * (n_ratings / sessions.len() as u32),
            sessions,
        };
        (profile, stream)
    }

    /// Returns the time when the user's last session ends.
    pub fn last_visit(&self) -> u32 {
        self.sessions[self.sessions.len() - 1] + self.session_seconds
    }

    /// Returns the cluster whose center is closest to the user's taste.
    #[cfg(test)]
    pub fn home(&self, taxonomy: &Taxonomy) -> usize {
        let fit = |cluster: &usize| dot(&self.taste, &taxonomy.centers[*cluster]);
        (0..N_CLUSTERS).max_by(|a, b| fit(a).total_cmp(&fit(b))).unwrap_or(0)
    }

    /// Returns the start of the first session in which a movie released in `year` can be rated, if any.
    fn first_session(&self, year: u16) -> Option<u32> {
        let year = usize::from(year.saturating_sub(FIRST_YEAR));
        let first = *self.first_session.get(year)?;
        (usize::from(first) < self.sessions.len()).then_some(u32::from(first))
    }

    fn acceptance(&self, movie: &Movie) -> f32 {
        (0.17 + 1.05 * dot(&self.taste, &movie.factors)).clamp(0.05, 1.0)
    }

    /// Draws a rating of `movie`, as half stars (1 to 10) and a timestamp.
    pub fn rate(&self, movie: &Movie, stream: &mut Stream) -> (u8, u32) {
        let last = self.sessions.len() as u32;
        let first = self.first_session(movie.year).unwrap_or(last - 1);
        let session = first + stream.below(last - first);
        let timestamp = self.sessions[session as usize] + stream.below(self.session_seconds);

        let noise = self.noise_deviation * stream.approximate_normal();
        // Negative deviations are larger than positive ones.
        let noise = if noise < 0.0 { noise * (1.0 - 0.45 * noise) } else { noise };
        let stars = MEAN_STARS
            + self.bias
            + movie.quality
            + TASTE_WEIGHT * dot(&self.taste, &movie.factors)
            + noise;
        let whole_stars = stars.round();
        let is_whole_only = self.whole_stars || timestamp < FIRST_HALF_STARS;
        let remainder = stars - whole_stars;
        let halves = if is_whole_only || remainder.abs() <= WHOLE_STAR_MARGIN {
            2.0 * whole_stars
        } else {
            2.0 * whole_stars + remainder.signum()
        };
        (halves.clamp(if is_whole_only { 2.0 } else { 1.0 }, 10.0) as u8, timestamp)
    }
}

/// Draws each user's number of ratings: a floor shared by all users, which is 20 unless the mean is
/// lower, plus a log-normally distributed number. As in MovieLens, no user rates more than 38 % of all
/// movies, unless the mean approaches that limit.
pub(crate) fn activity(params: &SyntheticParams) -> Vec<u32> {
    /// Standard deviation of the logarithm of the number of ratings. A mean of 159 then gives a median of 73.
    const SPREAD: f64 = 1.39;
    let mean = params.ratings / u64::from(params.users);
    let floor = if mean >= 20 { 20 } else { (mean / 2).max(1) } as u32;
    let max = (u64::from(params.movies) * 38 / 100).max(mean * 3 / 2 + 1);
    let max = max.min(params.movies.into()) as u32;
    let mut stream = Stream::new(params.seed, Topic::Activity, 0);
    let weights: Vec<f32> =
        (0..params.users).map(|_| exp(SPREAD * stream.normal()) as f32).collect();
    let rest = params.ratings - u64::from(floor) * u64::from(params.users);
    let mut counts = share_out(rest, &weights, |_| max - floor);
    for count in &mut counts {
        *count += floor;
    }
    counts
}

/// Draws the year in which the user joins, and the session start times. Most users have one session, and
/// users with many ratings have many sessions over several years.
fn draw_sessions(n_ratings: u32, stream: &mut Stream) -> (u16, Vec<u32>) {
    let year = FIRST_YEAR + stream.weighted(&JOIN_YEAR_WEIGHTS) as u16;
    let first = year_start(year);
    let end = year_start(year + 1).min(LAST_SECOND);
    let joined = first + stream.below(end - first);
    let mut sessions = vec![joined];
    let return_probability = f64::from(n_ratings) / (f64::from(n_ratings) + 150.0);
    if stream.chance(0.12 + 0.7 * return_probability) {
        let spread = stream.unit();
        let max_sessions = f64::from(n_ratings).min(400.0) / 4.0;
        let n_more = 1 + (max_sessions * spread * spread * spread) as u32;
        let days = 90.0 * exp(1.8 * stream.normal());
        let span = ((days * 86_400.0) as u32).min(LAST_SECOND - joined);
        sessions.extend((0..n_more).map(|_| joined + stream.below(span)));
        sessions.sort_unstable();
    }
    (year, sessions)
}

/// Returns the year of a Unix timestamp between 1996 and 2023.
pub(crate) fn year_of(second: u32) -> u16 {
    let mut year = FIRST_YEAR;
    while year_start(year + 1) <= second {
        year += 1;
    }
    year
}

/// Returns the Unix timestamp when `year` starts in UTC.
fn year_start(year: u16) -> u32 {
    let years = u32::from(year) - 1970;
    // Starting with 1972, every fourth year is a leap year, including 2000. 2100 is out of range.
    let leap_days = (years + 1) / 4;
    (years * 365 + leap_days) * 86_400
}

/// Draws movies without replacement. Its O(movies) memory is reused from one user to the next.
pub(crate) struct Picker {
    /// For each movie, the number of the last user who saw it.
    picked_by: Vec<u32>,
    user: u32,
    picks: Vec<u32>,
    keyed: Vec<(f64, u32)>,
}

impl Picker {
    pub fn new(n_movies: usize) -> Self {
        Self { picked_by: vec![0; n_movies], user: 0, picks: Vec::new(), keyed: Vec::new() }
    }

    /// Returns the movies that `user` rates, in ascending order.
    pub fn pick(&mut self, user: &User, movies: &Movies, stream: &mut Stream) -> &[u32] {
        self.user += 1;
        self.picks.clear();
        let n_wanted = user.n_ratings as usize;
        let draws = if user.shelves.is_empty() { 0 } else { 12 * n_wanted + 64 };
        for _ in 0..draws {
            if self.picks.len() == n_wanted {
                break;
            }
            let chosen = user.shelves.item(stream.bits());
            let index = movies.shelves[chosen as usize].item(stream.bits());
            if self.picked_by[index as usize] == self.user {
                continue;
            }
            let movie = &movies.movies[index as usize];
            if user.first_session(movie.year).is_some()
                && stream.short_unit() < user.acceptance(movie)
            {
                self.picked_by[index as usize] = self.user;
                self.picks.push(index);
            }
        }
        if self.picks.len() < n_wanted {
            self.pick_rest(n_wanted - self.picks.len(), user, movies, stream);
        }
        self.picks.sort_unstable();
        &self.picks
    }

    /// Picks the last `rest` movies by their exponential keys.
    fn pick_rest(&mut self, rest: usize, user: &User, movies: &Movies, stream: &mut Stream) {
        /// Factor that makes unreleased movies sort after released ones.
        const UNRELEASED_FACTOR: f64 = 1e30;
        self.keyed.clear();
        for (index, movie) in (0..).zip(&movies.movies) {
            if self.picked_by[index as usize] == self.user {
                continue;
            }
            let odds = f64::from(movie.weight)
                * user.cluster_odds[usize::from(movie.cluster)]
                * user.era_odds[movie.era()].max(1e-3)
                * f64::from(user.acceptance(movie));
            let is_unreleased = user.first_session(movie.year).is_none();
            let key = -ln(1.0 - stream.unit()) / odds
                * if is_unreleased { UNRELEASED_FACTOR } else { 1.0 };
            self.keyed.push((key, index));
        }
        if rest < self.keyed.len() {
            self.keyed
                .select_nth_unstable_by(rest - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        self.picks.extend(self.keyed[..rest].iter().map(|(_, index)| index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_the_unix_timestamp_of_a_year() {
        for (year, start) in [
            (1970, 0),
            (1972, 63_072_000),
            (1973, 94_694_400),
            (1996, 820_454_400),
            (2000, 946_684_800),
            (2001, 978_307_200),
            (2024, 1_704_067_200),
        ] {
            assert_eq!(year_start(year), start, "{year}");
        }
    }
}
