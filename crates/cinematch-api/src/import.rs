//! `POST /api/import`: a user's history from another service.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use cinematch_http::access::Me;
use cinematch_http::extract::QueryOf;
use cinematch_http::limits::Limits;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_http::upload;
use cinematch_service::Service;
use cinematch_service::imports::{self, ImportReply};
use cinematch_service::recommend::DEFAULT_LIMIT;
use serde::Deserialize;

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
    State(service): State<Service>,
    State(limits): State<Arc<Limits>>,
    Me(profile): Me,
    QueryOf(asked): QueryOf<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if limit > 100 {
        return Err(Problem::field("limit", format!("expected 0 to 100, got {limit}")));
    }
    let serving = service.serving();
    let taken =
        upload::take_in(&service, &limits, &serving, &profile, request, asked.filename).await?;
    let all_rows = asked.all_rows.unwrap_or(false);
    let reply = imports::reply(&service, &serving, &profile, taken, limit, all_rows).await?;
    Ok(Json(reply).into_response())
}
