//! `cinematch search`: searches the catalog of the served generation.

use anyhow::Result;
use cinematch::bundle::Bundle;
use cinematch::ids::MovieId;
use cinematch::search::SearchIndex;
use clap::Args;
use serde::Serialize;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG};
use crate::paths::ArtifactsPath;
use crate::terminal::{marks, title_of};

/// Flags for `cinematch search`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch search godfater\n  cinematch search heat 1995\n  \
                        cinematch search al pacino --limit 20 --json")]
pub struct Search {
    /// Words from a title, name or keyword; a year narrows the search
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Maximum number of movies to print
    #[arg(long, short = 'k', default_value_t = 10, value_name = "N")]
    limit: usize,
    #[command(flatten)]
    artifacts: ArtifactsPath,
}

/// A search result, as printed by `--json`.
#[derive(Serialize)]
struct Found<'a> {
    movie_id: MovieId,
    title: &'a str,
    year: Option<u16>,
    score: f32,
}

impl Search {
    /// Searches the catalog and prints the results.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let loading = output.step("loading the catalog");
        let bundle = Bundle::load(&self.artifacts.resolve(global))?;
        let recommender = &bundle.recommender;
        let index = SearchIndex::new(recommender.movies());
        drop(loading);
        let query = self.words.join(" ");
        let hits = index.search(&query, self.limit);
        let found = hits.iter().map(|hit| {
            let movie = recommender.movie(hit.movie);
            Found {
                movie_id: movie.movie_id,
                title: &movie.title,
                year: movie.year,
                score: hit.score,
            }
        });
        output.json(&serde_json::json!({ "results": found.collect::<Vec<_>>() }))?;
        for hit in &hits {
            let movie = recommender.movie(hit.movie);
            output.line(format_args!(
                "{:>7}  {STRONG}{}{STRONG:#}  {DIM}{}{}{DIM:#}",
                movie.movie_id,
                title_of(movie),
                movie.genres.join(", "),
                marks(movie)
            ));
        }
        if hits.is_empty() {
            output.note(format_args!("{DIM}no matches for `{query}`{DIM:#}"));
        }
        Ok(())
    }
}
