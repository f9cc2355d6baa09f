//! `cinematch import FILE`: a person's history, matched, and films for them at once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use cinematch::bundle::Bundle;
use cinematch::catalog::matching::{Match, Matcher};
use cinematch::catalog::{ProblemCount, count_problems};
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::{Query, Rating, Recommender};
use cinematch::sources::history::{self, Entry, History, Said, Skipped};
use clap::Args;
use serde::Serialize;

use crate::commands::recommend::{named, print_list};
use crate::commands::warn_problems;
use crate::options::Global;
use crate::output::{DIM, GOOD, Output, STRONG, counted, thousands};
use crate::paths::{ArtifactsPath, read_or, shown};

/// Rows told of one by one on a terminal; `--json` has all.
const TOLD: usize = 8;

/// Flags of `import FILE`.
#[derive(Debug, Args)]
pub struct HistoryFiles {
    /// Exports of Letterboxd (ZIP, CSV), IMDb (CSV), Trakt (ZIP, JSON) or MovieLens.org (CSV)
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How many films to recommend, 0 to 100
    #[arg(long, short = 'k', alias = "k", default_value_t = 10, value_name = "N")]
    limit: usize,
    /// Recommend films of the watchlist too
    #[arg(long)]
    watchlist: bool,
    #[command(flatten)]
    artifacts: ArtifactsPath,
}

/// What became of a row.
#[derive(Serialize)]
struct RowReport<'a> {
    file: &'a str,
    line: u64,
    title: &'a str,
    year: Option<u16>,
    said: Said,
    /// `id`, `title`, `ambiguous` or `unmatched`.
    matched: &'static str,
    movie_id: Option<MovieId>,
    /// What an ambiguous title could be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<MovieId>,
}

/// The match report, for machines.
#[derive(Serialize)]
struct Report<'a> {
    rows: u64,
    by_id: usize,
    by_title: usize,
    ambiguous: usize,
    unmatched: usize,
    skipped: usize,
    problems: Vec<ProblemCount<'a>>,
    skipped_rows: Vec<&'a Skipped>,
    matches: Vec<RowReport<'a>>,
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

/// What a person said of each film, in the end.
#[derive(Default)]
struct Taste {
    ratings: BTreeMap<MovieId, f32>,
    liked: Vec<MovieId>,
    watched: Vec<MovieId>,
    watchlist: Vec<MovieId>,
}

impl HistoryFiles {
    /// Whether no file was named.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Reads, matches, tells, recommends.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let mut histories = Vec::new();
        for path in &self.files {
            let bytes = read_or(path, "check the path")?;
            histories.push(history::read(&shown(path), &bytes)?);
        }
        let loading = output.step("loading the model");
        let bundle = Bundle::load(&self.artifacts.resolve(global))?;
        drop(loading);
        let recommender = &bundle.recommender;
        let matcher = Matcher::new(recommender.movies(), recommender.vocabulary());
        let entries: Vec<(&Entry, Match)> = histories
            .iter()
            .flat_map(|history| &history.entries)
            .map(|entry| (entry, matcher.find(entry)))
            .collect();

        let taste = Taste::of(&entries, recommender);
        let mut query = taste.query(self.watchlist);
        query.limit = self.limit.clamp(1, 100);
        let (request, _) = recommender.resolve(&query)?;
        let mut ranked = recommender.recommend(&request);
        ranked.items.truncate(self.limit);

        let report = report(&histories, &entries, recommender, &ranked);
        output.json(&report)?;
        tell(&histories, &entries, recommender, output);
        if ranked.items.is_empty() {
            return Ok(());
        }
        output.line(format_args!(
            "\n{STRONG}{}{STRONG:#} for somebody with {}, {} liked, {} more seen, {} to watch",
            counted(ranked.items.len() as u64, "film"),
            counted(taste.ratings.len() as u64, "rating"),
            thousands(taste.liked.len() as u64),
            thousands(taste.watched.len() as u64),
            thousands(taste.watchlist.len() as u64)
        ));
        print_list(recommender, &ranked, |_| Vec::new(), output);
        Ok(())
    }
}

impl Taste {
    /// Of rows about one film the stars say more than the heart, and the last stars are the ones that
    /// count: an archive's tables come by name, and `ratings.csv` behind `diary.csv`.
    fn of(entries: &[(&Entry, Match)], recommender: &Recommender) -> Self {
        let mut taste = Self::default();
        for (entry, found) in entries {
            let Some(film) = found.film() else { continue };
            let id = recommender.movie(film).movie_id;
            match entry.said {
                Said::Rated(stars) => drop(taste.ratings.insert(id, stars.value())),
                Said::Liked => taste.liked.push(id),
                Said::Watched => taste.watched.push(id),
                Said::Watchlist => taste.watchlist.push(id),
            }
        }
        let Self { ratings, liked, watched, watchlist } = &mut taste;
        let mut known: Vec<MovieId> = ratings.keys().copied().collect();
        for list in [liked, watched, watchlist] {
            list.sort_unstable();
            list.dedup();
            list.retain(|id| !known.contains(id));
            known.extend_from_slice(list);
            known.sort_unstable();
        }
        taste
    }

    fn query(&self, with_watchlist: bool) -> Query {
        let rating = |(id, stars): (&MovieId, &f32)| Rating { movie_id: *id, rating: *stars };
        let listed = self.watchlist.iter().filter(|_| !with_watchlist);
        Query {
            ratings: self.ratings.iter().map(rating).collect(),
            liked: self.liked.clone(),
            seen: self.watched.iter().chain(listed).copied().collect(),
            explain: true,
            ..Query::default()
        }
    }
}

fn report<'a>(
    histories: &'a [History],
    entries: &[(&'a Entry, Match)],
    recommender: &Recommender,
    ranked: &cinematch::ranking::Ranked<'_>,
) -> Report<'a> {
    let id = |film: &MovieIdx| recommender.movie(*film).movie_id;
    let row = |(entry, found): &(&'a Entry, Match)| RowReport {
        file: &entry.file,
        line: entry.line,
        title: &entry.title,
        year: entry.year,
        said: entry.said,
        matched: word(found),
        movie_id: found.film().as_ref().map(id),
        candidates: match found {
            Match::Ambiguous(films) => films.iter().map(id).collect(),
            _ => Vec::new(),
        },
    };
    let of = |wanted| entries.iter().filter(|(_, found)| word(found) == wanted).count();
    let problems = histories.iter().flat_map(|history| count_problems(&history.problems));
    let skipped_rows: Vec<&Skipped> =
        histories.iter().flat_map(|history| &history.skipped).collect();
    Report {
        rows: histories.iter().map(|history| history.rows).sum(),
        by_id: of("id"),
        by_title: of("title"),
        ambiguous: of("ambiguous"),
        unmatched: of("unmatched"),
        skipped: skipped_rows.len(),
        problems: problems.collect(),
        skipped_rows,
        matches: entries.iter().map(row).collect(),
        recommendations: ranked
            .items
            .iter()
            .map(|item| {
                let movie = recommender.movie(item.movie);
                Recommended {
                    movie_id: movie.movie_id,
                    title: movie.title.clone(),
                    year: movie.year,
                    score: item.score,
                    explanation: cinematch::ranking::explanation(&item.reasons),
                }
            })
            .collect(),
    }
}

fn word(found: &Match) -> &'static str {
    match found {
        Match::ById(_) => "id",
        Match::ByTitle(_) => "title",
        Match::Ambiguous(_) => "ambiguous",
        Match::Unmatched => "unmatched",
    }
}

/// The match report, for people.
fn tell(
    histories: &[History],
    entries: &[(&Entry, Match)],
    recommender: &Recommender,
    output: &Output,
) {
    for history in histories {
        warn_problems(&history.problems, output);
    }
    let of = |wanted| entries.iter().filter(move |(_, found)| word(found) == wanted);
    let lines = [
        ("id", "found by number"),
        ("title", "found by title and year"),
        ("ambiguous", "that could be several films"),
        ("unmatched", "that the catalogue does not have"),
    ];
    let services: Vec<&str> = histories.iter().map(|history| history.service.name()).collect();
    let rows: u64 = histories.iter().map(|history| history.rows).sum();
    output.note(format_args!("{} of {}", counted(rows, "row"), services.join(", ")));
    for (wanted, what) in lines {
        let n = of(wanted).count();
        if n > 0 {
            let colour = if matches!(wanted, "id" | "title") { GOOD } else { DIM };
            output.note(format_args!("{colour}{:>9}{colour:#} {what}", thousands(n as u64)));
        }
        if matches!(wanted, "ambiguous" | "unmatched") {
            for (entry, found) in of(wanted).take(TOLD) {
                let year = entry.year.map(|year| format!(" ({year})")).unwrap_or_default();
                let candidates = match found {
                    Match::Ambiguous(films) => {
                        let names = films.iter().map(|film| named(recommender.movie(*film)));
                        format!(": {}", names.collect::<Vec<_>>().join(" or "))
                    }
                    _ => String::new(),
                };
                output.note(format_args!(
                    "            {DIM}{}{year}{candidates}{DIM:#}",
                    entry.title
                ));
            }
            if n > TOLD {
                output.note(format_args!(
                    "            {DIM}and {} more; --json has all{DIM:#}",
                    thousands((n - TOLD) as u64)
                ));
            }
        }
    }
    let skipped: usize = histories.iter().map(|history| history.skipped.len()).sum();
    if skipped > 0 {
        output.note(format_args!("{:>9} skipped: no films", thousands(skipped as u64)));
    }
}
