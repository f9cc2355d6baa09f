//! Writes `tmdb_metadata.csv` and `watch_providers.csv` from the store.

use std::io;
use std::path::Path;

use cinematch::date::Date;
use cinematch::files::{self, FileError};
use cinematch::ids::TmdbId;
use cinematch::sources::tmdb::facts::{Facts, FactsWriter};
use tokio::runtime::Handle;

use super::movie::decode;
use super::providers::{Availability, HEADER};
use super::store::{Store, StoreError, StoredMovie};

/// Number of movies read from the store at a time. Even the largest responses add up to only 16 MiB.
const PAGE_SIZE: u32 = 16;

/// Error returned when the tables cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Statistics about the tables that were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// Number of movies in `tmdb_metadata.csv`.
    pub movies: u64,
    /// Number of those movies that are on at least one streaming service in the region.
    pub with_services: u64,
    /// Movies whose stored responses could not be parsed, and why.
    pub unreadable: Vec<(TmdbId, String)>,
}

/// Writes both tables atomically, ordered by TMDB ID. The output depends only on the stored responses,
/// not on the order in which they arrived. Must be called within a Tokio runtime, on a thread that is
/// allowed to block.
pub fn write(
    store: &Store,
    region: &str,
    metadata: &Path,
    providers: &Path,
) -> Result<Tables, TableError> {
    let mut tables = Tables::default();
    let has_services = Handle::current().block_on(store.has_services())?;
    let mut store_error = None;
    let written = files::replace(metadata, |metadata| {
        let mut movies = FactsWriter::new(metadata, has_services)?;
        let written = files::replace(providers, |providers| {
            let mut csv = csv::Writer::from_writer(providers);
            csv.write_record(HEADER)?;
            let mut after = None;
            loop {
                let page = match Handle::current().block_on(store.page(after, PAGE_SIZE)) {
                    Ok(page) => page,
                    Err(error) => {
                        store_error = Some(error);
                        return Err(io::Error::other("the store failed"));
                    }
                };
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for stored_movie in &page {
                    let Some((facts, availability)) = tables.facts(stored_movie, region) else {
                        continue;
                    };
                    movies.write(stored_movie.id, &facts)?;
                    availability.write(stored_movie.id, &mut csv)?;
                }
            }
            csv.flush()
        });
        written.map_err(io::Error::other)?;
        movies.finish()
    });
    if let Some(error) = store_error {
        return Err(error.into());
    }
    written?;
    Ok(tables)
}

impl Tables {
    fn facts(&mut self, stored_movie: &StoredMovie, region: &str) -> Option<(Facts, Availability)> {
        let decoded = stored_movie
            .body
            .as_ref()
            .map(|body| decode(body, stored_movie.providers.as_deref(), region));
        let found = match (decoded, &stored_movie.imported) {
            (Some(Ok((mut facts, availability))), _) => {
                let fetched_on = stored_movie.fetched_at.map(Date::from_unix_seconds);
                facts.fetched_on = fetched_on.map_or_else(String::new, String::from);
                (facts, availability)
            }
            (Some(Err(error)), imported) => {
                self.unreadable.push((stored_movie.id, error.to_string()));
                (imported.clone()?, Availability::default())
            }
            (None, imported) => (imported.clone()?, Availability::default()),
        };
        self.movies += 1;
        self.with_services += u64::from(!found.0.services.is_empty());
        Some(found)
    }
}
