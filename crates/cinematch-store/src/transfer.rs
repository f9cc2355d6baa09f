//! From one database to another: backups, restoring them, moving between `SQLite` and `PostgreSQL`.
//! Whatever comes in comes in one transaction: interrupted, the old data is there.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cinematch::files::{self, FileError};
use futures_util::TryStreamExt;
use sqlx::{Any, Connection, Row, Transaction};

use crate::rows::{ROWS_AT_ONCE, places};
use crate::{Address, Ownership, Store, StoreError, store};

/// A table with its columns; those of numbers first.
struct Table {
    name: &'static str,
    numbers: &'static [&'static str],
    texts: &'static [&'static str],
    /// The column whose next value the database gives.
    counter: Option<&'static str>,
}

/// Every table, parents before children. Sessions stay behind: one signs in again.
const TABLES: [Table; 7] = [
    Table {
        name: "users",
        numbers: &["id", "created_at", "version"],
        texts: &["key", "email", "name", "password_hash"],
        counter: Some("id"),
    },
    Table {
        name: "feedback",
        numbers: &["user_id", "movie_id", "half_stars", "watched", "updated_at"],
        texts: &["signal"],
        counter: None,
    },
    Table {
        name: "watchlist",
        numbers: &["position", "user_id", "movie_id", "year", "added_at"],
        texts: &["title", "service"],
        counter: Some("position"),
    },
    Table {
        name: "preferences",
        numbers: &["user_id", "runtime_min", "runtime_max", "updated_at"],
        texts: &["preferred_genres", "services", "original_languages", "region"],
        counter: None,
    },
    Table {
        name: "imports",
        numbers: &["id", "user_id", "n_rows", "n_matched", "n_changed", "imported_at"],
        texts: &["service", "file"],
        counter: Some("id"),
    },
    Table {
        name: "api_keys",
        numbers: &["created_at", "revoked_at"],
        texts: &["id", "name", "secret_hash", "scope"],
        counter: None,
    },
    Table {
        name: "deletions",
        numbers: &["deleted_at"],
        texts: &["receipt", "deleted"],
        counter: None,
    },
];

/// What happens to data that stands where other data is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced, in one step.
    Replace,
}

/// Rows copied, by table.
pub type Copied = BTreeMap<&'static str, u64>;

/// Copies everything from one database to another, as it stands at one moment. What the other holds is
/// replaced, if `existing` says so, and an error otherwise. O(rows) time, O(1) memory.
pub async fn copy(
    from: &Store,
    to: (&Store, &Address),
    existing: Existing,
) -> Result<Copied, StoreError> {
    let (to, address) = to;
    let mut reading = from.begin_reading().await?;
    let mut writing = to.begin().await?;
    let mut copied = Copied::new();
    for table in TABLES.iter().rev() {
        let sql = format!("DELETE FROM {}", table.name);
        let gone = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *writing).await?;
        if gone.rows_affected() > 0 && existing == Existing::Keep {
            return Err(StoreError::NotEmpty { address: address.to_string() });
        }
    }
    sqlx::query("DELETE FROM sessions").execute(&mut *writing).await?;
    for table in &TABLES {
        copied.insert(table.name, table.copy(&mut reading, &mut writing).await?);
        if let Some(column) = table.counter.filter(|_| !to.is_file()) {
            let name = table.name;
            let sql = format!(
                "SELECT setval(pg_get_serial_sequence('{name}', '{column}'),
                     COALESCE(MAX({column}), 0) + 1, false) FROM {name}"
            );
            sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *writing).await?;
        }
    }
    writing.commit().await?;
    Ok(copied)
}

impl Table {
    fn columns(&self) -> Vec<&'static str> {
        self.numbers.iter().chain(self.texts).copied().collect()
    }

    async fn copy(
        &self,
        reading: &mut Transaction<'static, Any>,
        writing: &mut Transaction<'static, Any>,
    ) -> Result<u64, StoreError> {
        let columns = self.columns();
        let list = columns.join(", ");
        let sql = format!("SELECT {list} FROM {} ORDER BY {}", self.name, columns[0]);
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch(&mut **reading)
            .try_chunks(ROWS_AT_ONCE)
            .map_err(|error| error.1);
        let mut copied = 0;
        while let Some(rows) = rows.try_next().await? {
            let places = places(rows.len(), columns.len());
            let sql = format!("INSERT INTO {} ({list}) VALUES {places}", self.name);
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for row in &rows {
                for column in 0..columns.len() {
                    query = if column < self.numbers.len() {
                        query.bind(row.try_get::<Option<i64>, _>(column)?)
                    } else {
                        query.bind(row.try_get::<Option<String>, _>(column)?)
                    };
                }
            }
            query.execute(&mut **writing).await?;
            copied += rows.len() as u64;
        }
        Ok(copied)
    }
}

/// Writes everything to an `SQLite` file, as it stands at one moment; a server may go on meanwhile.
/// The file is whole or not there. Its size in bytes.
pub async fn backup(address: &Address, file: &Path, existing: Existing) -> Result<u64, StoreError> {
    let is_source = |source: &Path| match (source.canonicalize(), file.canonicalize()) {
        (Ok(source), Ok(file)) => source == file,
        _ => false,
    };
    if address.file().is_some_and(is_source) {
        let reason = "it is the database itself".to_owned();
        return Err(StoreError::NoBackup { path: file.to_owned(), reason });
    }
    if existing == Existing::Replace && file.exists() && !is_sqlite(file) {
        let reason = "it is some other file, which is not replaced".to_owned();
        return Err(StoreError::NoBackup { path: file.to_owned(), reason });
    }
    if existing == Existing::Keep && file.exists() {
        return Err(StoreError::NotEmpty { address: file.display().to_string() });
    }
    let folder = files::parent(file);
    std::fs::create_dir_all(folder).map_err(FileError::at("create", folder))?;
    let beside = tempfile::Builder::new().prefix(".backup-").tempdir_in(folder);
    let beside = beside.map_err(FileError::at("write to", folder))?;
    let whole = beside.path().join("whole.db");
    match address {
        Address::File(path) => {
            if !path.is_file() {
                let what_to_do = "name the database with --database or DATABASE_URL";
                return Err(StoreError::Missing { path: path.clone(), what_to_do });
            }
            // Not brought up to date: a backup is what one makes before.
            let mut source = store::connect_once(address).await?;
            let copied = sqlx::query("VACUUM INTO $1")
                .bind(whole.to_string_lossy().into_owned())
                .execute(&mut source)
                .await;
            source.close().await?;
            copied?;
        }
        Address::Postgres(_) => {
            let from = Store::open(address, Ownership::Beside).await?;
            let into = Address::File(beside.path().join("copy.db"));
            let to = Store::open(&into, Ownership::Alone).await?;
            copy(&from, (&to, &into), Existing::Keep).await?;
            sqlx::query("VACUUM INTO $1")
                .bind(whole.to_string_lossy().into_owned())
                .execute(to.pool())
                .await?;
            to.close().await;
            from.close().await;
        }
    }
    let written = std::fs::File::open(&whole).and_then(|file| {
        // People's data is for its owner's eyes.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.sync_all()?;
        file.metadata()
    });
    let bytes = written.map_err(FileError::at("write", &whole))?.len();
    std::fs::rename(&whole, file).map_err(FileError::at("write", file))?;
    files::sync_directory(folder)?;
    Ok(bytes)
}

/// Takes everything from a backup, of this version or an earlier one. The backup is left as it is.
pub async fn restore(
    file: &Path,
    to: (&Store, &Address),
    existing: Existing,
) -> Result<Copied, StoreError> {
    let no_backup = |reason: String| StoreError::NoBackup { path: file.to_owned(), reason };
    let what_to_do = "name a file that `cinematch backup` wrote";
    let missing = || StoreError::Missing { path: file.to_owned(), what_to_do };
    if !file.is_file() {
        return Err(missing());
    }
    if !is_sqlite(file) {
        return Err(no_backup("it is no SQLite file".to_owned()));
    }
    let folder = tempfile::tempdir().map_err(FileError::at("copy", file))?;
    let path = folder.path().join("backup.db");
    std::fs::copy(file, &path).map_err(FileError::at("copy", file))?;
    let address = Address::File(path);
    let mut copied = store::connect_once(&address).await?;
    let is_ours: Result<(i64,), sqlx::Error> =
        sqlx::query_as("SELECT COUNT(*) FROM sqlite_master WHERE name = 'watchlist'")
            .fetch_one(&mut copied)
            .await;
    let sound: Result<(String,), sqlx::Error> =
        sqlx::query_as("PRAGMA integrity_check").fetch_one(&mut copied).await;
    copied.close().await?;
    match (is_ours, sound) {
        (Ok((1..,)), Ok((said,))) if said == "ok" => {}
        (Ok((0,)), Ok(_)) => return Err(no_backup("it has none of CineMatch's tables".to_owned())),
        (Ok(_), Ok((said,))) => return Err(no_backup(format!("it is damaged: {said}"))),
        (Err(error), _) | (_, Err(error)) => {
            return Err(no_backup(format!("it is damaged: {error}")));
        }
    }
    let from = Store::open(&address, Ownership::Alone).await?;
    let copied = copy(&from, to, existing).await;
    from.close().await;
    copied
}

fn is_sqlite(file: &Path) -> bool {
    let mut start = [0; 16];
    let opened = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut start));
    opened.is_ok() && start == *b"SQLite format 3\0"
}
