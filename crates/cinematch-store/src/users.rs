//! Whoever something is known of: profiles with an email address, and people whom only a key names.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::{Any, Transaction};

use crate::{Store, StoreError};

/// Somebody's profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its number, never given out twice. As text it is the key of the person's data.
    pub id: i64,
    /// In lower case.
    pub email: String,
    /// What they want to be called.
    pub name: String,
    /// In milliseconds since 1970.
    pub created_at: i64,
}

impl Profile {
    /// The key of the person's data.
    pub fn key(&self) -> String {
        self.id.to_string()
    }
}

/// The longest email address (RFC 5321).
const LONGEST_EMAIL: usize = 254;

/// Whether a text may be an email address, as far as that can be told: mail alone proves it.
pub fn is_email(text: &str) -> bool {
    let whole = text
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let plain = !text.chars().any(|it| it.is_control() || it.is_whitespace());
    whole && plain && text.chars().count() <= LONGEST_EMAIL
}

/// Whose data a change is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub(crate) key: String,
    /// Whether there must be a profile: one that was forgotten meanwhile does not come back.
    is_profile: bool,
}

impl From<&Profile> for Owner {
    fn from(profile: &Profile) -> Self {
        Self { key: profile.key(), is_profile: true }
    }
}

/// Whoever goes by this name; nothing need be known of them.
impl From<&str> for Owner {
    fn from(name: &str) -> Self {
        Self { key: name.to_owned(), is_profile: false }
    }
}

/// A profile to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// The email address; case does not matter.
    pub email: String,
    /// What they want to be called.
    pub name: String,
    /// The hash of a password, if they can sign in with one.
    pub password_hash: Option<String>,
}

/// A profile, and whether it has a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The profile.
    pub profile: Profile,
    /// Argon2id, as a PHC string.
    pub password_hash: Option<String>,
}

/// What came of telling one's email address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// Such a profile was there; it is as it was.
    Known(Profile),
    /// It was made.
    New(Profile),
    /// There is none, and without a name none is made.
    Unknown,
}

/// That somebody was forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Its number, which names nobody.
    pub receipt: String,
    /// Rows by table.
    pub deleted: BTreeMap<&'static str, u64>,
    /// In milliseconds since 1970.
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
    /// The profile of a number.
    pub async fn profile(&self, id: i64) -> Result<Option<Profile>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE id = $1 AND email IS NOT NULL"));
        let row: Option<ProfileRow> =
            sqlx::query_as(sql).bind(id).fetch_optional(self.pool()).await?;
        Ok(row.and_then(account).map(|account| account.profile))
    }

    /// The account of an email address.
    pub async fn account(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE email = $1"));
        let row: Option<ProfileRow> =
            sqlx::query_as(sql).bind(email.to_lowercase()).fetch_optional(self.pool()).await?;
        Ok(row.and_then(account))
    }

    /// All accounts, the oldest first.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE email IS NOT NULL ORDER BY id"));
        let rows: Vec<ProfileRow> = sqlx::query_as(sql).fetch_all(self.pool()).await?;
        Ok(rows.into_iter().filter_map(account).collect())
    }

    /// The profile of an email address; made if there is none and a name is given. A known one is not
    /// renamed.
    pub async fn identify(
        &self,
        email: &str,
        name: Option<&str>,
        now: i64,
    ) -> Result<Identified, StoreError> {
        if let Some(account) = self.account(email).await? {
            return Ok(Identified::Known(account.profile));
        }
        let Some(name) = name else { return Ok(Identified::Unknown) };
        let new =
            NewProfile { email: email.to_owned(), name: name.to_owned(), password_hash: None };
        match self.add_profile(new, now).await {
            Ok(profile) => Ok(Identified::New(profile)),
            // Somebody else was faster with the same address.
            Err(StoreError::EmailTaken) => {
                let account = self.account(email).await?;
                Ok(account.map_or(Identified::Unknown, |it| Identified::Known(it.profile)))
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a profile.
    pub async fn add_profile(&self, new: NewProfile, now: i64) -> Result<Profile, StoreError> {
        let store = self.clone();
        self.change("", async move {
            let mut transaction = store.begin().await?;
            let email = new.email.to_lowercase();
            let id = loop {
                // No key that anybody can choose has a control character.
                let unset = format!("\u{1}{email}");
                let inserted: Result<(i64,), sqlx::Error> = sqlx::query_as(
                    "INSERT INTO users (key, email, name, password_hash, created_at, version)
                     VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
                )
                .bind(unset)
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
                let named = sqlx::query(
                    "UPDATE users SET key = $1 WHERE id = $2
                     AND NOT EXISTS (SELECT 1 FROM users WHERE key = $1)",
                )
                .bind(id.to_string())
                .bind(id)
                .execute(&mut *transaction)
                .await?;
                if named.rows_affected() == 1 {
                    break id;
                }
                // Somebody is called by this number already: it stays theirs.
                sqlx::query("DELETE FROM users WHERE id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            };
            transaction.commit().await?;
            if let Some(tastes) = store.tastes() {
                tastes.forget(&id.to_string());
            }
            Ok(Profile { id, email, name: new.name, created_at: now })
        })
        .await
    }

    /// Sets a password and ends all sessions of the account; whether there is one.
    pub async fn set_password(&self, email: &str, hash: String) -> Result<bool, StoreError> {
        let (store, email) = (self.clone(), email.to_lowercase());
        self.change("", async move {
            let mut transaction = store.begin().await?;
            let found: Option<(i64,)> =
                sqlx::query_as("UPDATE users SET password_hash = $1 WHERE email = $2 RETURNING id")
                    .bind(hash)
                    .bind(email)
                    .fetch_optional(&mut *transaction)
                    .await?;
            let Some((id,)) = found else { return Ok(false) };
            sqlx::query("DELETE FROM sessions WHERE user_id = $1")
                .bind(id)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Forgets a person and all that is known of them; `None` if nothing is. The receipt, whose number
    /// comes from outside, is kept, and names nobody.
    pub async fn forget(
        &self,
        user: &str,
        receipt: String,
        now: i64,
    ) -> Result<Option<Receipt>, StoreError> {
        let (store, key) = (self.clone(), user.to_owned());
        self.change(user, async move {
            let mut transaction = store.begin().await?;
            let Some(id) = id_of(&store, &mut transaction, &key).await? else { return Ok(None) };
            let mut deleted = BTreeMap::new();
            for table in ["feedback", "imports", "preferences", "sessions", "watchlist"] {
                let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE user_id = $1"));
                let gone = sqlx::query(sql).bind(id).execute(&mut *transaction).await?;
                deleted.insert(table, gone.rows_affected());
            }
            let gone = sqlx::query("DELETE FROM users WHERE id = $1")
                .bind(id)
                .execute(&mut *transaction)
                .await?;
            deleted.insert("users", gone.rows_affected());
            let counts = serde_json::to_string(&deleted).unwrap_or_default();
            sqlx::query("INSERT INTO deletions (receipt, deleted, deleted_at) VALUES ($1, $2, $3)")
                .bind(&receipt)
                .bind(counts)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            if store.is_file() {
                // What was deleted is still in the write-ahead log until it is written over.
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_optional(store.pool()).await?;
            }
            Ok(Some(Receipt { receipt, deleted, deleted_at: now }))
        })
        .await
    }
}

/// The row of a key, whose owner is about to go.
async fn id_of(
    store: &Store,
    transaction: &mut Transaction<'static, Any>,
    key: &str,
) -> Result<Option<i64>, StoreError> {
    // Changes of one person come one after another, in whatever server they are made.
    let sql = if store.is_file() {
        "SELECT id FROM users WHERE key = $1"
    } else {
        "SELECT id FROM users WHERE key = $1 FOR UPDATE"
    };
    let row: Option<(i64,)> =
        sqlx::query_as(sql).bind(key).fetch_optional(&mut **transaction).await?;
    Ok(row.map(|(id,)| id))
}

/// The row of a person of whom something changes: their version grows with it. Changes of one person come
/// one after another from here on, in whatever server they are made.
pub(crate) async fn touch(
    transaction: &mut Transaction<'static, Any>,
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

/// The row of a person of whom something changes, made if nothing was known of them. A profile is not made:
/// it was forgotten.
pub(crate) async fn touch_or_new(
    transaction: &mut Transaction<'static, Any>,
    owner: &Owner,
    now: i64,
) -> Result<i64, StoreError> {
    let Owner { key, is_profile } = owner;
    if let Some(id) = touch(transaction, key, now).await? {
        return Ok(id);
    }
    if *is_profile {
        return Err(StoreError::Forgotten);
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
        // Another server made it meanwhile.
        None => touch(transaction, key, now).await?.ok_or_else(|| sqlx::Error::RowNotFound.into()),
    }
}
