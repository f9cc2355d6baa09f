//! Measures how well movies added after training are recommended, and prints a Markdown table.
//!
//! `cold-start ROOT RATINGS-FOLDER [--splits 3]`, for example `cold-start . raw/ml-latest-small`
//!
//! On each split (cold movies, test part, as in `cinematch evaluate`), the default hybrid is trained
//! without the cold movies' ratings, words, names and tags. They are then added the way `cinematch update`
//! adds them, without ratings or with only the first few. The table reports how well the new movies that
//! held-out users liked are ranked.

use std::path::Path;

use cinematch::catalog::{Interactions, Movie};
use cinematch::evaluation::{ColdMovies, HeldOut, Part, Split, StrongGeneralization, ndcg_at};
use cinematch::features::plain::PlainFeatures;
use cinematch::features::ranking::{FeatureSet, RankingFeatures};
use cinematch::features::tags::TagCounts;
use cinematch::features::text::TfidfParams;
use cinematch::ids::{MovieIdx, Vocabulary};
use cinematch::models::cold_start::{FeatureMap, NewMovies, nearest_movies};
use cinematch::models::content::StandaloneContent;
use cinematch::models::hybrid::Hybrid;
use cinematch::models::spec::Kind;
use cinematch::models::{Fitted, Model, Spec, TrainingSet};

use crate::data::Data;
use crate::outcome::Outcome;

const LIST_LENGTH: usize = 20;
/// Numbers of ratings per new movie to measure with.
const RATING_COUNTS: [usize; 4] = [3, 10, 30, 100];
/// Variants, each with the number of neighbors and the exponent that restores the norm of their average.
const VARIANTS: [(usize, f32); 9] = [
    (5, 0.0),
    (10, 0.0),
    (20, 0.0),
    (5, 0.5),
    (10, 0.5),
    (20, 0.5),
    (5, 1.0),
    (10, 1.0),
    (50, 1.0),
];

/// Metrics of a variant, summed over users.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// NDCG at 20 of the liked new movies among all movies.
    ndcg_all: f64,
    /// NDCG at 20 of the liked new movies among the new movies.
    ndcg_new: f64,
    /// Number of new movies in the top 20.
    n_new_shown: f64,
}

/// Runs the measurement.
pub fn run(args: &[&str]) -> Outcome<()> {
    let (root, raw, n_splits) = match args {
        [root, raw] => (root, raw, 3),
        [root, raw, "--splits", number] => (root, raw, number.parse()?),
        _ => return Err("expected ROOT RATINGS-FOLDER [--splits NUMBER]".into()),
    };
    let data = Data::read(Path::new(root), Path::new(raw))?;
    let mut rows: Vec<(String, Sums)> = Vec::new();
    let (mut n_users, mut n_new) = (0_u32, 0);
    let mut new_share = 0.0;
    for seed in 42..42 + n_splits {
        let users = StrongGeneralization { seed, ..StrongGeneralization::default() };
        let split =
            ColdMovies { users, ..ColdMovies::default() }.split(&data.interactions, Part::Test)?;
        let experiment = Experiment::new(&data, &split)?;
        n_users += experiment.held_out.len() as u32;
        n_new += split.cold.len();
        let share = |held: &HeldOut| {
            held.relevant.len() as f64 / (held.relevant.len() + held.history.len()) as f64
        };
        new_share += experiment.held_out.iter().map(share).sum::<f64>();
        for (index, (name, model)) in experiment.variants().into_iter().enumerate() {
            if index == rows.len() {
                rows.push((name, Sums::default()));
            }
            experiment.measure(&model, &mut rows[index].1);
        }
    }
    println!("{n_splits} splits, {n_new} new movies, {n_users} users");
    let new_share = LIST_LENGTH as f64 * new_share / f64::from(n_users);
    println!("of {LIST_LENGTH} movies that users like, {new_share:.2} are new\n");
    println!(
        "| | NDCG@20 among all | among new movies | new movies among the first 20 |\n|---|---|---|---|"
    );
    for (name, sums) in rows {
        let mean = |sum: f64| sum / f64::from(n_users);
        let Sums { ndcg_all, ndcg_new, n_new_shown } = sums;
        println!(
            "| {name} | {:.4} | {:.4} | {:.2} |",
            mean(ndcg_all),
            mean(ndcg_new),
            mean(n_new_shown)
        );
    }
    Ok(())
}

/// A split with its movies reordered: new movies come after those in the training data.
struct Experiment<'a> {
    split: &'a Split<'a>,
    n_learned: usize,
    features: RankingFeatures,
    neighbors: Vec<Vec<(MovieIdx, f32)>>,
    /// Fitted models with their parameters and weights.
    learned: Vec<(Kind, Fitted, f32)>,
    /// All ratings, with movies in the new order.
    all: Interactions,
    is_candidate: Vec<bool>,
    held_out: Vec<HeldOut>,
}

impl<'a> Experiment<'a> {
    fn new(data: &Data, split: &'a Split<'a>) -> Outcome<Self> {
        let is_cold = |row: usize| split.cold.binary_search(&MovieIdx(row as u32)).is_ok();
        let (cold, known): (Vec<usize>, Vec<usize>) =
            (0..data.movies.len()).partition(|row| is_cold(*row));
        let n_learned = known.len();
        let order: Vec<usize> = known.into_iter().chain(cold).collect();
        let movies: Vec<Movie> = order.iter().map(|row| data.movies[*row].clone()).collect();
        let tags = TagCounts::new(data.tags.iter().filter(|tag| split.tags.admits(tag)));
        let plain = PlainFeatures::fit(&movies[..n_learned], TfidfParams::default())?;
        let fitted = RankingFeatures::fit(FeatureSet::Full, &movies[..n_learned], &plain, &tags)?;
        let PlainFeatures { tfidf, genres, numeric, .. } = plain;
        let plain = PlainFeatures::transformed(&movies, tfidf, genres, numeric);
        let features = fitted.transformed(&movies, &plain, &tags).ok_or("no idf")?;

        let ids = || movies.iter().map(|movie| movie.movie_id);
        let known = split.interactions.clone().into_owned();
        let known = known.restricted_to(&Vocabulary::new(ids().take(n_learned)));
        let set = TrainingSet { interactions: &known, users: &split.training, features: &fitted };
        let spec = Spec::default();
        let (Kind::Hybrid { parts }, Fitted::Hybrid(hybrid)) =
            (&spec.model, &spec.fit(set, &mut |_, _| ())?)
        else {
            return Err("the default model is not a hybrid".into());
        };
        let learned: Vec<(Kind, Fitted, f32)> = parts
            .iter()
            .zip(hybrid.parts())
            .map(|(part, (model, weight))| (part.model.clone(), model.clone(), *weight))
            .collect();
        let is_known = |movie| learned.iter().any(|(_, model, _)| model.has_learned(movie));
        let neighbors = nearest_movies(&features.matrix, n_learned, is_known);
        let all = data.interactions.clone().restricted_to(&Vocabulary::new(ids()));

        let mut new_rows = vec![0_u32; order.len()];
        for (new, old) in order.iter().enumerate() {
            new_rows[*old] = new as u32;
        }
        let mut held_out = split.held_out.clone();
        for user in &mut held_out {
            for rated in user.history.iter_mut().chain(&mut user.relevant) {
                rated.movie = MovieIdx(new_rows[rated.movie.row()]);
            }
            user.history.sort_unstable_by_key(|rated| rated.movie);
            user.relevant.sort_unstable_by_key(|rated| rated.movie);
        }
        let is_candidate = order.iter().map(|row| split.is_candidate[*row]).collect();
        Ok(Self { split, n_learned, features, neighbors, learned, all, is_candidate, held_out })
    }

    /// Returns the variants to compare, with their names.
    fn variants(&self) -> Vec<(String, Hybrid<Fitted>)> {
        let nothing = vec![Vec::new(); self.neighbors.len()];
        let content = Fitted::Content(StandaloneContent::fit(self.features.clone()));
        let default = FeatureMap::default();
        let mut variants = vec![
            ("content alone".to_owned(), Hybrid::new(vec![(content, 1.0)])),
            (
                "hybrid, unknown to collaborative models".to_owned(),
                self.hybrid(&nothing, default, 0),
            ),
            ("hybrid, mapped".to_owned(), self.hybrid(&self.neighbors, default, 0)),
        ];
        for (neighbors, restored) in VARIANTS {
            let map = FeatureMap { neighbors, norm_exponent: restored, ..default };
            let name = format!("mapped, {neighbors} neighbors, {restored} restored");
            variants.push((name, self.hybrid(&self.neighbors, map, 0)));
        }
        for shrinkage in [0.1, 0.4] {
            let map = FeatureMap { shrinkage, ..default };
            let name = format!("mapped, shrinkage {shrinkage}");
            variants.push((name, self.hybrid(&self.neighbors, map, 0)));
        }
        for n in RATING_COUNTS {
            variants
                .push((format!("{n} ratings, folded in only"), self.hybrid(&nothing, default, n)));
            let mapped = self.hybrid(&self.neighbors, default, n);
            variants.push((format!("{n} ratings, folded in and mapped"), mapped));
        }
        variants
    }

    /// Returns the hybrid extended with the new movies, each with its first `n_rated` ratings.
    fn hybrid(
        &self,
        neighbors: &[Vec<(MovieIdx, f32)>],
        map: FeatureMap,
        n_rated: usize,
    ) -> Hybrid<Fitted> {
        let mut times: Vec<Vec<u32>> = vec![Vec::new(); self.all.n_movies()];
        for user in &self.split.training {
            self.all
                .user_ratings(*user)
                .for_each(|rated| times[rated.movie.row()].push(rated.time));
        }
        let cutoffs: Vec<u32> = times
            .iter_mut()
            .map(|times| {
                times.sort_unstable();
                times.get(n_rated).copied().unwrap_or(u32::MAX)
            })
            .collect();
        let early_ratings = self.all.filtered(|rated| {
            rated.movie.row() < self.n_learned || rated.time < cutoffs[rated.movie.row()]
        });
        let new_movies = NewMovies {
            n_learned: self.n_learned,
            neighbors,
            features: &self.features,
            ratings: (n_rated > 0).then_some((&early_ratings, self.split.training.as_slice())),
            map,
        };
        let extended = |(kind, model, weight): &(Kind, Fitted, f32)| match kind {
            Kind::Content(_) => {
                (Fitted::Content(StandaloneContent::fit(self.features.clone())), *weight)
            }
            kind => (kind.extended(model, &new_movies), *weight),
        };
        Hybrid::new(self.learned.iter().map(extended).collect())
    }

    fn measure(&self, model: &Hybrid<Fitted>, sums: &mut Sums) {
        let mut scores = vec![0.0; model.n_movies()];
        for held in &self.held_out {
            model.score(&held.history, &mut scores);
            for rated in &held.history {
                scores[rated.movie.row()] = f32::NEG_INFINITY;
            }
            let best = |from: usize| {
                let movies = (from..scores.len()).filter(|row| self.is_candidate[*row]);
                let mut movies: Vec<MovieIdx> = movies.map(|row| MovieIdx(row as u32)).collect();
                movies.sort_by(|a, b| scores[b.row()].total_cmp(&scores[a.row()]));
                movies.truncate(LIST_LENGTH);
                movies
            };
            let (list, relevant) = (best(0), held.relevant_movies());
            sums.ndcg_all += ndcg_at(LIST_LENGTH, &list, &relevant);
            sums.ndcg_new += ndcg_at(LIST_LENGTH, &best(self.n_learned), &relevant);
            let new_movies = list.iter().filter(|movie| movie.row() >= self.n_learned);
            sums.n_new_shown += new_movies.count() as f64;
        }
    }
}
