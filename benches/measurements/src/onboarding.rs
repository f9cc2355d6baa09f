//! Measures the quality of new users' lists after some taps during onboarding, and the number of movies they looked at.
//!
//! `onboarding ROOT RATINGS-FOLDER [--splits 6] [--content]`, for example `onboarding . raw/ml-latest-small`
//!
//! For each split of the ratings (strong generalization, test part, as in `cinematch evaluate`), the default hybrid, or
//! the content model only, is trained on the training users. Each held-out user is then a new user who likes the
//! movies that they rated with at least four stars, except for the fifth of these on which lists are evaluated. On
//! each wall of 24 movies, they tap up to five that they like, the best-rated first. After 5, 10 and 20 taps, their
//! list is evaluated. Users who have not tapped as often after ten walls are evaluated with the taps they have.
//!
//! The users are divided into thirds by the mean log₂ popularity of the movies they like. Differences from the first
//! strategy are paired by user and have 95 % intervals.

use std::path::Path;
use std::time::{Duration, Instant};

use cinematch::catalog::Rated;
use cinematch::evaluation::{HeldOut, LIKE_THRESHOLD, Part, Split, StrongGeneralization, ndcg_at};
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::{Query, Recommender};
use cinematch::retrieval::Filter;

use crate::data::{Data, Trained};
use crate::outcome::Outcome;

const LIST_LENGTH: usize = 20;
const WALL_LENGTH: usize = 24;
/// Number of walls after which a user gives up.
const MAX_WALLS: usize = 10;
/// Number of movies that a user taps on one wall.
const MAX_TAPS_PER_WALL: usize = 5;
/// Numbers of taps after which lists are evaluated.
const TAPS: [usize; 3] = [5, 10, 20];
/// Groups of users, by the popularity of what they like.
const GROUPS: [&str; 3] = ["niche", "mixed", "mainstream"];

/// Strategy for choosing the movies on a wall.
#[derive(Clone, Copy)]
enum Strategy {
    /// Walls of the best-known movies.
    BestKnown,
    /// Walls from `Recommender::taste_wall`.
    TasteWall,
}

const STRATEGIES: [(Strategy, &str); 2] = [
    (Strategy::BestKnown, "walls of the best-known movies"),
    (Strategy::TasteWall, "`Recommender::taste_wall`"),
];

/// A user's results after a number of taps.
#[derive(Clone, Copy, Default)]
struct Outcomes {
    ndcg: f64,
    /// Mean log₂ popularity of the list minus that of the movies the user likes.
    lift: f64,
    /// Number of movies that the user looked at.
    looked_at: f64,
    /// Number of liked movies that the user tapped.
    liked: f64,
}

/// A user's results for each number of taps.
type Row = [Outcomes; TAPS.len()];

/// Runs the measurement.
pub fn run(args: &[&str]) -> Outcome<()> {
    let (args, trained) = match args {
        [args @ .., "--content"] => (args, Trained::Content),
        args => (args, Trained::Hybrid),
    };
    let (root, raw, n_splits) = match args {
        [root, raw] => (root, raw, 6),
        [root, raw, "--splits", number] => (root, raw, number.parse()?),
        _ => return Err("expected ROOT RATINGS-FOLDER [--splits NUMBER] [--content]".into()),
    };
    let data = Data::read(Path::new(root), Path::new(raw))?;
    let mut rows: Vec<Vec<Row>> = vec![Vec::new(); STRATEGIES.len()];
    let mut popularity = Vec::new();
    let mut wall_time = (Duration::ZERO, 0);
    for seed in 42..42 + n_splits {
        let protocol = StrongGeneralization { seed, ..StrongGeneralization::default() };
        let split = protocol.split(&data.interactions, Part::Test)?;
        let recommender = data.train(&split, trained)?;
        // The first call computes the pool of movies, which is not part of the measured time.
        recommender.taste_wall(&[], &[], Filter::default(), WALL_LENGTH);
        let catalog = Catalog::new(&recommender, &split);
        for held in &split.held_out {
            let Some(user) = NewUser::new(&data, &catalog, held) else { continue };
            popularity.push(user.popularity);
            for ((strategy, _), rows) in STRATEGIES.iter().zip(&mut rows) {
                rows.push(user.results(*strategy, &mut wall_time)?);
            }
        }
    }
    print(n_splits, &rows, &groups(&popularity));
    let (time, n_walls) = wall_time;
    println!(
        "\nTime per call of `Recommender::taste_wall`: {:.2} ms",
        time.as_secs_f64() * 1e3 / f64::from(n_walls)
    );
    Ok(())
}

/// Returns the group of each user.
fn groups(popularity: &[f64]) -> Vec<usize> {
    let mut users: Vec<usize> = (0..popularity.len()).collect();
    users.sort_by(|a, b| popularity[*a].total_cmp(&popularity[*b]));
    let mut groups = vec![0; users.len()];
    for (rank, user) in users.iter().enumerate() {
        groups[*user] = rank * GROUPS.len() / users.len();
    }
    groups
}

fn print(n_splits: u64, rows: &[Vec<Row>], groups: &[usize]) {
    println!("{n_splits} splits, {} new users; {}\n", groups.len(), GROUPS.join(" / "));
    println!("| taps | shown | NDCG@{LIST_LENGTH} | by group | lift | looked at | liked |");
    println!("|---|---|---|---|---|---|---|");
    for (after, n_taps) in TAPS.iter().enumerate() {
        for ((_, name), user_rows) in STRATEGIES.iter().zip(rows) {
            let by_group = |value: fn(&Outcomes) -> f64, n_digits: usize| {
                let mean = |group: usize| {
                    let users = user_rows.iter().zip(groups).filter(|(_, it)| **it == group);
                    let values: Vec<f64> = users.map(|(row, _)| value(&row[after])).collect();
                    format!("{:.n_digits$}", mean(&values).0)
                };
                (0..GROUPS.len()).map(mean).collect::<Vec<String>>().join(" / ")
            };
            let ndcg: Vec<f64> = user_rows.iter().map(|row| row[after].ndcg).collect();
            let differences: Vec<f64> =
                ndcg.iter().zip(&rows[0]).map(|(ndcg, first)| ndcg - first[after].ndcg).collect();
            let (difference, margin) = mean(&differences);
            print!("| {n_taps} | {name} | {:.4} ({difference:+.4} ± {margin:.4}) |", mean(&ndcg).0);
            print!(" {} |", by_group(|outcomes| outcomes.ndcg, 3));
            print!(" {} |", by_group(|outcomes| outcomes.lift, 2));
            print!(" {} |", by_group(|outcomes| outcomes.looked_at, 0));
            println!(" {} |", by_group(|outcomes| outcomes.liked, 1));
        }
    }
}

/// Returns the mean and half the width of its 95 % interval.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, 1.96 * (variance / n).sqrt())
}

/// A recommender and the popularity of its movies.
struct Catalog<'a> {
    recommender: &'a Recommender,
    /// log₂ of the number of training users who like each movie.
    log2_likes: Vec<f64>,
    /// Movies, the best-known first.
    best_known: Vec<MovieIdx>,
}

impl<'a> Catalog<'a> {
    fn new(recommender: &'a Recommender, split: &Split<'_>) -> Self {
        let mut likes = vec![0_u32; recommender.movies().len()];
        for user in &split.training {
            for rated in split.interactions.user_ratings(*user).filter(is_liked) {
                likes[rated.movie.row()] += 1;
            }
        }
        let mut best_known: Vec<MovieIdx> = (0..likes.len() as u32).map(MovieIdx).collect();
        best_known.sort_by_key(|movie| std::cmp::Reverse(likes[movie.row()]));
        let log2_likes = likes.iter().map(|count| f64::from((*count).max(1)).log2()).collect();
        Self { recommender, log2_likes, best_known }
    }

    fn mean_log2(&self, movies: &[MovieIdx]) -> f64 {
        let sum: f64 = movies.iter().map(|movie| self.log2_likes[movie.row()]).sum();
        sum / movies.len().max(1) as f64
    }
}

fn is_liked(rated: &Rated) -> bool {
    rated.stars.halves() >= LIKE_THRESHOLD
}

/// A held-out user who goes through onboarding.
struct NewUser<'a> {
    catalog: &'a Catalog<'a>,
    relevant: Vec<MovieIdx>,
    /// Movies that the user has seen, except for the relevant ones.
    seen: Vec<Rated>,
    /// Mean log₂ popularity of the movies that the user likes.
    popularity: f64,
}

impl<'a> NewUser<'a> {
    /// Returns `None` if the user likes no movie that could be tapped.
    fn new(data: &Data, catalog: &'a Catalog<'a>, held: &HeldOut) -> Option<Self> {
        let relevant = held.relevant_movies();
        let rated = data.interactions.user_ratings(held.user);
        let seen: Vec<Rated> = rated.filter(|rated| !relevant.contains(&rated.movie)).collect();
        let liked: Vec<MovieIdx> =
            seen.iter().filter(|rated| is_liked(rated)).map(|rated| rated.movie).collect();
        let popularity = catalog.mean_log2(&liked);
        (!liked.is_empty()).then_some(Self { catalog, relevant, seen, popularity })
    }

    fn results(&self, strategy: Strategy, wall_time: &mut (Duration, u32)) -> Outcome<Row> {
        match strategy {
            Strategy::BestKnown => {
                let best_known = &self.catalog.best_known;
                self.taps(|_, shown| Ok(best_known[shown.len()..][..WALL_LENGTH].to_vec()))
            }
            Strategy::TasteWall => self.taps(|taps, shown| {
                let started = Instant::now();
                let (request, _) = self.catalog.recommender.resolve(&self.query(taps))?;
                let recommender = self.catalog.recommender;
                let wall =
                    recommender.taste_wall(&request.history, shown, Filter::default(), WALL_LENGTH);
                *wall_time = (wall_time.0 + started.elapsed(), wall_time.1 + 1);
                Ok(wall)
            }),
        }
    }

    /// Taps on walls. `next_wall` takes the movies tapped and the movies shown so far.
    fn taps(
        &self,
        mut next_wall: impl FnMut(&[MovieIdx], &[MovieIdx]) -> Outcome<Vec<MovieIdx>>,
    ) -> Outcome<Row> {
        let mut row = Row::default();
        let (mut taps, mut shown) = (Vec::new(), Vec::new());
        for n_walls in 1..=MAX_WALLS {
            let wall = next_wall(&taps, &shown)?;
            let mut liked: Vec<&Rated> = wall
                .iter()
                .filter_map(|movie| self.seen.iter().find(|rated| rated.movie == *movie))
                .filter(|rated| is_liked(rated))
                .collect();
            liked.sort_by_key(|rated| std::cmp::Reverse(rated.stars));
            shown.extend(wall);
            for rated in liked.into_iter().take(MAX_TAPS_PER_WALL) {
                taps.push(rated.movie);
                if let Some(index) = TAPS.iter().position(|after| *after == taps.len()) {
                    row[index] =
                        self.outcomes(&self.query(&taps), taps.len(), n_walls * WALL_LENGTH)?;
                }
            }
            if taps.len() >= TAPS[TAPS.len() - 1] {
                return Ok(row);
            }
        }
        let last = self.outcomes(&self.query(&taps), taps.len(), MAX_WALLS * WALL_LENGTH)?;
        for (index, after) in TAPS.iter().enumerate() {
            if *after > taps.len() {
                row[index] = last;
            }
        }
        Ok(row)
    }

    fn query(&self, taps: &[MovieIdx]) -> Query {
        let id = |movie: &MovieIdx| -> MovieId { self.catalog.recommender.movie(*movie).movie_id };
        Query { liked: taps.iter().map(id).collect(), limit: LIST_LENGTH, ..Query::default() }
    }

    fn outcomes(&self, query: &Query, n_liked: usize, n_looked_at: usize) -> Outcome<Outcomes> {
        let recommender = self.catalog.recommender;
        let (request, _) = recommender.resolve(query)?;
        let list: Vec<MovieIdx> =
            recommender.recommend(&request).items.iter().map(|item| item.movie).collect();
        Ok(Outcomes {
            ndcg: ndcg_at(LIST_LENGTH, &list, &self.relevant),
            lift: self.catalog.mean_log2(&list) - self.popularity,
            looked_at: n_looked_at as f64,
            liked: n_liked as f64,
        })
    }
}
