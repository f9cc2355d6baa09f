//! `/auth`: finding profiles by email address, and signing in and out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::{Extension, Json};
use cinematch_http::access::{ClientIp, CurrentProfile};
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::extract::JsonBody;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_http::sessions::Sessions;
use cinematch_service::Service;
use cinematch_service::profile::{self, Identity, ProfileBody};
use secrecy::SecretString;
use serde::Deserialize;

/// Returns the profile with the given email address, creating it if it doesn't exist and a name is given.
///
/// Only available in open mode.
#[utoipa::path(post, path = "/auth/identify", tag = "access", request_body = Identity,
    responses(
        (status = 200, body = ProfileBody),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json",
            description = "There is no profile with this address, and the request doesn't include a name"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn identify(
    State(service): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    JsonBody(identity): JsonBody<Identity>,
) -> Result<Json<ProfileBody>, Problem> {
    let detail = "This server uses accounts: sign in at /auth/login";
    access.require_mode(AccessMode::Open, detail)?;
    Ok(Json(profile::identify(&service, identity).await?.into()))
}

/// An account's email address and password.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct Credentials {
    #[schema(max_length = 254)]
    email: String,
    #[schema(value_type = String, format = Password, max_length = 1024)]
    password: SecretString,
}

/// Signs in and sets the session cookie.
///
/// The cookie is `HttpOnly` and `SameSite=Lax`. Only available in accounts mode.
#[utoipa::path(post, path = "/auth/login", tag = "access", request_body = Credentials,
    responses(
        (status = 200, body = ProfileBody),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn login(
    State(sessions): State<Sessions>,
    Extension(ClientIp(client)): Extension<ClientIp>,
    JsonBody(credentials): JsonBody<Credentials>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<ProfileBody>), Problem> {
    let Credentials { email, password } = credentials;
    let (profile, cookie) = sessions.sign_in(client, &email, password).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(profile.into())))
}

/// Signs out: ends the session and deletes its cookie.
#[utoipa::path(post, path = "/auth/logout", tag = "access",
    responses(
        (status = 204, description = "Signed out, or there was no session"),
    ))]
pub async fn logout(
    State(sessions): State<Sessions>,
    headers: HeaderMap,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    let expired_cookie = sessions.sign_out(&headers).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, expired_cookie)]))
}

/// Returns the caller's profile.
#[utoipa::path(get, path = "/auth/me", tag = "access",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = ProfileBody),
    ))]
pub async fn me(CurrentProfile(profile): CurrentProfile) -> Json<ProfileBody> {
    Json(profile.into())
}
