//! A look at a database from outside, also while a server has it open.

use crate::store::connect_once;
use crate::{Address, StoreError};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// What is wrong with an `SQLite` file, page by page; empty if nothing is.
    pub damages: Vec<String>,
    /// What time a database server has, in milliseconds since 1970.
    pub now: Option<i64>,
}

/// Opens the database and reads all of an `SQLite` file. Nothing is written. O(bytes).
pub async fn examine(address: &Address) -> Result<Examined, StoreError> {
    use sqlx::Connection;
    let missing = |path: &std::path::PathBuf| StoreError::Missing {
        path: path.clone(),
        what_to_do: "`cinematch serve` makes it",
    };
    if let Address::File(path) = address
        && !path.exists()
    {
        return Err(missing(path));
    }
    let failed = |cause| StoreError::Open { address: address.to_string(), cause };
    let mut connection = connect_once(address).await?;
    let examined = match address {
        Address::File(_) => {
            let said: Vec<(String,)> = sqlx::query_as("PRAGMA integrity_check")
                .fetch_all(&mut connection)
                .await
                .map_err(failed)?;
            let damages = said.into_iter().map(|(said,)| said).filter(|said| said != "ok");
            Examined { damages: damages.collect(), now: None }
        }
        Address::Postgres(_) => {
            let (now,): (i64,) = sqlx::query_as(
                "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            )
            .fetch_one(&mut connection)
            .await
            .map_err(failed)?;
            Examined { damages: Vec::new(), now: Some(now) }
        }
    };
    connection.close().await.map_err(failed)?;
    Ok(examined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ownership, Store};

    #[tokio::test]
    async fn a_whole_file_is_told_from_a_damaged_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        let address = Address::File(path.clone());
        let missing = examine(&address).await.unwrap_err().to_string();
        assert!(missing.contains("not found") && !path.exists(), "{missing}");
        let store = Store::open(&address, Ownership::Alone).await.unwrap();
        // While a server has it.
        let whole = Examined { damages: Vec::new(), now: None };
        assert_eq!(examine(&address).await.unwrap(), whole);
        store.close().await;
        drop(store);
        let mut bytes = std::fs::read(&path).unwrap();
        let page = bytes.len() - 4096;
        bytes[page..].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let damaged = examine(&address).await;
        assert!(damaged.is_err() || !damaged.unwrap().damages.is_empty());
    }
}
