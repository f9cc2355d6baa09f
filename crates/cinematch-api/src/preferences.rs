//! `/api/preferences/me`: preferences of the caller's profile.

use axum::Json;
use axum::extract::State;
use cinematch_http::access::Me;
use cinematch_http::extract::Body;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::preferences::{NewPreferences, PreferencesBody, save};

/// Returns the preferences of the caller's profile.
#[utoipa::path(get, path = "/api/preferences/me", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = PreferencesBody),
    ))]
pub async fn read(
    State(service): State<Service>,
    Me(profile): Me,
) -> Result<Json<PreferencesBody>, Problem> {
    let taste = service.store().user_history(&profile.key()).await?;
    Ok(Json(taste.preferences.clone().into()))
}

/// Replaces the preferences of the caller's profile.
#[utoipa::path(put, path = "/api/preferences/me", tag = "people", request_body = NewPreferences,
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = PreferencesBody),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn write(
    State(service): State<Service>,
    Me(profile): Me,
    Body(new): Body<NewPreferences>,
) -> Result<Json<PreferencesBody>, Problem> {
    Ok(Json(save(&service, &profile, new).await?.into()))
}
