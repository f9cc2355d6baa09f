//! `cinematch user` and `cinematch key`: manage accounts and API keys.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, Result, bail};
use cinematch_service::secrets::{ApiToken, MAX_PASSWORD_LENGTH, hash_password};
use cinematch_store::{
    NewKey, NewProfile, Ownership, Scope, Store, StoreError, is_email, now_millis, rfc3339,
};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG, SUCCESS, WARNING};
use crate::paths::DatabasePath;
use crate::runtime::block_on;

/// Minimum password length, in characters (NIST SP 800-63B).
const MIN_PASSWORD_LENGTH: usize = 8;

/// Flags for `cinematch user`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch user add ada@example.org --name Ada     prompts for the password\n  \
                  pass show cinematch | cinematch user passwd ada@example.org\n  \
                        cinematch user list --json\n\n\
                  Accounts apply to servers started with `--access accounts`."
)]
pub struct User {
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Debug, Subcommand)]
enum UserAction {
    /// Create an account; prompts for the password, or reads it from standard input
    Add {
        /// Email address to sign in with
        email: String,
        /// Display name [default: the part of the address before the @]
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// Change an account's password and end its sessions
    Passwd {
        /// Email address of the account
        email: String,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// List all profiles
    List {
        #[command(flatten)]
        database: DatabasePath,
    },
}

/// Flags for `cinematch key`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch key create phone --scope write     prints the key once\n  \
                        cinematch key list\n  cinematch key revoke 3f2a90c1d4e5\n\n\
                  Programs send the key as `Authorization: Bearer KEY`, and the ID of the user they act for as \
                  X-User-Id."
)]
pub struct Key {
    #[command(subcommand)]
    action: KeyAction,
}

#[derive(Debug, Subcommand)]
enum KeyAction {
    /// Create an API key and print it; it cannot be shown again
    Create {
        /// Name of the key, such as the program that uses it
        name: String,
        /// read: the catalog; write: also any user's data; admin: everything
        #[arg(long, value_enum, default_value = "read")]
        scope: ScopeName,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// Revoke a key
    Revoke {
        /// ID of the key: the part between the underscores, listed by `key list`
        id: String,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// List all keys, without their secrets
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

/// An account, as printed by `--json`.
#[derive(Serialize)]
struct AccountRow {
    id: i64,
    email: String,
    name: String,
    has_password: bool,
    created_at: String,
}

/// A key, as printed by `--json`.
#[derive(Serialize)]
struct KeyRow {
    id: String,
    name: String,
    scope: &'static str,
    created_at: String,
    revoked_at: Option<String>,
    /// The full key; present only in the output of `key create`.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl User {
    /// Adds or lists accounts, or changes a password.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        match &self.action {
            UserAction::Add { email, name, database } => {
                add_account(email, name.as_deref(), (database, global), output)
            }
            UserAction::Passwd { email, database } => {
                change_password(email, (database, global), output)
            }
            UserAction::List { database } => list_accounts((database, global), output),
        }
    }
}

type DatabaseFlags<'a> = (&'a DatabasePath, &'a Global);

fn add_account(
    email: &str,
    name: Option<&str>,
    (database, global): DatabaseFlags<'_>,
    output: &Output,
) -> Result<()> {
    if !is_email(email) {
        bail!("`{}` is not an email address", email.escape_debug());
    }
    let local_part = email.split('@').next().unwrap_or_default();
    let name = name.unwrap_or(local_part).trim().to_owned();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        bail!("--name: expected 1 to 100 characters");
    }
    let password_hash = Some(new_password()?);
    let new = NewProfile { email: email.to_owned(), name, password_hash };
    with_store(database, global, async |store| {
        let profile = match store.add_profile(new, now_millis()).await {
            Err(StoreError::EmailTaken) => bail!(
                "{email} already has a profile; run `cinematch user passwd {email}` to set its password"
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
            "{SUCCESS}✓{SUCCESS:#} {} <{}> is profile {}",
            profile.name, profile.email, profile.id
        ));
        Ok(())
    })
}

fn change_password(
    email: &str,
    (database, global): DatabaseFlags<'_>,
    output: &Output,
) -> Result<()> {
    let hash = new_password()?;
    with_store(database, global, async |store| {
        if !store.set_password(email, hash).await? {
            bail!("no profile has the address {email}; run `cinematch user list` to list all");
        }
        output.json(&serde_json::json!({ "email": email }))?;
        output.line(format_args!(
            "{SUCCESS}✓{SUCCESS:#} the password of {email} was changed, and all its sessions ended"
        ));
        Ok(())
    })
}

fn list_accounts((database, global): DatabaseFlags<'_>, output: &Output) -> Result<()> {
    with_store(database, global, async |store| {
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
            let suffix = if row.has_password { "" } else { ", no password" };
            output.line(format_args!(
                "{STRONG}{:>5}{STRONG:#}  {} <{}>  {DIM}since {}{suffix}{DIM:#}",
                row.id, row.name, row.email, row.created_at
            ));
        }
        if rows.is_empty() {
            output.note("no profiles yet; run `cinematch user add EMAIL` to create one");
        }
        Ok(())
    })
}

impl Key {
    /// Creates, revokes or lists API keys.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        match &self.action {
            KeyAction::Create { name, scope, database } => {
                create_key(name, *scope, (database, global), output)
            }
            KeyAction::Revoke { id, database } => revoke_key(id, (database, global), output),
            KeyAction::List { database } => list_keys((database, global), output),
        }
    }
}

fn create_key(
    name: &str,
    scope: ScopeName,
    (database, global): DatabaseFlags<'_>,
    output: &Output,
) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        bail!("NAME: expected 1 to 100 characters");
    }
    let scope = match scope {
        ScopeName::Read => Scope::Read,
        ScopeName::Write => Scope::Write,
        ScopeName::Admin => Scope::Admin,
    };
    let token = ApiToken::generate().context("cannot read random bytes from the system")?;
    let key = NewKey {
        id: token.id().to_owned(),
        name: name.to_owned(),
        secret_hash: token.hash(),
        scope,
    };
    with_store(database, global, async |store| {
        let now = now_millis();
        store.add_key(key, now).await?;
        output.json(&KeyRow {
            id: token.id().to_owned(),
            name: name.to_owned(),
            scope: scope.name(),
            created_at: rfc3339(now),
            revoked_at: None,
            key: Some(token.expose()),
        })?;
        output.line(token.expose());
        output.note(format_args!(
            "{WARNING}The key is not shown again.{WARNING:#} Send it as `Authorization: Bearer …`; run \
                         `cinematch key revoke {}` to revoke it.",
            token.id()
        ));
        Ok(())
    })
}

fn revoke_key(id: &str, (database, global): DatabaseFlags<'_>, output: &Output) -> Result<()> {
    with_store(database, global, async |store| {
        if !store.revoke_key(id, now_millis()).await? {
            bail!("no active key has the ID {id}; run `cinematch key list` to list all");
        }
        output.json(&serde_json::json!({ "id": id }))?;
        output.line(format_args!("{SUCCESS}✓{SUCCESS:#} the key {id} is revoked"));
        Ok(())
    })
}

fn list_keys((database, global): DatabaseFlags<'_>, output: &Output) -> Result<()> {
    with_store(database, global, async |store| {
        let keys = store.keys().await?;
        let rows: Vec<KeyRow> = keys
            .into_iter()
            .map(|api_key| KeyRow {
                id: api_key.key.id,
                name: api_key.key.name,
                scope: api_key.key.scope.name(),
                created_at: rfc3339(api_key.created_at),
                revoked_at: api_key.revoked_at.map(rfc3339),
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
            output.note("no keys yet; run `cinematch key create NAME` to create one");
        }
        Ok(())
    })
}

/// Opens the database, which running servers may also be using, and runs `action` on it.
fn with_store<T>(
    database: &DatabasePath,
    global: &Global,
    action: impl AsyncFnOnce(&Store) -> Result<T>,
) -> Result<T> {
    let address = database.resolve(global)?;
    block_on(Some(1), async {
        let store = Store::open(&address, Ownership::Shared).await?;
        let result = action(&store).await;
        store.close().await;
        result
    })
}

/// Prompts for a password twice, or reads it from standard input, and returns its hash. Passwords are not
/// accepted as arguments, because other users on the machine can see those.
fn new_password() -> Result<String> {
    let password = if std::io::stdin().is_terminal() {
        let prompt = |message| rpassword::prompt_password(message).map(SecretString::from);
        let password = prompt("Password: ").context("cannot read the password")?;
        let again = prompt("Again: ").context("cannot read the password")?;
        if password.expose_secret() != again.expose_secret() {
            bail!("the passwords differ; nothing was changed");
        }
        password
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
        SecretString::from(line.trim_end_matches(['\r', '\n']))
    };
    let length = password.expose_secret().chars().count();
    if !(MIN_PASSWORD_LENGTH..=MAX_PASSWORD_LENGTH).contains(&length) {
        bail!(
            "expected a password of {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters, got {length}"
        );
    }
    hash_password(&password).context("cannot hash the password")
}
