//! Import of a user's history from another service.

use std::sync::Arc;

use cinematch::ids::MovieId;
use cinematch::imports::{self, Imported, MatchReport, Matched, RowReport, Taste, TasteItem};
use cinematch::ranking::{DEFAULT_LIMIT, Recommender};
use cinematch::sources::history::{EntryKind, HistoryError, ListMeaning};
use cinematch_store::{ImportChanges, ImportRecord, ImportedMovie, NewWatchlistItem, Profile};
use serde::Serialize;

use crate::error::{ServiceError, ServiceFuture};
use crate::item::{Item, RecommendedItem};
use crate::listing::details;
use crate::names::check_text;
use crate::personal::base_query;
use crate::service::Service;
use crate::serving::Serving;

/// Maximum length of a service's name, in characters.
const MAX_SOURCE_LENGTH: usize = 255;

/// File name recorded for the choices that a user makes for ambiguous titles. Only the profile's export shows it.
const CHOICES_FILE: &str = "choices on the Import page";

/// Result of an import, with recommendations based on the updated profile.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ImportReply<'a> {
    /// Match report. Matched rows are listed only if requested.
    #[schema(value_type = Object)]
    report: MatchReport,
    /// Number of movies that the import changed, by kind of change.
    #[schema(value_type = Object)]
    changes: ImportChanges,
    recommendations: Vec<RecommendedItem<'a>>,
    count: usize,
    /// ID of the model that ranked the movies.
    model_id: &'a str,
}

/// A completed import.
pub struct ImportOutcome {
    /// Match report over all rows.
    pub report: MatchReport,
    /// Number of movies that changed, by kind of change.
    pub changes: ImportChanges,
}

/// Maximum number of recommendations in the reply to an import.
const MAX_LIMIT: usize = 100;

/// Content of the reply to an import.
#[derive(Clone, Copy, Debug)]
pub struct ReplyOptions {
    limit: usize,
    all_rows: bool,
}

impl ReplyOptions {
    /// Validates the number of recommendations, from 0 to 100 and 20 by default. Lists only ambiguous and unmatched
    /// rows unless `all_rows` is set.
    pub fn new(limit: Option<usize>, all_rows: bool) -> Result<Self, ServiceError> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if limit > MAX_LIMIT {
            let message = format!("expected 0 to {MAX_LIMIT}, got {limit}");
            return Err(ServiceError::field("limit", message));
        }
        Ok(Self { limit, all_rows })
    }
}

/// Parses the meaning of user-defined lists: `liked`, `watchlist` or `ignore`. Without a name, the meaning is unknown.
pub fn list_meaning(name: Option<&str>) -> Result<ListMeaning, ServiceError> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(ListMeaning::Unknown) };
    ListMeaning::from_name(name).ok_or_else(|| {
        let name: String = name.chars().take(60).collect();
        ServiceError::field("list_as", format!("expected liked, watchlist or ignore, got `{name}`"))
    })
}

/// Reads exported files, given by name and content, matches their rows to movies and records the result in a
/// user's profile. `lists` is the meaning of user-defined lists in the files.
pub fn import_files<'a>(
    service: &'a Service,
    serving: &'a Arc<Serving>,
    profile: &'a Profile,
    files: Vec<(String, Vec<u8>)>,
    lists: ListMeaning,
) -> ServiceFuture<'a, ImportOutcome> {
    Box::pin(async move {
        let task_serving = serving.clone();
        let (names, imported) = tokio::task::spawn_blocking(move || {
            let movies = task_serving.bundle.recommender.movies();
            let imported = imports::read(&task_serving.matching, movies, &files, lists);
            let names = files.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
            (names, imported)
        })
        .await
        .map_err(|_| ServiceError::Internal)?;
        let Imported { taste, report } = imported.map_err(|error| import_error(&error))?;
        let recommender = &serving.bundle.recommender;
        let movies =
            taste.items().iter().filter_map(|item| imported_movie(recommender, item)).collect();
        let mut services: Vec<&str> =
            report.services.iter().map(|service| service.name()).collect();
        services.dedup();
        let record = ImportRecord {
            service: services.join(", "),
            file: names,
            rows: report.rows,
            matched: (report.by_id + report.by_title) as u64,
        };
        let changes = service.store().import(profile.into(), movies, record, service.now()).await?;
        Ok(ImportOutcome { report, changes })
    })
}

/// Returns the reply to an import: the report, and recommendations based on the updated profile.
pub fn reply<'a>(
    service: &'a Service,
    serving: &'a Serving,
    profile: &'a Profile,
    outcome: ImportOutcome,
    options: ReplyOptions,
) -> ServiceFuture<'a, ImportReply<'a>> {
    Box::pin(async move {
        let ReplyOptions { limit, all_rows } = options;
        let ImportOutcome { mut report, changes } = outcome;
        let recommender = &serving.bundle.recommender;
        if !all_rows {
            let is_unmatched =
                |row: &RowReport| matches!(row.matched, Matched::Ambiguous | Matched::Unmatched);
            report.matches.retain(is_unmatched);
        }
        let history = service.user_history(&profile.key()).await?;
        let mut recommendations = Vec::new();
        if limit > 0 {
            let mut query = base_query(&history, false);
            query.limit = limit;
            query.today = Some(service.today());
            let (request, _) = recommender.resolve(&query)?;
            for recommended in recommender.recommend(&request).items {
                let movie = recommended.movie;
                let item = Item::from_movie(recommender, movie, None);
                recommendations.push(RecommendedItem { item, details: details(recommended) });
            }
        }
        Ok(ImportReply {
            report,
            changes,
            count: recommendations.len(),
            recommendations,
            model_id: &serving.bundle.manifest.model_id,
        })
    })
}

/// Imports the feedback on ambiguous titles for the movies that the user chose for them. Movies that are not in
/// the catalog are skipped.
pub fn import_choices<'a>(
    service: &'a Service,
    profile: &'a Profile,
    source: &'a str,
    chosen: Vec<(MovieId, EntryKind)>,
) -> ServiceFuture<'a, ImportChanges> {
    Box::pin(async move {
        check_text("service", source, MAX_SOURCE_LENGTH)?;
        let bundle = service.bundle();
        let taste = Taste::from_feedback(chosen);
        let items = taste.items();
        let movies =
            items.iter().filter_map(|item| imported_movie(&bundle.recommender, item)).collect();
        let record = ImportRecord {
            service: source.to_owned(),
            file: CHOICES_FILE.to_owned(),
            rows: items.len() as u64,
            matched: items.len() as u64,
        };
        Ok(service.store().import(profile.into(), movies, record, service.now()).await?)
    })
}

/// Converts a movie of an export to the store's type. Returns `None` if the catalog does not contain the movie.
fn imported_movie(recommender: &Recommender, item: &TasteItem) -> Option<ImportedMovie> {
    let movie = recommender.movie(recommender.vocabulary().index_of(item.movie_id)?);
    Some(ImportedMovie {
        item: NewWatchlistItem {
            movie_id: item.movie_id,
            title: movie.title.clone(),
            year: movie.year,
            service: None,
        },
        stars: item.rating,
        liked: item.liked,
        watched: item.watched,
        listed: item.listed,
    })
}

fn import_error(error: &HistoryError) -> ServiceError {
    match error {
        HistoryError::TooLarge { .. } | HistoryError::TooManyRows { .. } => {
            ServiceError::TooLarge(error.to_string())
        }
        _ => ServiceError::field("file", error.to_string()),
    }
}
