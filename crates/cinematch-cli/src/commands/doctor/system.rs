//! The database, the disk, the clock.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use cinematch::bundle::Generations;
use cinematch_store::{Address, StoreError, examine};

use super::data::{modified, moment};
use super::{Doctor, Findings};
use crate::commands::{block_on, milliseconds};
use crate::options::Global;
use crate::output::thousands;
use crate::paths::shown;

/// Clocks that differ by less agree.
const TOLERANCE: Duration = Duration::from_mins(1);
/// What people's data and a write-ahead log need at least.
const LEAST_FREE: u64 = 100 << 20;
/// Generations that should fit beside those that are there.
const GENERATIONS: u64 = 2;

impl Doctor {
    /// Looks at what all of it stands on.
    pub(super) fn system(&self, global: &Global, findings: &mut Findings) -> Result<()> {
        let address = self.database.resolve(global)?;
        let now = database(&address, findings);
        let artifacts = self.artifacts.resolve(global);
        disk(&artifacts, &address, global, findings);
        let mut known = vec![self.merged.resolve(global), artifacts.join("current/manifest.json")];
        known.extend(std::env::current_exe().ok());
        known.extend(match &address {
            Address::File(path) => Some(path.clone()),
            Address::Postgres(_) => None,
        });
        clock(&known, now, findings);
        Ok(())
    }
}

/// Opens it; gives the time a database server has.
fn database(address: &Address, findings: &mut Findings) -> Option<i64> {
    const NAME: &str = "database";
    match block_on(Some(1), async { Ok(examine(address).await) }) {
        Ok(Ok(examined)) if examined.damages.is_empty() => {
            findings.ok(NAME, format!("{address} opens and is whole"));
            examined.now
        }
        Ok(Ok(examined)) => {
            let found = format!("{address}: {}", examined.damages[0]);
            let advice = "stop the server, keep the file, and `cinematch restore` the last backup";
            findings.fail(NAME, found, advice);
            None
        }
        Ok(Err(StoreError::Missing { path, .. })) => {
            findings
                .ok(NAME, format!("{} is not there yet: the first `serve` makes it", shown(&path)));
            None
        }
        Ok(Err(error)) => {
            findings.fail(NAME, error.to_string(), "check --database and DATABASE_URL");
            None
        }
        Err(error) => {
            findings.fail(NAME, format!("{error:#}"), "see whether the system has threads left");
            None
        }
    }
}

/// Whether another generation, and what people say, will fit.
fn disk(artifacts: &Path, address: &Address, global: &Global, findings: &mut Findings) {
    let generations = Generations::at(artifacts);
    let bytes: u64 = generations
        .manifest()
        .map_or(0, |(_, manifest)| manifest.files.values().map(|sum| sum.bytes).sum());
    let needed = (bytes * GENERATIONS).max(LEAST_FREE);
    free("disk.artifacts", artifacts, (bytes.max(LEAST_FREE), needed), findings);
    let data = match address {
        Address::File(path) => cinematch::files::parent(path).to_owned(),
        Address::Postgres(_) => global.root.join("data"),
    };
    free("disk.data", &data, (LEAST_FREE, LEAST_FREE * 10), findings);
}

fn free(name: &'static str, folder: &Path, (least, enough): (u64, u64), findings: &mut Findings) {
    // A folder that is not there yet will be where its parent is.
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = existing.map_or_else(|| PathBuf::from("."), Path::to_owned);
    match rustix::fs::statvfs(&existing) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{} MB free for {}", thousands(free >> 20), shown(folder));
            let advice = "make room: fewer generations (`train --keep`), old backups, data/ratings.bin, \
                          which is made again";
            if free < least {
                findings.fail(name, found, advice);
            } else {
                findings.warn_if(free < enough, name, found, advice);
            }
        }
        Err(error) => {
            let found = format!("cannot look at {}: {error}", shown(folder));
            findings.warn(name, found, "see whether it can be read");
        }
    }
}

/// Whether the clock is behind what was written, or away from the database's.
fn clock(known: &[PathBuf], database: Option<i64>, findings: &mut Findings) {
    const NAME: &str = "clock";
    const ADVICE: &str = "set it, and keep it set (NTP): sessions, schedules and ages go by it";
    let now = SystemTime::now();
    let written = known.iter().filter_map(|path| Some((modified(path)?, path)));
    if let Some((time, path)) = written.max()
        && time > now + TOLERANCE
    {
        let found =
            format!("it is {}, and {} was written {}", moment(now), shown(path), moment(time));
        findings.fail(NAME, found, ADVICE);
        return;
    }
    let apart = database.map_or(0, |database| (milliseconds() - database).unsigned_abs());
    let found = match database {
        Some(_) => format!("{}, {apart} ms from the database's", moment(now)),
        None => moment(now),
    };
    let bad = apart > TOLERANCE.as_millis() as u64;
    findings.warn_if(bad, NAME, found, ADVICE);
}
