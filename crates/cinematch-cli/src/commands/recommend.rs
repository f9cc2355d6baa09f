//! `cinematch recommend`.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use cinematch::bundle::Bundle;
use cinematch::catalog::Movie;
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::models::biased_mf::Prediction;
use cinematch::models::spec::NAMES;
use cinematch::ranking::{
    Filters, GenreFilter, Order, Query, Ranked, Rating, Reason, Recommender, explanation,
};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::histories::{self, Wanted};
use crate::options::Global;
use crate::output::{DIM, GOOD, Output, STRONG};
use crate::paths::ArtifactsPath;

/// Flags of `recommend`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch recommend --liked 1,3114\n  \
                        cinematch recommend --ratings 6=5,47=4.5,1721=1 --limit 5\n  \
                        cinematch recommend --genres crime,sci-fi --year-min 1990 --runtime-max 120\n  \
                        cinematch recommend --liked 6 --json | jq '.recommendations[].title'\n  \
                        cinematch recommend --histories viewers.csv -k 100 --out recs.csv\n  \
                        cinematch recommend --histories viewers.csv --out recs.csv --model ials")]
pub struct Recommend {
    #[command(flatten)]
    artifacts: ArtifactsPath,
    /// Films you like, by MovieLens' numbers
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    liked: Vec<MovieId>,
    /// Films you do not like
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    disliked: Vec<MovieId>,
    /// Films with stars, 0.5 to 5: 6=5,47=4.5
    #[arg(long, value_delimiter = ',', value_parser = rating, value_name = "ID=STARS")]
    ratings: Vec<Rating>,
    /// Genres you would rather see
    #[arg(long, value_delimiter = ',', value_name = "GENRES")]
    genres: Vec<String>,
    #[command(flatten)]
    filters: FilterFlags,
    /// How many films, 1 to 100; with --histories as many as you like
    #[arg(long, short = 'k', alias = "k", default_value_t = 10, value_name = "N")]
    limit: usize,
    /// 0: by score alone; 1: as different as can be [default: a little]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    diversity: Option<f32>,
    /// 0 to 1: how much being well known counts against a film
    #[arg(
        long,
        default_value_t = 0.0,
        value_name = "SHARE",
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    novelty: f32,
    /// The generation's whole model or one of its parts, by name
    #[arg(long, value_parser = PossibleValuesParser::new(NAMES), value_name = "NAME")]
    model: Option<String>,
    /// Films for every viewer of a CSV file, by the models alone: userId,movieId,rating[,timestamp]
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with_all = ONE_USER)]
    histories: Option<PathBuf>,
    /// Where their films go: userId,rank,movieId,score
    #[arg(long, value_name = "FILE", requires = "histories", conflicts_with_all = ONE_USER)]
    out: Option<PathBuf>,
}

/// What says something of one viewer.
const ONE_USER: [&str; 17] = [
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
    "exclude",
];

/// What may be shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Filters")]
struct FilterFlags {
    /// Only films with one of these genres
    #[arg(long, value_delimiter = ',', value_name = "GENRES")]
    only_genres: Vec<String>,
    /// No films with any of these genres
    #[arg(long, value_delimiter = ',', value_name = "GENRES")]
    without_genres: Vec<String>,
    /// Only films on one of these services
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    services: Vec<String>,
    /// The country whose services count, as two letters [default: the one fetched for]
    #[arg(long, value_name = "COUNTRY")]
    region: Option<String>,
    /// Only films from this year on
    #[arg(long, value_name = "YEAR")]
    year_min: Option<u16>,
    /// Only films up to this year
    #[arg(long, value_name = "YEAR")]
    year_max: Option<u16>,
    /// Only films of at least this many minutes
    #[arg(long, value_name = "MINUTES")]
    runtime_min: Option<u32>,
    /// Only films of at most this many minutes
    #[arg(long, value_name = "MINUTES")]
    runtime_max: Option<u32>,
    /// Only films with at least this many votes
    #[arg(long, default_value_t = 0, value_name = "N", hide_default_value = true)]
    min_votes: u32,
    /// Only films with at least this average vote, 0 to 10
    #[arg(long, value_name = "VOTE")]
    rating_min: Option<f64>,
    /// Never these films
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    exclude: Vec<MovieId>,
}

fn rating(text: &str) -> Result<Rating, String> {
    let expected = || format!("expected a film and its stars such as 6=4.5, got `{text}`");
    let (id, stars) = text.split_once('=').ok_or_else(expected)?;
    Ok(Rating {
        movie_id: id.trim().parse().map_err(|_| expected())?,
        rating: stars.trim().parse().map_err(|_| expected())?,
    })
}

/// A recommended film, for machines.
#[derive(Serialize)]
struct Shown<'a> {
    rank: usize,
    score: f32,
    explanation: String,
    reasons: &'a [Reason<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    predicted_rating: Option<Prediction>,
    #[serde(flatten)]
    movie: &'a Movie,
    /// In the region asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    services_in_region: Option<Vec<&'a str>>,
}

impl Recommend {
    /// Ranks and prints.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let loading = output.step("loading the model");
        let bundle = Bundle::load(&self.artifacts.resolve(global))?;
        drop(loading);
        let recommender = &bundle.recommender;
        let chosen = self.model.as_deref().map(|name| {
            let advice = |error| anyhow!("{error}; `cinematch train --model {name}` makes one");
            recommender.choose(name).map_err(advice)
        });
        let chosen = chosen.transpose()?.unwrap_or_default();
        if let (Some(histories), Some(out)) = (&self.histories, &self.out) {
            let wanted = Wanted { chosen, k: self.limit };
            return histories::run(&bundle, histories, wanted, out, output);
        }
        let (request, unknown) = recommender.resolve(&self.query())?;
        let ranked = recommender.recommend(&request);
        let region = request.filter.region;

        let shown: Vec<Shown<'_>> = ranked
            .items
            .iter()
            .enumerate()
            .map(|(at, item)| Shown {
                rank: at + 1,
                score: item.score,
                explanation: explanation(&item.reasons),
                reasons: &item.reasons,
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
            output.warn(format_args!("not in the catalogue, so passed over: {}", ids.join(", ")));
        }
        let history: Vec<String> = request
            .history
            .iter()
            .map(|item| named(recommender.movie(item.signal.movie)))
            .collect();
        if !history.is_empty() {
            output.note(format_args!(
                "{DIM}For somebody who spoke of {}:{DIM:#}",
                history.join(", ")
            ));
        }
        let on = |movie| match attribution {
            Some(_) => recommender.services_of(movie, region),
            None => Vec::new(),
        };
        print_list(recommender, &ranked, on, output);
        if let Some(attribution) = attribution {
            output.note(format_args!("{DIM}{attribution}{DIM:#}"));
        }
        if let Some(shortfall) = &ranked.shortfall {
            let removed: Vec<String> = shortfall
                .removed_by
                .iter()
                .map(|(filter, movies)| format!("{} {movies}", filter.name()))
                .collect();
            let why = if removed.is_empty() {
                "the catalogue has no more".to_owned()
            } else {
                format!("the filters leave no more (removed: {})", removed.join(", "))
            };
            let (returned, requested) = (shortfall.returned, shortfall.requested);
            output.warn(format_args!("{returned} of {requested} films: {why}"));
        }
        if bundle.has_mock_services() && !self.filters.services.is_empty() {
            output.warn("the streaming services are mock: invented for demonstration");
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
            },
            exclude: filters.exclude,
            seen: Vec::new(),
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

/// `Heat (1995)`.
pub fn named(movie: &Movie) -> String {
    dated(&movie.title, movie.year)
}

/// The same of a title and a year.
pub fn dated(title: &str, year: Option<u16>) -> String {
    year.map_or_else(|| title.to_owned(), |year| format!("{title} ({year})"))
}

/// Prints a ranked list with its reasons, and where the films can be watched.
pub fn print_list<'a>(
    recommender: &'a Recommender,
    ranked: &Ranked<'_>,
    on: impl Fn(MovieIdx) -> Vec<&'a str>,
    output: &Output,
) {
    for (at, item) in ranked.items.iter().enumerate() {
        let movie = recommender.movie(item.movie);
        let stars = item
            .predicted
            .map(|Prediction { stars, low, high }| format!("  {stars:.1}★ ({low:.1}–{high:.1})"));
        output.line(format_args!(
            "{:>3}  {STRONG}{}{STRONG:#}  {DIM}{}{DIM:#}  {GOOD}{:.3}{GOOD:#}{}",
            at + 1,
            named(movie),
            movie.genres.join(", "),
            item.score,
            stars.unwrap_or_default()
        ));
        output.line(format_args!("     {}", explanation(&item.reasons)));
        let services = on(item.movie);
        if !services.is_empty() {
            output.line(format_args!("     {DIM}on {}{DIM:#}", services.join(", ")));
        }
    }
}
