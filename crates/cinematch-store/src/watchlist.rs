//! Watchlists: films people want to see, newest first.

use cinematch::ids::MovieId;
use sqlx::FromRow;

use crate::{Store, StoreError};

/// A film to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// The film.
    pub movie_id: MovieId,
    /// Its title.
    pub title: String,
    /// Its year.
    pub year: Option<u16>,
    /// Where the person means to watch it.
    pub service: Option<String>,
}

/// A film on a watchlist.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct WatchlistItem {
    #[sqlx(rename = "movie_id")]
    movie_number: u32,
    /// Its title when it was added.
    pub title: String,
    /// Its year when it was added.
    pub year: Option<u16>,
    /// Where the person means to watch it.
    pub service: Option<String>,
    /// Whether they have.
    pub watched: bool,
    /// When it was added, in milliseconds since 1970.
    pub added_at: i64,
}

impl WatchlistItem {
    /// The film.
    pub fn movie_id(&self) -> MovieId {
        MovieId(self.movie_number)
    }
}

/// Whether an addition changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The film is on the list now.
    New,
    /// It was there already; nothing changed.
    Already,
}

impl Store {
    /// Adds a film. Adding twice is adding once.
    pub async fn add(&self, user: &str, item: NewItem, now: i64) -> Result<Added, StoreError> {
        let (store, user) = (self.clone(), user.to_owned());
        self.change(async move {
            let inserted = sqlx::query(
                "INSERT INTO watchlist (user_id, movie_id, title, year, service, added_at)
                 VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, movie_id) DO NOTHING",
            )
            .bind(&user)
            .bind(item.movie_id.0)
            .bind(item.title)
            .bind(item.year)
            .bind(item.service)
            .bind(now)
            .execute(store.pool())
            .await?;
            if inserted.rows_affected() == 0 {
                return Ok(Added::Already);
            }
            store.write_listed(|listed| listed.entry(user).or_default().push(item.movie_id));
            Ok(Added::New)
        })
        .await
    }

    /// A person's films, newest first.
    pub async fn watchlist(&self, user: &str) -> Result<Vec<WatchlistItem>, StoreError> {
        let items = sqlx::query_as(
            "SELECT movie_id, title, year, service, watched, added_at FROM watchlist
             WHERE user_id = ? ORDER BY position DESC",
        )
        .bind(user)
        .fetch_all(self.pool())
        .await?;
        Ok(items)
    }

    /// The ids of a person's films, watched or not, from memory.
    pub fn listed(&self, user: &str) -> Vec<MovieId> {
        self.read_listed(|listed| listed.get(user).cloned().unwrap_or_default())
    }

    /// Removes a film; whether it was there.
    pub async fn remove(&self, user: &str, movie_id: MovieId) -> Result<bool, StoreError> {
        let (store, user) = (self.clone(), user.to_owned());
        self.change(async move {
            let removed = sqlx::query("DELETE FROM watchlist WHERE user_id = ? AND movie_id = ?")
                .bind(&user)
                .bind(movie_id.0)
                .execute(store.pool())
                .await?;
            if removed.rows_affected() == 0 {
                return Ok(false);
            }
            store.write_listed(|listed| {
                if let Some(movies) = listed.get_mut(&user) {
                    movies.retain(|listed| *listed != movie_id);
                }
            });
            Ok(true)
        })
        .await
    }

    /// Marks a film watched or not watched; the film's title if it is on the list.
    pub async fn set_watched(
        &self,
        user: &str,
        movie_id: MovieId,
        watched: bool,
    ) -> Result<Option<String>, StoreError> {
        let (store, user) = (self.clone(), user.to_owned());
        self.change(async move {
            let title: Option<(String,)> = sqlx::query_as(
                "UPDATE watchlist SET watched = ? WHERE user_id = ? AND movie_id = ?
                 RETURNING title",
            )
            .bind(watched)
            .bind(user)
            .bind(movie_id.0)
            .fetch_optional(store.pool())
            .await?;
            Ok(title.map(|(title,)| title))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u32) -> NewItem {
        NewItem {
            movie_id: MovieId(id),
            title: format!("Film {id}"),
            year: Some(1999),
            service: Some("MUBI".to_owned()),
        }
    }

    async fn shown(store: &Store, user: &str) -> Vec<(u32, bool)> {
        let items = store.watchlist(user).await.unwrap();
        items.iter().map(|item| (item.movie_id().0, item.watched)).collect()
    }

    #[tokio::test]
    async fn the_story_of_a_watchlist() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/people.db");
        let store = Store::open(&path).await.unwrap();
        assert!(shown(&store, "ada").await.is_empty());

        assert_eq!(store.add("ada", item(1), 10).await.unwrap(), Added::New);
        assert_eq!(store.add("ada", item(2), 10).await.unwrap(), Added::New);
        assert_eq!(store.add("ada", item(1), 99).await.unwrap(), Added::Already);
        assert_eq!(store.add("o'bob; --", item(2), 10).await.unwrap(), Added::New);
        assert_eq!(shown(&store, "ada").await, [(2, false), (1, false)]);
        assert_eq!(store.watchlist("ada").await.unwrap()[1].added_at, 10);
        assert_eq!(store.listed("ada"), [MovieId(1), MovieId(2)]);

        let title = store.set_watched("ada", MovieId(1), true).await.unwrap();
        assert_eq!(title.as_deref(), Some("Film 1"));
        assert_eq!(shown(&store, "ada").await, [(2, false), (1, true)]);
        store.set_watched("ada", MovieId(1), false).await.unwrap();
        assert_eq!(store.set_watched("ada", MovieId(7), true).await.unwrap(), None);

        assert!(store.remove("ada", MovieId(2)).await.unwrap());
        assert!(!store.remove("ada", MovieId(2)).await.unwrap());
        assert_eq!(shown(&store, "o'bob; --").await, [(2, false)]);

        // A second server on the same file is refused; after the first it finds everything.
        assert!(matches!(Store::open(&path).await, Err(StoreError::Busy { .. })));
        store.close().await;
        drop(store);
        let store = Store::open(&path).await.unwrap();
        assert_eq!(shown(&store, "ada").await, [(1, false)]);
        assert_eq!(store.listed("ada"), [MovieId(1)]);
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        std::fs::write(&path, "this is a text, not a database, and long enough to tell").unwrap();
        let error = Store::open(&path).await.unwrap_err().to_string();
        assert!(error.contains("people.db"), "{error}");
    }
}
