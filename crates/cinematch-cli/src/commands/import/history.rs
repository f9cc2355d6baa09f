//! `cinematch import FILE`: matches a user's history with the catalog and recommends from it.

use std::path::PathBuf;

use anyhow::Result;
use cinematch::bundle::Bundle;
use cinematch::catalog::matching::MatchIndex;
use cinematch::catalog::title_with_year;
use cinematch::ids::MovieId;
use cinematch::imports::{self, CandidateMovie, Imported, MatchReport, Matched, RowReport, Taste};
use cinematch::ranking::{Ranked, Recommender, explanation};
use cinematch::sources::history::{self, ListMeaning};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::folder::read_folder;
use crate::options::Global;
use crate::output::{DIM, Output, STRONG, SUCCESS, counted, thousands};
use crate::paths::{ArtifactsPath, display_path, read_file};
use crate::runtime::today;
use crate::terminal::print_list;

/// Number of unmatched rows to print; `--json` prints all.
const MAX_PRINTED: usize = 8;

/// Flags for `cinematch import FILE`.
#[derive(Debug, Args)]
pub struct HistoryFiles {
    /// Exports from other services
    #[arg(value_name = "FILE", help = format!("Exports from {}, or a folder with an unpacked one", history::supported_exports()))]
    files: Vec<PathBuf>,
    /// Number of movies to recommend, 0 to 100
    #[arg(long, short = 'k', alias = "k", default_value_t = 10, value_name = "N")]
    limit: usize,
    /// Recommend movies on the watchlist too
    #[arg(long)]
    watchlist: bool,
    /// Meaning of user-defined lists; by default, they are reported and not imported
    #[arg(long, value_name = "MEANING")]
    list_as: Option<ListAs>,
    #[command(flatten)]
    artifacts: ArtifactsPath,
}

/// Values of `--list-as`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ListAs {
    /// You like the movies
    Liked,
    /// You want to watch the movies
    Watchlist,
    /// Don't import lists
    Ignore,
}

impl From<ListAs> for ListMeaning {
    fn from(meaning: ListAs) -> Self {
        match meaning {
            ListAs::Liked => Self::Liked,
            ListAs::Watchlist => Self::Watchlist,
            ListAs::Ignore => Self::Ignore,
        }
    }
}

/// JSON output of `cinematch import FILE`: the match report and the recommendations.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    matched: &'a MatchReport,
    recommendations: Vec<Recommended>,
}

#[derive(Serialize)]
struct Recommended {
    movie_id: MovieId,
    title: String,
    year: Option<u16>,
    score: f32,
    explanation: String,
}

impl HistoryFiles {
    /// Returns true if no files were given.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Reads the files, matches their rows with the catalog, prints a report and recommends movies.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let mut files = Vec::new();
        for path in &self.files {
            if path.is_dir() {
                files.extend(read_folder(path)?);
            } else {
                files.push((display_path(path), read_file(path, "check the path")?));
            }
        }
        // Unsupported files are rejected before the model is loaded.
        let histories = history::read_all(&files)?;
        let loading = output.step("loading the model");
        let bundle = Bundle::load(&self.artifacts.resolve(global))?;
        drop(loading);
        let recommender = &bundle.recommender;
        let movies = recommender.movies();
        let lists = self.list_as.map_or(ListMeaning::Unknown, ListMeaning::from);
        let Imported { taste, report } =
            imports::match_movies(&MatchIndex::new(movies), movies, histories, lists);

        let mut query = if self.watchlist { taste.query_with_watchlist() } else { taste.query() };
        query.limit = self.limit.clamp(1, 100);
        query.today = Some(today());
        let (request, _) = recommender.resolve(&query)?;
        let mut ranked = recommender.recommend(&request);
        ranked.items.truncate(self.limit);

        let recommendations = recommended(recommender, &ranked);
        output.json(&Report { matched: &report, recommendations })?;
        print_report(&report, output);
        if ranked.items.is_empty() {
            return Ok(());
        }
        output.line(format_args!(
            "\n{STRONG}{}{STRONG:#} for a user {}",
            counted(ranked.items.len() as u64, "movie"),
            summary(&taste)
        ));
        print_list(recommender, &ranked, |_| Vec::new(), output);
        Ok(())
    }
}

/// Describes a history: `with 2 ratings, 1 on the watchlist`. Omits counts of zero.
fn summary(taste: &Taste) -> String {
    let counts = [
        (taste.liked().count(), "liked"),
        (taste.only_watched().count(), "more watched"),
        (taste.listed().count(), "on the watchlist"),
    ];
    let n_rated = taste.rated().count() as u64;
    let rated = (n_rated > 0).then(|| counted(n_rated, "rating"));
    let others = counts.iter().filter(|(count, _)| *count > 0);
    let others = others.map(|(count, what)| format!("{} {what}", thousands(*count as u64)));
    let parts: Vec<String> = rated.into_iter().chain(others).collect();
    if parts.is_empty() {
        "without a history".to_owned()
    } else {
        format!("with {}", parts.join(", "))
    }
}

/// Names a row in the report: its title and year or, without a title, its position in the file.
fn row_name(row: &RowReport) -> String {
    if row.title.is_empty() {
        return format!("row {} of {}, without a title", row.line, row.file);
    }
    title_with_year(&row.title, row.year)
}

/// Names a candidate by its title and year and, if others share them, what sets it apart.
fn candidate_name(candidate: &CandidateMovie) -> String {
    let name = title_with_year(&candidate.title, candidate.year);
    candidate.detail.iter().fold(name, |name, detail| format!("{name}, {detail}"))
}

fn recommended(recommender: &Recommender, ranked: &Ranked<'_>) -> Vec<Recommended> {
    let movies = ranked.items.iter().map(|item| {
        let movie = recommender.movie(item.movie);
        Recommended {
            movie_id: movie.movie_id,
            title: movie.title.clone(),
            year: movie.year,
            score: item.score,
            explanation: explanation(&item.reasons),
        }
    });
    movies.collect()
}

/// Prints the match report.
fn print_report(report: &MatchReport, output: &Output) {
    output.warn_problems(&report.problems);
    let services: Vec<&str> = report.services.iter().map(|service| service.name()).collect();
    output.note(format_args!("{} from {}", counted(report.rows, "row"), services.join(", ")));
    for (matched, label) in [
        (Matched::Id, "matched by ID"),
        (Matched::Title, "matched by title and year"),
        (Matched::Ambiguous, "ambiguous: may be another movie"),
        (Matched::Unmatched, "not in the catalog"),
    ] {
        let n = report.rows_by_match(matched).count();
        if n > 0 {
            let found = matches!(matched, Matched::Id | Matched::Title);
            let color = if found { SUCCESS } else { DIM };
            output.note(format_args!("{color}{:>9}{color:#} {label}", thousands(n as u64)));
        }
        if matched == Matched::Title && report.fuzzy > 0 {
            output.note(format_args!(
                "            {DIM}{} of them with a year that differs by one or is missing{DIM:#}",
                thousands(report.fuzzy as u64)
            ));
        }
        if matches!(matched, Matched::Ambiguous | Matched::Unmatched) {
            for row in report.rows_by_match(matched).take(MAX_PRINTED) {
                let candidates: Vec<String> =
                    row.candidate_movies.iter().map(candidate_name).collect();
                let colon = if candidates.is_empty() { "" } else { ": " };
                output.note(format_args!(
                    "            {DIM}{}{colon}{}{DIM:#}",
                    row_name(row),
                    candidates.join(" or ")
                ));
            }
            if n > MAX_PRINTED {
                output.note(format_args!(
                    "            {DIM}and {} more; --json lists all{DIM:#}",
                    thousands((n - MAX_PRINTED) as u64)
                ));
            }
        }
    }
    if report.skipped > 0 {
        let skipped = thousands(report.skipped as u64);
        output.note(format_args!("{skipped:>9} skipped: not movies"));
    }
    print_lists(report, output);
}

/// Prints the user-defined lists that were not imported.
fn print_lists(report: &MatchReport, output: &Output) {
    let n_rows: usize = report.lists.iter().map(|list| list.rows).sum();
    if report.lists.is_empty() {
        return;
    }
    let (rows, lists) = (thousands(n_rows as u64), counted(report.lists.len() as u64, "list"));
    output.note(format_args!("{rows:>9} not imported: on {lists}"));
    for list in report.lists.iter().take(MAX_PRINTED) {
        let movies = counted(list.rows as u64, "movie");
        output
            .note(format_args!("            {DIM}{} ({}): {movies}{DIM:#}", list.name, list.file));
    }
    if report.list_meaning == ListMeaning::Unknown {
        output.note(format_args!(
            "            add `--list-as liked` or `--list-as watchlist` to import them"
        ));
    }
}

#[cfg(test)]
mod tests {
    use cinematch::sources::history::EntryKind;

    use super::*;

    fn row(title: &str) -> RowReport {
        RowReport {
            file: "trakt.json".to_owned(),
            line: 7,
            title: title.to_owned(),
            year: None,
            kind: EntryKind::Watched,
            matched: Matched::Unmatched,
            fuzzy: false,
            movie_id: None,
            candidates: Vec::new(),
            candidate_movies: Vec::new(),
        }
    }

    #[test]
    fn a_row_without_a_title_is_named_by_its_position() {
        assert_eq!(row_name(&row("Heat")), "Heat");
        assert_eq!(row_name(&row("")), "row 7 of trakt.json, without a title");
    }

    #[test]
    fn summary_of_an_empty_history_lists_no_counts() {
        assert_eq!(summary(&Taste::default()), "without a history");
    }
}
