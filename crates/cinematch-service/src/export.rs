//! Export and deletion of everything recorded about a user.

use std::collections::{BTreeMap, BTreeSet};

use cinematch::ids::MovieId;
use cinematch::ranking::Recommender;
use cinematch::rating::Stars;
use cinematch_store::{
    MovieFeedback, Profile, Reaction, Receipt, UserExport, WatchlistItem, rfc3339,
};
use serde::{Deserialize, Serialize};

use crate::error::ServiceFuture;
use crate::feedback::FeedbackBody;
use crate::preferences::PreferencesBody;
use crate::profile::ProfileBody;
use crate::secrets::random_name;
use crate::service::Service;

/// File format of a data export.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// All recorded data, as JSON.
    Json,
    /// One row per movie, for spreadsheets.
    Csv,
}

/// All data recorded about a user.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Export {
    profile: Option<ProfileBody>,
    preferences: PreferencesBody,
    /// Feedback, most recent first.
    feedback: Vec<ExportedFeedback>,
    /// Watchlist, newest first.
    watchlist: Vec<ExportedItem>,
    /// Imports, most recent first.
    imports: Vec<ExportedImport>,
}

/// Feedback on a movie, with the movie's title and IDs.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ExportedFeedback {
    #[serde(flatten)]
    feedback: FeedbackBody,
    #[serde(flatten)]
    movie: MovieNames,
}

/// A movie on the watchlist, with its title and IDs.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ExportedItem {
    movie_id: u32,
    service: Option<String>,
    watched: bool,
    /// Time of addition, RFC 3339 in UTC.
    added_at: String,
    #[serde(flatten)]
    movie: MovieNames,
}

/// A movie's title, year and external IDs.
#[derive(Clone, Default, Serialize, utoipa::ToSchema)]
pub struct MovieNames {
    title: Option<String>,
    year: Option<u16>,
    imdb_id: Option<String>,
    tmdb_id: Option<u32>,
}

/// An import that the user made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ExportedImport {
    service: String,
    file: String,
    rows: u64,
    matched: u64,
    changed: u64,
    /// Time of the import, RFC 3339 in UTC.
    imported_at: String,
}

/// Returns a movie's title, year and IDs in the current catalog. All fields are `None` if the catalog does not
/// contain the movie.
fn names(recommender: &Recommender, movie_id: MovieId) -> MovieNames {
    let Some(index) = recommender.vocabulary().index_of(movie_id) else {
        return MovieNames::default();
    };
    let movie = recommender.movie(index);
    MovieNames {
        title: Some(movie.title.clone()),
        year: movie.year,
        imdb_id: movie.imdb_id.clone(),
        tmdb_id: movie.tmdb_id.map(|id| id.0),
    }
}

impl Export {
    fn new(data: UserExport, recommender: &Recommender) -> Self {
        let UserExport { profile, preferences, feedback, watchlist, imports } = data;
        Self {
            profile: profile.map(ProfileBody::from),
            preferences: preferences.into(),
            feedback: feedback
                .into_iter()
                .map(|feedback| ExportedFeedback {
                    movie: names(recommender, feedback.movie_id),
                    feedback: feedback.into(),
                })
                .collect(),
            watchlist: watchlist
                .into_iter()
                .map(|item| ExportedItem {
                    movie: MovieNames {
                        title: Some(item.title),
                        year: item.year,
                        ..names(recommender, item.movie_id)
                    },
                    movie_id: item.movie_id.0,
                    service: item.service,
                    watched: item.watched,
                    added_at: rfc3339(item.added_at),
                })
                .collect(),
            imports: imports
                .into_iter()
                .map(|import| ExportedImport {
                    service: import.record.service,
                    file: import.record.file,
                    rows: import.record.rows,
                    matched: import.record.matched,
                    changed: import.changed,
                    imported_at: rfc3339(import.imported_at),
                })
                .collect(),
        }
    }
}

/// Returns a user's movies as CSV, one row per movie in ascending order of IDs.
fn to_csv(data: &UserExport, recommender: &Recommender) -> String {
    let feedback: BTreeMap<MovieId, &MovieFeedback> =
        data.feedback.iter().map(|movie| (movie.movie_id, movie)).collect();
    let watchlist: BTreeMap<MovieId, &WatchlistItem> =
        data.watchlist.iter().map(|item| (item.movie_id, item)).collect();
    let movies: BTreeSet<MovieId> = feedback.keys().chain(watchlist.keys()).copied().collect();
    let mut text =
        "movie_id,title,year,imdb_id,tmdb_id,signal,rating,watched,on_watchlist,service,\
                    added_at,updated_at\r\n"
            .to_owned();
    for movie in movies {
        let (feedback, item) = (feedback.get(&movie), watchlist.get(&movie));
        let names = names(recommender, movie);
        let title = item.map(|item| item.title.clone()).or(names.title).unwrap_or_default();
        let year = item.and_then(|item| item.year).or(names.year);
        let signal =
            feedback.and_then(|feedback| feedback.reaction).map(|reaction| match reaction {
                Reaction::Like => "like",
                Reaction::Dislike => "dislike",
                Reaction::NotInterested => "not_interested",
            });
        let or_empty = |value: Option<String>| value.unwrap_or_default();
        let cells = [
            movie.0.to_string(),
            cell(&title),
            or_empty(year.map(|year| year.to_string())),
            or_empty(names.imdb_id),
            or_empty(names.tmdb_id.map(|id| id.to_string())),
            signal.unwrap_or_default().to_owned(),
            or_empty(
                feedback
                    .and_then(|feedback| feedback.stars)
                    .map(|stars| Stars::value(stars).to_string()),
            ),
            feedback.is_some_and(|feedback| feedback.watched).to_string(),
            item.is_some().to_string(),
            cell(item.and_then(|item| item.service.as_deref()).unwrap_or_default()),
            or_empty(item.map(|item| rfc3339(item.added_at))),
            or_empty(feedback.map(|feedback| rfc3339(feedback.updated_at))),
        ];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Escapes a text as a CSV cell. Text that a spreadsheet would evaluate as a formula is prefixed with an
/// apostrophe and quoted (OWASP, "CSV Injection").
pub fn cell(text: &str) -> String {
    let is_formula =
        text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) || is_formula {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

/// Returns everything recorded about a user.
pub fn export<'a>(service: &'a Service, profile: &'a Profile) -> ServiceFuture<'a, Export> {
    Box::pin(async move {
        let data = service.store().export_user(&profile.key()).await?;
        Ok(Export::new(data, &service.bundle().recommender))
    })
}

/// Returns a user's movies as CSV, one row per movie.
pub fn export_csv<'a>(service: &'a Service, profile: &'a Profile) -> ServiceFuture<'a, String> {
    Box::pin(async move {
        let data = service.store().export_user(&profile.key()).await?;
        Ok(to_csv(&data, &service.bundle().recommender))
    })
}

/// Confirmation that a user's data was deleted.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Forgotten)]
pub struct DeletionReply {
    /// Receipt ID; random, so it does not identify the user.
    receipt: String,
    /// Time of deletion, RFC 3339 in UTC.
    deleted_at: String,
    /// Number of deleted rows per table.
    #[schema(value_type = BTreeMap<String, u64>)]
    deleted: BTreeMap<&'static str, u64>,
    /// True if a model in service was trained on the user's data.
    in_models: bool,
}

impl From<Receipt> for DeletionReply {
    fn from(receipt: Receipt) -> Self {
        Self {
            receipt: receipt.receipt,
            deleted_at: rfc3339(receipt.deleted_at),
            deleted: receipt.deleted,
            // Always false: `train` reads only MovieLens ratings.
            in_models: false,
        }
    }
}

/// Deletes everything recorded about a user. Returns `None` if nothing was recorded.
pub fn delete_user<'a>(
    service: &'a Service,
    user_id: &'a str,
) -> ServiceFuture<'a, Option<Receipt>> {
    Box::pin(async move {
        Ok(service.store().delete_user(user_id, random_name()?, service.now()).await?)
    })
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cell_escapes_formulas_and_quotes() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1"] {
            assert!(cell(formula).starts_with("\"'"), "{formula}");
        }
        assert_eq!(cell("Heat"), "Heat");
        assert_eq!(cell("\"Crocodile\" Dundee, II"), "\"\"\"Crocodile\"\" Dundee, II\"");
        assert_eq!(cell("=\"a\""), "\"'=\"\"a\"\"\"");
    }
}
