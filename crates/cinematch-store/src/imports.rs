//! Imports a user's history from another service.
//!
//! An import runs in one transaction, and importing the same export again changes nothing. Every
//! feedback row records the import that wrote it: a later import may correct such a row, but never one
//! that the user entered or changed here.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::error::StoreError;
use crate::feedback;
use crate::records::feedback::{COLUMNS, FeedbackRow, MovieFeedback, Reaction};
use crate::rows::{ROWS_PER_STATEMENT, placeholders};
use crate::store::{Store, StoreFuture, Transaction};
use crate::users::Owner;
use crate::watchlist::NewWatchlistItem;

/// A movie in an export, with all the data that the export has about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedMovie {
    /// The movie, as it would be added to the watchlist.
    pub item: NewWatchlistItem,
    /// Rating in the export, if any.
    pub stars: Option<Stars>,
    /// True if the movie is marked as liked.
    pub liked: bool,
    /// True if the movie is marked as watched.
    pub watched: bool,
    /// True if the movie is on the export's watchlist.
    pub listed: bool,
}

/// Source and size of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecord {
    /// Service that wrote the export.
    pub service: String,
    /// Names of the imported files, separated by commas.
    pub file: String,
    /// Number of rows in the export.
    pub rows: u64,
    /// Number of rows matched to a movie in the catalog.
    pub matched: u64,
}

/// A completed import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastImport {
    /// ID of the import, referenced by [`MovieFeedback::import_id`].
    pub id: i64,
    /// Source and size of the import.
    pub record: ImportRecord,
    /// Number of movies changed.
    pub changed: u64,
    /// Time of the import, in milliseconds since the Unix epoch.
    pub imported_at: i64,
}

/// Numbers of movies that an import added, changed or left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportChanges {
    /// Movies that had no feedback before.
    pub added: u64,
    /// Movies whose existing feedback changed, such as a rating from an earlier import.
    pub changed: u64,
    /// Movies that the user rated differently here; the user's rating is not replaced.
    pub kept: u64,
    /// Movies for which the export contained nothing new.
    pub unchanged: u64,
    /// Movies added to the watchlist.
    pub listed: u64,
}

impl ImportChanges {
    /// Returns the number of movies that the import changed.
    fn total(&self) -> u64 {
        self.added + self.changed + self.listed
    }
}

impl Store {
    /// Imports movies. Doesn't change values that are missing from the export or that the user entered
    /// here.
    pub fn import(
        &self,
        owner: Owner,
        movies: Vec<ImportedMovie>,
        record: ImportRecord,
        now: i64,
    ) -> StoreFuture<'_, ImportChanges> {
        self.change_user(owner, now, move |transaction, id| {
            Box::pin(async move {
                let current = CurrentState::read(transaction, id).await?;
                let plan = ImportPlan::new(movies, &current, now);
                plan.write(transaction, id, &record, now).await?;
                Ok(plan.changes)
            })
        })
    }

    /// Returns a user's imports, most recent first.
    pub fn imports<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Vec<PastImport>> {
        Box::pin(async move {
            type Row = (i64, String, String, i64, i64, i64, i64);
            let rows: Vec<Row> = sqlx::query_as(
                "SELECT imports.id, service, file, n_rows, n_matched, n_changed, imported_at
                 FROM imports JOIN users ON users.id = user_id
                 WHERE users.key = $1 ORDER BY imports.id DESC",
            )
            .bind(user)
            .fetch_all(self.pool())
            .await?;
            let from_row = |(id, service, file, rows, matched, changed, imported_at): Row| {
                let count = |n: i64| u64::try_from(n).unwrap_or(0);
                let record =
                    ImportRecord { service, file, rows: count(rows), matched: count(matched) };
                PastImport { id, record, changed: count(changed), imported_at }
            };
            Ok(rows.into_iter().map(from_row).collect())
        })
    }
}

/// A user's feedback and watchlist before an import.
struct CurrentState {
    feedback: FxHashMap<MovieId, MovieFeedback>,
    listed: FxHashSet<i64>,
}

impl CurrentState {
    async fn read(transaction: &mut Transaction, user: i64) -> Result<Self, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM feedback WHERE user_id = $1");
        let rows: Vec<FeedbackRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(user)
            .fetch_all(&mut **transaction)
            .await?;
        let mut feedback = FxHashMap::default();
        for row in rows {
            let movie = MovieFeedback::from_row(row)?;
            feedback.insert(movie.movie_id, movie);
        }
        let listed: Vec<(i64,)> =
            sqlx::query_as("SELECT movie_id FROM watchlist WHERE user_id = $1")
                .bind(user)
                .fetch_all(&mut **transaction)
                .await?;
        let listed = listed.into_iter().map(|(id,)| id).collect();
        Ok(Self { feedback, listed })
    }
}

/// The rows that an import writes, computed before the first write.
#[derive(Default)]
struct ImportPlan {
    changes: ImportChanges,
    /// Feedback rows to store with the ID of this import.
    from_import: Vec<MovieFeedback>,
    /// Feedback rows that the user entered and the import adds to. They get no import ID.
    from_user: Vec<MovieFeedback>,
    watchlist: Vec<NewWatchlistItem>,
}

impl ImportPlan {
    fn new(movies: Vec<ImportedMovie>, current: &CurrentState, now: i64) -> Self {
        let mut plan = Self::default();
        for movie in movies {
            let before = current.feedback.get(&movie.item.movie_id);
            if movie.has_feedback() {
                plan.add_feedback(&movie, before, now);
            } else if movie.listed {
                let is_listed = current.listed.contains(&i64::from(movie.item.movie_id.0));
                if before.is_none() && !is_listed {
                    plan.changes.listed += 1;
                    plan.watchlist.push(movie.item);
                } else {
                    plan.changes.unchanged += 1;
                }
            }
        }
        plan
    }

    fn add_feedback(&mut self, movie: &ImportedMovie, before: Option<&MovieFeedback>, now: i64) {
        let after = movie.merged_with(before, now);
        let is_from_user = before.is_some_and(|before| before.import_id.is_none());
        let has_conflict = is_from_user
            && before.is_some_and(|before| movie.stars.is_some() && before.stars != movie.stars);
        match before {
            None => self.changes.added += 1,
            Some(_) if has_conflict => self.changes.kept += 1,
            Some(before) if *before == after => self.changes.unchanged += 1,
            Some(_) => self.changes.changed += 1,
        }
        if before != Some(&after) {
            let rows = if is_from_user { &mut self.from_user } else { &mut self.from_import };
            rows.push(after);
        }
    }

    async fn write(
        &self,
        transaction: &mut Transaction,
        user: i64,
        record: &ImportRecord,
        now: i64,
    ) -> Result<(), StoreError> {
        if self.changes.total() > 0 {
            let id = insert_record(transaction, user, record, self.changes.total(), now).await?;
            let with_id =
                |row: &MovieFeedback| MovieFeedback { import_id: Some(id), ..row.clone() };
            let rows: Vec<MovieFeedback> = self.from_import.iter().map(with_id).collect();
            feedback::upsert(transaction, user, &rows).await?;
        }
        feedback::upsert(transaction, user, &self.from_user).await?;
        insert_into_watchlist(transaction, user, &self.watchlist, now).await
    }
}

async fn insert_record(
    transaction: &mut Transaction,
    user: i64,
    record: &ImportRecord,
    n_changed: u64,
    now: i64,
) -> Result<i64, StoreError> {
    let (id,): (i64,) = sqlx::query_as(
        "INSERT INTO imports (user_id, service, file, n_rows, n_matched, n_changed, imported_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    )
    .bind(user)
    .bind(&record.service)
    .bind(&record.file)
    .bind(record.rows as i64)
    .bind(record.matched as i64)
    .bind(n_changed as i64)
    .bind(now)
    .fetch_one(&mut **transaction)
    .await?;
    Ok(id)
}

async fn insert_into_watchlist(
    transaction: &mut Transaction,
    user: i64,
    items: &[NewWatchlistItem],
    now: i64,
) -> Result<(), StoreError> {
    for rows in items.chunks(ROWS_PER_STATEMENT) {
        let sql = format!(
            "INSERT INTO watchlist (user_id, movie_id, title, year, added_at) VALUES {}
             ON CONFLICT (user_id, movie_id) DO NOTHING",
            placeholders(rows.len(), 5)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for item in rows {
            query = query
                .bind(user)
                .bind(i64::from(item.movie_id.0))
                .bind(&item.title)
                .bind(item.year.map(i64::from))
                .bind(now);
        }
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

impl ImportedMovie {
    /// Returns true if the export contains a rating, a like or a watched mark for the movie.
    fn has_feedback(&self) -> bool {
        self.stars.is_some() || self.liked || self.watched
    }

    /// Adds the export's values to the feedback `before` the import. Returns `before` unchanged if the
    /// export contains nothing new. A reaction or rating that the user entered here is not replaced.
    fn merged_with(&self, before: Option<&MovieFeedback>, now: i64) -> MovieFeedback {
        let is_from_user = before.is_some_and(|before| before.import_id.is_none());
        let mut after =
            before.cloned().unwrap_or_else(|| MovieFeedback::empty(self.item.movie_id, now));
        let has_opinion = is_from_user && (after.stars.is_some() || after.reaction.is_some());
        if self.stars.is_some() && !has_opinion {
            after.stars = self.stars;
        }
        if self.liked && !has_opinion {
            after.reaction = Some(Reaction::Like);
        }
        // A rated movie counts as watched.
        after.watched |= self.watched || self.stars.is_some();
        if !is_from_user && before.is_none_or(|before| *before != after) {
            after.updated_at = now;
        }
        after
    }
}
