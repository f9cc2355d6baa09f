//! `cinematch recommend`: ranks movies for one user, or for all users in a file.

mod histories;

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use cinematch::bundle::Bundle;
use cinematch::catalog::Movie;
use cinematch::ids::MovieId;
use cinematch::models::biased_mf::Prediction;
use cinematch::models::spec::NAMES;
use cinematch::ranking::{
    Filters, GenreFilter, Order, Query, Rating, Reason, Shortfall, explanation,
};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use self::histories::ListOptions;
use crate::options::Global;
use crate::output::{DIM, Output};
use crate::paths::ArtifactsPath;
use crate::query_flags::with_flags;
use crate::runtime::today;
use crate::terminal::{print_list, title_of};

/// Flags for `cinematch recommend`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch recommend --liked 1,3114\n  \
                        cinematch recommend --ratings 6=5,47=4.5,1721=1 --limit 5\n  \
                        cinematch recommend --genres crime,sci-fi --year-min 1990 --runtime-max 120\n  \
                        cinematch recommend --liked 6 --json | jq '.recommendations[].title'\n  \
                  cinematch recommend --histories users.csv -k 100 --out recs.csv\n  \
                  cinematch recommend --histories users.csv --out recs.csv --model ials")]
pub struct Recommend {
    #[command(flatten)]
    artifacts: ArtifactsPath,
    /// MovieLens IDs of movies you like
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    liked: Vec<MovieId>,
    /// MovieLens IDs of movies you dislike
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    disliked: Vec<MovieId>,
    /// Movies and your ratings, 0.5 to 5 stars: 6=5,47=4.5
    #[arg(long, value_delimiter = ',', value_parser = rating, value_name = "ID=STARS")]
    ratings: Vec<Rating>,
    /// Genres to prefer
    #[arg(long, value_delimiter = ',', value_name = "GENRES")]
    genres: Vec<String>,
    #[command(flatten)]
    filters: FilterFlags,
    /// Number of movies, 1 to 100; unlimited with --histories
    #[arg(long, short = 'k', alias = "k", default_value_t = 10, value_name = "N")]
    limit: usize,
    /// Diversity of the list, from 0 (order by score) to 1 (as diverse as possible) [default: 0.15, or 0.5
    /// without a history]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    diversity: Option<f32>,
    /// Penalty for well-known movies, from -1 (favors them) to 1 (strongest penalty) [default: 0]
    #[arg(
        long,
        default_value_t = 0.0,
        value_name = "SHARE",
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    novelty: f32,
    /// Model to rank with: the generation's full model or one of its components
    #[arg(long, value_parser = PossibleValuesParser::new(NAMES), value_name = "NAME")]
    model: Option<String>,
    /// Rank movies for each user in a CSV file with the columns userId,movieId,rating[,timestamp]
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with_all = SINGLE_USER_FLAGS)]
    histories: Option<PathBuf>,
    /// Output file for --histories, with the columns userId,rank,movieId,score
    #[arg(long, value_name = "FILE", requires = "histories", conflicts_with_all = SINGLE_USER_FLAGS)]
    out: Option<PathBuf>,
}

/// Flags that describe a single user, which conflict with --histories.
const SINGLE_USER_FLAGS: [&str; 20] = [
    "liked",
    "disliked",
    "ratings",
    "genres",
    "diversity",
    "novelty",
    "only_genres",
    "without_genres",
    "services",
    "region",
    "year_min",
    "year_max",
    "runtime_min",
    "runtime_max",
    "min_votes",
    "rating_min",
    "max_age",
    "include_adult",
    "include_unreleased",
    "exclude",
];

/// Flags that filter movies.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Filters")]
struct FilterFlags {
    /// Only movies with one of these genres
    #[arg(long, value_delimiter = ',', value_name = "GENRES")]
    only_genres: Vec<String>,
    /// No movies with any of these genres
    #[arg(long, value_delimiter = ',', value_name = "GENRES")]
    without_genres: Vec<String>,
    /// Only movies on one of these services
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    services: Vec<String>,
    /// Country of the services, as a two-letter code [default: the country they were fetched for]
    #[arg(long, value_name = "COUNTRY")]
    region: Option<String>,
    /// Only movies from this year or later
    #[arg(long, value_name = "YEAR")]
    year_min: Option<u16>,
    /// Only movies from this year or earlier
    #[arg(long, value_name = "YEAR")]
    year_max: Option<u16>,
    /// Minimum runtime in minutes
    #[arg(long, value_name = "MINUTES")]
    runtime_min: Option<u32>,
    /// Maximum runtime in minutes
    #[arg(long, value_name = "MINUTES")]
    runtime_max: Option<u32>,
    /// Minimum number of votes
    #[arg(long, default_value_t = 0, value_name = "N", hide_default_value = true)]
    min_votes: u32,
    /// Minimum average vote, 0 to 10
    #[arg(long, value_name = "VOTE")]
    rating_min: Option<f64>,
    /// Only movies suitable for viewers of this age, 0 to 18, by their certificates in the region
    #[arg(long, value_name = "AGE")]
    max_age: Option<u8>,
    /// Allow movies that TMDB marks as adult
    #[arg(long)]
    include_adult: bool,
    /// Allow movies that have not been released
    #[arg(long)]
    include_unreleased: bool,
    /// MovieLens IDs of movies to exclude
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    exclude: Vec<MovieId>,
}

fn rating(text: &str) -> Result<Rating, String> {
    let expected = || format!("expected a movie ID and a rating, such as 6=4.5, got `{text}`");
    let (id, stars) = text.split_once('=').ok_or_else(expected)?;
    Ok(Rating {
        movie_id: id.trim().parse().map_err(|_| expected())?,
        rating: stars.trim().parse().map_err(|_| expected())?,
    })
}

/// A recommended movie, as printed by `--json`.
#[derive(Serialize)]
struct RecommendationReport<'a> {
    rank: usize,
    score: f32,
    explanation: String,
    reasons: &'a [Reason<'a>],
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    match_probability: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicted_rating: Option<Prediction>,
    #[serde(flatten)]
    movie: &'a Movie,
    /// Services in the requested region; `None` if no region was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    services_in_region: Option<Vec<&'a str>>,
}

impl Recommend {
    /// Ranks movies and prints them.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let loading = output.step("loading the model");
        let bundle = Bundle::load(&self.artifacts.resolve(global))?;
        drop(loading);
        let recommender = &bundle.recommender;
        let model = self.model.as_deref().map(|name| {
            let advice =
                |error| anyhow!("{error}; run `cinematch train --model {name}` to train it");
            recommender.choose(name).map_err(advice)
        });
        let model = model.transpose()?.unwrap_or_default();
        if let (Some(histories), Some(out)) = (&self.histories, &self.out) {
            let lists = ListOptions { model, k: self.limit };
            return histories::run(&bundle, histories, lists, out, output);
        }
        let (request, unknown) =
            recommender.resolve(&self.query()).map_err(|error| with_flags(&error))?;
        let ranked = recommender.recommend(&request);
        let region = request.filter.region;

        let shown: Vec<RecommendationReport<'_>> = ranked
            .items
            .iter()
            .enumerate()
            .map(|(index, item)| RecommendationReport {
                rank: index + 1,
                score: item.score,
                explanation: explanation(&item.reasons),
                reasons: &item.reasons,
                match_probability: item.match_probability,
                predicted_rating: item.predicted,
                movie: recommender.movie(item.movie),
                services_in_region: region
                    .is_some()
                    .then(|| recommender.services_of(item.movie, region)),
            })
            .collect();
        let attribution = bundle.attribution(region);
        output.json(&serde_json::json!({
            "recommendations": shown,
            "model_id": bundle.manifest.model_id,
            "unknown_movie_ids": unknown,
            "shortfall": ranked.shortfall,
            "attribution": attribution,
        }))?;

        if !unknown.is_empty() {
            let ids: Vec<String> = unknown.iter().map(ToString::to_string).collect();
            output
                .warn(format_args!("ignored IDs that are not in the catalog: {}", ids.join(", ")));
        }
        let history: Vec<String> = request
            .history
            .iter()
            .map(|item| title_of(recommender.movie(item.signal.movie)))
            .collect();
        if !history.is_empty() {
            output.note(format_args!("{DIM}Based on {}:{DIM:#}", history.join(", ")));
        }
        let services = |movie| match attribution {
            Some(_) => recommender.services_of(movie, region),
            None => Vec::new(),
        };
        print_list(recommender, &ranked, services, output);
        if let Some(attribution) = attribution {
            output.note(format_args!("{DIM}{attribution}{DIM:#}"));
        }
        if let Some(shortfall) = &ranked.shortfall {
            output.warn(describe(shortfall));
        }
        if bundle.has_mock_services() && !self.filters.services.is_empty() {
            output.warn("streaming services are mock: invented for demonstration");
        }
        Ok(())
    }

    fn query(&self) -> Query {
        let filters = self.filters.clone();
        Query {
            liked: self.liked.clone(),
            disliked: self.disliked.clone(),
            ratings: self.ratings.clone(),
            preferred_genres: self.genres.clone(),
            filters: Filters {
                genres: GenreFilter {
                    any: filters.only_genres,
                    all: Vec::new(),
                    none: filters.without_genres,
                },
                services: filters.services,
                region: filters.region,
                languages: Vec::new(),
                year_min: filters.year_min,
                year_max: filters.year_max,
                runtime_min: filters.runtime_min,
                runtime_max: filters.runtime_max,
                min_votes: filters.min_votes,
                rating_min: filters.rating_min,
                max_age: filters.max_age,
                include_adult: filters.include_adult,
                include_unreleased: filters.include_unreleased,
            },
            exclude: filters.exclude,
            only: Vec::new(),
            seen: Vec::new(),
            today: Some(today()),
            limit: self.limit,
            offset: 0,
            diversity: self.diversity,
            novelty: self.novelty,
            explain: true,
            model: self.model.clone(),
            order: Order::Taste,
        }
    }
}

/// Explains why a list is shorter than requested.
fn describe(shortfall: &Shortfall) -> String {
    let removed: Vec<String> = shortfall
        .removed_by
        .iter()
        .map(|(filter, movies)| format!("{} {movies}", filter.name()))
        .collect();
    let reason = if removed.is_empty() {
        "the catalog has no more".to_owned()
    } else {
        format!("the filters leave no more (removed: {})", removed.join(", "))
    };
    format!("{} of {} movies: {reason}", shortfall.returned, shortfall.requested)
}
