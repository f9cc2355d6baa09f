//! Measures the effect of `diversity` and `novelty` on lists.
//!
//! `dials ROOT RATINGS-FOLDER [--splits 6]`, for example `dials . raw/ml-latest-small`
//!
//! For each split of the ratings (strong generalization, test part, as in `cinematch evaluate`), the default
//! hybrid is trained on the training users. Each held-out user then requests 20 movies with the history that a
//! model may see, once for each `diversity` or `novelty` setting. The tables show means over users.

use std::path::Path;

use cinematch::catalog::Rated;
use cinematch::evaluation::{HeldOut, Part, Split, StrongGeneralization, miscalibration, ndcg_at};
use cinematch::ids::MovieIdx;
use cinematch::ranking::{Query, Rating, Recommender};

use crate::data::{Data, Trained};
use crate::outcome::Outcome;

const LIST_LENGTH: usize = 20;
const DIVERSITY: [f32; 6] = [0.0, 0.15, 0.3, 0.5, 0.7, 1.0];
const NOVELTY: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// The head consists of the most-rated movies that together received this share of all ratings.
const HEAD_SHARE: f64 = 0.8;
/// Width of the longest bar, in characters.
const WIDTH: f64 = 24.0;

/// Metrics of a list, in column order.
const COLUMNS: [&str; 6] =
    ["NDCG@20", "similarity", "nearest", "KL to own genres", "popularity", "long tail"];

/// Columns that are also drawn as bars: accuracy, genres and share of little-known movies.
const PLOTTED_COLUMNS: [usize; 3] = [0, 3, 5];

/// Runs the measurement.
pub fn run(args: &[&str]) -> Outcome<()> {
    let (root, raw, n_splits) = match args {
        [root, raw] => (root, raw, 6),
        [root, raw, "--splits", number] => (root, raw, number.parse()?),
        _ => return Err("expected ROOT RATINGS-FOLDER [--splits NUMBER]".into()),
    };
    let data = Data::read(Path::new(root), Path::new(raw))?;
    let settings = || {
        let diversity = DIVERSITY.map(|diversity| (Some(diversity), 0.0));
        diversity.into_iter().chain(NOVELTY.map(|novelty| (None, novelty)))
    };
    let mut sums = vec![[0.0; COLUMNS.len()]; settings().count()];
    let mut n_users = 0;
    for seed in 42..42 + n_splits {
        let protocol = StrongGeneralization { seed, ..StrongGeneralization::default() };
        let split = protocol.split(&data.interactions, Part::Test)?;
        let recommender = data.train(&split, Trained::Hybrid)?;
        let popularity = Popularity::new(&split);
        for held in &split.held_out {
            for ((diversity, novelty), sums) in settings().zip(&mut sums) {
                let list = list(&recommender, held, diversity, novelty)?;
                let values = measure(&recommender, &popularity, held, &list);
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += value;
                }
            }
        }
        n_users += split.held_out.len();
    }
    for sum in sums.iter_mut().flatten() {
        *sum /= n_users as f64;
    }
    println!("{n_splits} splits, {n_users} lists of {LIST_LENGTH} movies per setting\n");
    let (diversity, novelty) = sums.split_at(DIVERSITY.len());
    print("diversity", &DIVERSITY, diversity);
    print("novelty", &NOVELTY, novelty);
    Ok(())
}

fn list(
    recommender: &Recommender,
    held: &HeldOut,
    diversity: Option<f32>,
    novelty: f32,
) -> Outcome<Vec<MovieIdx>> {
    let id = |movie| recommender.movie(movie).movie_id;
    let rating = |rated: &Rated| Rating { movie_id: id(rated.movie), rating: rated.stars.value() };
    let ratings = held.history.iter().map(rating).collect();
    let query = Query { ratings, limit: LIST_LENGTH, diversity, novelty, ..Query::default() };
    let (request, _) = recommender.resolve(&query)?;
    Ok(recommender.recommend(&request).items.iter().map(|item| item.movie).collect())
}

/// Movie popularity in the training ratings.
struct Popularity {
    /// Share of movies with fewer ratings, 0 to 1.
    percentile: Vec<f64>,
    /// True for movies outside the head.
    is_in_tail: Vec<bool>,
}

impl Popularity {
    fn new(split: &Split<'_>) -> Self {
        let n_ratings = split.n_ratings();
        let mut sorted = n_ratings.clone();
        sorted.sort_unstable();
        let n_less_popular = |count: &u32| sorted.partition_point(|other| other < count);
        let total: f64 = sorted.iter().copied().map(f64::from).sum();
        let mut head_ratings = 0.0;
        let mut min_head_count = u32::MAX;
        for count in sorted.iter().rev() {
            if head_ratings >= HEAD_SHARE * total {
                break;
            }
            head_ratings += f64::from(*count);
            min_head_count = *count;
        }
        Self {
            percentile: n_ratings
                .iter()
                .map(|n| n_less_popular(n) as f64 / sorted.len() as f64)
                .collect(),
            is_in_tail: n_ratings.iter().map(|n| *n < min_head_count).collect(),
        }
    }
}

fn measure(
    recommender: &Recommender,
    popularity: &Popularity,
    held: &HeldOut,
    list: &[MovieIdx],
) -> [f64; COLUMNS.len()] {
    let mut pool = recommender.model().similarity_pool();
    for movie in list {
        pool.push(*movie);
    }
    let (mut similarity, mut nearest) = (0.0, 0.0);
    for (index, movie) in list.iter().enumerate() {
        let others =
            pool.similarities_to(*movie).iter().enumerate().filter(|(other, _)| *other != index);
        let others: Vec<f64> = others.map(|(_, similarity)| f64::from(*similarity)).collect();
        similarity += others.iter().sum::<f64>() / others.len() as f64;
        nearest += others.into_iter().fold(0.0, f64::max);
    }
    let n_movies = list.len() as f64;
    // This is the weight of a rating in the content model.
    let weight = |stars: f32| f64::from(stars - 2.75) / 2.25;
    let history_genres =
        held.history.iter().map(|rated| (rated.movie, weight(rated.stars.value())));
    let history_genres = genres(recommender, history_genres.filter(|(_, weight)| *weight > 0.0));
    let list_genres = genres(recommender, list.iter().map(|movie| (*movie, 1.0)));
    let mean = |value: &dyn Fn(MovieIdx) -> f64| {
        list.iter().map(|movie| value(*movie)).sum::<f64>() / n_movies
    };
    [
        ndcg_at(LIST_LENGTH, list, &held.relevant_movies()),
        similarity / n_movies,
        nearest / n_movies,
        miscalibration(&history_genres, &list_genres).unwrap_or(0.0),
        mean(&|movie| popularity.percentile[movie.row()]),
        mean(&|movie| f64::from(popularity.is_in_tail[movie.row()])),
    ]
}

/// Returns the weight of each genre. A movie's weight is divided among its genres.
fn genres(recommender: &Recommender, movies: impl Iterator<Item = (MovieIdx, f64)>) -> Vec<f64> {
    let index = recommender.index();
    let mut weights = vec![0.0; index.genres.names().len()];
    for (movie, weight) in movies {
        let bits = index.genres_of(movie.row());
        let n_genres: u32 = bits.iter().map(|word| word.count_ones()).sum();
        for (genre, sum) in weights.iter_mut().enumerate() {
            if bits[genre / 64] >> (genre % 64) & 1 == 1 {
                *sum += weight / f64::from(n_genres);
            }
        }
    }
    weights
}

/// Prints a table, and bars for [`PLOTTED_COLUMNS`].
fn print(parameter: &str, settings: &[f32], rows: &[[f64; COLUMNS.len()]]) {
    println!("| {parameter} | {} |", COLUMNS.join(" | "));
    println!("|---|{}", "---|".repeat(COLUMNS.len()));
    for (setting, row) in settings.iter().zip(rows) {
        let cells: Vec<String> = row.iter().map(|value| format!("{value:.3}")).collect();
        println!("| {setting} | {} |", cells.join(" | "));
    }
    println!("\n```text");
    for column in PLOTTED_COLUMNS {
        let max = rows.iter().map(|row| row[column]).fold(0.0, f64::max);
        for (index, (setting, row)) in settings.iter().zip(rows).enumerate() {
            let name = if index == 0 { COLUMNS[column] } else { "" };
            let bar = "█".repeat((row[column] / max * WIDTH).round() as usize);
            println!("{name:<17}{setting:>5}  {:.3}  {bar}", row[column]);
        }
    }
    println!("```\n");
}
