//! `POST /api/import`: imports a user's history from another service.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use cinematch::sources::history::supported_exports;
use cinematch_http::access::CurrentProfile;
use cinematch_http::extract::QueryParams;
use cinematch_http::limits::Limits;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_http::upload::{self, UploadNames};
use cinematch_service::Service;
use cinematch_service::imports::{self, ImportReply, ReplyOptions};
use serde::Deserialize;

/// Query parameters for `POST /api/import`.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct ImportQuery {
    /// Name of the file, if the file is the request body. Needed to tell apart the CSV files in a Letterboxd export.
    #[param(example = "watched.csv", max_length = 255)]
    filename: Option<String>,
    /// Meaning of user-defined lists: `liked`, `watchlist` or `ignore`. By default, lists are reported in
    /// `report.lists` and not imported.
    #[param(example = "watchlist", pattern = "^(liked|watchlist|ignore)$")]
    list_as: Option<String>,
    /// Number of movies to recommend after the import, from 0 to 100. Defaults to 20.
    #[param(minimum = 0, maximum = 100)]
    limit: Option<usize>,
    /// If true, the report also lists the rows that were matched. Defaults to false.
    all_rows: Option<bool>,
}

/// Multipart form with the files to import.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents the form")]
pub struct ImportForm {
    /// One or more files, each with a file name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Meaning of user-defined lists: `liked`, `watchlist` or `ignore`.
    list_as: Option<String>,
}

/// Contents of an exported file, sent as the request body.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents the body")]
pub struct FileBytes(Vec<u8>);

/// Imports ratings, likes, watched movies and watchlists from another service.
#[utoipa::path(post, path = "/api/import", tag = "profile", description = description(), params(ImportQuery),
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
    CurrentProfile(profile): CurrentProfile,
    QueryParams(params): QueryParams<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let options = ReplyOptions::new(params.limit, params.all_rows.unwrap_or(false))?;
    let serving = service.serving();
    let names = UploadNames { filename: params.filename, list_as: params.list_as };
    let outcome =
        upload::import_upload(&service, &limits, &serving, &profile, request, names).await?;
    let reply = imports::reply(&service, &serving, &profile, outcome, options).await?;
    Ok(Json(reply).into_response())
}

/// Returns the route's description for the API document.
fn description() -> String {
    format!(
        "Supported exports: {}. Send a file as the request body, or one or more files as a multipart form. \
         Ambiguous rows are reported but not imported. Importing the same file again has no effect.",
        supported_exports()
    )
}
