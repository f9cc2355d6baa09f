//! Measures what the dials `diversity` and `novelty` do to lists, and prints Markdown tables.
//!
//! `dials ROOT RATINGS-FOLDER [--splits 6]`, as in `dials . raw/ml-latest-small`
//!
//! On each split of the ratings (strong generalisation, test part, as `cinematch evaluate` divides)
//! the default hybrid learns from the training users; every held-out user then asks for 20 films with
//! the history that a model may see, once for every setting of a dial. Means over users.

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;

use cinematch::catalog::{Interactions, Movie, read_merged};
use cinematch::evaluation::{HeldOut, Part, Split, StrongGeneralization, miscalibration, ndcg_at};
use cinematch::features::plain::PlainFeatures;
use cinematch::features::ranking::{FeatureSet, RankingFeatures};
use cinematch::features::tags::TagCounts;
use cinematch::features::text::TfidfParams;
use cinematch::ids::{MovieIdx, Vocabulary};
use cinematch::models::spec::Kind;
use cinematch::models::{Fitted, Spec, TrainingSet};
use cinematch::ranking::{Blend, Learned, Query, Rating, Recommender, Votes};
use cinematch::sources::movielens::{self, TagRow};
use cinematch::sources::ratings;

type Outcome<T> = Result<T, Box<dyn Error>>;

const SHOWN: usize = 20;
const DIVERSITY: [f32; 6] = [0.0, 0.15, 0.3, 0.5, 0.7, 1.0];
const NOVELTY: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// The head: the most rated films that together have this share of all ratings.
const HEAD: f64 = 0.8;
/// Letters of a curve's longest bar.
const WIDTH: f64 = 24.0;

/// What is measured of a list, in the columns' order.
const COLUMNS: [&str; 6] =
    ["NDCG@20", "likeness", "nearest", "KL to own genres", "popularity", "long tail"];

/// Those of them that curves are drawn of: what a list is worth, its genres, its unknown films.
const CURVES: [usize; 3] = [0, 3, 5];

struct Data {
    movies: Vec<Movie>,
    tags: Vec<TagRow>,
    interactions: Interactions,
}

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (root, raw, n_splits) = match args.as_slice() {
        [root, raw] => (root, raw, 6),
        [root, raw, flag, number] if flag == "--splits" => (root, raw, number.parse()?),
        _ => return Err("expected ROOT RATINGS-FOLDER [--splits NUMBER]".into()),
    };
    let data = read(Path::new(root), Path::new(raw))?;
    let settings = || {
        let diversity = DIVERSITY.map(|diversity| (Some(diversity), 0.0));
        diversity.into_iter().chain(NOVELTY.map(|novelty| (None, novelty)))
    };
    let mut sums = vec![[0.0; COLUMNS.len()]; settings().count()];
    let mut n_users = 0;
    for seed in 42..42 + n_splits {
        let protocol = StrongGeneralization { seed, ..StrongGeneralization::default() };
        let split = protocol.split(&data.interactions, Part::Test)?;
        let recommender = learn(&data, &split)?;
        let popularity = Popularity::of(&split);
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
    println!("{n_splits} splits, {n_users} lists of {SHOWN} films a setting\n");
    let (diversity, novelty) = sums.split_at(DIVERSITY.len());
    print("diversity", &DIVERSITY, diversity);
    print("novelty", &NOVELTY, novelty);
    Ok(())
}

fn read(root: &Path, raw: &Path) -> Outcome<Data> {
    let movies = read_merged("movies_merged.csv", &fs::read(root.join("data/movies_merged.csv"))?)?;
    let tags = movielens::tags("tags.csv", &fs::read(raw.join("tags.csv"))?)?.records;
    let known = fs::read(raw.join("movies.csv"))?;
    let known = movielens::movies("movies.csv", &known)?;
    let known = Vocabulary::new(known.records.iter().map(|movie| movie.movie_id));
    let mut rows = ratings::read("ratings.csv", &File::open(raw.join("ratings.csv"))?, &known)?;
    let interactions = Interactions::new("ratings.csv", known, &mut rows);
    let vocabulary = Vocabulary::new(movies.records.iter().map(|movie| movie.movie_id));
    let interactions = interactions.restricted_to(&vocabulary);
    Ok(Data { movies: movies.records, tags, interactions })
}

/// What would be served, had it learned from the training users alone.
fn learn(data: &Data, split: &Split<'_>) -> Outcome<Recommender> {
    let tags = TagCounts::new(data.tags.iter().filter(|tag| split.tags.admits(tag)));
    let plain = PlainFeatures::fit(&data.movies, TfidfParams::default())?;
    let features = RankingFeatures::fit(FeatureSet::Full, &data.movies, &plain, &tags)?;
    let spec = Spec::default();
    let set = TrainingSet {
        interactions: &split.interactions,
        users: &split.training,
        features: &features,
    };
    let fitted = spec.fit(set, &mut |_, _| ())?;
    let (Kind::Hybrid { parts }, Fitted::Hybrid(hybrid)) = (&spec.model, &fitted) else {
        return Err("the default model is no hybrid".into());
    };
    let mut blend = Blend { name: "hybrid", models: Vec::new(), content: 0.0 };
    for (part, (model, weight)) in parts.iter().zip(hybrid.parts()) {
        if matches!(part.model, Kind::Content(_)) {
            blend.content = *weight;
        } else {
            let (name, model) = (part.model.name(), model.clone());
            blend.models.push(Learned { name, model, weight: *weight });
        }
    }
    Ok(Recommender::new(data.movies.clone(), features, blend, Votes::Count))
}

fn list(
    recommender: &Recommender,
    held: &HeldOut,
    diversity: Option<f32>,
    novelty: f32,
) -> Outcome<Vec<MovieIdx>> {
    let id = |movie| recommender.movie(movie).movie_id;
    let rating = |rated: &cinematch::catalog::Rated| Rating {
        movie_id: id(rated.movie),
        rating: rated.stars.value(),
    };
    let ratings = held.history.iter().map(rating).collect();
    let query = Query { ratings, limit: SHOWN, diversity, novelty, ..Query::default() };
    let (request, _) = recommender.resolve(&query)?;
    Ok(recommender.recommend(&request).items.iter().map(|item| item.movie).collect())
}

/// How much rated films are in training.
struct Popularity {
    /// The share of films that are rated less, 0 to 1.
    percentile: Vec<f64>,
    /// Whether it is none of the head.
    in_tail: Vec<bool>,
}

impl Popularity {
    fn of(split: &Split<'_>) -> Self {
        let n_ratings = split.n_ratings();
        let mut sorted = n_ratings.clone();
        sorted.sort_unstable();
        let less = |count: &u32| sorted.partition_point(|other| other < count);
        let total: f64 = sorted.iter().copied().map(f64::from).sum();
        let mut of_head = 0.0;
        let mut least_of_head = u32::MAX;
        for count in sorted.iter().rev() {
            if of_head >= HEAD * total {
                break;
            }
            of_head += f64::from(*count);
            least_of_head = *count;
        }
        Self {
            percentile: n_ratings.iter().map(|n| less(n) as f64 / sorted.len() as f64).collect(),
            in_tail: n_ratings.iter().map(|n| *n < least_of_head).collect(),
        }
    }
}

fn measure(
    recommender: &Recommender,
    popularity: &Popularity,
    held: &HeldOut,
    list: &[MovieIdx],
) -> [f64; COLUMNS.len()] {
    let mut likeness = recommender.model().likeness();
    for movie in list {
        likeness.push(*movie);
    }
    let (mut alike, mut nearest) = (0.0, 0.0);
    for (at, movie) in list.iter().enumerate() {
        let others = likeness.to(*movie).iter().enumerate().filter(|(other, _)| *other != at);
        let others: Vec<f64> = others.map(|(_, likeness)| f64::from(*likeness)).collect();
        alike += others.iter().sum::<f64>() / others.len() as f64;
        nearest += others.into_iter().fold(0.0, f64::max);
    }
    let n_movies = list.len() as f64;
    // What counts of a rating is what the content model makes of it.
    let weight = |stars: f32| f64::from(stars - 2.75) / 2.25;
    let own = held.history.iter().map(|rated| (rated.movie, weight(rated.stars.value())));
    let own = genres(recommender, own.filter(|(_, weight)| *weight > 0.0));
    let shown = genres(recommender, list.iter().map(|movie| (*movie, 1.0)));
    let mean = |value: &dyn Fn(MovieIdx) -> f64| {
        list.iter().map(|movie| value(*movie)).sum::<f64>() / n_movies
    };
    [
        ndcg_at(SHOWN, list, &held.relevant_movies()),
        alike / n_movies,
        nearest / n_movies,
        miscalibration(&own, &shown).unwrap_or(0.0),
        mean(&|movie| popularity.percentile[movie.row()]),
        mean(&|movie| f64::from(popularity.in_tail[movie.row()])),
    ]
}

/// The weight of each genre, each film spreading its own over its genres.
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

/// A table, and the curves of [`CURVES`].
fn print(dial: &str, settings: &[f32], rows: &[[f64; COLUMNS.len()]]) {
    println!("| {dial} | {} |", COLUMNS.join(" | "));
    println!("|---|{}", "---|".repeat(COLUMNS.len()));
    for (setting, row) in settings.iter().zip(rows) {
        let cells: Vec<String> = row.iter().map(|value| format!("{value:.3}")).collect();
        println!("| {setting} | {} |", cells.join(" | "));
    }
    println!("\n```text");
    for column in CURVES {
        let most = rows.iter().map(|row| row[column]).fold(0.0, f64::max);
        for (at, (setting, row)) in settings.iter().zip(rows).enumerate() {
            let name = if at == 0 { COLUMNS[column] } else { "" };
            let bar = "█".repeat((row[column] / most * WIDTH).round() as usize);
            println!("{name:<17}{setting:>5}  {:.3}  {bar}", row[column]);
        }
    }
    println!("```\n");
}
