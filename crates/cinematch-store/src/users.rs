//! Users: profiles with an email address, and users that a front end identifies by its own key.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::StoreError;
use crate::store::{Store, StoreFuture, Transaction};

/// The profile of a user with an email address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// ID of the profile, never reused. Its decimal form is the key of the user's data.
    pub id: i64,
    /// Email address in lower case.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Creation time, in milliseconds since the Unix epoch.
    pub created_at: i64,
}

impl Profile {
    /// Returns the key of the user's data.
    pub fn key(&self) -> String {
        self.id.to_string()
    }
}

/// Maximum length of an email address in characters (RFC 5321).
const MAX_EMAIL_LENGTH: usize = 254;

/// Returns true if `text` looks like an email address. Does not check that the address exists.
pub fn is_email(text: &str) -> bool {
    let has_name_and_host = text
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let has_no_blanks =
        !text.chars().any(|character| character.is_control() || character.is_whitespace());
    has_name_and_host && has_no_blanks && text.chars().count() <= MAX_EMAIL_LENGTH
}

/// The user whose data a change affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub(crate) key: String,
    /// True if the user must already exist: a change must not recreate a deleted profile.
    is_profile: bool,
}

impl From<&Profile> for Owner {
    fn from(profile: &Profile) -> Self {
        Self { key: profile.key(), is_profile: true }
    }
}

/// Refers to the user with this key. The first change creates the user.
impl From<&str> for Owner {
    fn from(name: &str) -> Self {
        Self { key: name.to_owned(), is_profile: false }
    }
}

/// A profile to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// Email address, in any case.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Argon2id hash of the password, as a PHC string; `None` for a profile without a password.
    pub password_hash: Option<String>,
}

/// A profile with its password hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Profile of the account.
    pub profile: Profile,
    /// Argon2id hash of the password, as a PHC string; `None` for a profile without a password.
    pub password_hash: Option<String>,
}

/// Result of looking up a profile with [`Store::identify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// A profile with the address already exists; it is unchanged.
    Existing(Profile),
    /// A profile was created.
    New(Profile),
    /// No profile has the address, and no name was given to create one.
    Unknown,
}

/// Proof that a user's data has been deleted. Does not identify the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Random ID of the receipt.
    pub receipt: String,
    /// Number of deleted rows, by table.
    pub deleted: BTreeMap<&'static str, u64>,
    /// Deletion time, in milliseconds since the Unix epoch.
    #[serde(skip)]
    pub deleted_at: i64,
}

type ProfileRow = (i64, Option<String>, Option<String>, i64, Option<String>);

const ACCOUNT: &str = "SELECT id, email, name, created_at, password_hash FROM users";

fn account((id, email, name, created_at, password_hash): ProfileRow) -> Option<Account> {
    let profile = Profile { id, email: email?, name: name.unwrap_or_default(), created_at };
    Some(Account { profile, password_hash })
}

impl Store {
    /// Returns the profile with the given ID.
    pub fn profile(&self, id: i64) -> StoreFuture<'_, Option<Profile>> {
        Box::pin(async move {
            let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE id = $1 AND email IS NOT NULL"));
            let row: Option<ProfileRow> =
                sqlx::query_as(sql).bind(id).fetch_optional(self.pool()).await?;
            Ok(row.and_then(account).map(|account| account.profile))
        })
    }

    /// Returns the account with the given email address, compared case-insensitively.
    pub fn account<'a>(&'a self, email: &'a str) -> StoreFuture<'a, Option<Account>> {
        Box::pin(async move {
            let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE email = $1"));
            let row: Option<ProfileRow> =
                sqlx::query_as(sql).bind(email.to_lowercase()).fetch_optional(self.pool()).await?;
            Ok(row.and_then(account))
        })
    }

    /// Returns all accounts, oldest first.
    pub fn accounts(&self) -> StoreFuture<'_, Vec<Account>> {
        Box::pin(async move {
            let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE email IS NOT NULL ORDER BY id"));
            let rows: Vec<ProfileRow> = sqlx::query_as(sql).fetch_all(self.pool()).await?;
            Ok(rows.into_iter().filter_map(account).collect())
        })
    }

    /// Returns the profile with the given email address. If there is none and `name` is given, creates one.
    /// Does not change the name of an existing profile.
    pub fn identify<'a>(
        &'a self,
        email: &'a str,
        name: Option<&'a str>,
        now: i64,
    ) -> StoreFuture<'a, Identified> {
        Box::pin(async move {
            if let Some(account) = self.account(email).await? {
                return Ok(Identified::Existing(account.profile));
            }
            let Some(name) = name else { return Ok(Identified::Unknown) };
            let new =
                NewProfile { email: email.to_owned(), name: name.to_owned(), password_hash: None };
            match self.add_profile(new, now).await {
                Ok(profile) => Ok(Identified::New(profile)),
                // A concurrent request created the profile.
                Err(StoreError::EmailTaken) => {
                    let account = self.account(email).await?;
                    Ok(account.map_or(Identified::Unknown, |account| {
                        Identified::Existing(account.profile)
                    }))
                }
                Err(error) => Err(error),
            }
        })
    }

    /// Creates a profile. Returns [`StoreError::EmailTaken`] if the email address already has one.
    pub fn add_profile(&self, new: NewProfile, now: i64) -> StoreFuture<'_, Profile> {
        Box::pin(async move {
            let store = self.clone();
            self.write("", async move {
                let mut transaction = store.begin().await?;
                let email = new.email.to_lowercase();
                let id = loop {
                    // Keys from front ends contain no control characters, so this one is free.
                    let temporary_key = format!("\u{1}{email}");
                    let inserted: Result<(i64,), sqlx::Error> = sqlx::query_as(
                        "INSERT INTO users (key, email, name, password_hash, created_at, version)
                         VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
                    )
                    .bind(temporary_key)
                    .bind(&email)
                    .bind(&new.name)
                    .bind(&new.password_hash)
                    .bind(now)
                    .fetch_one(&mut *transaction)
                    .await;
                    let (id,) = inserted.map_err(|error| match error.as_database_error() {
                        Some(cause) if cause.is_unique_violation() => StoreError::EmailTaken,
                        _ => error.into(),
                    })?;
                    let updated = sqlx::query(
                        "UPDATE users SET key = $1 WHERE id = $2
                         AND NOT EXISTS (SELECT 1 FROM users WHERE key = $1)",
                    )
                    .bind(id.to_string())
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
                    if updated.rows_affected() == 1 {
                        break id;
                    }
                    // A front end already uses this ID as a key. Delete the row so that the next insert gets a new
                    // ID.
                    sqlx::query("DELETE FROM users WHERE id = $1")
                        .bind(id)
                        .execute(&mut *transaction)
                        .await?;
                };
                transaction.commit().await?;
                if let Some(cache) = store.history_cache() {
                    cache.invalidate(&id.to_string());
                }
                Ok(Profile { id, email, name: new.name, created_at: now })
            })
            .await
        })
    }

    /// Sets an account's password and ends all its sessions. Returns false if the account does not exist.
    pub fn set_password<'a>(&'a self, email: &'a str, hash: String) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (store, email) = (self.clone(), email.to_lowercase());
            self.write("", async move {
                let mut transaction = store.begin().await?;
                let row: Option<(i64,)> = sqlx::query_as(
                    "UPDATE users SET password_hash = $1 WHERE email = $2 RETURNING id",
                )
                .bind(hash)
                .bind(email)
                .fetch_optional(&mut *transaction)
                .await?;
                let Some((id,)) = row else { return Ok(false) };
                sqlx::query("DELETE FROM sessions WHERE user_id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(true)
            })
            .await
        })
    }

    /// Deletes a user and all of their data. Returns `None` for an unknown user. `receipt` is a random ID under
    /// which the number of deleted rows is recorded; it does not identify the user.
    pub fn delete_user<'a>(
        &'a self,
        user: &'a str,
        receipt: String,
        now: i64,
    ) -> StoreFuture<'a, Option<Receipt>> {
        Box::pin(async move {
            let (store, key) = (self.clone(), user.to_owned());
            self.write(user, async move {
                let mut transaction = store.begin().await?;
                let id = lock_user(&store, &mut transaction, &key).await?;
                let Some(id) = id else { return Ok(None) };
                let mut deleted = BTreeMap::new();
                for table in ["feedback", "imports", "preferences", "sessions", "watchlist"] {
                    let sql =
                        sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE user_id = $1"));
                    let result = sqlx::query(sql).bind(id).execute(&mut *transaction).await?;
                    deleted.insert(table, result.rows_affected());
                }
                let result = sqlx::query("DELETE FROM users WHERE id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
                deleted.insert("users", result.rows_affected());
                let counts = serde_json::to_string(&deleted).unwrap_or_default();
                sqlx::query(
                    "INSERT INTO deletions (receipt, deleted, deleted_at) VALUES ($1, $2, $3)",
                )
                .bind(&receipt)
                .bind(counts)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                if store.is_file() {
                    // The write-ahead log contains the deleted rows until it is truncated.
                    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                        .fetch_optional(store.pool())
                        .await?;
                }
                Ok(Some(Receipt { receipt, deleted, deleted_at: now }))
            })
            .await
        })
    }
}

/// Returns the row ID of a user, and locks the row so that changes to one user's data are serialized across
/// servers.
async fn lock_user(
    store: &Store,
    transaction: &mut Transaction,
    key: &str,
) -> Result<Option<i64>, StoreError> {
    // SQLite allows a single writer.
    let sql = if store.is_file() {
        "SELECT id FROM users WHERE key = $1"
    } else {
        "SELECT id FROM users WHERE key = $1 FOR UPDATE"
    };
    let row: Option<(i64,)> =
        sqlx::query_as(sql).bind(key).fetch_optional(&mut **transaction).await?;
    Ok(row.map(|(id,)| id))
}

impl Store {
    /// Runs `change` in a transaction with the row ID of `owner`, and commits it. Creates an unknown user, but
    /// not a deleted profile; see [`touch_or_insert`].
    pub(crate) fn change_user<T: Send + 'static>(
        &self,
        owner: Owner,
        now: i64,
        change: impl for<'t> FnOnce(&'t mut Transaction, i64) -> StoreFuture<'t, T> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async move {
            let (store, user) = (self.clone(), owner.key.clone());
            self.write(&user, async move {
                let mut transaction = store.begin().await?;
                let id = touch_or_insert(&mut transaction, &owner, now).await?;
                let result = change(&mut transaction, id).await?;
                transaction.commit().await?;
                Ok(result)
            })
            .await
        })
    }

    /// Runs `change` in a transaction with the row ID of an existing user, and commits it. Changes nothing and
    /// returns the default value if the user is unknown or `change` returns `None`.
    pub(crate) fn change_existing_user<'a, T: Default + Send + 'static>(
        &'a self,
        user: &'a str,
        now: i64,
        change: impl for<'t> FnOnce(&'t mut Transaction, i64) -> StoreFuture<'t, Option<T>>
        + Send
        + 'static,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let (store, key) = (self.clone(), user.to_owned());
            self.write(user, async move {
                let mut transaction = store.begin().await?;
                let Some(id) = touch(&mut transaction, &key, now).await? else {
                    return Ok(T::default());
                };
                let Some(result) = change(&mut transaction, id).await? else {
                    return Ok(T::default());
                };
                transaction.commit().await?;
                Ok(result)
            })
            .await
        })
    }
}

/// Increases the version of a user's data and returns the user's row ID, or `None` for an unknown user. The
/// update locks the row, so changes to one user's data are serialized across servers.
pub(crate) async fn touch(
    transaction: &mut Transaction,
    key: &str,
    now: i64,
) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as(
        "UPDATE users SET version = CASE WHEN version < $1 THEN $1 ELSE version + 1 END
         WHERE key = $2 RETURNING id",
    )
    .bind(now)
    .bind(key)
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.map(|(id,)| id))
}

/// Increases the version of a user's data and returns the user's row ID. Creates an unknown user, but returns
/// [`StoreError::ProfileDeleted`] for a missing profile, which was deleted and must not be recreated.
pub(crate) async fn touch_or_insert(
    transaction: &mut Transaction,
    owner: &Owner,
    now: i64,
) -> Result<i64, StoreError> {
    let Owner { key, is_profile } = owner;
    if let Some(id) = touch(transaction, key, now).await? {
        return Ok(id);
    }
    if *is_profile {
        return Err(StoreError::ProfileDeleted);
    }
    let inserted: Option<(i64,)> = sqlx::query_as(
        "INSERT INTO users (key, created_at, version) VALUES ($1, $2, $2)
         ON CONFLICT (key) DO NOTHING RETURNING id",
    )
    .bind(key)
    .bind(now)
    .fetch_optional(&mut **transaction)
    .await?;
    match inserted {
        Some((id,)) => Ok(id),
        // Another server created the user in the meantime.
        None => touch(transaction, key, now).await?.ok_or_else(|| sqlx::Error::RowNotFound.into()),
    }
}
