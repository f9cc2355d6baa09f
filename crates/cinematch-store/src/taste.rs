//! All that ranking needs to know of a person, kept in memory where one process owns the data.

use std::sync::{Arc, PoisonError, RwLock};

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::feedback::{COLUMNS, FeedbackRow};
use crate::preferences::{self, PreferencesRow};
use crate::rows::movie_id;
use crate::{MovieFeedback, Preferences, Reaction, Store, StoreError};

/// Who somebody is, and how often what is known of them has changed: the same stamp, the same taste.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Stamp {
    id: i64,
    version: i64,
}

/// What is known of a person. Films in ascending order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taste {
    /// As of when; `None`, of somebody unknown. What is here may be newer than that, and never older.
    pub stamp: Option<Stamp>,
    /// What they would rather see.
    pub preferences: Preferences,
    /// What they said of films.
    pub movies: Vec<MovieFeedback>,
    /// The films on their watchlist.
    pub listed: Vec<MovieId>,
}

impl Taste {
    /// Films they pressed a button for.
    fn pressed(&self, wanted: fn(Reaction) -> bool) -> impl Iterator<Item = MovieId> {
        let movies = self.movies.iter();
        movies.filter(move |movie| movie.reaction.is_some_and(wanted)).map(|movie| movie.movie_id)
    }

    /// Films they like.
    pub fn liked(&self) -> impl Iterator<Item = MovieId> {
        self.pressed(|reaction| reaction == Reaction::Like)
    }

    /// Films they do not like or are not interested in.
    pub fn disliked(&self) -> impl Iterator<Item = MovieId> {
        self.pressed(|reaction| reaction != Reaction::Like)
    }

    /// Films they gave stars.
    pub fn rated(&self) -> impl Iterator<Item = (MovieId, Stars)> {
        self.movies.iter().filter_map(|movie| Some((movie.movie_id, movie.stars?)))
    }

    /// Films never to show: whatever they said anything of.
    pub fn known(&self) -> impl Iterator<Item = MovieId> {
        self.movies.iter().map(|movie| movie.movie_id)
    }
}

/// People's tastes in memory.
#[derive(Debug, Default)]
pub(crate) struct Tastes {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Grows with every change, so that what was read before one is not kept after it.
    changes: u64,
    known: FxHashMap<String, Arc<Taste>>,
}

/// People kept in memory; a large one has ten thousand films of sixteen bytes.
const MOST: usize = 4096;

impl Tastes {
    fn get(&self, user: &str) -> Result<Arc<Taste>, u64> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.known.get(user).cloned().ok_or(state.changes)
    }

    /// Keeps what was read when there had been `changes`, unless there were more since.
    fn keep(&self, user: &str, changes: u64, taste: &Arc<Taste>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.changes == changes {
            if state.known.len() >= MOST {
                state.known.clear();
            }
            state.known.insert(user.to_owned(), taste.clone());
        }
    }

    /// Does so after every change.
    pub(crate) fn forget(&self, user: &str) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.changes += 1;
        state.known.remove(user);
    }
}

impl Store {
    /// What is known of a person; nothing, of somebody unknown.
    pub async fn taste(&self, user: &str) -> Result<Arc<Taste>, StoreError> {
        let Some(tastes) = self.tastes() else { return Ok(Arc::new(self.read_taste(user).await?)) };
        match tastes.get(user) {
            Ok(taste) => Ok(taste),
            Err(changes) => {
                let taste = Arc::new(self.read_taste(user).await?);
                tastes.keep(user, changes, &taste);
                Ok(taste)
            }
        }
    }

    /// The stamp of what is known of a person now. One small question, where no process owns the data.
    pub async fn stamp(&self, user: &str) -> Result<Option<Stamp>, StoreError> {
        if self.tastes().is_some() {
            return Ok(self.taste(user).await?.stamp);
        }
        self.read_stamp(user).await
    }

    async fn read_stamp(&self, user: &str) -> Result<Option<Stamp>, StoreError> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT id, version FROM users WHERE key = $1")
                .bind(user)
                .fetch_optional(self.pool())
                .await?;
        Ok(row.map(|(id, version)| Stamp { id, version }))
    }

    async fn read_taste(&self, user: &str) -> Result<Taste, StoreError> {
        let pool = self.pool();
        // Before all else: what is read after it is as new or newer.
        let stamp = self.read_stamp(user).await?;
        let Some(Stamp { id, .. }) = stamp else { return Ok(Taste::default()) };
        let columns = preferences::COLUMNS;
        let sql = format!("SELECT {columns} FROM preferences WHERE user_id = $1");
        let row: Option<PreferencesRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(pool).await?;
        let sql = format!("SELECT {COLUMNS} FROM feedback WHERE user_id = $1 ORDER BY movie_id");
        let movies: Vec<FeedbackRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_all(pool).await?;
        let listed: Vec<(i64,)> =
            sqlx::query_as("SELECT movie_id FROM watchlist WHERE user_id = $1 ORDER BY movie_id")
                .bind(id)
                .fetch_all(pool)
                .await?;
        Ok(Taste {
            stamp,
            preferences: row.map(Preferences::from).unwrap_or_default(),
            movies: movies.into_iter().map(MovieFeedback::of).collect::<Result<_, _>>()?,
            listed: listed.into_iter().map(|(id,)| movie_id(id)).collect::<Result<_, _>>()?,
        })
    }
}
