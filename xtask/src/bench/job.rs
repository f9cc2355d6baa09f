//! `job`: the full CineMatch pipeline at MovieLens 32M scale, including serving.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::measure::{self, Finished};
use super::report::{Report, Unit};
use super::server::Server;
use super::setup::{Setup, measurements};
use super::{commands, ratings, requests, serve, stages};

/// Measures merging, training, batch ranking and individual requests.
pub fn job(setup: &Setup) -> Result<Report> {
    let program = measurements()?;
    let programs = &setup.programs;
    let root = ratings::synthetic_root(setup)?;
    let log = setup.work.join("job");
    let users = setup.scale.users;
    let (histories, lists) = (root.join("histories.csv"), root.join("lists.csv"));
    first_users(&commands::ratings(&root), users, &histories)?;

    let mut report = Report::new("job");
    let mut add = |what: &str, finished: &Finished| {
        let runs = std::slice::from_ref(finished);
        report.compare(what, Unit::Seconds, stages::seconds(runs), Vec::new());
        report.compare(
            format!("… peak memory, {what}"),
            Unit::Bytes,
            stages::peaks(runs),
            Vec::new(),
        );
    };
    add("preprocess", &measure::run(&mut programs.ours_merge_all(&root), &log)?);
    add("train, the hybrid", &measure::run(&mut programs.ours_train_default(&root), &log)?);
    let ranked = measure::run(&mut programs.ours_rank_all(&root, &histories, &lists), &log)?;
    add(&format!("lists of 100 movies for {users} users"), &ranked);

    let bodies = requests::bodies(&commands::merged(&root))?;
    let server = Server::start("our server", &setup.work.join("job_server"), &bodies, |port| {
        let mut command = programs.ours_serve(&root, port);
        command.args(["--cache-mb", "0"]);
        command
    })?;
    serve::measure_alone(&setup.scale, &server, &bodies, &mut report)?;
    drop(server);

    let mut command = commands::ours_rank(&program, &root);
    let ranked = measure::run(&mut command, &log)?;
    let printed: Value =
        serde_json::from_str(&ranked.stdout).context("the measurement did not print JSON")?;
    let lengths = printed["histories"].as_array().map_or(&[][..], Vec::as_slice);
    if lengths.is_empty() {
        bail!("the measurement has no histories: {printed}");
    }
    for row in lengths {
        for (field, what) in
            [("fold_in", "fold-in of a history"), ("recommend", "a request without the network")]
        {
            let seconds = |name: &str| row[field][name].as_f64().map(|ms| ms / 1e3);
            let (Some(median), Some(p99)) = (seconds("p50_ms"), seconds("p99_ms")) else {
                bail!("the measurement lacks a duration: {row}");
            };
            let movies = &row["films"];
            report.compare(
                format!("{what}, {movies} movies, median"),
                Unit::Seconds,
                vec![median],
                vec![],
            );
            report.compare(
                format!("{what}, {movies} movies, p99"),
                Unit::Seconds,
                vec![p99],
                vec![],
            );
        }
    }
    Ok(report)
}

/// Copies the rows of users with IDs up to `max_user`, which are the first rows of the file.
fn first_users(ratings: &Path, max_user: u64, out: &Path) -> Result<()> {
    let error_message = |what: &str, path: &Path| format!("cannot {what} {}", path.display());
    let rows = BufReader::new(File::open(ratings).with_context(|| error_message("read", ratings))?);
    let mut copy = BufWriter::new(File::create(out).with_context(|| error_message("create", out))?);
    for (index, row) in rows.lines().enumerate() {
        let row = row.with_context(|| error_message("read", ratings))?;
        let user = row.split(',').next().and_then(|user| user.parse::<u64>().ok());
        if index > 0 && user.is_none_or(|user| user > max_user) {
            break;
        }
        writeln!(copy, "{row}").with_context(|| error_message("write", out))?;
    }
    copy.flush().with_context(|| error_message("write", out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn copies_rows_of_the_first_users() {
        let folder = std::env::temp_dir().join(format!("xtask-job-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (from, to) = (folder.join("ratings.csv"), folder.join("histories.csv"));
        fs::write(&from, "userId,movieId\n1,5\n1,6\n2,5\n3,9\n").unwrap();
        first_users(&from, 2, &to).unwrap();
        let copied = fs::read_to_string(&to).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(copied, "userId,movieId\n1,5\n1,6\n2,5\n");
    }
}
