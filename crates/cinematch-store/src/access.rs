//! Sessions and API keys. Only hashes of secrets are stored.

use crate::error::StoreError;
use crate::store::{Store, StoreFuture};
use crate::users::Profile;

/// Permissions of an API key. Each scope includes the previous ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Read the catalog, and get recommendations for a history sent with the request.
    Read,
    /// Read and write any user's data.
    Write,
    /// Full access.
    Admin,
}

impl Scope {
    /// Returns the name used on the command line and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// Returns the scope with the given name, or `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin].into_iter().find(|scope| scope.name() == name)
    }
}

/// An API key to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Public ID of the key.
    pub id: String,
    /// Purpose of the key, as entered by the operator.
    pub name: String,
    /// SHA-256 of the secret part, in hexadecimal.
    pub secret_hash: String,
    /// Permissions granted to the key.
    pub scope: Scope,
}

/// A stored API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The key as it was created.
    pub key: NewKey,
    /// Creation time, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// Revocation time, in milliseconds since the Unix epoch; `None` while the key is active.
    pub revoked_at: Option<i64>,
}

type KeyRow = (String, String, String, String, i64, Option<i64>);

impl ApiKey {
    fn from_row((id, name, secret_hash, scope, created_at, revoked_at): KeyRow) -> Option<Self> {
        let key = NewKey { id, name, secret_hash, scope: Scope::from_name(&scope)? };
        Some(Self { key, created_at, revoked_at })
    }
}

impl Store {
    /// Starts a session that lasts until `expires_at`, and deletes expired sessions. `token_hash` is the
    /// SHA-256 of the session token, in hexadecimal.
    pub fn begin_session(
        &self,
        token_hash: String,
        profile: i64,
        now: i64,
        expires_at: i64,
    ) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let store = self.clone();
            self.write("", async move {
                let mut transaction = store.begin().await?;
                sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query(
                    "INSERT INTO sessions (token_hash, user_id, created_at, expires_at)
                     VALUES ($1, $2, $3, $4)",
                )
                .bind(token_hash)
                .bind(profile)
                .bind(now)
                .bind(expires_at)
                .execute(&mut *transaction)
                .await
                .map_err(|error| match error.as_database_error() {
                    Some(cause) if cause.is_foreign_key_violation() => StoreError::ProfileDeleted,
                    _ => error.into(),
                })?;
                transaction.commit().await?;
                Ok(())
            })
            .await
        })
    }

    /// Returns the profile that a session belongs to, or `None` if the session is unknown or has expired.
    pub fn session<'a>(
        &'a self,
        token_hash: &'a str,
        now: i64,
    ) -> StoreFuture<'a, Option<Profile>> {
        Box::pin(async move {
            let row: Option<(i64, String, Option<String>, i64)> = sqlx::query_as(
                "SELECT users.id, email, name, users.created_at
                 FROM sessions JOIN users ON users.id = user_id
                 WHERE token_hash = $1 AND expires_at > $2 AND email IS NOT NULL",
            )
            .bind(token_hash)
            .bind(now)
            .fetch_optional(self.pool())
            .await?;
            let profile = |(id, email, name, created_at): (i64, String, Option<String>, i64)| {
                Profile { id, email, name: name.unwrap_or_default(), created_at }
            };
            Ok(row.map(profile))
        })
    }

    /// Ends a session. Does nothing if the session is unknown.
    pub fn end_session<'a>(&'a self, token_hash: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (store, token_hash) = (self.clone(), token_hash.to_owned());
            self.write("", async move {
                sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
                    .bind(token_hash)
                    .execute(store.pool())
                    .await?;
                Ok(())
            })
            .await
        })
    }

    /// Stores a new API key.
    pub fn add_key(&self, key: NewKey, now: i64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let store = self.clone();
            self.write("", async move {
                sqlx::query(
                    "INSERT INTO api_keys (id, name, secret_hash, scope, created_at)
                     VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(key.id)
                .bind(key.name)
                .bind(key.secret_hash)
                .bind(key.scope.name())
                .bind(now)
                .execute(store.pool())
                .await?;
                Ok(())
            })
            .await
        })
    }

    /// Returns the API key with the given ID, even if it is revoked.
    pub fn key<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<ApiKey>> {
        Box::pin(async move {
            let row: Option<KeyRow> = sqlx::query_as(
                "SELECT id, name, secret_hash, scope, created_at, revoked_at
                 FROM api_keys WHERE id = $1",
            )
            .bind(id)
            .fetch_optional(self.pool())
            .await?;
            Ok(row.and_then(ApiKey::from_row))
        })
    }

    /// Returns all API keys, oldest first.
    pub fn keys(&self) -> StoreFuture<'_, Vec<ApiKey>> {
        Box::pin(async move {
            let rows: Vec<KeyRow> = sqlx::query_as(
                "SELECT id, name, secret_hash, scope, created_at, revoked_at FROM api_keys
                 ORDER BY created_at, id",
            )
            .fetch_all(self.pool())
            .await?;
            Ok(rows.into_iter().filter_map(ApiKey::from_row).collect())
        })
    }

    /// Revokes an API key. Returns false if no active key has the given ID.
    pub fn revoke_key<'a>(&'a self, id: &'a str, now: i64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (store, id) = (self.clone(), id.to_owned());
            self.write("", async move {
                let revoked = sqlx::query(
                    "UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL",
                )
                .bind(now)
                .bind(id)
                .execute(store.pool())
                .await?;
                Ok(revoked.rows_affected() > 0)
            })
            .await
        })
    }
}
