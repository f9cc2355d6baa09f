//! `cinematch user` and `cinematch key`: who may use the server where people have accounts.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, Result, bail};
use cinematch_server::{ApiToken, LONGEST_PASSWORD, hash_password};
use cinematch_store::{NewKey, NewProfile, Ownership, Scope, Store, StoreError, is_email, rfc3339};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{block_on, milliseconds};
use crate::options::Global;
use crate::output::{CARE, DIM, GOOD, Output, STRONG};
use crate::paths::DatabasePath;

/// Shorter passwords are guessed (NIST SP 800-63B).
const SHORTEST_PASSWORD: usize = 8;

/// Flags of `user`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch user add ada@example.org --name Ada     asks for the password\n  \
                        pass show films | cinematch user passwd ada@example.org\n  \
                        cinematch user list --json\n\n\
                        Accounts count where the server runs with `--access accounts`."
)]
pub struct User {
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Debug, Subcommand)]
enum UserAction {
    /// Make an account; the password is asked for, or read from standard input
    Add {
        /// What they sign in with
        email: String,
        /// What to call them [default: what stands before the @]
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// Set another password and end all sessions
    Passwd {
        /// Whose
        email: String,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// Show all profiles
    List {
        #[command(flatten)]
        database: DatabasePath,
    },
}

/// Flags of `key`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch key create phone --scope write     prints the key, once\n  \
                        cinematch key list\n  cinematch key revoke 3f2a90c1d4e5\n\n\
                        A program sends it as `Authorization: Bearer KEY`, with X-User-Id for whom it acts."
)]
pub struct Key {
    #[command(subcommand)]
    action: KeyAction,
}

#[derive(Debug, Subcommand)]
enum KeyAction {
    /// Make an API key and print it: it is shown this once
    Create {
        /// What it is for
        name: String,
        /// read: the catalogue; write: any person's data too; admin: everything
        #[arg(long, value_enum, default_value = "read")]
        scope: ScopeName,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// Make a key useless from now on
    Revoke {
        /// Its part between the underscores, as `key list` shows it
        id: String,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// Show all keys, without their secrets
    List {
        #[command(flatten)]
        database: DatabasePath,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ScopeName {
    Read,
    Write,
    Admin,
}

/// An account, for machines.
#[derive(Serialize)]
struct AccountRow {
    id: i64,
    email: String,
    name: String,
    has_password: bool,
    created_at: String,
}

/// A key, for machines.
#[derive(Serialize)]
struct KeyRow {
    id: String,
    name: String,
    scope: &'static str,
    created_at: String,
    revoked_at: Option<String>,
    /// All of it; when it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl User {
    /// Does it.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        match &self.action {
            UserAction::Add { email, name, database } => {
                if !is_email(email) {
                    bail!("`{}` is no email address", email.escape_debug());
                }
                let before_at = email.split('@').next().unwrap_or_default();
                let name = name.as_deref().unwrap_or(before_at).trim().to_owned();
                if name.is_empty()
                    || name.chars().count() > 100
                    || name.chars().any(char::is_control)
                {
                    bail!("--name: expected 1 to 100 characters");
                }
                let password_hash = Some(new_password()?);
                let new = NewProfile { email: email.clone(), name, password_hash };
                with_store(database, global, async |store| {
                    let profile = match store.add_profile(new, milliseconds()).await {
                        Err(StoreError::EmailTaken) => bail!(
                            "{email} has a profile already; `cinematch user passwd {email}` sets its password"
                        ),
                        other => other?,
                    };
                    output.json(&AccountRow {
                        id: profile.id,
                        email: profile.email.clone(),
                        name: profile.name.clone(),
                        has_password: true,
                        created_at: rfc3339(profile.created_at),
                    })?;
                    output.line(format_args!(
                        "{GOOD}✓{GOOD:#} {} <{}> is profile {}",
                        profile.name, profile.email, profile.id
                    ));
                    Ok(())
                })
            }
            UserAction::Passwd { email, database } => {
                let hash = new_password()?;
                with_store(database, global, async |store| {
                    if !store.set_password(email, hash).await? {
                        bail!(
                            "nobody has the address {email}; `cinematch user list` shows who there is"
                        );
                    }
                    output.json(&serde_json::json!({ "email": email }))?;
                    output.line(format_args!(
                        "{GOOD}✓{GOOD:#} {email} has a new password, and is signed out everywhere"
                    ));
                    Ok(())
                })
            }
            UserAction::List { database } => with_store(database, global, async |store| {
                let accounts = store.accounts().await?;
                let rows: Vec<AccountRow> = accounts
                    .into_iter()
                    .map(|account| AccountRow {
                        id: account.profile.id,
                        email: account.profile.email,
                        name: account.profile.name,
                        has_password: account.password_hash.is_some(),
                        created_at: rfc3339(account.profile.created_at),
                    })
                    .collect();
                output.json(&rows)?;
                for row in &rows {
                    let without = if row.has_password { "" } else { ", no password" };
                    output.line(format_args!(
                        "{STRONG}{:>5}{STRONG:#}  {} <{}>  {DIM}since {}{without}{DIM:#}",
                        row.id, row.name, row.email, row.created_at
                    ));
                }
                if rows.is_empty() {
                    output.note("no profiles yet; `cinematch user add EMAIL` makes one");
                }
                Ok(())
            }),
        }
    }
}

impl Key {
    /// Does it.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        match &self.action {
            KeyAction::Create { name, scope, database } => {
                if name.trim().is_empty()
                    || name.chars().count() > 100
                    || name.chars().any(char::is_control)
                {
                    bail!("the name says what the key is for, in 1 to 100 characters");
                }
                let scope = match scope {
                    ScopeName::Read => Scope::Read,
                    ScopeName::Write => Scope::Write,
                    ScopeName::Admin => Scope::Admin,
                };
                let token = ApiToken::generate().context("the system has no randomness")?;
                let key = NewKey {
                    id: token.id().to_owned(),
                    name: name.clone(),
                    secret_hash: token.hash(),
                    scope,
                };
                with_store(database, global, async |store| {
                    let now = milliseconds();
                    store.add_key(key, now).await?;
                    output.json(&KeyRow {
                        id: token.id().to_owned(),
                        name: name.clone(),
                        scope: scope.name(),
                        created_at: rfc3339(now),
                        revoked_at: None,
                        key: Some(token.expose()),
                    })?;
                    output.line(token.expose());
                    output.note(format_args!(
                        "{CARE}It is shown this once.{CARE:#} Send it as `Authorization: Bearer …`; \
                         `cinematch key revoke {}` makes it useless.",
                        token.id()
                    ));
                    Ok(())
                })
            }
            KeyAction::Revoke { id, database } => with_store(database, global, async |store| {
                if !store.revoke_key(id, milliseconds()).await? {
                    bail!("no key in force is called {id}; `cinematch key list` shows them");
                }
                output.json(&serde_json::json!({ "id": id }))?;
                output.line(format_args!("{GOOD}✓{GOOD:#} the key {id} is revoked"));
                Ok(())
            }),
            KeyAction::List { database } => with_store(database, global, async |store| {
                let keys = store.keys().await?;
                let rows: Vec<KeyRow> = keys
                    .into_iter()
                    .map(|kept| KeyRow {
                        id: kept.key.id,
                        name: kept.key.name,
                        scope: kept.key.scope.name(),
                        created_at: rfc3339(kept.created_at),
                        revoked_at: kept.revoked_at.map(rfc3339),
                        key: None,
                    })
                    .collect();
                output.json(&rows)?;
                for row in &rows {
                    let revoked = row.revoked_at.as_ref().map(|at| format!(", revoked {at}"));
                    output.line(format_args!(
                        "{STRONG}{}{STRONG:#}  {:<5}  {}  {DIM}since {}{}{DIM:#}",
                        row.id,
                        row.scope,
                        row.name,
                        row.created_at,
                        revoked.unwrap_or_default()
                    ));
                }
                if rows.is_empty() {
                    output.note("no keys yet; `cinematch key create NAME` makes one");
                }
                Ok(())
            }),
        }
    }
}

/// Does something with the database, beside a server that may run.
fn with_store<T>(
    database: &DatabasePath,
    global: &Global,
    act: impl AsyncFnOnce(&Store) -> Result<T>,
) -> Result<T> {
    let address = database.resolve(global)?;
    block_on(Some(1), async {
        let store = Store::open(&address, Ownership::Shared).await?;
        let done = act(&store).await;
        store.close().await;
        done
    })
}

/// The hash of a password typed twice, or of a line of standard input. Never of an argument: other
/// users of the machine see those.
fn new_password() -> Result<String> {
    let password = if std::io::stdin().is_terminal() {
        let ask = |what| rpassword::prompt_password(what).map(SecretString::from);
        let password = ask("Password: ").context("cannot read the password")?;
        let again = ask("Again: ").context("cannot read the password")?;
        if password.expose_secret() != again.expose_secret() {
            bail!("the two passwords are not the same; nothing was changed");
        }
        password
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
        SecretString::from(line.trim_end_matches(['\r', '\n']))
    };
    let length = password.expose_secret().chars().count();
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
        bail!(
            "expected a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, typed or on \
             standard input, got {length}"
        );
    }
    hash_password(&password).context("the password cannot be hashed")
}
