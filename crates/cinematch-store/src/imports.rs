//! Histories of elsewhere, taken over: one transaction, and the same again changes nothing.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::feedback::{self, COLUMNS, FeedbackRow, UPSERT};
use crate::rows::{ROWS_AT_ONCE, places};
use crate::users::touch_or_new;
use crate::{MovieFeedback, NewItem, Owner, Reaction, Store, StoreError};

/// A film of an export, with all that the export says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedMovie {
    /// The film, as a watchlist would have it.
    pub item: NewItem,
    /// Its stars.
    pub stars: Option<Stars>,
    /// Whether it has a heart.
    pub liked: bool,
    /// Whether it was seen.
    pub watched: bool,
    /// Whether it is to be seen.
    pub listed: bool,
}

/// What is kept of an import itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecord {
    /// Where the export is from.
    pub service: String,
    /// The files' names.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// Rows whose film was found.
    pub matched: u64,
}

/// An import of earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastImport {
    /// What was imported.
    pub record: ImportRecord,
    /// Films of which something changed.
    pub changed: u64,
    /// In milliseconds since 1970.
    pub imported_at: i64,
}

/// What an import did, in films.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Of which nothing had been said before.
    pub added: u64,
    /// Of which an earlier export had said something else: what this one says counts now.
    pub changed: u64,
    /// Of which a person had said something else here: that stays.
    pub kept: u64,
    /// Of which all of it was known.
    pub unchanged: u64,
    /// Put on the watchlist.
    pub listed: u64,
}

impl Store {
    /// Takes over films. What an export does not say of a film stays as it was, and what a person said here,
    /// and not by an earlier import, stays too.
    pub async fn import(
        &self,
        owner: impl Into<Owner>,
        movies: Vec<ImportedMovie>,
        record: ImportRecord,
        now: i64,
    ) -> Result<Changes, StoreError> {
        let (store, owner) = (self.clone(), owner.into());
        let user = owner.key.clone();
        self.change(&user, async move {
            let mut transaction = store.begin().await?;
            let id = touch_or_new(&mut transaction, &owner, now).await?;
            let sql = format!("SELECT {COLUMNS} FROM feedback WHERE user_id = $1");
            let rows: Vec<FeedbackRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(id)
                .fetch_all(&mut *transaction)
                .await?;
            let mut known = FxHashMap::default();
            for row in rows {
                let movie = MovieFeedback::of(row)?;
                known.insert(movie.movie_id, movie);
            }
            let listed: Vec<(i64,)> =
                sqlx::query_as("SELECT movie_id FROM watchlist WHERE user_id = $1")
                    .bind(id)
                    .fetch_all(&mut *transaction)
                    .await?;
            let listed: FxHashSet<i64> = listed.into_iter().map(|(id,)| id).collect();
            let imported: Vec<(i64,)> =
                sqlx::query_as("SELECT imported_at FROM imports WHERE user_id = $1")
                    .bind(id)
                    .fetch_all(&mut *transaction)
                    .await?;
            let imported: FxHashSet<i64> = imported.into_iter().map(|(at,)| at).collect();
            let mut changes = Changes::default();
            let (mut said, mut to_list): (Vec<MovieFeedback>, Vec<NewItem>) = <_>::default();
            for movie in movies {
                let id = movie.item.movie_id;
                let before = known.get(&id);
                let said_here = before.is_some_and(|it| !imported.contains(&it.updated_at));
                let after = movie.merged(before, said_here, now);
                let says = movie.stars.is_some() || movie.liked || movie.watched;
                if says {
                    let contradicted = said_here
                        && before.is_some_and(|it| movie.stars.is_some() && it.stars != movie.stars);
                    match before {
                        None => changes.added += 1,
                        Some(_) if contradicted => changes.kept += 1,
                        Some(before) if *before == after => changes.unchanged += 1,
                        Some(_) => changes.changed += 1,
                    }
                    if before != Some(&after) {
                        said.push(after);
                    }
                } else if movie.listed {
                    let wanted = before.is_none() && !listed.contains(&i64::from(id.0));
                    if wanted {
                        changes.listed += 1;
                        to_list.push(movie.item);
                    } else {
                        changes.unchanged += 1;
                    }
                }
            }
            for rows in said.chunks(ROWS_AT_ONCE) {
                let sql = format!(
                    "INSERT INTO feedback (user_id, movie_id, signal, half_stars, watched, updated_at)
                     VALUES {} {UPSERT}",
                    places(rows.len(), 6)
                );
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for movie in rows {
                    query = feedback::bind(query, id, movie);
                }
                query.execute(&mut *transaction).await?;
            }
            for rows in to_list.chunks(ROWS_AT_ONCE) {
                let sql = format!(
                    "INSERT INTO watchlist (user_id, movie_id, title, year, added_at) VALUES {}
                     ON CONFLICT (user_id, movie_id) DO NOTHING",
                    places(rows.len(), 5)
                );
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for item in rows {
                    query = query
                        .bind(id)
                        .bind(i64::from(item.movie_id.0))
                        .bind(&item.title)
                        .bind(item.year.map(i64::from))
                        .bind(now);
                }
                query.execute(&mut *transaction).await?;
            }
            let n_changed = changes.added + changes.changed + changes.listed;
            if n_changed > 0 {
                sqlx::query(
                    "INSERT INTO imports
                         (user_id, service, file, n_rows, n_matched, n_changed, imported_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(id)
                .bind(&record.service)
                .bind(&record.file)
                .bind(record.rows as i64)
                .bind(record.matched as i64)
                .bind(n_changed as i64)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await?;
            Ok(changes)
        })
        .await
    }

    /// A person's imports, the last first.
    pub async fn imports(&self, user: &str) -> Result<Vec<PastImport>, StoreError> {
        let rows: Vec<(String, String, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT service, file, n_rows, n_matched, n_changed, imported_at
             FROM imports JOIN users ON users.id = user_id WHERE users.key = $1 ORDER BY imports.id DESC",
        )
        .bind(user)
        .fetch_all(self.pool())
        .await?;
        let past =
            |(service, file, rows, matched, changed, imported_at): (_, _, i64, i64, i64, _)| {
                let count = |n: i64| u64::try_from(n).unwrap_or(0);
                let record =
                    ImportRecord { service, file, rows: count(rows), matched: count(matched) };
                PastImport { record, changed: count(changed), imported_at }
            };
        Ok(rows.into_iter().map(past).collect())
    }
}

impl ImportedMovie {
    /// What is known once the export's word is added; `before` itself where it adds nothing. Of what was
    /// `said_here` nothing is replaced.
    fn merged(&self, before: Option<&MovieFeedback>, said_here: bool, now: i64) -> MovieFeedback {
        let nothing = |movie_id: MovieId| MovieFeedback {
            movie_id,
            reaction: None,
            stars: None,
            watched: false,
            updated_at: now,
        };
        let mut after = before.cloned().unwrap_or_else(|| nothing(self.item.movie_id));
        let has_word = said_here && (after.stars.is_some() || after.reaction.is_some());
        if self.stars.is_some() && !has_word {
            after.stars = self.stars;
        }
        if self.liked && !has_word {
            after.reaction = Some(Reaction::Like);
        }
        // Who rates a film has seen it.
        after.watched |= self.watched || self.stars.is_some();
        // What was said here stays so, whatever an import adds.
        if !said_here && before.is_none_or(|before| *before != after) {
            after.updated_at = now;
        }
        after
    }
}
