//! `cinematch backup`, `restore` and `migrate`: copy all user data.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use cinematch_store::{Address, Existing, Ownership, RowCounts, Store, copy, restore};
use clap::Args;

use crate::options::Global;
use crate::output::{Output, STRONG, SUCCESS, counted, thousands};
use crate::paths::{DatabasePath, display_path};
use crate::runtime::block_on;

/// Flags for `cinematch backup`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch backup people-2026-01-31.db          servers may keep running\n  \
                        DATABASE_URL=postgres://… cinematch backup people.db"
)]
pub struct Backup {
    /// File to write; a consistent snapshot of all user data
    file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: DatabasePath,
}

/// Flags for `cinematch restore`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch restore people-2026-01-31.db --replace\n  \
                        DATABASE_URL=postgres://… cinematch restore people.db\n\n\
                  Stop the servers first; they cache data that the restore replaces.")]
pub struct Restore {
    /// File written by this or an earlier version of `cinematch backup`
    file: PathBuf,
    /// Replace the existing data
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: DatabasePath,
}

/// Flags for `cinematch migrate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  DATABASE_URL=postgres://… cinematch migrate             from data/cinematch.db to PostgreSQL\n  \
                        cinematch migrate --from postgres://… --to data/cinematch.db"
)]
pub struct Migrate {
    /// Source: a file or postgres://… [default: data/cinematch.db]
    #[arg(long, value_name = "FILE|URL")]
    from: Option<String>,
    /// Target: a file or postgres://…
    #[arg(long, value_name = "FILE|URL", env = "DATABASE_URL", hide_env_values = true)]
    to: Option<String>,
    /// Replace the existing data
    #[arg(long)]
    replace: bool,
}

fn existing(replace: bool) -> Existing {
    if replace { Existing::Replace } else { Existing::Keep }
}

impl Backup {
    /// Writes the backup.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let address = self.database.resolve(global)?;
        if self.file.exists() && !self.replace {
            bail!("{} exists; choose another name, or pass --replace", display_path(&self.file));
        }
        let bytes = block_on(Some(1), async {
            Ok(cinematch_store::backup(&address, &self.file, existing(self.replace)).await?)
        })?;
        output.json(&serde_json::json!({ "file": display_path(&self.file), "bytes": bytes }))?;
        output.line(format_args!(
            "{SUCCESS}✓{SUCCESS:#} {STRONG}{}{STRONG:#}, {} bytes; `cinematch restore` restores it",
            display_path(&self.file),
            thousands(bytes)
        ));
        Ok(())
    }
}

impl Restore {
    /// Restores the backup.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let address = self.database.resolve(global)?;
        let restored = block_on(Some(1), async {
            Ok(restore(&self.file, &address, existing(self.replace)).await?)
        })?;
        if let Some(path) = &restored.moved_aside {
            output.warn(format_args!("the damaged database is now {}", display_path(path)));
        }
        let mut document = serde_json::to_value(&restored.rows)?;
        if let Some(path) = &restored.moved_aside {
            document["moved_aside"] = display_path(path).into();
        }
        output.json(&document)?;
        print_counts(
            &restored.rows,
            &format!("from {} into {address}", display_path(&self.file)),
            output,
        );
        output.note("Profiles deleted and keys revoked since the backup exist again.");
        Ok(())
    }
}

impl Migrate {
    /// Copies all user data from one database to another.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let default = || global.root.join("data/cinematch.db").display().to_string();
        let from = self.from.clone().unwrap_or_else(default);
        let from = Address::parse(&from).context("--from")?;
        let Some(to) = &self.to else {
            bail!("no target; set DATABASE_URL=postgres://…, or pass --to");
        };
        let to = Address::parse(to).context("--to")?;
        if from == to {
            bail!("--from and --to are the same database");
        }
        if let Some(path) = from.file()
            && !path.is_file()
        {
            bail!("{} not found; pass the database with --from", display_path(path));
        }
        let copied = block_on(Some(1), async {
            let source = Store::open(&from, Ownership::Exclusive).await?;
            let target = Store::open(&to, Ownership::Exclusive).await?;
            let copied = copy(&source, (&target, &to), existing(self.replace)).await;
            source.close().await;
            target.close().await;
            Ok(copied?)
        })?;
        output.json(&copied)?;
        print_counts(&copied, &format!("from {from} to {to}"), output);
        Ok(())
    }
}

fn print_counts(copied: &RowCounts, direction: &str, output: &Output) {
    let rows = |table| copied.get(table).copied().unwrap_or(0);
    let profiles = counted(rows("users"), "profile");
    output.line(format_args!(
        "{SUCCESS}✓{SUCCESS:#} {profiles}, {}, {} on watchlists, {} {direction}",
        counted(rows("feedback"), "feedback item"),
        counted(rows("watchlist"), "movie"),
        counted(rows("api_keys"), "key")
    ));
}
