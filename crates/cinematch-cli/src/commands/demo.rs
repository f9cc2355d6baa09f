//! `cinematch demo`: runs an embedded sample through the same pipeline as real data: merge, train, publish,
//! load, recommend and serve.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use cinematch::bundle::{Bundle, Generations, InputChecksum, Settings, Training, train};
use cinematch::catalog::services::MockServices;
use cinematch::catalog::{Inputs, MergeSettings, ServicesChoice, merge, read_merged};
use cinematch::features::ranking::FeatureSet;
use cinematch::features::tags::TagCounts;
use cinematch::features::text::TfidfParams;
use cinematch::ids::{self, MovieIdx, UserId};
use cinematch::models::Spec;
use cinematch::ranking::{Query, Ranked, Rating, Recommender, Request};
use cinematch::sources::{movielens, ratings};
use cinematch_server::AppState;
use cinematch_store::Address;
use clap::Args;

use crate::output::{DIM, Output, STRONG, SUCCESS, WARNING};
use crate::runtime::{block_on, now};
use crate::serving::{Listen, ReservedPort, listen};
use crate::terminal::{print_list, title_of};

/// Flags for `cinematch demo`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch demo          print recommendations, then serve the web pages\n  \
                        cinematch demo --once   print only"
)]
pub struct Demo {
    /// Print the recommendations and exit, without serving
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    listen: Listen,
}

const MOVIES: &[u8] = include_bytes!("../../../../sample/movies.csv");
const LINKS: &[u8] = include_bytes!("../../../../sample/links.csv");
const TMDB: &[u8] = include_bytes!("../../../../sample/tmdb_metadata.csv");
const RATINGS: &[u8] = include_bytes!("../../../../sample/ratings.csv");
const TAGS: &[u8] = include_bytes!("../../../../sample/tags.csv");

/// User whose recommendations are printed before and after the rating of [`CHANGED_TITLE`] changes.
const USER: UserId = UserId(1);
const CHANGED_TITLE: &str = "Heat";
const NEW_RATING: f32 = 1.0;
const LIST_LENGTH: usize = 10;

impl Demo {
    /// Prints the recommendations before and after a rating change, then serves the sample.
    pub fn run(&self, output: &Output) -> Result<()> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let bundle = prepare(folder.path())?;
        show(&bundle, output)?;
        if self.once {
            return Ok(());
        }
        let database = Address::File(folder.path().join("cinematch.db"));
        let config = self.listen.config(folder.path().to_owned(), database);
        output.note("");
        block_on(None, async {
            let port = ReservedPort::new(&config)?;
            let state = AppState::with_bundle(config, bundle).await?;
            listen(state, port, output).await
        })
    }
}

/// Merges the sample, trains on it, publishes a generation in `folder` and loads it.
fn prepare(folder: &Path) -> Result<Bundle> {
    let inputs = Inputs {
        movies: ("sample/movies.csv", MOVIES),
        links: ("sample/links.csv", LINKS),
        tmdb: Some(("sample/tmdb_metadata.csv", TMDB)),
    };
    let settings = MergeSettings {
        min_year: None,
        require_tmdb: false,
        min_votes: 0,
        keep_without_genres: false,
        services: ServicesChoice::Mock,
        mock: MockServices { seed: 42, sample_fraction: 0.3 },
    };
    let table =
        merge(inputs, &settings, &|ids| ratings::count("sample/ratings.csv", RATINGS, ids))?
            .table
            .concat();
    let movies = read_merged("movies_merged.csv", &table)?.records;
    let tags = movielens::tags("sample/tags.csv", TAGS)?.records;
    let sum = |name: &str, rows: usize, bytes: &[u8]| InputChecksum {
        name: name.to_owned(),
        rows: rows as u64,
        sha256: ids::sha256_hex(bytes),
    };
    let inputs =
        vec![sum("movies_merged.csv", movies.len(), &table), sum("tags.csv", tags.len(), TAGS)];
    let training = Training {
        availability: None,
        movies,
        tags: TagCounts::new(&tags),
        ratings: None,
        holdout: None,
        refit: false,
        fit_weights: false,
        inputs,
        settings: Settings {
            model: Spec::content(),
            features: FeatureSet::Full,
            tfidf: TfidfParams::default(),
            seed: 42,
            without_tmdb_text: false,
        },
        created_at: now(),
    };
    let trained = train(training, &mut |_, _| ())?;
    Generations::new(folder).publish(&trained, 1)?;
    Bundle::load(folder).map_err(Into::into)
}

fn show(bundle: &Bundle, output: &Output) -> Result<()> {
    let recommender = &bundle.recommender;
    let ratings: Vec<Rating> = movielens::ratings("sample/ratings.csv", RATINGS)?
        .records
        .into_iter()
        .filter(|row| row.user_id == USER)
        .map(|row| Rating { movie_id: row.movie_id, rating: row.stars.value() })
        .collect();
    let changed = ratings
        .iter()
        .position(|rating| {
            let index = recommender.vocabulary().index_of(rating.movie_id);
            index.is_some_and(|index| recommender.movie(index).title == CHANGED_TITLE)
        })
        .ok_or_else(|| anyhow!("the sample's user has not rated {CHANGED_TITLE}"))?;
    let mut changed_ratings = ratings.clone();
    changed_ratings[changed].rating = NEW_RATING;
    let before = Listing::new(recommender, ratings.clone(), changed)?;
    let after = Listing::new(recommender, changed_ratings, changed)?;

    output.note(format_args!(
        "{DIM}A sample of {} movies; users, ratings and streaming services are generated.{DIM:#}",
        recommender.movies().len()
    ));
    output.line(format_args!("{STRONG}A user rated{STRONG:#}"));
    let mut by_stars = ratings.clone();
    by_stars.sort_by(|a, b| b.rating.total_cmp(&a.rating));
    let rated_titles: Vec<String> = by_stars
        .iter()
        .filter_map(|rating| {
            let index = recommender.vocabulary().index_of(rating.movie_id)?;
            Some(format!("{} {}", recommender.movie(index).title, stars(rating.rating)))
        })
        .collect();
    output.line(format_args!("  {}", rated_titles.join(" · ")));
    output.line(format_args!("\n{STRONG}Ten recommendations, with reasons{STRONG:#}"));
    print_list(recommender, &before.ranked, |_| Vec::new(), output);

    let old = ratings[changed].rating;
    output.line(format_args!(
        "\n{STRONG}The rating of {CHANGED_TITLE} changes from {} to {}{STRONG:#}: new positions, and the \
         contribution of {CHANGED_TITLE} to each score",
        stars(old),
        stars(NEW_RATING)
    ));
    print_moves(&before, &after, output);
    output.json(&serde_json::json!({
        "viewer": ratings,
        "before": before.titles(),
        "changed": { "title": CHANGED_TITLE, "from": old, "to": NEW_RATING },
        "after": after.titles(),
    }))
}

/// A ranked list, with the request that produced it.
struct Listing<'a> {
    recommender: &'a Recommender,
    request: Request,
    ranked: Ranked<'a>,
    /// Index of the changed rating in the user's history.
    changed: usize,
}

impl<'a> Listing<'a> {
    fn new(recommender: &'a Recommender, ratings: Vec<Rating>, changed: usize) -> Result<Self> {
        let query = Query { ratings, limit: LIST_LENGTH, explain: true, ..Query::default() };
        let (request, _) = recommender.resolve(&query)?;
        let ranked = recommender.recommend(&request);
        Ok(Self { recommender, request, ranked, changed })
    }

    fn rank(&self, movie: MovieIdx) -> Option<usize> {
        self.ranked.items.iter().position(|item| item.movie == movie)
    }

    /// Returns the contribution of the changed rating to a movie's score.
    fn contribution(&self, movie: MovieIdx) -> f32 {
        self.recommender.contribution_of(&self.request, self.changed, movie)
    }

    fn titles(&self) -> Vec<String> {
        let items = self.ranked.items.iter();
        items.map(|item| title_of(self.recommender.movie(item.movie))).collect()
    }
}

/// Prints the new list with each movie's change in rank, then the movies that dropped out.
fn print_moves(before: &Listing<'_>, after: &Listing<'_>, output: &Output) {
    let contributions = |movie| {
        let (old_contribution, new_contribution) =
            (before.contribution(movie), after.contribution(movie));
        format!("{CHANGED_TITLE} {old_contribution:+.3} → {new_contribution:+.3}")
    };
    for (rank, item) in after.ranked.items.iter().enumerate() {
        let (style, movement) = match before.rank(item.movie) {
            None => (SUCCESS, "new".to_owned()),
            Some(old_rank) if old_rank > rank => (SUCCESS, format!("↑ {}", old_rank - rank)),
            Some(old_rank) if old_rank < rank => (WARNING, format!("↓ {}", rank - old_rank)),
            Some(_) => (DIM, "=".to_owned()),
        };
        let title = title_of(after.recommender.movie(item.movie));
        output.line(format_args!(
            "{:>3}  {style}{movement:<4}{style:#} {STRONG}{title}{STRONG:#}  {DIM}{}{DIM:#}",
            rank + 1,
            contributions(item.movie)
        ));
    }
    for item in before.ranked.items.iter().filter(|item| after.rank(item.movie).is_none()) {
        let title = title_of(before.recommender.movie(item.movie));
        output.line(format_args!(
            "  –  {WARNING}left{WARNING:#} {title}  {DIM}{}{DIM:#}",
            contributions(item.movie)
        ));
    }
}

fn stars(rating: f32) -> String {
    format!("{rating}★")
}
