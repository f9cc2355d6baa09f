//! Checks the database, disk and clock.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use cinematch::bundle::Generations;
use cinematch_store::{Address, StoreError, check_database, now_millis};

use super::data::{format_time, modified};
use super::findings::Findings;
use super::paths::DoctorPaths;
use crate::options::Global;
use crate::output::thousands;
use crate::paths::display_path;
use crate::runtime::block_on;

/// Clocks that differ by at most this much are considered synchronized.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);
/// Minimum free space for user data and a write-ahead log, in bytes.
const MIN_FREE_BYTES: u64 = 100 << 20;
/// The disk should have room for this many more generations.
const N_GENERATIONS: u64 = 2;

/// Checks the database, the free disk space and the clock.
pub fn check(paths: &DoctorPaths, global: &Global, findings: &mut Findings) -> Result<()> {
    let address = paths.database.resolve(global)?;
    let now = database(&address, findings);
    let artifacts = paths.artifacts.resolve(global);
    disk(&artifacts, &address, global, findings);
    let mut files = vec![paths.merged.resolve(global), artifacts.join("current/manifest.json")];
    files.extend(std::env::current_exe().ok());
    files.extend(match &address {
        Address::File(path) => Some(path.clone()),
        Address::Postgres(_) => None,
    });
    clock(&files, now, findings);
    Ok(())
}

/// Checks the database. Returns the database server's Unix time in milliseconds, or `None` for an SQLite
/// file or on failure.
fn database(address: &Address, findings: &mut Findings) -> Option<i64> {
    const NAME: &str = "database";
    match block_on(Some(1), async { Ok(check_database(address).await) }) {
        Ok(Ok(report)) if report.problems.is_empty() => {
            findings.ok(NAME, format!("{address} opens and passes its integrity check"));
            report.server_time
        }
        Ok(Ok(report)) => {
            let found = format!("{address}: {}", report.problems[0]);
            let advice = "stop the server, copy the database, and restore the last backup with `cinematch restore`";
            findings.fail(NAME, found, advice);
            None
        }
        Ok(Err(StoreError::Missing { path, .. })) => {
            findings.ok(
                NAME,
                format!("{} does not exist yet; the first `serve` creates it", display_path(&path)),
            );
            None
        }
        Ok(Err(error)) => {
            findings.fail(NAME, error.to_string(), "check --database and DATABASE_URL");
            None
        }
        Err(error) => {
            findings.fail(NAME, format!("{error:#}"), "check the system's thread limit");
            None
        }
    }
}

/// Checks that there is enough free space for more generations and for user data.
fn disk(artifacts: &Path, address: &Address, global: &Global, findings: &mut Findings) {
    let generations = Generations::new(artifacts);
    let bytes: u64 = generations
        .manifest()
        .map_or(0, |(_, manifest)| manifest.files.values().map(|sum| sum.bytes).sum());
    let needed = (bytes * N_GENERATIONS).max(MIN_FREE_BYTES);
    free("disk.artifacts", artifacts, (bytes.max(MIN_FREE_BYTES), needed), findings);
    let data = match address {
        Address::File(path) => cinematch::files::parent(path).to_owned(),
        Address::Postgres(_) => global.root.join("data"),
    };
    free("disk.data", &data, (MIN_FREE_BYTES, MIN_FREE_BYTES * 10), findings);
}

fn free(
    name: &'static str,
    folder: &Path,
    (min, recommended): (u64, u64),
    findings: &mut Findings,
) {
    // A folder that does not exist yet will be created on its parent's disk.
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = existing.map_or_else(|| PathBuf::from("."), Path::to_owned);
    match rustix::fs::statvfs(&existing) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{} MB free for {}", thousands(free >> 20), display_path(folder));
            let advice = "free space: keep fewer generations (`train --keep`), delete old backups or \
                          data/ratings.bin, which can be rebuilt";
            if free < min {
                findings.fail(name, found, advice);
            } else {
                findings.warn_if(free < recommended, name, found, advice);
            }
        }
        Err(error) => {
            let found = format!("cannot check {}: {error}", display_path(folder));
            findings.warn(name, found, "check its permissions");
        }
    }
}

/// Checks that the clock is not behind the files' modification times and agrees with the database's
/// clock.
fn clock(files: &[PathBuf], database: Option<i64>, findings: &mut Findings) {
    const NAME: &str = "clock";
    const ADVICE: &str =
        "set the clock and synchronize it (NTP): sessions, schedules and ages depend on it";
    let now = SystemTime::now();
    let written = files.iter().filter_map(|path| Some((modified(path)?, path)));
    if let Some((time, path)) = written.max()
        && time > now + CLOCK_TOLERANCE
    {
        let found = format!(
            "{}, but {} was written at {}",
            format_time(now),
            display_path(path),
            format_time(time)
        );
        findings.fail(NAME, found, ADVICE);
        return;
    }
    let offset_ms = database.map_or(0, |database| (now_millis() - database).unsigned_abs());
    let found = match database {
        Some(_) => format!("{}, {offset_ms} ms from the database's clock", format_time(now)),
        None => format_time(now),
    };
    let is_off = offset_ms > CLOCK_TOLERANCE.as_millis() as u64;
    findings.warn_if(is_off, NAME, found, ADVICE);
}
