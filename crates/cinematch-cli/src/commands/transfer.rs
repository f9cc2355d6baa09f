//! `cinematch backup`, `restore` and `migrate`: people's data from one place to another.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use cinematch_store::{Address, Existing, Ownership, RowCounts, Store, copy};
use clap::Args;

use super::block_on;
use crate::options::Global;
use crate::output::{GOOD, Output, STRONG, counted, thousands};
use crate::paths::{DatabasePath, shown};

/// Flags of `backup`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch backup people-2026-01-31.db          also while the server runs\n  \
                        DATABASE_URL=postgres://… cinematch backup people.db"
)]
pub struct Backup {
    /// The file to write: everything people keep, as it stands at one moment
    file: PathBuf,
    /// Replace an older backup of this name
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: DatabasePath,
}

/// Flags of `restore`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch restore people-2026-01-31.db --replace\n  \
                        DATABASE_URL=postgres://… cinematch restore people.db\n\n\
                        Stop the servers first: what they keep of a moment ago is not what is restored.")]
pub struct Restore {
    /// What `cinematch backup` wrote, by this version or an earlier one
    file: PathBuf,
    /// Put it in the place of the data that is there
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: DatabasePath,
}

/// Flags of `migrate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  DATABASE_URL=postgres://… cinematch migrate             from data/cinematch.db to PostgreSQL\n  \
                        cinematch migrate --from postgres://… --to data/cinematch.db"
)]
pub struct Migrate {
    /// Where people's data is: a file or postgres://… [default: data/cinematch.db]
    #[arg(long, value_name = "FILE|URL")]
    from: Option<String>,
    /// Where it is to go: a file or postgres://…
    #[arg(long, value_name = "FILE|URL", env = "DATABASE_URL", hide_env_values = true)]
    to: Option<String>,
    /// Put it in the place of the data that is there
    #[arg(long)]
    replace: bool,
}

fn existing(replace: bool) -> Existing {
    if replace { Existing::Replace } else { Existing::Keep }
}

impl Backup {
    /// Writes it.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let address = self.database.resolve(global)?;
        if self.file.exists() && !self.replace {
            bail!("{} is there already; choose another name, or --replace it", shown(&self.file));
        }
        let bytes = block_on(Some(1), async {
            Ok(cinematch_store::backup(&address, &self.file, existing(self.replace)).await?)
        })?;
        output.json(&serde_json::json!({ "file": shown(&self.file), "bytes": bytes }))?;
        output.line(format_args!(
            "{GOOD}✓{GOOD:#} {STRONG}{}{STRONG:#}, {} bytes; `cinematch restore` brings it back",
            shown(&self.file),
            thousands(bytes)
        ));
        Ok(())
    }
}

impl Restore {
    /// Brings it back.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let address = self.database.resolve(global)?;
        let copied = block_on(Some(1), async {
            let to = Store::open(&address, Ownership::Exclusive).await?;
            let copied =
                cinematch_store::restore(&self.file, (&to, &address), existing(self.replace)).await;
            to.close().await;
            Ok(copied?)
        })?;
        tell(&copied, &format!("from {} into {address}", shown(&self.file)), output)?;
        output.note(
            "Everything is as it was then: keys revoked and people forgotten since are back too.",
        );
        Ok(())
    }
}

impl Migrate {
    /// Copies everything.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let default = || global.root.join("data/cinematch.db").display().to_string();
        let from = self.from.clone().unwrap_or_else(default);
        let from = Address::parse(&from).context("--from")?;
        let Some(to) = &self.to else {
            bail!("where to? Set DATABASE_URL=postgres://…, or name it with --to");
        };
        let to = Address::parse(to).context("--to")?;
        if from == to {
            bail!("--from and --to are the same database");
        }
        if let Some(path) = from.file()
            && !path.is_file()
        {
            bail!("{} not found: name the database with --from", shown(path));
        }
        let copied = block_on(Some(1), async {
            let reading = Store::open(&from, Ownership::Exclusive).await?;
            let writing = Store::open(&to, Ownership::Exclusive).await?;
            let copied = copy(&reading, (&writing, &to), existing(self.replace)).await;
            reading.close().await;
            writing.close().await;
            Ok(copied?)
        })?;
        tell(&copied, &format!("from {from} to {to}"), output)
    }
}

fn tell(copied: &RowCounts, way: &str, output: &Output) -> Result<()> {
    output.json(copied)?;
    let rows = |table| copied.get(table).copied().unwrap_or(0);
    let people = match rows("users") {
        1 => "1 person".to_owned(),
        n => format!("{} people", thousands(n)),
    };
    output.line(format_args!(
        "{GOOD}✓{GOOD:#} {people}, {} of films, {} on watchlists, {} {way}",
        counted(rows("feedback"), "opinion"),
        counted(rows("watchlist"), "film"),
        counted(rows("api_keys"), "key")
    ));
    Ok(())
}
