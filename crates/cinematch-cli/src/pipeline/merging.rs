//! The merged table: MovieLens and TMDB in one file, with a report.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use cinematch::catalog::services::MockServices;
use cinematch::catalog::{
    Counts, InputPaths, Inputs, MergeSettings, Merged, Recipe, ServicesChoice, ServicesSource,
    count_problems, merge,
};
use cinematch::ids::{MovieId, Vocabulary};
use cinematch::sources::ratings::{self, RatingsError};
use cinematch::{files, ids};
use clap::Args;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG, counted, thousands};
use crate::paths::{MergedPath, RawPath, display_path, read_file};
use crate::pipeline::inputs::{is_parquet, ratings_path};

const GET_MOVIELENS: &str =
    "run `cinematch fetch movielens`, or pass the folder of a release with --raw DIR";

/// Flags that determine the merged table.
#[derive(Clone, Debug, Args)]
pub struct Merge {
    #[command(flatten)]
    raw: RawPath,
    /// TMDB metadata [default: raw/tmdb/tmdb_metadata.csv, if it exists]
    #[arg(long, env = "CINEMATCH_TMDB", value_name = "FILE")]
    tmdb: Option<PathBuf>,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    services: Services,
}

/// Flags that select movies.
#[derive(Clone, Debug, Args)]
pub struct Filters {
    /// Drop movies before this year and movies without a year; `none` keeps all
    #[arg(long, env = "CINEMATCH_MIN_YEAR", default_value = "none", value_name = "YEAR")]
    min_year: MinYear,
    /// Drop movies without TMDB metadata
    #[arg(long)]
    require_tmdb: bool,
    /// Drop movies with fewer than N TMDB votes
    #[arg(long, default_value_t = 0, value_name = "N")]
    min_votes: u32,
    /// Keep movies without a genre
    #[arg(long)]
    keep_without_genres: bool,
}

#[derive(Clone, Copy, Debug)]
struct MinYear(Option<u16>);

impl FromStr for MinYear {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" | "0" => Ok(Self(None)),
            _ => text
                .parse()
                .map(|year| Self(Some(year)))
                .map_err(|_| "expected a year such as 1980, or `none`".to_owned()),
        }
    }
}

/// Flags that select streaming services.
#[derive(Clone, Debug, Args)]
pub struct Services {
    /// Streaming services: tmdb uses fetched data, mock invents services for demonstrations, none omits
    /// them; auto is tmdb if data was fetched, otherwise mock
    #[arg(long, value_enum, default_value = "auto", value_name = "WHICH")]
    #[allow(clippy::struct_field_names, reason = "the flag is --services")]
    services: ServicesName,
    /// Seed for mock services
    #[arg(long, default_value_t = 42, value_name = "N")]
    seed: u64,
    /// Share of movies that get one or two additional mock services
    #[arg(long, default_value = "0.3", value_parser = fraction, value_name = "SHARE")]
    sample_fraction: f64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ServicesName {
    Auto,
    Tmdb,
    Mock,
    None,
}

fn fraction(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// JSON output of `cinematch preprocess`.
#[derive(serde::Serialize)]
struct Summary<'a> {
    merged: String,
    report: String,
    counts: Counts,
    services_source: Option<ServicesSource>,
    problems: Vec<cinematch::catalog::ProblemCount<'a>>,
}

/// A finished merge and the files it wrote.
#[derive(Debug)]
pub struct MergeOutput {
    /// Merged table, with the problems found.
    pub merged: Merged,
    /// Settings that the table was merged with.
    settings: MergeSettings,
    /// Path of the table.
    pub table: PathBuf,
    /// Path of the report.
    pub report: PathBuf,
}

impl Merge {
    /// Merges, writes the table and its report, and prints a summary.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let MergeOutput { merged, settings, table, report } = self.merge(global, output)?;
        output.json(&Summary {
            merged: display_path(&table),
            report: display_path(&report),
            counts: merged.counts,
            services_source: merged.services_source,
            problems: count_problems(&merged.problems),
        })?;
        summarize(&merged, &settings, output);
        output.note(format_args!("{DIM}report: {}{DIM:#}", display_path(&report)));
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: {} movies",
            display_path(&table),
            thousands(merged.counts.movies_kept)
        ));
        Ok(())
    }

    /// Returns the flags that produced the existing table, read from its report; `None` if there is no
    /// report. Paths in `raw` and `tmdb` take precedence over those in the report.
    pub fn recorded(
        raw: &RawPath,
        tmdb: Option<&Path>,
        merged: &MergedPath,
        global: &Global,
    ) -> Result<Option<Self>> {
        let path = report_path(&merged.resolve(global));
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("cannot read {}", display_path(&path)))?,
        };
        let recipe = Recipe::read(&bytes).with_context(|| {
            format!(
                "{} is not a report from `cinematch preprocess`; run it again",
                display_path(&path)
            )
        })?;
        let settings = recipe.settings();
        // Recorded paths that no longer exist are replaced by the defaults.
        let existing_path =
            |name: String| Some(global.root.join(name)).filter(|path| path.exists());
        let (recorded_raw, recorded_tmdb) = match recipe.made_from {
            Some(InputPaths { raw, tmdb }) => (existing_path(raw), tmdb.and_then(existing_path)),
            None => (None, None),
        };
        Ok(Some(Self {
            raw: raw.or(recorded_raw),
            tmdb: tmdb.map(Path::to_owned).or(recorded_tmdb),
            merged: merged.clone(),
            filters: Filters {
                min_year: MinYear(settings.min_year),
                require_tmdb: settings.require_tmdb,
                min_votes: settings.min_votes,
                keep_without_genres: settings.keep_without_genres,
            },
            services: Services {
                services: match settings.services {
                    ServicesChoice::Auto => ServicesName::Auto,
                    ServicesChoice::Tmdb => ServicesName::Tmdb,
                    ServicesChoice::Mock => ServicesName::Mock,
                    ServicesChoice::None => ServicesName::None,
                },
                seed: settings.mock.seed,
                sample_fraction: settings.mock.sample_fraction,
            },
        }))
    }

    /// Returns the flags that produced the existing table, or these flags if the table has no report.
    pub fn with_recorded_flags(&self, global: &Global) -> Result<Self> {
        let recorded = Self::recorded(&self.raw, self.tmdb.as_deref(), &self.merged, global)?;
        Ok(recorded.unwrap_or_else(|| self.clone()))
    }

    /// Returns the flag for the MovieLens folder.
    pub fn raw(&self) -> &RawPath {
        &self.raw
    }

    /// Merges and writes the table and its report.
    pub fn merge(&self, global: &Global, output: &Output) -> Result<MergeOutput> {
        let raw = self.raw.resolve(global);
        let (movies_path, links_path) = (raw.join("movies.csv"), raw.join("links.csv"));
        let reading = output.step("reading MovieLens and TMDB");
        let (movielens, tmdb) = rayon::join(
            || -> Result<_> {
                let movies = read_file(&movies_path, GET_MOVIELENS)?;
                Ok((movies, read_file(&links_path, GET_MOVIELENS)?))
            },
            || self.read_tmdb(global),
        );
        let ((movies, links), tmdb) = (movielens?, tmdb?);
        drop(reading);

        let settings = self.settings();
        let merging = output.step("merging");
        let (movies_name, links_name) = (display_path(&movies_path), display_path(&links_path));
        let named = tmdb.as_ref().map(|(path, bytes)| (display_path(path), bytes));
        let inputs = Inputs {
            movies: (&movies_name, &movies),
            links: (&links_name, &links),
            tmdb: named.as_ref().map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
        };
        let merged = merge(inputs, &settings, &|ids| count_ratings(&raw, ids))?;
        drop(merging);
        let table = self.merged.resolve(global);
        if merged.counts.movies_kept == 0 {
            let dropped = dropped(&merged, &settings)
                .map(|(movies, reason)| format!("{} {reason}", thousands(movies)));
            let dropped = dropped.collect::<Vec<_>>().join(", ");
            bail!(
                "{movies_name} has no movie that passes the filters (dropped: {}); {} was not changed. Loosen the \
                 filters: `cinematch preprocess --help` lists them",
                if dropped.is_empty() { "none" } else { &dropped },
                display_path(&table)
            );
        }

        let writing = output.step("writing");
        let made_from = InputPaths {
            raw: below_root(&raw, global)?,
            tmdb: tmdb.as_ref().map(|(path, _)| below_root(path, global)).transpose()?,
        };
        let report = report_path(&table);
        write(&merged, (&settings, &made_from), &table, &report)?;
        drop(writing);
        Ok(MergeOutput { merged, settings, table, report })
    }

    /// Reads the TMDB metadata, if the file exists. A file named by --tmdb must exist.
    fn read_tmdb(&self, global: &Global) -> Result<Option<(PathBuf, Vec<u8>)>> {
        let path = match &self.tmdb {
            Some(path) => path.clone(),
            None => global.root.join("raw/tmdb/tmdb_metadata.csv"),
        };
        if self.tmdb.is_none() && !path.exists() {
            return Ok(None);
        }
        let bytes = read_file(&path, "check --tmdb, or leave the flag out to merge without TMDB")?;
        Ok(Some((path, bytes)))
    }

    fn settings(&self) -> MergeSettings {
        let Filters { min_year, require_tmdb, min_votes, keep_without_genres } = self.filters;
        MergeSettings {
            min_year: min_year.0,
            require_tmdb,
            min_votes,
            keep_without_genres,
            services: match self.services.services {
                ServicesName::Auto => ServicesChoice::Auto,
                ServicesName::Tmdb => ServicesChoice::Tmdb,
                ServicesName::Mock => ServicesChoice::Mock,
                ServicesName::None => ServicesChoice::None,
            },
            mock: MockServices {
                seed: self.services.seed,
                sample_fraction: self.services.sample_fraction,
            },
        }
    }
}

/// Counts the ratings of each of `movies`; 0 if the folder has no ratings.
fn count_ratings(raw: &Path, movies: &[MovieId]) -> Result<Vec<u64>, RatingsError> {
    let path = ratings_path(raw);
    let name = display_path(&path);
    let file = match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(vec![0; movies.len()]);
        }
        opened => opened.map_err(|cause| RatingsError::Read { file: name.clone(), cause })?,
    };
    if !is_parquet(&path) {
        return ratings::count(&name, &file, movies);
    }
    let read = ratings::read_parquet(&name, file, &Vocabulary::new(movies.iter().copied()))?;
    let mut counts = vec![0; movies.len()];
    read.parts.iter().flat_map(|part| &part.movies).for_each(|movie| counts[movie.row()] += 1);
    Ok(counts)
}

/// Returns the path of `preprocess_report.json`, beside the table.
fn report_path(table: &Path) -> PathBuf {
    files::parent(table).join("preprocess_report.json")
}

/// Returns `path` relative to the root folder, so that the root folder can be moved. A path outside the
/// root folder is returned as an absolute path.
fn below_root(path: &Path, global: &Global) -> Result<String> {
    let absolute = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("cannot resolve {}", path.display()))
    };
    let (path, root) = (absolute(path)?, absolute(&global.root)?);
    Ok(path.strip_prefix(&root).unwrap_or(&path).display().to_string())
}

fn write(
    merged: &Merged,
    (settings, made_from): (&MergeSettings, &InputPaths),
    table: &Path,
    report: &Path,
) -> Result<()> {
    let parts = &merged.table;
    let name = display_path(table);
    let (result, document) = rayon::join(
        || files::replace(table, |out| parts.iter().try_for_each(|part| out.write_all(part))),
        || {
            let sha256 = ids::sha256_hex_of_parts(parts);
            serde_json::to_vec_pretty(&merged.report(settings, made_from, (&name, &sha256)))
        },
    );
    result?;
    let document = document.context("cannot serialize the report")?;
    files::replace(report, |out| {
        out.write_all(&document)?;
        out.write_all(b"\n")
    })?;
    Ok(())
}

/// Returns the number of movies that each filter dropped, without filters that dropped none.
fn dropped(merged: &Merged, settings: &MergeSettings) -> impl Iterator<Item = (u64, String)> {
    let removed = merged.counts.removed;
    let counts = [
        (removed.without_year, "without a year".to_owned()),
        (removed.before_min_year, format!("before {}", settings.min_year.unwrap_or(0))),
        (removed.without_genres, "without a genre".to_owned()),
        (removed.without_tmdb, "without TMDB metadata".to_owned()),
        (removed.too_few_votes, format!("with fewer than {} votes", settings.min_votes)),
    ];
    counts.into_iter().filter(|(movies, _)| *movies > 0)
}

/// Prints how many MovieLens entries were corrected, with an example of each kind.
fn summarize_corrections(merged: &Merged, output: &Output) {
    let corrections = &merged.corrections;
    let note = |count: usize, text: std::fmt::Arguments<'_>| {
        output.note(format_args!("{:>9} {text}", thousands(count as u64)));
    };
    if let [first, ..] = &corrections.duplicate_entries[..] {
        let (id, main, title) = (first.movie_id, first.merged_into, &first.title);
        note(
            corrections.duplicate_entries.len(),
            format_args!(
                "merged into another entry of the film, such as {title}: {id} into {main}"
            ),
        );
    }
    if let [first, ..] = &corrections.years_from_tmdb[..] {
        note(
            corrections.years_from_tmdb.len(),
            format_args!("with the year from TMDB, such as {} for {}", first.year, first.title),
        );
    }
    if let [first, ..] = &corrections.titles_from_tmdb[..] {
        note(
            corrections.titles_from_tmdb.len(),
            format_args!(
                "with TMDB's title for a working title, such as {}: {}",
                first.title, first.tmdb_title
            ),
        );
    }
    if let [first, ..] = &corrections.relinked[..] {
        note(
            corrections.relinked.len(),
            format_args!(
                "with the TMDB ID found by IMDb ID, such as {} for movie {}",
                first.to, first.movie_id
            ),
        );
    }
}

fn summarize(merged: &Merged, settings: &MergeSettings, output: &Output) {
    let counts = &merged.counts;
    for source in &merged.sources {
        output.note(format_args!("{:>9} rows  {}", thousands(source.rows), source.file));
    }
    for (movies, reason) in dropped(merged, settings) {
        output.note(format_args!("{:>9} movies dropped {reason}", thousands(movies)));
    }
    output.note(format_args!(
        "{:>9} movies kept, {} with TMDB metadata",
        thousands(counts.movies_kept),
        thousands(counts.with_metadata)
    ));
    summarize_corrections(merged, output);
    if !merged.problems.is_empty() {
        let problems = counted(merged.problems.len() as u64, "problem");
        output.warn(format_args!("{problems} in the files; the merge continued:"));
        output.warn_problems(&merged.problems);
    }
    if merged.services_source == Some(ServicesSource::Mock) {
        output.warn(
            "streaming services are mock: invented for demonstration and marked as such (--services none \
             omits them)",
        );
    }
}
