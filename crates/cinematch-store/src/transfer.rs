//! Copies data between databases: backup, restore, and migration between `SQLite` and `PostgreSQL`.
//!
//! A copy runs in one transaction: if it is interrupted, the target is unchanged.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cinematch::files::{self, FileError};
use futures_util::TryStreamExt;
use sqlx::{Connection, Row};

use crate::address::Address;
use crate::check::check_database;
use crate::error::StoreError;
use crate::rows::{ROWS_PER_STATEMENT, placeholders};
use crate::store::{Ownership, Store, StoreFuture, Transaction, connect_once, lock_exclusively};

/// A table with its columns. Rows are copied in order of the first numeric column.
struct Table {
    name: &'static str,
    integer_columns: &'static [&'static str],
    text_columns: &'static [&'static str],
    /// Column whose values the database generates, if any.
    serial_column: Option<&'static str>,
}

/// All tables that are copied, parents before children. Sessions are not copied: users sign in again.
const TABLES: [Table; 7] = [
    Table {
        name: "users",
        integer_columns: &["id", "created_at", "version"],
        text_columns: &["key", "email", "name", "password_hash"],
        serial_column: Some("id"),
    },
    Table {
        name: "feedback",
        integer_columns: &[
            "user_id",
            "movie_id",
            "half_stars",
            "watched",
            "updated_at",
            "import_id",
        ],
        text_columns: &["signal"],
        serial_column: None,
    },
    Table {
        name: "watchlist",
        integer_columns: &["position", "user_id", "movie_id", "year", "added_at"],
        text_columns: &["title", "service"],
        serial_column: Some("position"),
    },
    Table {
        name: "preferences",
        integer_columns: &[
            "user_id",
            "runtime_min",
            "runtime_max",
            "novelty_percent",
            "max_age",
            "updated_at",
        ],
        text_columns: &["preferred_genres", "services", "original_languages", "region"],
        serial_column: None,
    },
    Table {
        name: "imports",
        integer_columns: &["id", "user_id", "n_rows", "n_matched", "n_changed", "imported_at"],
        text_columns: &["service", "file"],
        serial_column: Some("id"),
    },
    Table {
        name: "api_keys",
        integer_columns: &["created_at", "revoked_at"],
        text_columns: &["id", "name", "secret_hash", "scope"],
        serial_column: None,
    },
    Table {
        name: "deletions",
        integer_columns: &["deleted_at"],
        text_columns: &["receipt", "deleted"],
        serial_column: None,
    },
];

/// Determines how existing data in the target is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Return an error without writing anything.
    Keep,
    /// Replace the existing data atomically.
    Replace,
}

/// Number of rows copied, by table.
pub type RowCounts = BTreeMap<&'static str, u64>;

/// Copies a consistent snapshot of one database to another. Returns an error if the target contains data and
/// `existing` is [`Existing::Keep`]. Takes O(rows) time and O(1) memory.
pub fn copy<'a>(
    from: &'a Store,
    to: (&'a Store, &'a Address),
    existing: Existing,
) -> StoreFuture<'a, RowCounts> {
    Box::pin(async move {
        let (to, address) = to;
        let mut source = from.begin_read().await?;
        let mut target = to.begin().await?;
        let mut copied = RowCounts::new();
        for table in TABLES.iter().rev() {
            let sql = format!("DELETE FROM {}", table.name);
            let deleted = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *target).await?;
            if deleted.rows_affected() > 0 && existing == Existing::Keep {
                return Err(StoreError::NotEmpty { address: address.to_string() });
            }
        }
        sqlx::query("DELETE FROM sessions").execute(&mut *target).await?;
        for table in &TABLES {
            copied.insert(table.name, table.copy(&mut source, &mut target).await?);
            if let Some(column) = table.serial_column.filter(|_| !to.is_file()) {
                let name = table.name;
                let sql = format!(
                    "SELECT setval(pg_get_serial_sequence('{name}', '{column}'),
                     COALESCE(MAX({column}), 0) + 1, false) FROM {name}"
                );
                sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *target).await?;
            }
        }
        target.commit().await?;
        Ok(copied)
    })
}

impl Table {
    fn columns(&self) -> Vec<&'static str> {
        self.integer_columns.iter().chain(self.text_columns).copied().collect()
    }

    async fn copy(
        &self,
        source: &mut Transaction,
        target: &mut Transaction,
    ) -> Result<u64, StoreError> {
        let columns = self.columns();
        let list = columns.join(", ");
        let sql = format!("SELECT {list} FROM {} ORDER BY {}", self.name, columns[0]);
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch(&mut **source)
            .try_chunks(ROWS_PER_STATEMENT)
            .map_err(|error| error.1);
        let mut copied = 0;
        while let Some(rows) = rows.try_next().await? {
            let values = placeholders(rows.len(), columns.len());
            let sql = format!("INSERT INTO {} ({list}) VALUES {values}", self.name);
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for row in &rows {
                for column in 0..columns.len() {
                    query = if column < self.integer_columns.len() {
                        query.bind(row.try_get::<Option<i64>, _>(column)?)
                    } else {
                        query.bind(row.try_get::<Option<String>, _>(column)?)
                    };
                }
            }
            query.execute(&mut **target).await?;
            copied += rows.len() as u64;
        }
        Ok(copied)
    }
}

/// Writes a consistent snapshot of a database to an `SQLite` file, even while a server uses the database.
/// The file is created atomically. Returns its size in bytes.
pub fn backup<'a>(
    address: &'a Address,
    file: &'a Path,
    existing: Existing,
) -> StoreFuture<'a, u64> {
    Box::pin(async move {
        check_target(address, file, existing)?;
        let folder = files::parent(file);
        std::fs::create_dir_all(folder).map_err(FileError::at("create", folder))?;
        let temporary = tempfile::Builder::new().prefix(".backup-").tempdir_in(folder);
        let temporary = temporary.map_err(FileError::at("write to", folder))?;
        let snapshot = temporary.path().join("whole.db");
        write_snapshot(address, temporary.path(), &snapshot).await?;
        let metadata = std::fs::File::open(&snapshot).and_then(|file| {
            // The file contains personal data: only its owner may read it.
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
            file.sync_all()?;
            file.metadata()
        });
        let bytes = metadata.map_err(FileError::at("write", &snapshot))?.len();
        std::fs::rename(&snapshot, file).map_err(FileError::at("write", file))?;
        files::sync_directory(folder)?;
        Ok(bytes)
    })
}

/// Returns an error if a backup of the database must not replace `file`.
fn check_target(address: &Address, file: &Path, existing: Existing) -> Result<(), StoreError> {
    let not_a_backup = |reason: &str| {
        Err(StoreError::NotABackup { path: file.to_owned(), reason: reason.to_owned() })
    };
    let is_source = |source: &Path| match (source.canonicalize(), file.canonicalize()) {
        (Ok(source), Ok(file)) => source == file,
        _ => false,
    };
    if address.file().is_some_and(is_source) {
        return not_a_backup("it is the database itself");
    }
    if existing == Existing::Replace && file.exists() && !is_sqlite(file) {
        return not_a_backup("it is a different kind of file, which is not replaced");
    }
    if existing == Existing::Keep && file.exists() {
        return Err(StoreError::NotEmpty { address: file.display().to_string() });
    }
    Ok(())
}

/// Writes a snapshot of the database to `to`, with temporary files in `folder`.
async fn write_snapshot(address: &Address, folder: &Path, to: &Path) -> Result<(), StoreError> {
    let vacuum = || sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().into_owned());
    match address {
        Address::File(path) => {
            if !path.is_file() {
                let hint = "specify the database with --database or DATABASE_URL";
                return Err(StoreError::Missing { path: path.clone(), hint });
            }
            // Don't upgrade the schema: operators back up before an upgrade.
            let mut source = connect_once(address).await?;
            let copied = vacuum().execute(&mut source).await;
            source.close().await?;
            copied?;
        }
        Address::Postgres(_) => {
            let source = Store::open(address, Ownership::Shared).await?;
            let target = Address::File(folder.join("copy.db"));
            let copied = Store::open(&target, Ownership::Exclusive).await?;
            copy(&source, (&copied, &target), Existing::Keep).await?;
            vacuum().execute(copied.pool()).await?;
            copied.close().await;
            source.close().await;
        }
    }
    Ok(())
}

/// Result of [`restore`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Rows copied from each table.
    pub rows: RowCounts,
    /// New path of the damaged file that the restored one replaced, if there was one.
    pub moved_aside: Option<PathBuf>,
}

/// Opens or creates a database and copies a backup written by this or an earlier version into it. Does not
/// change the backup. If the `SQLite` file is damaged and `existing` is [`Existing::Replace`], the file is
/// renamed first, along with its log files.
pub fn restore<'a>(
    file: &'a Path,
    address: &'a Address,
    existing: Existing,
) -> StoreFuture<'a, Restored> {
    Box::pin(async move {
        let (_folder, from) = open_backup(file).await?;
        let (mut resolved, mut moved_aside) = (None, None);
        if let Address::File(path) = address
            && path.exists()
        {
            // Renaming the target of a symbolic link breaks the link, so the new file is created at the target.
            let target = path.canonicalize().map_err(FileError::at("resolve", path))?;
            moved_aside = move_aside_damaged(path, &target, existing).await?;
            resolved = Some(Address::File(target));
        }
        let copied = async {
            let to =
                Store::open(resolved.as_ref().unwrap_or(address), Ownership::Exclusive).await?;
            let copied = copy(&from, (&to, address), existing).await;
            to.close().await;
            copied
        };
        let copied = copied.await;
        from.close().await;
        match (copied, moved_aside) {
            (Ok(rows), moved_aside) => Ok(Restored { rows, moved_aside }),
            (Err(cause), None) => Err(cause),
            (Err(cause), Some(moved_aside)) => {
                Err(StoreError::MovedAside { moved_aside, cause: Box::new(cause) })
            }
        }
    })
}

/// Renames a damaged database and its log files to `FILE.damaged`, and returns the new path. Returns `None` if
/// the database is intact, and an error if it is damaged and must be kept. `file` is `path` without symbolic
/// links.
async fn move_aside_damaged(
    path: &Path,
    file: &Path,
    existing: Existing,
) -> Result<Option<PathBuf>, StoreError> {
    // No server may have the file open while it is renamed.
    let _lock = lock_exclusively(path, file)?;
    let Some(reason) = damage(&Address::File(file.to_owned())).await? else { return Ok(None) };
    if existing == Existing::Keep {
        return Err(StoreError::DamagedFile { path: path.to_owned(), reason });
    }
    let with_suffix = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let names = (1..).map(|number| match number {
        1 => with_suffix(file, ".damaged"),
        number => with_suffix(file, &format!(".damaged-{number}")),
    });
    let aside = names.into_iter().find(|name| !name.exists()).unwrap_or_default();
    std::fs::rename(file, &aside).map_err(FileError::at("rename", file))?;
    for log in ["-wal", "-shm"] {
        let from = with_suffix(file, log);
        if from.exists() {
            let to = with_suffix(&aside, log);
            std::fs::rename(&from, to).map_err(FileError::at("rename", &from))?;
        }
    }
    files::sync_directory(files::parent(file))?;
    Ok(Some(aside))
}

/// Returns the first damage found in an `SQLite` file, or `None` if it is intact.
async fn damage(address: &Address) -> Result<Option<String>, StoreError> {
    match check_database(address).await {
        Ok(check) => Ok(check.problems.into_iter().next()),
        Err(StoreError::Open { cause: sqlx::Error::Database(cause), .. })
            if cause.code().is_some_and(|code| is_damage(&code)) =>
        {
            Ok(Some(cause.message().to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// Returns true for the codes `SQLITE_CORRUPT` and `SQLITE_NOTADB`.
fn is_damage(code: &str) -> bool {
    const CORRUPT: u32 = 11;
    const NOT_A_DATABASE: u32 = 26;
    // The lower byte of an extended code is the primary code.
    code.parse().is_ok_and(|code: u32| matches!(code & 0xff, CORRUPT | NOT_A_DATABASE))
}

/// Opens a copy of a backup, upgraded to the current schema, in a folder that exists until it is dropped.
async fn open_backup(file: &Path) -> Result<(tempfile::TempDir, Store), StoreError> {
    let not_a_backup = |reason: String| StoreError::NotABackup { path: file.to_owned(), reason };
    if !file.is_file() {
        let hint = "pass a file written by `cinematch backup`";
        return Err(StoreError::Missing { path: file.to_owned(), hint });
    }
    if !is_sqlite(file) {
        return Err(not_a_backup("it is not an SQLite file".to_owned()));
    }
    let folder = tempfile::tempdir().map_err(FileError::at("copy", file))?;
    let path = folder.path().join("backup.db");
    std::fs::copy(file, &path).map_err(FileError::at("copy", file))?;
    let address = Address::File(path);
    let mut copied = connect_once(&address).await?;
    let n_tables: Result<(i64,), sqlx::Error> =
        sqlx::query_as("SELECT COUNT(*) FROM sqlite_master WHERE name = 'watchlist'")
            .fetch_one(&mut copied)
            .await;
    let integrity: Result<(String,), sqlx::Error> =
        sqlx::query_as("PRAGMA integrity_check").fetch_one(&mut copied).await;
    copied.close().await?;
    match (n_tables, integrity) {
        (Ok((1..,)), Ok((result,))) if result == "ok" => {}
        (Ok((0,)), Ok(_)) => {
            return Err(not_a_backup("it contains no CineMatch tables".to_owned()));
        }
        (Ok(_), Ok((result,))) => return Err(not_a_backup(format!("it is damaged: {result}"))),
        (Err(error), _) | (_, Err(error)) => {
            return Err(not_a_backup(format!("it is damaged: {error}")));
        }
    }
    Ok((folder, Store::open(&address, Ownership::Exclusive).await?))
}

fn is_sqlite(file: &Path) -> bool {
    let mut header = [0; 16];
    let result = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut header));
    result.is_ok() && header == *b"SQLite format 3\0"
}
