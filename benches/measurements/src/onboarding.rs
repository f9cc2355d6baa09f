//! Measures how much a new user's answers improve their lists, for each strategy of choosing movies to ask
//! about.
//!
//! `onboarding ROOT RATINGS-FOLDER [--splits 6] [--content]`, for example `onboarding . raw/ml-latest-small`
//!
//! For each split of the ratings (strong generalization, test part, as in `cinematch evaluate`), the default
//! hybrid, or the content model only, is trained on the training users. Each held-out user is then a new user
//! who has seen the movies they rated, except for the fifth of their likes that lists are evaluated on, and
//! answers each question with their rating or with "not seen". Lists are evaluated after 0, 5, 10 and 20
//! questions. Differences are paired by user and have 95 % intervals.

use std::path::Path;
use std::time::{Duration, Instant};

use cinematch::catalog::{Movie, Rated};
use cinematch::evaluation::{HeldOut, Part, StrongGeneralization, ndcg_at};
use cinematch::ids::MovieIdx;
use cinematch::models::Fitted;
use cinematch::ranking::{Answer, ModelChoice, Query, Rating, Recommender};

use crate::data::{Data, Trained};
use crate::outcome::Outcome;

const LIST_LENGTH: usize = 20;
/// Numbers of questions after which lists are evaluated.
const ANSWER_COUNTS: [usize; 4] = [0, 5, 10, 20];
/// All strategies choose from this many of the best-known movies.
const POOL_SIZE: usize = 400;
/// Length of the user's list that [`Strategy::TopOfList`] searches for well-known movies.
const CANDIDATES: usize = 2000;

/// Strategy for choosing the next movie to ask about.
#[derive(Clone, Copy)]
enum Strategy {
    /// Asks about the movie that `Recommender::next_question` returns.
    NextQuestion,
    /// Asks about the best-known movie.
    MostPopular,
    /// Asks about a random choice from the best-known movies.
    Random,
    /// Asks about the first well-known movie on the user's current list, which they are likely to have seen.
    TopOfList,
}

const STRATEGIES: [(Strategy, &str); 4] = [
    (Strategy::MostPopular, "the best known"),
    (Strategy::NextQuestion, "`Recommender::next_question`"),
    (Strategy::TopOfList, "the first of the current list"),
    (Strategy::Random, "a random one of the 400 best known"),
];

/// Results for one user: NDCG and number of movies seen, for each number of questions.
type Row = [(f64, usize); ANSWER_COUNTS.len()];

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
    let mut question_time = (Duration::ZERO, 0);
    for seed in 42..42 + n_splits {
        let protocol = StrongGeneralization { seed, ..StrongGeneralization::default() };
        let split = protocol.split(&data.interactions, Part::Test)?;
        let recommender = data.train(&split, trained)?;
        // The first call computes the pool of questions, which is not part of the measured time.
        recommender.next_question(&[], &[]);
        let popular = most_popular(&recommender);
        for held in &split.held_out {
            let user = NewUser::new(&data, &recommender, held);
            for ((strategy, _), rows) in STRATEGIES.iter().zip(&mut rows) {
                rows.push(user.answers(*strategy, &popular, &mut question_time)?);
            }
        }
    }
    print(n_splits, &rows);
    let (time, n_questions) = question_time;
    println!(
        "\nTime per call of `Recommender::next_question`: {:.2} ms",
        time.as_secs_f64() * 1e3 / f64::from(n_questions)
    );
    Ok(())
}

fn print(n_splits: u64, rows: &[Vec<Row>]) {
    println!("{n_splits} splits, {} new users\n", rows[0].len());
    print!("| asked about |");
    for after in ANSWER_COUNTS {
        print!(" NDCG@{LIST_LENGTH} after {after} | seen |");
    }
    println!("\n|---|{}", "---|".repeat(2 * ANSWER_COUNTS.len()));
    for ((_, name), user_rows) in STRATEGIES.iter().zip(rows) {
        print!("| {name} |");
        for index in 0..ANSWER_COUNTS.len() {
            let n_users = user_rows.len() as f64;
            let ndcg = user_rows.iter().map(|row| row[index].0).sum::<f64>() / n_users;
            let seen = user_rows.iter().map(|row| row[index].1).sum::<usize>() as f64 / n_users;
            let differences = user_rows
                .iter()
                .zip(&rows[0])
                .map(|(user_rows, baseline)| user_rows[index].0 - baseline[index].0);
            let (difference, margin) = mean(&differences.collect::<Vec<f64>>());
            if margin > 0.0 {
                print!(" {ndcg:.4} ({difference:+.4} ± {margin:.4}) | {seen:.1} |");
            } else {
                print!(" {ndcg:.4} | {seen:.1} |");
            }
        }
        println!();
    }
}

/// Returns the mean and half the width of its 95 % interval.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, 1.96 * (variance / n).sqrt())
}

/// A held-out user who goes through onboarding.
struct NewUser<'a> {
    recommender: &'a Recommender,
    held: &'a HeldOut,
    seen: Vec<Rated>,
}

impl<'a> NewUser<'a> {
    fn new(data: &Data, recommender: &'a Recommender, held: &'a HeldOut) -> Self {
        let is_hidden = |movie| held.relevant.iter().any(|rated| rated.movie == movie);
        let rated = data.interactions.user_ratings(held.user);
        let seen = rated.filter(|rated| !is_hidden(rated.movie)).collect();
        Self { recommender, held, seen }
    }

    fn answers(
        &self,
        strategy: Strategy,
        popular: &[MovieIdx],
        question_time: &mut (Duration, u32),
    ) -> Outcome<Row> {
        let mut row = [(0.0, 0); ANSWER_COUNTS.len()];
        let mut answers: Vec<(MovieIdx, Answer)> = Vec::new();
        let mut history: Vec<Rated> = Vec::new();
        let mut random = Random::new(self.held.user.0);
        for n_answers in 0..=ANSWER_COUNTS[ANSWER_COUNTS.len() - 1] {
            if let Some(index) = ANSWER_COUNTS.iter().position(|after| *after == n_answers) {
                let list = list(self.recommender, &history)?;
                row[index] =
                    (ndcg_at(LIST_LENGTH, &list, &self.held.relevant_movies()), history.len());
            }
            let is_new = |movie: &&MovieIdx| !answers.iter().any(|(asked, _)| asked == *movie);
            let unanswered: Vec<MovieIdx> = popular.iter().filter(is_new).copied().collect();
            let movie = match strategy {
                Strategy::MostPopular => unanswered[0],
                Strategy::Random => unanswered[random.below(unanswered.len())],
                Strategy::TopOfList => {
                    let best = self
                        .recommender
                        .top_k_for(ModelChoice::All, &[&history], CANDIDATES)
                        .remove(0);
                    let mut best = best.iter().map(|candidate| candidate.movie);
                    best.find(|movie| unanswered.contains(movie)).unwrap_or(unanswered[0])
                }
                Strategy::NextQuestion => {
                    let started = Instant::now();
                    let (request, _) =
                        self.recommender.resolve(&query(self.recommender, &history))?;
                    let movie = self
                        .recommender
                        .next_question(&request.history, &answers)
                        .ok_or("no question is left")?;
                    *question_time = (question_time.0 + started.elapsed(), question_time.1 + 1);
                    movie
                }
            };
            let stars = self.seen.iter().find(|rated| rated.movie == movie);
            history.extend(stars);
            answers.push((movie, if stars.is_some() { Answer::Seen } else { Answer::NotSeen }));
        }
        Ok(row)
    }
}

/// Returns the query for the list that is evaluated.
fn query(recommender: &Recommender, history: &[Rated]) -> Query {
    let rating = |rated: &Rated| Rating {
        movie_id: recommender.movie(rated.movie).movie_id,
        rating: rated.stars.value(),
    };
    Query { ratings: history.iter().map(rating).collect(), limit: LIST_LENGTH, ..Query::default() }
}

fn list(recommender: &Recommender, history: &[Rated]) -> Outcome<Vec<MovieIdx>> {
    let (request, _) = recommender.resolve(&query(recommender, history))?;
    Ok(recommender.recommend(&request).items.iter().map(|item| item.movie).collect())
}

/// Returns the movies with the most likes from training users, or with the most votes if no model is trained
/// on ratings.
fn most_popular(recommender: &Recommender) -> Vec<MovieIdx> {
    let learned = recommender.blend().models.iter().find_map(|learned| match &learned.model {
        Fitted::Popular(model) => Some(model.scores().to_vec()),
        _ => None,
    });
    let votes = |movie: &Movie| movie.vote_count.unwrap_or(0) as f32;
    let popular = learned.unwrap_or_else(|| recommender.movies().iter().map(votes).collect());
    let mut movies: Vec<MovieIdx> = (0..popular.len() as u32).map(MovieIdx).collect();
    movies.sort_by(|a, b| popular[b.row()].total_cmp(&popular[a.row()]).then(a.cmp(b)));
    movies.truncate(POOL_SIZE);
    movies
}

/// A reproducible random number generator (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn new(user: u32) -> Self {
        Self((u64::from(user) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}
