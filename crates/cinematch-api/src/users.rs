//! Exporting and deleting a user's data.

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use cinematch_http::access::{Caller, CurrentProfile};
use cinematch_http::attachment;
use cinematch_http::extract::{PathParams, QueryParams};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::export::{DeletionReply, Export, ExportFormat, delete_user};
use cinematch_service::names::{UserName, check_user};
use serde::Deserialize;

/// Query parameters for `GET /api/export/me`.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `json` (the default) exports all data in the profile. `csv` exports its movies as a table for spreadsheets.
    #[param(value_type = Option<ExportFormat>)]
    format: Option<ExportFormat>,
}

/// Exports all data in the caller's profile.
#[utoipa::path(get, path = "/api/export/me", tag = "profile", params(ExportQuery),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "All data in the profile", content(
            (Export = "application/json"),
            (String = "text/csv"),
        )),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn export(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
    QueryParams(query): QueryParams<ExportQuery>,
) -> Result<Response, Problem> {
    attachment::export(&service, &profile, query.format.unwrap_or(ExportFormat::Json)).await
}

/// Deletes a user's profile, preferences, feedback, watchlist and sessions.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "profile",
    params(("id" = UserName, Path, description = "Profile ID, or the user ID of a watchlist")),
    responses(
        (status = 200, body = DeletionReply),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn delete(
    State(service): State<Service>,
    caller: Caller,
    PathParams(id): PathParams<String>,
) -> Result<Json<DeletionReply>, Problem> {
    check_user(&id).map_err(|error| error.rename_fields(|_| "id".to_owned()))?;
    caller.may_act_for(&id)?;
    let receipt = delete_user(&service, &id).await?;
    let receipt = receipt.ok_or_else(|| Problem::not_found("There is no data for this user"))?;
    Ok(Json(receipt.into()))
}
