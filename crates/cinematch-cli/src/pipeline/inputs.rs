//! Readers for the training inputs: merged table, ratings, tags, watch providers and hyperparameters.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use cinematch::bundle::InputChecksum;
use cinematch::catalog::{
    Availability, Fingerprint, Interactions, Movie, Packed, ProblemCount, Provenance,
    count_with_unlisted, read_merged,
};
use cinematch::files;
use cinematch::ids::{self, Vocabulary};
use cinematch::models::Spec;
use cinematch::models::spec::NAMES;
use cinematch::sources::movielens::{self, TagRow};
use cinematch::sources::{Problem, Unlisted, ratings};
use serde::Serialize;

use crate::input_error::InputError;
use crate::options::Global;
use crate::output::Output;
use crate::paths::{MergedPath, PackedPath, RawPath, display_path, read_file};

/// Content of `ratings_report.json`.
#[derive(Serialize)]
struct Report<'a> {
    format_version: u32,
    file: &'a str,
    rows: u64,
    ratings: usize,
    problem_counts: Vec<ProblemCount<'a>>,
    /// Number of problems that are counted but not listed, because the file has too many.
    unlisted_problems: u64,
    problems: &'a [Problem],
}

/// Ratings, with statistics from reading them.
pub struct Loaded {
    /// Ratings of all movies in movies.csv.
    pub interactions: Interactions,
    /// Number of rows in the file.
    pub rows: u64,
    /// Number of problems in the file.
    pub problems: u64,
    /// Problems found in the file; empty if the packed ratings were used.
    pub listed: Vec<Problem>,
    /// Counts of the problems that are not listed.
    pub unlisted: Unlisted,
    /// True if the packed ratings were up to date and were used.
    pub cached: bool,
}

/// Options for [`load_ratings`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadMode {
    /// Read the file even if the packed ratings are up to date.
    pub refresh: bool,
    /// Write neither packed ratings nor a report.
    pub read_only: bool,
}

/// Reads the movies in the merged table and computes the file's checksum.
pub fn read_movies(
    merged: &MergedPath,
    global: &Global,
    output: &Output,
) -> Result<(Vec<Movie>, InputChecksum)> {
    let path = merged.resolve(global);
    let bytes = read_file(&path, "run `cinematch preprocess` first")?;
    let decoded = read_merged(&display_path(&path), &bytes)?;
    output.warn_problems(&decoded.problems);
    let rows = decoded.records.len() as u64;
    let name = "movies_merged.csv".to_owned();
    Ok((decoded.records, InputChecksum { name, rows, sha256: ids::sha256_hex(&bytes) }))
}

/// Returns the path of ratings.csv, or of ratings.parquet if only that exists.
pub fn ratings_path(raw: &Path) -> PathBuf {
    let (csv, parquet) = (raw.join("ratings.csv"), raw.join("ratings.parquet"));
    if !csv.exists() && parquet.exists() { parquet } else { csv }
}

/// Returns true if the ratings file is Parquet.
pub fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

/// Returns the name, row count and SHA-256 of the ratings file, as recorded in manifests. O(bytes).
pub fn ratings_sum(raw: &RawPath, loaded: &Loaded, global: &Global) -> Result<InputChecksum> {
    let path = ratings_path(&raw.resolve(global));
    let file = File::open(&path).with_context(|| format!("cannot open {}", display_path(&path)))?;
    let sha256 =
        ids::sha256_of(file).with_context(|| format!("cannot read {}", display_path(&path)))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(InputChecksum { name, rows: loaded.rows, sha256 })
}

/// Reads hyperparameters by model name from a file written by `cinematch tune`.
pub fn read_specs(path: &Path) -> Result<BTreeMap<String, Spec>> {
    let bytes = read_file(path, "`cinematch tune` writes it")?;
    let specs: BTreeMap<String, Spec> = serde_json::from_slice(&bytes).with_context(|| {
        format!(
            "{} must contain hyperparameters by model name, as `cinematch tune` writes them",
            display_path(path)
        )
    })?;
    for (name, spec) in &specs {
        let model = spec.model.name();
        if !NAMES.contains(&name.as_str()) {
            bail!(
                "{}: unknown model `{name}`; known models: {}",
                display_path(path),
                NAMES.join(", ")
            );
        }
        if model != name {
            bail!("{}: the entry `{name}` is for the model `{model}`", display_path(path));
        }
        spec.check().with_context(|| display_path(path))?;
    }
    Ok(specs)
}

/// Reads the users' tags, if the MovieLens release contains them.
pub fn read_tags(
    raw: &RawPath,
    global: &Global,
    output: &Output,
) -> Result<(Vec<TagRow>, Option<InputChecksum>)> {
    let path = raw.resolve(global).join("tags.csv");
    if !path.exists() {
        return Ok((Vec::new(), None));
    }
    let bytes = read_file(&path, "it was deleted while this command ran")?;
    let decoded = movielens::tags(&display_path(&path), &bytes)?;
    output.warn_problems(&decoded.problems);
    let rows = decoded.records.len() as u64;
    let name = "tags.csv".to_owned();
    let sum = InputChecksum { name, rows, sha256: ids::sha256_hex(&bytes) };
    Ok((decoded.records, Some(sum)))
}

/// Reads each movie's streaming services, if they were fetched. A file named by a flag must exist.
pub fn read_providers(
    explicit_path: Option<&Path>,
    movies: &[Movie],
    global: &Global,
    output: &Output,
) -> Result<(Option<Availability>, Option<InputChecksum>)> {
    let default = global.root.join("raw/tmdb/watch_providers.csv");
    let path = explicit_path.unwrap_or(&default);
    if explicit_path.is_none() && !path.exists() {
        return Ok((None, None));
    }
    let bytes = read_file(path, "check --providers; `cinematch fetch tmdb` writes it")?;
    let decoded = Availability::read(&display_path(path), &bytes, movies)?;
    output.warn_problems(&decoded.problems);
    let name = "watch_providers.csv".to_owned();
    let sum = InputChecksum { name, rows: decoded.rows, sha256: ids::sha256_hex(&bytes) };
    Ok((decoded.records.into_iter().next(), Some(sum)))
}

/// Loads the ratings. Opens the packed ratings if they are up to date; otherwise reads and packs the
/// file.
pub fn load_ratings(
    mode: ReadMode,
    raw: &RawPath,
    packed: &PackedPath,
    global: &Global,
    output: &Output,
) -> Result<Loaded> {
    let raw = raw.resolve(global);
    let movies = read_vocabulary(&raw)?;
    let path = ratings_path(&raw);
    let name = display_path(&path);
    let file = File::open(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => InputError::error(format_args!(
            "{name} and ratings.parquet not found; every MovieLens release contains ratings. To train \
             without them, run `cinematch train --model content`"
        )),
        _ => anyhow!("cannot open {name}: {error}"),
    })?;
    let fingerprint =
        Fingerprint::from_file(&file, &movies).with_context(|| format!("cannot read {name}"))?;
    let packed_path = packed.resolve(global);
    if !mode.refresh {
        let step = output.step("opening the packed ratings");
        let packed_file = Packed::open(&packed_path, &fingerprint);
        drop(step);
        match packed_file {
            Ok(Some(Packed { interactions, provenance })) => {
                let Provenance { rows, problems, .. } = provenance;
                let (listed, unlisted) = (Vec::new(), Unlisted::default());
                let cached = true;
                return Ok(Loaded { interactions, rows, problems, listed, unlisted, cached });
            }
            Ok(None) => {}
            Err(error) => output.warn(format_args!("{error}; packing the ratings again")),
        }
    }

    let step = output.step("reading ratings");
    let mut read = if is_parquet(&path) {
        let file = file.try_clone().with_context(|| format!("cannot read {name}"))?;
        ratings::read_parquet(&name, file, &movies)?
    } else {
        ratings::read(&name, &file, &movies)?
    };
    read.require_valid(&name)?;
    let interactions = Interactions::new(&name, movies, &mut read);
    drop(step);
    let problems = read.problems.len() as u64 + read.unlisted.total();
    let provenance = Provenance { fingerprint, rows: read.rows, problems };
    let packed_ratings = Packed { interactions, provenance };
    if !mode.read_only {
        let step = output.step("packing ratings");
        packed_ratings.write(&packed_path)?;
        let report = Report {
            format_version: 1,
            file: &name,
            rows: read.rows,
            ratings: packed_ratings.interactions.n_ratings(),
            problem_counts: count_with_unlisted(&read.problems, &read.unlisted),
            unlisted_problems: read.unlisted.total(),
            problems: &read.problems,
        };
        let document = serde_json::to_vec_pretty(&report)?;
        files::replace(&report_path(&packed_path), |out| out.write_all(&document))?;
        drop(step);
    }
    output.warn_counts(&count_with_unlisted(&read.problems, &read.unlisted));
    Ok(Loaded {
        interactions: packed_ratings.interactions,
        rows: read.rows,
        problems,
        listed: read.problems,
        unlisted: read.unlisted,
        cached: false,
    })
}

/// Returns the path of `ratings_report.json`, beside the packed ratings.
pub fn report_path(packed: &Path) -> PathBuf {
    files::parent(packed).join("ratings_report.json")
}

/// Reads the movie IDs from movies.csv. Problems in that file are reported by `preprocess`, not here.
fn read_vocabulary(raw: &Path) -> Result<Vocabulary> {
    let path = raw.join("movies.csv");
    let bytes = read_file(
        &path,
        "ratings are checked against its movies; run `cinematch fetch movielens`, or pass the folder that \
         contains both files with --raw",
    )?;
    let movies = movielens::movies(&display_path(&path), &bytes)?;
    Ok(Vocabulary::new(movies.records.iter().map(|movie| movie.movie_id)))
}
