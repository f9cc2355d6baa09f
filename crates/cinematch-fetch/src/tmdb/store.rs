//! `tmdb.db`, an SQLite database that stores TMDB's responses unmodified.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cinematch::files::{self, FileError};
use cinematch::ids::TmdbId;
use cinematch::sources::tmdb::facts::Facts;
use rustc_hash::FxHashMap;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};

/// Zstandard compression level. At level 3, compressing takes far less time than a request.
const COMPRESSION_LEVEL: i32 = 3;

/// Error returned when a store operation fails.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store open.
    #[error("{} is in use by another `cinematch fetch` or `import`; wait until that command has finished",
        path.display())]
    Busy {
        /// Path of the database.
        path: PathBuf,
    },
    /// The folder or lock file could not be created.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database could not be opened.
    #[error("cannot open {}: {cause}. If the file is damaged, move it away and fetch again",
        path.display())]
    Open {
        /// Path of the database.
        path: PathBuf,
        /// The error that occurred when opening it.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A query failed.
    #[error("cannot access tmdb.db, the store of TMDB responses: {0}. Check the free disk space")]
    Query(String),
    /// A stored response could not be decompressed.
    #[error("the stored response for movie {id} cannot be decompressed: {cause}")]
    Damaged {
        /// TMDB ID of the movie.
        id: TmdbId,
        /// Error returned by zstd.
        cause: std::io::Error,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // The error's sources repeat its message.
        Self::Query(error.to_string())
    }
}

/// Status of a stored movie, without its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovieStatus {
    /// True if TMDB doesn't have the movie.
    pub missing: bool,
    /// Unix time when the movie was last requested, in seconds.
    pub fetched_at: i64,
    /// True if the movie must be fetched again.
    pub stale: bool,
    /// Unix time of the last response that included watch providers, in seconds.
    pub providers_at: i64,
}

/// Status of all stored movies, keyed by TMDB ID.
pub type MovieStatuses = FxHashMap<TmdbId, MovieStatus>;

/// All data stored for a movie.
#[derive(Clone, Debug)]
pub struct StoredMovie {
    /// TMDB ID of the movie.
    pub id: TmdbId,
    /// TMDB's response as JSON; `None` if there is only imported metadata.
    pub body: Option<Vec<u8>>,
    /// A later `watch/providers` response as JSON, if there is one.
    pub providers: Option<Vec<u8>>,
    /// Metadata imported from a file, if there is any.
    pub imported: Option<Facts>,
    /// Unix time when the movie was last requested, in seconds; `None` if it never was.
    pub fetched_at: Option<i64>,
}

/// An open store. A lock file keeps other processes from opening it.
#[derive(Debug)]
pub struct Store {
    pool: SqlitePool,
    _lock: File,
}

impl Store {
    /// Opens the store, creating it if necessary. Once written, a response survives a crash of the
    /// process. It survives a power failure after the next checkpoint, which is at most a few hundred
    /// responses later.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = files::lock_sibling(path).map_err(|error| match error.cause.kind() {
            ErrorKind::WouldBlock => StoreError::Busy { path: path.to_owned() },
            _ => error.into(),
        })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5));
        let open_error = |cause: Box<dyn std::error::Error + Send + Sync>| StoreError::Open {
            path: path.to_owned(),
            cause,
        };
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(|cause| open_error(cause.into()))?;
        sqlx::migrate!().run(&pool).await.map_err(|cause| open_error(cause.into()))?;
        Ok(Self { pool, _lock: lock })
    }

    /// Returns the status of every movie that was requested from TMDB.
    pub async fn movie_statuses(&self) -> Result<MovieStatuses, StoreError> {
        let rows: Vec<(u32, bool, i64, bool, Option<i64>)> = sqlx::query_as(
            "SELECT tmdb_id, body IS NULL, fetched_at, stale, providers_at FROM films",
        )
        .fetch_all(&self.pool)
        .await?;
        let known = rows.into_iter().map(|(id, missing, fetched_at, stale, providers_at)| {
            let providers_at = providers_at.unwrap_or(fetched_at);
            (TmdbId(id), MovieStatus { missing, fetched_at, stale, providers_at })
        });
        Ok(known.collect())
    }

    /// Stores a movie's response, or `None` if TMDB doesn't have the movie.
    pub async fn save_movie(
        &self,
        id: TmdbId,
        body: Option<&[u8]>,
        fetched_at: i64,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO films (tmdb_id, body, fetched_at) VALUES (?, ?, ?)")
            .bind(id.0)
            .bind(body.map(compress))
            .bind(fetched_at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Stores a `watch/providers` response for a movie that is already in the store.
    pub async fn save_providers(
        &self,
        id: TmdbId,
        body: &[u8],
        fetched_at: i64,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE films SET providers = ?, providers_at = ? WHERE tmdb_id = ?")
            .bind(compress(body))
            .bind(fetched_at)
            .bind(id.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// In one transaction, marks movies as stale and sets the date up to which changes have been
    /// processed.
    pub async fn mark_stale(
        &self,
        movies: impl IntoIterator<Item = TmdbId>,
        seen_until: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        for id in movies {
            sqlx::query("UPDATE films SET stale = 1 WHERE tmdb_id = ?")
                .bind(id.0)
                .execute(&mut *transaction)
                .await?;
        }
        set(&mut transaction, "changes_seen_until", seen_until).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Deletes responses fetched before `before`, in Unix seconds, and returns how many were deleted.
    /// Keeps the records of missing movies, because they contain no TMDB content.
    pub async fn delete_older(&self, before: i64) -> Result<u64, StoreError> {
        let deleted = sqlx::query("DELETE FROM films WHERE body IS NOT NULL AND fetched_at < ?")
            .bind(before)
            .execute(&self.pool)
            .await?;
        Ok(deleted.rows_affected())
    }

    /// Stores imported metadata. Later imports take precedence, and earlier ones fill in the gaps.
    /// Returns the number of movies stored.
    pub async fn import(
        &self,
        movies: impl IntoIterator<Item = (TmdbId, Facts)>,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let mut n_stored = 0;
        for (id, mut facts) in movies {
            let earlier: Option<(String,)> =
                sqlx::query_as("SELECT facts FROM imported WHERE tmdb_id = ?")
                    .bind(id.0)
                    .fetch_optional(&mut *transaction)
                    .await?;
            if let Some(earlier) = earlier.and_then(|(facts,)| serde_json::from_str(&facts).ok()) {
                facts.fill_from(earlier);
            }
            let facts = serde_json::to_string(&facts)
                .map_err(|error| StoreError::Query(error.to_string()))?;
            sqlx::query("INSERT OR REPLACE INTO imported (tmdb_id, facts) VALUES (?, ?)")
                .bind(id.0)
                .bind(facts)
                .execute(&mut *transaction)
                .await?;
            n_stored += 1;
        }
        transaction.commit().await?;
        Ok(n_stored)
    }

    /// Returns true if the store contains any data about streaming services.
    pub async fn has_services(&self) -> Result<bool, StoreError> {
        let (has_services,): (bool,) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM films WHERE body IS NOT NULL) OR EXISTS \
             (SELECT 1 FROM imported WHERE json_extract(facts, '$.services') <> '')",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(has_services)
    }

    /// Returns the value of a setting, or `None` if it was never stored.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT value FROM settings WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(value,)| value))
    }

    /// Stores the value of a setting.
    pub async fn save_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        set(&mut transaction, name, value).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Returns up to `n` movies with metadata, ordered by ID, whose IDs come after `after`. O(n log
    /// movies).
    pub async fn page(
        &self,
        after: Option<TmdbId>,
        n: u32,
    ) -> Result<Vec<StoredMovie>, StoreError> {
        // Exclude movies that TMDB has deleted, even if they have imported metadata.
        let rows = sqlx::query(
            "SELECT ids.id, films.body, films.providers, imported.facts, films.fetched_at FROM \
             (SELECT id FROM (SELECT tmdb_id AS id FROM films \
               WHERE body IS NOT NULL AND tmdb_id > ?1 ORDER BY tmdb_id LIMIT ?2) UNION \
              SELECT id FROM (SELECT tmdb_id AS id FROM imported WHERE tmdb_id > ?1 AND NOT EXISTS \
               (SELECT 1 FROM films WHERE films.tmdb_id = imported.tmdb_id AND body IS NULL) \
               ORDER BY tmdb_id LIMIT ?2) ORDER BY id LIMIT ?2) AS ids \
             LEFT JOIN films ON films.tmdb_id = ids.id \
             LEFT JOIN imported ON imported.tmdb_id = ids.id ORDER BY ids.id",
        )
        .bind(after.map_or(-1, |id| i64::from(id.0)))
        .bind(n)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(stored_movie).collect()
    }

    /// Waits for pending writes and closes the database.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

fn stored_movie(row: &sqlx::sqlite::SqliteRow) -> Result<StoredMovie, StoreError> {
    let id = TmdbId(row.try_get(0)?);
    let decompress = |column: usize| -> Result<Option<Vec<u8>>, StoreError> {
        let blob: Option<Vec<u8>> = row.try_get(column)?;
        let decompressed = blob.map(|blob| zstd::decode_all(blob.as_slice())).transpose();
        decompressed.map_err(|cause| StoreError::Damaged { id, cause })
    };
    let facts: Option<&str> = row.try_get(3)?;
    let imported = facts.and_then(|facts| serde_json::from_str(facts).ok());
    let (body, providers) = (decompress(1)?, decompress(2)?);
    Ok(StoredMovie { id, body, providers, imported, fetched_at: row.try_get(4)? })
}

async fn set(
    connection: &mut sqlx::SqliteConnection,
    name: &str,
    value: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)")
        .bind(name)
        .bind(value)
        .execute(connection)
        .await?;
    Ok(())
}

fn compress(body: &[u8]) -> Vec<u8> {
    // Compressing into memory fails only if memory runs out.
    zstd::encode_all(body, COMPRESSION_LEVEL).expect("compression in memory")
}
