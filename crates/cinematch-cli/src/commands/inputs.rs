//! What commands learn from, read from where the folder layout has it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use cinematch::bundle::InputSum;
use cinematch::catalog::{
    Availability, Fingerprint, Interactions, Movie, Packed, ProblemCount, Provenance, count_all,
    read_merged,
};
use cinematch::files;
use cinematch::ids::{self, Vocabulary};
use cinematch::models::Spec;
use cinematch::models::spec::NAMES;
use cinematch::sources::movielens::{self, TagRow};
use cinematch::sources::{Problem, Unlisted, ratings};
use clap::Args;
use serde::Serialize;

use super::{warn_counts, warn_problems};
use crate::options::Global;
use crate::output::Output;
use crate::paths::{MergedPath, RawPath, read_or, shown};

/// Where the packed ratings are.
#[derive(Clone, Debug, Args)]
pub struct PackedPath {
    /// The packed ratings [default: data/ratings.bin]
    #[arg(long, env = "CINEMATCH_RATINGS", value_name = "FILE")]
    packed: Option<PathBuf>,
}

impl PackedPath {
    /// The file.
    pub fn resolve(&self, global: &Global) -> PathBuf {
        self.packed.clone().unwrap_or_else(|| global.root.join("data/ratings.bin"))
    }
}

/// `ratings_report.json`.
#[derive(Serialize)]
struct Report<'a> {
    format_version: u32,
    file: &'a str,
    rows: u64,
    ratings: usize,
    problem_counts: Vec<ProblemCount<'a>>,
    /// Of a file with very many problems only some are listed.
    unlisted_problems: u64,
    problems: &'a [Problem],
}

/// Ratings, and how they were come by.
pub struct Loaded {
    /// The ratings of all films of movies.csv.
    pub interactions: Interactions,
    /// Rows of the file.
    pub rows: u64,
    /// Problems that it had.
    pub problems: u64,
    /// What was wrong, if the file was read now, and what of it is only counted.
    pub listed: Vec<Problem>,
    pub unlisted: Unlisted,
    /// Whether the packed ratings were up to date.
    pub cached: bool,
}

/// How to load.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Read the file even if the packed ratings are up to date.
    pub refresh: bool,
    /// Do not pack.
    pub write_nothing: bool,
}

/// The films of the merged table.
pub fn read_movies(
    merged: &MergedPath,
    global: &Global,
    output: &Output,
) -> Result<(Vec<Movie>, InputSum)> {
    let path = merged.resolve(global);
    let bytes = read_or(&path, "run `cinematch preprocess` first")?;
    let decoded = read_merged(&shown(&path), &bytes)?;
    warn_problems(&decoded.problems, output);
    let rows = decoded.records.len() as u64;
    let name = "movies_merged.csv".to_owned();
    Ok((decoded.records, InputSum { name, rows, sha256: ids::sha256_hex(&bytes) }))
}

/// ratings.csv of a release, or ratings.parquet where there is no ratings.csv.
pub fn ratings_path(raw: &Path) -> PathBuf {
    let (csv, parquet) = (raw.join("ratings.csv"), raw.join("ratings.parquet"));
    if !csv.exists() && parquet.exists() { parquet } else { csv }
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

/// What a manifest says of the ratings. O(bytes).
pub fn ratings_sum(raw: &RawPath, loaded: &Loaded, global: &Global) -> Result<InputSum> {
    let path = ratings_path(&raw.resolve(global));
    let file = File::open(&path).with_context(|| format!("cannot open {}", shown(&path)))?;
    let sha256 = ids::sha256_of(file).with_context(|| format!("cannot read {}", shown(&path)))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(InputSum { name, rows: loaded.rows, sha256 })
}

/// Models' parameters by name, where a file has them.
pub fn read_specs(path: &Path) -> Result<BTreeMap<String, Spec>> {
    let bytes = read_or(path, "`cinematch tune` writes it")?;
    let specs: BTreeMap<String, Spec> = serde_json::from_slice(&bytes).with_context(|| {
        format!("{} is not what `cinematch tune` writes: models' parameters by name", shown(path))
    })?;
    for (name, spec) in &specs {
        let model = spec.model.name();
        if !NAMES.contains(&name.as_str()) {
            bail!("{}: no model is called `{name}`; there are {}", shown(path), NAMES.join(", "));
        }
        if model != name {
            bail!("{}: what is called `{name}` is of the model `{model}`", shown(path));
        }
        spec.check().with_context(|| shown(path))?;
    }
    Ok(specs)
}

/// Viewers' tags, where MovieLens' release has them.
pub fn read_tags(
    raw: &RawPath,
    global: &Global,
    output: &Output,
) -> Result<(Vec<TagRow>, Option<InputSum>)> {
    let path = raw.resolve(global).join("tags.csv");
    if !path.exists() {
        return Ok((Vec::new(), None));
    }
    let bytes = read_or(&path, "it was there a moment ago")?;
    let decoded = movielens::tags(&shown(&path), &bytes)?;
    warn_problems(&decoded.problems, output);
    let rows = decoded.records.len() as u64;
    let name = "tags.csv".to_owned();
    let sum = InputSum { name, rows, sha256: ids::sha256_hex(&bytes) };
    Ok((decoded.records, Some(sum)))
}

/// Where films can be watched, if that was fetched. A file named by the user must be there.
pub fn read_providers(
    named: Option<&Path>,
    movies: &[Movie],
    global: &Global,
    output: &Output,
) -> Result<(Option<Availability>, Option<InputSum>)> {
    let default = global.root.join("raw/tmdb/watch_providers.csv");
    let path = named.unwrap_or(&default);
    if named.is_none() && !path.exists() {
        return Ok((None, None));
    }
    let bytes = read_or(path, "check --providers; `cinematch fetch tmdb` writes it")?;
    let decoded = Availability::read(&shown(path), &bytes, movies)?;
    warn_problems(&decoded.problems, output);
    let name = "watch_providers.csv".to_owned();
    let sum = InputSum { name, rows: decoded.rows, sha256: ids::sha256_hex(&bytes) };
    Ok((decoded.records.into_iter().next(), Some(sum)))
}

/// Loads the ratings: packed, if they are up to date; otherwise the file is read, and packed.
pub fn load_ratings(
    how: How,
    raw: &RawPath,
    packed: &PackedPath,
    global: &Global,
    output: &Output,
) -> Result<Loaded> {
    let raw = raw.resolve(global);
    let movies = read_vocabulary(&raw)?;
    let path = ratings_path(&raw);
    let name = shown(&path);
    let file = File::open(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!(
            "{name} not found, nor ratings.parquet: it is part of every MovieLens release; without \
             ratings, `cinematch train --model content` learns from facts alone"
        ),
        _ => anyhow!("cannot open {name}: {error}"),
    })?;
    let fingerprint =
        Fingerprint::of(&file, &movies).with_context(|| format!("cannot read {name}"))?;
    let packed_path = packed.resolve(global);
    if !how.refresh {
        let step = output.step("opening the packed ratings");
        let opened = Packed::open(&packed_path, &fingerprint);
        drop(step);
        match opened {
            Ok(Some(Packed { interactions, provenance })) => {
                let Provenance { rows, problems, .. } = provenance;
                let (listed, unlisted) = (Vec::new(), Unlisted::default());
                let cached = true;
                return Ok(Loaded { interactions, rows, problems, listed, unlisted, cached });
            }
            Ok(None) => {}
            Err(error) => output.warn(format_args!("{error}; it is made anew")),
        }
    }

    let step = output.step("reading ratings");
    let mut read = if is_parquet(&path) {
        let file = file.try_clone().with_context(|| format!("cannot read {name}"))?;
        ratings::read_parquet(&name, file, &movies)?
    } else {
        ratings::read(&name, &file, &movies)?
    };
    let interactions = Interactions::new(&name, movies, &mut read);
    drop(step);
    let problems = read.problems.len() as u64 + read.unlisted.total();
    let provenance = Provenance { fingerprint, rows: read.rows, problems };
    let packing = Packed { interactions, provenance };
    if !how.write_nothing {
        let step = output.step("packing ratings");
        packing.write(&packed_path)?;
        let report = Report {
            format_version: 1,
            file: &name,
            rows: read.rows,
            ratings: packing.interactions.n_ratings(),
            problem_counts: count_all(&read.problems, &read.unlisted),
            unlisted_problems: read.unlisted.total(),
            problems: &read.problems,
        };
        let document = serde_json::to_vec_pretty(&report)?;
        files::replace(&report_path(&packed_path), |out| out.write_all(&document))?;
        drop(step);
    }
    warn_counts(&count_all(&read.problems, &read.unlisted), output);
    Ok(Loaded {
        interactions: packing.interactions,
        rows: read.rows,
        problems,
        listed: read.problems,
        unlisted: read.unlisted,
        cached: false,
    })
}

/// Beside the packed ratings.
pub fn report_path(packed: &Path) -> PathBuf {
    files::parent(packed).join("ratings_report.json")
}

/// The films that ratings may be of. What is wrong with their rows is `preprocess`'s to tell.
fn read_vocabulary(raw: &Path) -> Result<Vocabulary> {
    let path = raw.join("movies.csv");
    let bytes = read_or(
        &path,
        "ratings are checked against MovieLens' films; run `cinematch fetch movielens`, or set --raw to \
         the folder that has both",
    )?;
    let movies = movielens::movies(&shown(&path), &bytes)?;
    Ok(Vocabulary::new(movies.records.iter().map(|movie| movie.movie_id)))
}
