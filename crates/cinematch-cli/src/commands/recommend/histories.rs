//! `cinematch recommend --histories`: ranks movies for many users outside the training data.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use cinematch::bundle::Bundle;
use cinematch::catalog::{Interactions, Rated, count_with_unlisted};
use cinematch::files;
use cinematch::ids::{UserId, UserIdx};
use cinematch::ranking::{ModelChoice, Recommender};
use cinematch::sources::ratings;
use rayon::prelude::*;

use crate::output::{Output, STRONG, counted};
use crate::paths::display_path;

/// Number of users whose lists are written at a time.
const BATCH_SIZE: usize = 2048;
/// Number of users that a thread ranks movies for at a time.
const USERS_PER_CALL: usize = 16;

/// Options for the computed lists.
#[derive(Clone, Copy)]
pub struct ListOptions {
    /// Models to rank with.
    pub model: ModelChoice,
    /// Maximum number of movies per list.
    pub k: usize,
}

/// Ranks movies for each user in `histories` and writes the lists to `out`.
pub fn run(
    bundle: &Bundle,
    histories: &Path,
    lists: ListOptions,
    out: &Path,
    output: &Output,
) -> Result<()> {
    let k = lists.k;
    let started = Instant::now();
    let name = display_path(histories);
    let recommender = &bundle.recommender;
    if k == 0 {
        bail!("--limit is 0; expected the number of movies per user, 1 or more");
    }
    if !is_new_file(histories, out) {
        bail!("--out and --histories name the same file, {name}");
    }
    let file = File::open(histories).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!(
            "{name} not found; --histories requires a CSV file of userId,movieId,rating[,timestamp]"
        ),
        _ => anyhow!("cannot open {name}: {error}"),
    })?;
    let reading = output.step("reading histories");
    let mut read = ratings::read_histories(&name, &file, recommender.vocabulary())?;
    let interactions = Interactions::new(&name, recommender.vocabulary().clone(), &mut read);
    drop(reading);
    output.warn_counts(&count_with_unlisted(&read.problems, &read.unlisted));

    // Users who rated no known movie get the list for an empty history.
    let rated_users = interactions.users().map(|user| (interactions.user_id(user), Some(user)));
    let mut users: Vec<(UserId, Option<UserIdx>)> = rated_users.collect();
    let has_no_rating = |id: &UserId| users.binary_search_by_key(id, |user| user.0).is_err();
    let without_ratings: Vec<UserId> =
        read.users_with_unusable_rows.into_iter().filter(has_no_rating).collect();
    users.extend(without_ratings.into_iter().map(|id| (id, None)));
    users.sort_unstable_by_key(|user| user.0);
    let ranking = output.progress("ranking", users.len() as u64);
    let (mut without_movies, mut first_without) = (0_usize, None);
    files::replace(out, |out| {
        out.write_all(b"userId,rank,movieId,score\n")?;
        for (batch, users) in users.chunks(BATCH_SIZE).enumerate() {
            let rows = |users: &[_]| rows(recommender, &interactions, users, lists);
            let batch_rows: Vec<Rows> = users.par_chunks(USERS_PER_CALL).map(rows).collect();
            for Rows { csv, users_without_movies } in batch_rows {
                out.write_all(csv.as_bytes())?;
                first_without = first_without.or(users_without_movies.first().copied());
                without_movies += users_without_movies.len();
            }
            ranking.set_position((batch * BATCH_SIZE + users.len()) as u64);
        }
        Ok(())
    })?;
    drop(ranking);
    if let Some(first) = first_without {
        output.warn(format_args!(
            "no movies are left for {}, starting with {first}, because they rated all of them",
            counted(without_movies as u64, "user")
        ));
    }

    output.json(&serde_json::json!({
        "histories": name,
        "viewers": users.len(),
        "rows": read.rows,
        "problem_counts": count_with_unlisted(&read.problems, &read.unlisted),
        "without_films": without_movies,
        "limit": k,
        "model_id": bundle.manifest.model_id,
        "out": display_path(out),
        "seconds": started.elapsed().as_secs_f64(),
    }))?;
    output.line(format_args!(
        "{STRONG}{}{STRONG:#}: up to {} for each of {}",
        display_path(out),
        counted(k as u64, "movie"),
        counted(users.len() as u64, "user")
    ));
    Ok(())
}

/// Returns true if writing `out` would not overwrite `input`.
fn is_new_file(input: &Path, out: &Path) -> bool {
    match (input.canonicalize(), out.canonicalize()) {
        (Ok(input), Ok(out)) => input != out,
        _ => true,
    }
}

/// Output rows for a group of users.
struct Rows {
    csv: String,
    /// Users who have rated all movies.
    users_without_movies: Vec<UserId>,
}

/// Ranks movies for a group of users.
fn rows(
    recommender: &Recommender,
    interactions: &Interactions,
    users: &[(UserId, Option<UserIdx>)],
    ListOptions { model, k }: ListOptions,
) -> Rows {
    let history = |user: &(UserId, Option<UserIdx>)| -> Vec<Rated> {
        user.1.into_iter().flat_map(|user| interactions.user_ratings(user)).collect()
    };
    let histories: Vec<Vec<Rated>> = users.iter().map(history).collect();
    let histories: Vec<&[Rated]> = histories.iter().map(Vec::as_slice).collect();
    let mut rows =
        Rows { csv: String::with_capacity(users.len() * k * 28), users_without_movies: Vec::new() };
    for ((id, _), list) in users.iter().zip(recommender.top_k_for(model, &histories, k)) {
        if list.is_empty() {
            rows.users_without_movies.push(*id);
        }
        for (index, best) in list.iter().enumerate() {
            let movie = recommender.movie(best.movie).movie_id;
            // Writing to memory is infallible.
            let _ = writeln!(rows.csv, "{id},{},{movie},{:.6}", index + 1, best.score);
        }
    }
    rows
}
