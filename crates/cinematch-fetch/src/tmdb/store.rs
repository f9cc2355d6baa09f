//! `tmdb.db`: every answer TMDb gave, kept as it came.

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

/// Compression that costs less than the request did.
const LEVEL: i32 = 3;

/// A store that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another fetch has it.
    #[error("{} is in use by another `cinematch fetch` or `import`; wait until that one is done",
        path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Its folder or lock cannot be made.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be opened.
    #[error("cannot open {}: {cause}. If the file is damaged, move it away and fetch again",
        path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A query failed.
    #[error("the store of TMDb's answers, tmdb.db, failed: {0}. Check that the disk has room")]
    Query(String),
    /// An answer cannot be taken apart again.
    #[error("the answer kept for film {id} cannot be decompressed: {cause}")]
    Damaged {
        /// The film.
        id: TmdbId,
        /// What zstd said.
        cause: std::io::Error,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // Its sources say the same again.
        Self::Query(error.to_string())
    }
}

/// What is known of a film, without its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// TMDb has no such film.
    pub missing: bool,
    /// Seconds since 1970.
    pub fetched_at: i64,
    /// Has to be asked for again.
    pub stale: bool,
    /// When its providers were last asked for, with the film or alone.
    pub providers_at: i64,
}

/// What is known of films.
pub type KnownMovies = FxHashMap<TmdbId, Known>;

/// A film as it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// TMDb's number.
    pub id: TmdbId,
    /// TMDb's answer.
    pub body: Option<Vec<u8>>,
    /// A later answer about watch/providers alone.
    pub providers: Option<Vec<u8>>,
    /// What people had before.
    pub imported: Option<Facts>,
}

/// The open store, and the only one: a lock file says so.
#[derive(Debug)]
pub struct Store {
    pool: SqlitePool,
    _lock: File,
}

impl Store {
    /// Opens or makes the store. An answer written is safe from the death of the process at once,
    /// and from a power cut at the next checkpoint, at most some hundred answers later.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = files::lock_beside(path).map_err(|error| match error.cause.kind() {
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

    /// All films that TMDb was asked about.
    pub async fn known(&self) -> Result<KnownMovies, StoreError> {
        let rows: Vec<(u32, bool, i64, bool, Option<i64>)> = sqlx::query_as(
            "SELECT tmdb_id, body IS NULL, fetched_at, stale, providers_at FROM films",
        )
        .fetch_all(&self.pool)
        .await?;
        let known = rows.into_iter().map(|(id, missing, fetched_at, stale, providers_at)| {
            let providers_at = providers_at.unwrap_or(fetched_at);
            (TmdbId(id), Known { missing, fetched_at, stale, providers_at })
        });
        Ok(known.collect())
    }

    /// Keeps an answer about a film, `None` if TMDb has none.
    pub async fn put(&self, id: TmdbId, body: Option<&[u8]>, at: i64) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO films (tmdb_id, body, fetched_at) VALUES (?, ?, ?)")
            .bind(id.0)
            .bind(body.map(compressed))
            .bind(at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Keeps an answer about a film's providers alone.
    pub async fn put_providers(&self, id: TmdbId, body: &[u8], at: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE films SET providers = ?, providers_at = ? WHERE tmdb_id = ?")
            .bind(compressed(body))
            .bind(at)
            .bind(id.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// From now on these have to be asked for again, and changes before `seen_until` (a date) need
    /// not be looked for: both or neither.
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

    /// Drops what TMDb said of films before `before` (seconds since 1970); how many these were. That it
    /// does not have a film is no content of TMDb's.
    pub async fn drop_older(&self, before: i64) -> Result<u64, StoreError> {
        let dropped = sqlx::query("DELETE FROM films WHERE body IS NOT NULL AND fetched_at < ?")
            .bind(before)
            .execute(&self.pool)
            .await?;
        Ok(dropped.rows_affected())
    }

    /// Keeps facts that people had. Later ones go before earlier ones, which fill their gaps.
    pub async fn import(
        &self,
        movies: impl IntoIterator<Item = (TmdbId, Facts)>,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let mut kept = 0;
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
            kept += 1;
        }
        transaction.commit().await?;
        Ok(kept)
    }

    /// Whether it is known at all where films can be watched.
    pub async fn has_services(&self) -> Result<bool, StoreError> {
        let (has,): (bool,) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM films WHERE body IS NOT NULL) OR EXISTS \
             (SELECT 1 FROM imported WHERE json_extract(facts, '$.services') <> '')",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(has)
    }

    /// A remembered setting.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT value FROM settings WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(value,)| value))
    }

    /// Remembers a setting.
    pub async fn set(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        set(&mut transaction, name, value).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Up to `n` films there are facts of, by number, after `after`. O(n log films).
    pub async fn page(&self, after: Option<TmdbId>, n: u32) -> Result<Vec<Kept>, StoreError> {
        // A film that TMDb no longer has is not shown, even if people had facts of it before.
        let rows = sqlx::query(
            "SELECT ids.id, films.body, films.providers, imported.facts FROM \
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
        rows.iter().map(kept).collect()
    }

    /// Waits for what is being written, and closes the file.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

fn kept(row: &sqlx::sqlite::SqliteRow) -> Result<Kept, StoreError> {
    let id = TmdbId(row.try_get(0)?);
    let plain = |column: usize| -> Result<Option<Vec<u8>>, StoreError> {
        let blob: Option<Vec<u8>> = row.try_get(column)?;
        let plain = blob.map(|blob| zstd::decode_all(blob.as_slice())).transpose();
        plain.map_err(|cause| StoreError::Damaged { id, cause })
    };
    let facts: Option<&str> = row.try_get(3)?;
    let imported = facts.and_then(|facts| serde_json::from_str(facts).ok());
    Ok(Kept { id, body: plain(1)?, providers: plain(2)?, imported })
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

fn compressed(body: &[u8]) -> Vec<u8> {
    // Only memory can fail it, and then there is no going on.
    zstd::encode_all(body, LEVEL).expect("compression in memory")
}
