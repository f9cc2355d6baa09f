//! Integrity checks for a database, which may be in use by a server.

use crate::address::Address;
use crate::error::StoreError;
use crate::store::{StoreFuture, connect_once};

/// Result of [`check_database`]: the damage found, and the current time of a database server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseCheck {
    /// Problems found by `SQLite`'s integrity check; empty if the file is intact.
    pub problems: Vec<String>,
    /// Current time on the database server, in milliseconds since the Unix epoch; `None` for a file.
    pub server_time: Option<i64>,
}

/// Opens a database without changing it. For `SQLite`, also runs an integrity check, which reads the
/// whole file.
pub fn check_database(address: &Address) -> StoreFuture<'_, DatabaseCheck> {
    Box::pin(async move {
        use sqlx::Connection;
        if let Address::File(path) = address
            && !path.exists()
        {
            let hint = "`cinematch serve` creates it";
            return Err(StoreError::Missing { path: path.clone(), hint });
        }
        let open_error = |cause| StoreError::Open { address: address.to_string(), cause };
        let mut connection = connect_once(address).await?;
        let report = match address {
            Address::File(_) => {
                let messages: Vec<(String,)> = sqlx::query_as("PRAGMA integrity_check")
                    .fetch_all(&mut connection)
                    .await
                    .map_err(open_error)?;
                let messages = messages.into_iter().map(|(message,)| message);
                DatabaseCheck {
                    problems: messages.filter(|message| message != "ok").collect(),
                    server_time: None,
                }
            }
            Address::Postgres(_) => {
                let (server_time,): (i64,) = sqlx::query_as(
                    "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
                )
                .fetch_one(&mut connection)
                .await
                .map_err(open_error)?;
                DatabaseCheck { problems: Vec::new(), server_time: Some(server_time) }
            }
        };
        connection.close().await.map_err(open_error)?;
        Ok(report)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Ownership, Store};

    #[tokio::test]
    async fn examine_reports_damage_only_for_a_damaged_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        let address = Address::File(path.clone());
        let missing = check_database(&address).await.unwrap_err().to_string();
        assert!(missing.contains("not found") && !path.exists(), "{missing}");
        let store = Store::open(&address, Ownership::Exclusive).await.unwrap();
        // A server has the file open.
        let without_damage = DatabaseCheck { problems: Vec::new(), server_time: None };
        assert_eq!(check_database(&address).await.unwrap(), without_damage);
        store.close().await;
        drop(store);
        let mut bytes = std::fs::read(&path).unwrap();
        let page = bytes.len() - 4096;
        bytes[page..].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let damaged = check_database(&address).await;
        assert!(damaged.is_err() || !damaged.unwrap().problems.is_empty());
    }
}
