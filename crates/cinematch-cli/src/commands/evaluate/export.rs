//! Writes splits and lists to files, so that other programs can train on the same data and be compared
//! with ours.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use cinematch::bundle::{FileChecksum, InputChecksum};
use cinematch::catalog::{Interactions, Rated};
use cinematch::evaluation::{HeldOut, Part, Protocol, Split};
use cinematch::files;
use cinematch::ids::{self, MovieIdx, UserIdx};
use serde::Serialize;

use crate::evaluation::Data;
use crate::paths::display_path;

/// Header of the rating files.
const RATINGS: &str = "userId,movieId,rating,timestamp\n";

/// Content of `split.json`.
#[derive(Serialize)]
struct Description<'a> {
    format_version: u32,
    protocol: Protocol,
    seed: u64,
    /// Files for each part, `validation` and `test`.
    parts: BTreeMap<&'static str, PartFiles>,
    /// Length and SHA-256 of each file.
    files: BTreeMap<String, FileChecksum>,
    /// Files that the split was made from.
    inputs: &'a [InputChecksum],
}

/// Files and counts for one part of the split.
#[derive(Serialize)]
struct PartFiles {
    /// File with the ratings to train on.
    train: String,
    /// File with the known ratings of the held-out users.
    history: String,
    /// File with the withheld ratings of movies that the held-out users liked.
    relevant: String,
    /// File with the movies that lists may contain.
    candidates: String,
    training_users: usize,
    held_out_users: usize,
    relevant_ratings: usize,
    #[serde(rename = "candidate_films")]
    candidate_movies: usize,
    #[serde(rename = "cold_films")]
    cold_movies: usize,
}

/// Writes both parts of a split to a folder, with their checksums in `split.json`.
pub fn write_split(folder: &Path, protocol: Protocol, seed: u64, data: &Data) -> Result<()> {
    // A folder without split.json is incomplete, so that file is deleted first and written last.
    let description_path = folder.join("split.json");
    if description_path.is_file() {
        fs::remove_file(&description_path)
            .with_context(|| format!("cannot replace {}", display_path(&description_path)))?;
    }
    let mut parts = BTreeMap::new();
    let mut sums = BTreeMap::new();
    for part in protocol.parts() {
        let name = part_name(*part);
        let split = protocol.split(&data.interactions, *part)?;
        let own = protocol.has_training_data_per_part();
        let train = if own { format!("{name}_train.csv") } else { "train.csv".to_owned() };
        let mut write = |file: String, write: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
            let path = folder.join(&file);
            if !sums.contains_key(&file) {
                files::replace(&path, write)?;
                let read_error = || format!("cannot read {}", display_path(&path));
                let bytes = path.metadata().with_context(read_error)?.len();
                let sha256 = File::open(&path).and_then(ids::sha256_of).with_context(read_error)?;
                sums.insert(file.clone(), FileChecksum { bytes, sha256 });
            }
            anyhow::Ok(file)
        };
        let held_out = |movies: fn(&HeldOut) -> &Vec<Rated>| {
            let split = &split;
            move |out: &mut dyn Write| {
                out.write_all(RATINGS.as_bytes())?;
                split.held_out.iter().try_for_each(|held_out| {
                    let rated = movies(held_out).iter().copied();
                    write_ratings(out, &split.interactions, held_out.user, rated)
                })
            }
        };
        parts.insert(
            name,
            PartFiles {
                train: write(train, &|out| {
                    out.write_all(RATINGS.as_bytes())?;
                    let interactions = &*split.interactions;
                    let mut users = split.training.iter();
                    users.try_for_each(|user| {
                        write_ratings(out, interactions, *user, interactions.user_ratings(*user))
                    })
                })?,
                history: write(
                    format!("{name}_history.csv"),
                    &held_out(|held_out| &held_out.history),
                )?,
                relevant: write(
                    format!("{name}_relevant.csv"),
                    &held_out(|held_out| &held_out.relevant),
                )?,
                candidates: write(format!("{name}_candidates.csv"), &|out| {
                    write_candidates(out, &split)
                })?,
                training_users: split.training.len(),
                held_out_users: split.held_out.len(),
                relevant_ratings: split
                    .held_out
                    .iter()
                    .map(|held_out| held_out.relevant.len())
                    .sum(),
                candidate_movies: split.is_candidate.iter().filter(|is| **is).count(),
                cold_movies: split.cold.len(),
            },
        );
    }
    let description = Description {
        format_version: 1,
        protocol: protocol.with_seed(seed),
        seed,
        parts,
        files: sums,
        inputs: &data.files,
    };
    let mut json = serde_json::to_vec_pretty(&description)?;
    json.push(b'\n');
    files::replace(&description_path, |out| out.write_all(&json))?;
    Ok(())
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Validation => "validation",
        Part::Test => "test",
    }
}

fn write_ratings(
    out: &mut dyn Write,
    interactions: &Interactions,
    user: UserIdx,
    ratings: impl Iterator<Item = Rated>,
) -> io::Result<()> {
    let id = interactions.user_id(user);
    for Rated { movie, stars, time } in ratings {
        let movie = interactions.movies().id_of(movie);
        writeln!(out, "{id},{movie},{:.1},{time}", stars.value())?;
    }
    Ok(())
}

fn write_candidates(out: &mut dyn Write, split: &Split<'_>) -> io::Result<()> {
    out.write_all(b"movieId\n")?;
    let movies = split.is_candidate.iter().zip(split.interactions.movies().ids());
    for (_, id) in movies.filter(|(is_candidate, _)| **is_candidate) {
        writeln!(out, "{id}")?;
    }
    Ok(())
}

/// Writes lists in the same format as `recommend --histories`, with the negated rank as the score.
pub fn write_lists(path: &Path, split: &Split<'_>, lists: &[Vec<MovieIdx>]) -> Result<()> {
    files::replace(path, |out| {
        out.write_all(b"userId,rank,movieId,score\n")?;
        for (held_out, list) in split.held_out.iter().zip(lists) {
            let user = split.interactions.user_id(held_out.user);
            for (index, movie) in list.iter().enumerate() {
                let movie = split.interactions.movies().id_of(*movie);
                writeln!(out, "{user},{},{movie},-{}", index + 1, index + 1)?;
            }
        }
        Ok(())
    })?;
    Ok(())
}
