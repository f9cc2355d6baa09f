//! Measures what a newcomer's answers are worth, by which films they are asked about, and prints a Markdown
//! table.
//!
//! `elicit ROOT RATINGS-FOLDER [--splits 6] [--content]`, as in `elicit . raw/ml-latest-small`
//!
//! On each split of the ratings (strong generalisation, test part, as `cinematch evaluate` divides) the
//! default hybrid, or content alone, learns from the training users. Every held-out user is then a
//! newcomer: they have seen what they rated, but for the fifth of their likes that lists are held against,
//! and answer a question with their stars or with "not seen". After some questions they get the list that
//! they would be shown. Differences are those of the same users, with 95 % intervals.

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use cinematch::catalog::{Interactions, Movie, Rated, read_merged};
use cinematch::evaluation::{HeldOut, Part, Split, StrongGeneralization, ndcg_at};
use cinematch::features::plain::PlainFeatures;
use cinematch::features::ranking::{FeatureSet, RankingFeatures};
use cinematch::features::tags::TagCounts;
use cinematch::features::text::TfidfParams;
use cinematch::ids::{MovieIdx, Vocabulary};
use cinematch::models::spec::Kind;
use cinematch::models::{Fitted, Spec, TrainingSet};
use cinematch::ranking::{Answer, Blend, Chosen, Learned, Query, Rating, Recommender, Votes};
use cinematch::sources::movielens::{self, TagRow};
use cinematch::sources::ratings;

type Outcome<T> = Result<T, Box<dyn Error>>;

const SHOWN: usize = 20;
/// Lists are looked at after so many questions.
const AFTER: [usize; 4] = [0, 5, 10, 20];
/// The most known films, which all ways ask about.
const POOL: usize = 400;
/// Films of the newcomer's own list that are looked at for known ones.
const LIST: usize = 2000;

struct Data {
    movies: Vec<Movie>,
    tags: Vec<TagRow>,
    interactions: Interactions,
}

/// How the next film is chosen.
#[derive(Clone, Copy)]
enum Way {
    /// `Recommender::ask`.
    Asked,
    MostKnown,
    /// Any of the known ones.
    Chance,
    /// The first known one of the list as it is: what they would watch they may have seen.
    Listed,
}

const WAYS: [(Way, &str); 4] = [
    (Way::MostKnown, "the most known"),
    (Way::Asked, "`Recommender::ask`"),
    (Way::Listed, "the best of the list so far"),
    (Way::Chance, "any of the 400 most known"),
];

/// What came out for a user: NDCG and films seen, after each number of questions.
type Row = [(f64, usize); AFTER.len()];

fn main() -> Outcome<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let of_content = args.last().is_some_and(|flag| flag == "--content");
    args.truncate(args.len() - usize::from(of_content));
    let (root, raw, n_splits) = match args.as_slice() {
        [root, raw] => (root, raw, 6),
        [root, raw, flag, number] if flag == "--splits" => (root, raw, number.parse()?),
        _ => return Err("expected ROOT RATINGS-FOLDER [--splits NUMBER] [--content]".into()),
    };
    let data = read(Path::new(root), Path::new(raw))?;
    let mut rows: Vec<Vec<Row>> = vec![Vec::new(); WAYS.len()];
    let mut asking = (Duration::ZERO, 0);
    for seed in 42..42 + n_splits {
        let protocol = StrongGeneralization { seed, ..StrongGeneralization::default() };
        let split = protocol.split(&data.interactions, Part::Test)?;
        let recommender = learn(&data, &split, of_content)?;
        // What is made once is not what a question costs.
        recommender.ask(&[], &[]);
        let known = most_known(&recommender);
        for held in &split.held_out {
            let newcomer = Newcomer::of(&data, &recommender, held);
            for ((way, _), rows) in WAYS.iter().zip(&mut rows) {
                rows.push(newcomer.answers(*way, &known, &mut asking)?);
            }
        }
    }
    print(n_splits, &rows);
    let (time, n_questions) = asking;
    println!(
        "\nA question of `Recommender::ask`: {:.2} ms",
        time.as_secs_f64() * 1e3 / f64::from(n_questions)
    );
    Ok(())
}

fn print(n_splits: u64, rows: &[Vec<Row>]) {
    println!("{n_splits} splits, {} newcomers\n", rows[0].len());
    print!("| asked about |");
    for after in AFTER {
        print!(" NDCG@{SHOWN} after {after} | seen |");
    }
    println!("\n|---|{}", "---|".repeat(2 * AFTER.len()));
    for ((_, name), own) in WAYS.iter().zip(rows) {
        print!("| {name} |");
        for at in 0..AFTER.len() {
            let n_users = own.len() as f64;
            let ndcg = own.iter().map(|row| row[at].0).sum::<f64>() / n_users;
            let seen = own.iter().map(|row| row[at].1).sum::<usize>() as f64 / n_users;
            let differences = own.iter().zip(&rows[0]).map(|(own, most)| own[at].0 - most[at].0);
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

/// The mean, and half its 95 % interval.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, 1.96 * (variance / n).sqrt())
}

/// Somebody who answers questions.
struct Newcomer<'a> {
    recommender: &'a Recommender,
    held: &'a HeldOut,
    seen: Vec<Rated>,
}

impl<'a> Newcomer<'a> {
    fn of(data: &Data, recommender: &'a Recommender, held: &'a HeldOut) -> Self {
        let is_hidden = |movie| held.relevant.iter().any(|rated| rated.movie == movie);
        let rated = data.interactions.of_user(held.user);
        let seen = rated.filter(|rated| !is_hidden(rated.movie)).collect();
        Self { recommender, held, seen }
    }

    fn answers(&self, way: Way, known: &[MovieIdx], asking: &mut (Duration, u32)) -> Outcome<Row> {
        let mut row = [(0.0, 0); AFTER.len()];
        let mut answers: Vec<(MovieIdx, Answer)> = Vec::new();
        let mut history: Vec<Rated> = Vec::new();
        let mut chance = Chance::of(self.held.user.0);
        for n_answers in 0..=AFTER[AFTER.len() - 1] {
            if let Some(at) = AFTER.iter().position(|after| *after == n_answers) {
                let list = list(self.recommender, &history)?;
                row[at] = (ndcg_at(SHOWN, &list, &self.held.relevant_movies()), history.len());
            }
            let is_new = |movie: &&MovieIdx| !answers.iter().any(|(asked, _)| asked == *movie);
            let left: Vec<MovieIdx> = known.iter().filter(is_new).copied().collect();
            let movie = match way {
                Way::MostKnown => left[0],
                Way::Chance => left[chance.below(left.len())],
                Way::Listed => {
                    let best = self.recommender.best_for(Chosen::All, &[&history], LIST).remove(0);
                    let mut best = best.iter().map(|candidate| candidate.movie);
                    best.find(|movie| left.contains(movie)).unwrap_or(left[0])
                }
                Way::Asked => {
                    let begun = Instant::now();
                    let (request, _) =
                        self.recommender.resolve(&query(self.recommender, &history))?;
                    let movie = self
                        .recommender
                        .ask(&request.history, &answers)
                        .ok_or("no question is left")?;
                    *asking = (asking.0 + begun.elapsed(), asking.1 + 1);
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

/// What asks for the list that is shown.
fn query(recommender: &Recommender, history: &[Rated]) -> Query {
    let rating = |rated: &Rated| Rating {
        movie_id: recommender.movie(rated.movie).movie_id,
        rating: rated.stars.value(),
    };
    Query { ratings: history.iter().map(rating).collect(), limit: SHOWN, ..Query::default() }
}

fn list(recommender: &Recommender, history: &[Rated]) -> Outcome<Vec<MovieIdx>> {
    let (request, _) = recommender.resolve(&query(recommender, history))?;
    Ok(recommender.recommend(&request).items.iter().map(|item| item.movie).collect())
}

/// By how many liked them in training, or by votes where nothing was learned from ratings.
fn most_known(recommender: &Recommender) -> Vec<MovieIdx> {
    let learned = recommender.blend().models.iter().find_map(|learned| match &learned.model {
        Fitted::Popular(model) => Some(model.scores().to_vec()),
        _ => None,
    });
    let votes = |movie: &Movie| movie.vote_count.unwrap_or(0) as f32;
    let known = learned.unwrap_or_else(|| recommender.movies().iter().map(votes).collect());
    let mut movies: Vec<MovieIdx> = (0..known.len() as u32).map(MovieIdx).collect();
    movies.sort_by(|a, b| known[b.row()].total_cmp(&known[a.row()]).then(a.cmp(b)));
    movies.truncate(POOL);
    movies
}

/// Numbers of nobody's choosing, the same in every run (xorshift, Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn of(user: u32) -> Self {
        Self((u64::from(user) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
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
fn learn(data: &Data, split: &Split<'_>, of_content: bool) -> Outcome<Recommender> {
    let tags = TagCounts::new(data.tags.iter().filter(|tag| split.tags.admits(tag)));
    let plain = PlainFeatures::fit(&data.movies, TfidfParams::default())?;
    let features = RankingFeatures::fit(FeatureSet::Full, &data.movies, &plain, &tags)?;
    let mut blend = Blend::CONTENT;
    if !of_content {
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
        blend = Blend { name: "hybrid", models: Vec::new(), content: 0.0 };
        for (part, (model, weight)) in parts.iter().zip(hybrid.parts()) {
            if matches!(part.model, Kind::Content(_)) {
                blend.content = *weight;
            } else {
                let (name, model) = (part.model.name(), model.clone());
                blend.models.push(Learned { name, model, weight: *weight });
            }
        }
    }
    Ok(Recommender::new(data.movies.clone(), features, blend, Votes::Count))
}
