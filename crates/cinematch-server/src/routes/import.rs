//! `POST /api/import`: a person's history of elsewhere.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cinematch::imports::{self, Imported, MatchReport, Matched, RowReport, TasteItem};
use cinematch::ranking::Recommender;
use cinematch::sources::history::{HistoryError, LARGEST};
use cinematch_store::{ImportChanges, ImportRecord, ImportedMovie, NewItem, Profile};
use serde::{Deserialize, Serialize};

use super::listing::why;
use super::now;
use super::personal::known_of;
use super::recommendations::DEFAULT_LIMIT;
use crate::access::Me;
use crate::extract::{QueryOf, whole_body};
use crate::item::{Item, RecommendedItem};
use crate::problem::{INTERNAL, Problem, ProblemDocument};
use crate::state::{AppState, Serving};

/// Files of one import.
const MOST_FILES: usize = 20;
const LONGEST_NAME: usize = 255;
/// What a form writes around its files.
const FORM_AROUND_IT: usize = 1 << 20;

/// What the body does not say.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct ImportQuery {
    /// The file's name, where the body is the file itself: of Letterboxd's tables it decides which one
    /// it is.
    #[param(example = "watched.csv", max_length = 255)]
    filename: Option<String>,
    /// How many films to recommend then, 0 to 100; 20 if not given.
    #[param(minimum = 0, maximum = 100)]
    limit: Option<usize>,
    /// Whether the rows that were found are to be listed too; no, if not given.
    all_rows: Option<bool>,
}

/// Files of one import, as a form sends them.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub struct ImportForm {
    /// One or more files, each with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file as it is.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes a body")]
pub struct FileBytes(Vec<u8>);

/// What became of every row, and films for the person as they are known now.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ImportReply<'a> {
    /// Rows that were found are listed only where they are asked for.
    #[schema(value_type = Object)]
    report: MatchReport,
    /// What the import did, in films.
    #[schema(value_type = Object)]
    changes: ImportChanges,
    #[schema(value_type = Vec<RecommendedItem<'a>>)]
    recommendations: Vec<Recommended<'a>>,
    count: usize,
    /// The model that ranked them.
    model_id: &'a str,
}

/// A film, and why.
#[derive(Serialize)]
struct Recommended<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    #[serde(flatten)]
    why: crate::item::Why<'a>,
}

/// Imports what a person rated, liked, watched and means to watch elsewhere: a ZIP or CSV file of
/// Letterboxd, IMDb's ratings or watchlist, a ZIP or JSON file of Trakt, `MovieLens.org`'s ratings; as the
/// body itself or as a form's files. Nothing is guessed; the same file again changes nothing.
#[utoipa::path(post, path = "/api/import", tag = "people", params(ImportQuery),
    request_body(content(
        (ImportForm = "multipart/form-data"),
        (FileBytes = "application/zip"),
        (String = "text/csv"),
        (serde_json::Value = "application/json"),
        (FileBytes = "application/octet-stream"),
    )),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = ImportReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn import(
    State(state): State<AppState>,
    Me(profile): Me,
    QueryOf(asked): QueryOf<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if limit > 100 {
        return Err(Problem::field("limit", format!("expected 0 to 100, got {limit}")));
    }
    let serving = state.serving();
    let TakenIn { mut report, changes } =
        take_in(&state, &serving, &profile, request, asked.filename).await?;
    let recommender = &serving.bundle.recommender;
    if !asked.all_rows.unwrap_or(false) {
        let is_open =
            |row: &RowReport| matches!(row.matched, Matched::Ambiguous | Matched::Unmatched);
        report.matches.retain(is_open);
    }
    let taste = state.store().user_history(&profile.key()).await?;
    let mut recommendations = Vec::new();
    if limit > 0 {
        let mut query = known_of(&taste, false);
        query.limit = limit;
        let (request, _) = recommender.resolve(&query)?;
        for recommended in recommender.recommend(&request).items {
            let movie = recommended.movie;
            let item = Item::of(recommender, movie, None);
            recommendations.push(Recommended { item, why: why(recommended) });
        }
    }
    let reply = ImportReply {
        report,
        changes,
        count: recommendations.len(),
        recommendations,
        model_id: &serving.bundle.manifest.model_id,
    };
    Ok(Json(reply).into_response())
}

/// An import that was taken over.
pub struct TakenIn {
    /// What became of every row.
    pub report: MatchReport,
    /// What it changed.
    pub changes: ImportChanges,
}

/// Reads the files of a request, finds their films and keeps what they say for a person.
pub async fn take_in(
    state: &AppState,
    serving: &Arc<Serving>,
    profile: &Profile,
    request: Request,
    filename: Option<String>,
) -> Result<TakenIn, Problem> {
    // A few at a time: each may hold a file and what it unpacks to.
    let _turn = state.limits().importing().await?;
    let files = files_of(request, filename).await?;
    let reading = serving.clone();
    let (names, imported) = tokio::task::spawn_blocking(move || {
        let movies = reading.bundle.recommender.movies();
        let imported = imports::read(&reading.matching, movies, &files);
        let names = files.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
        (names, imported)
    })
    .await
    .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL))?;
    let Imported { taste, report } = imported.map_err(|error| refused(&error))?;
    let recommender = &serving.bundle.recommender;
    let wanted = taste.items().iter().filter_map(|item| movie_of(recommender, item)).collect();
    let mut services: Vec<&str> = report.services.iter().map(|service| service.name()).collect();
    services.dedup();
    let record = ImportRecord {
        service: services.join(", "),
        file: names,
        rows: report.rows,
        matched: (report.by_id + report.by_title) as u64,
    };
    let changes = state.store().import(profile, wanted, record, now()).await?;
    Ok(TakenIn { report, changes })
}

/// A film of an export as the store takes it; `None`, of one that the catalogue does not have.
pub fn movie_of(recommender: &Recommender, item: &TasteItem) -> Option<ImportedMovie> {
    let movie = recommender.movie(recommender.vocabulary().index_of(item.movie_id)?);
    Some(ImportedMovie {
        item: NewItem {
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

/// The files of a form, or the body as one file.
async fn files_of(
    request: Request,
    filename: Option<String>,
) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    if !kind.starts_with("multipart/form-data") {
        let name = name_of(filename.as_deref(), "the file")?;
        let bytes = whole_body(request.into_body(), LARGEST).await?;
        if bytes.is_empty() {
            return Err(Problem::field(
                "file",
                "is empty: send the file as the body, or as a form",
            ));
        }
        return Ok(vec![(name, bytes)]);
    }
    // All of it first, so that a client that is still sending gets to read a refusal.
    let (parts, body) = request.into_parts();
    let body = whole_body(body, LARGEST + FORM_AROUND_IT).await?;
    let mut request = Request::from_parts(parts, Body::from(body));
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, format!("The form cannot be read: {error}"))
    })?;
    let (mut files, mut left) = (Vec::new(), LARGEST);
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        // A form may have other fields.
        let Some(name) = field.file_name() else { continue };
        let name = name_of(Some(name), "the file")?;
        let mut bytes = Vec::new();
        while let Some(part) = field.chunk().await.map_err(|error| broken(&error))? {
            left = left.checked_sub(part.len()).ok_or_else(too_large)?;
            bytes.extend_from_slice(&part);
        }
        files.push((name, bytes));
        if files.len() > MOST_FILES {
            return Err(Problem::field("file", format!("expected at most {MOST_FILES} files")));
        }
    }
    if files.is_empty() {
        return Err(Problem::field("file", "is missing: the form has no file"));
    }
    Ok(files)
}

/// A name as it may be shown and kept.
fn name_of(name: Option<&str>, otherwise: &str) -> Result<String, Problem> {
    let name = name.map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name)).unwrap_or_default();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let message =
            format!("expected at most {LONGEST_NAME} characters, none a control character");
        return Err(Problem::field("filename", message));
    }
    Ok(if name.trim().is_empty() { otherwise.to_owned() } else { name.to_owned() })
}

fn broken(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::new(StatusCode::BAD_REQUEST, format!("The form cannot be read: {error}"))
}

fn too_large() -> Problem {
    let detail =
        format!("The files are larger than {} MiB: that is nobody's history", LARGEST >> 20);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

fn refused(error: &HistoryError) -> Problem {
    match error {
        HistoryError::TooLarge { .. } | HistoryError::TooManyRows { .. } => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string())
        }
        _ => Problem::field("file", error.to_string()),
    }
}
