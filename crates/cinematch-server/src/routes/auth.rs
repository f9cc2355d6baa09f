//! `/auth`: who one is.

use std::net::IpAddr;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::{Extension, Json};
use cinematch_store::{Identified, Profile, is_email, rfc3339};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::now;
use super::person::{ShortText, check_text};
use crate::access::{
    COOKIE, Client, LONGEST_PASSWORD, Me, SessionToken, check_password, only_in, session_token,
};
use crate::config::AccessMode;
use crate::extract::Body;
use crate::problem::{INTERNAL, Problem, ProblemDocument};
use crate::state::AppState;

/// How long a session lasts: 30 days.
const SESSION_SECONDS: i64 = 30 * 24 * 3600;
const LONGEST_NAME: usize = 100;
const LONGEST_EMAIL: usize = 254;

/// Somebody's profile.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProfileBody {
    /// Its number.
    id: i64,
    name: String,
    email: String,
    /// RFC 3339, UTC.
    #[schema(example = "2026-01-31T20:15:00Z")]
    created_at: String,
}

impl From<Profile> for ProfileBody {
    fn from(profile: Profile) -> Self {
        let Profile { id, email, name, created_at } = profile;
        Self { id, name, email, created_at: rfc3339(created_at) }
    }
}

/// Who one says one is.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct Identity {
    /// Its case does not matter.
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$",
        example = "ada@example.org"
    )]
    email: String,
    /// What to call a new profile; a known one is not renamed.
    #[schema(value_type = Option<ShortText>)]
    name: Option<String>,
}

/// Open mode: the profile of an email address; made if there is none and a name is given.
#[utoipa::path(post, path = "/auth/identify", tag = "access", request_body = Identity,
    responses(
        (status = 200, body = ProfileBody),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json",
            description = "Nobody has this address, and no name came with it"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn identify(
    State(state): State<AppState>,
    Body(identity): Body<Identity>,
) -> Result<Json<ProfileBody>, Problem> {
    let detail = "Here people have accounts: sign in at /auth/login";
    only_in(&state, AccessMode::Open, detail)?;
    if !is_email(&identity.email) {
        let message = "expected an email address, such as ada@example.org";
        return Err(Problem::field("email", message));
    }
    if let Some(name) = &identity.name {
        check_text("name", name, LONGEST_NAME)?;
    }
    let name = identity.name.as_deref().map(str::trim);
    match state.store().identify(&identity.email, name, now()).await? {
        Identified::Known(profile) | Identified::New(profile) => Ok(Json(profile.into())),
        Identified::Unknown => {
            Err(Problem::not_found("Nobody has this email address; send a name to make a profile"))
        }
    }
}

/// What one signs in with.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct Credentials {
    #[schema(max_length = 254)]
    email: String,
    #[schema(value_type = String, format = Password, max_length = 1024)]
    password: SecretString,
}

/// Signs in: the reply sets the session's cookie, `HttpOnly` and `SameSite=Lax`.
#[utoipa::path(post, path = "/auth/login", tag = "access", request_body = Credentials,
    responses(
        (status = 200, body = ProfileBody),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn login(
    State(state): State<AppState>,
    Extension(Client(client)): Extension<Client>,
    Body(credentials): Body<Credentials>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<ProfileBody>), Problem> {
    let Credentials { email, password } = credentials;
    let (profile, cookie) = sign_in(&state, client, &email, password).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(profile.into())))
}

/// Begins a session: whose it is, and its cookie.
pub async fn sign_in(
    state: &AppState,
    client: IpAddr,
    email: &str,
    password: SecretString,
) -> Result<(Profile, HeaderValue), Problem> {
    let detail = "Here nobody has a password: see /auth/identify";
    only_in(state, AccessMode::Accounts, detail)?;
    if email.chars().count() > LONGEST_EMAIL {
        return Err(Problem::field(
            "email",
            format!("expected at most {LONGEST_EMAIL} characters"),
        ));
    }
    if password.expose_secret().chars().count() > LONGEST_PASSWORD {
        let message = format!("expected at most {LONGEST_PASSWORD} characters");
        return Err(Problem::field("password", message));
    }
    state.limits().attempt(client, email)?;
    let account = state.store().account(email).await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let check = move || check_password(&password, hash.as_deref());
    let fits = state.limits().hashing(check).await == Some(true);
    let refused =
        || Problem::new(StatusCode::UNAUTHORIZED, "The email address or the password is wrong");
    let profile = account.filter(|_| fits).ok_or_else(refused)?.profile;
    let token = SessionToken::generate()?;
    let (now, lasts) = (now(), SESSION_SECONDS);
    state.store().begin_session(token.hash(), profile.id, now, now + lasts * 1000).await?;
    Ok((profile, cookie(state, token.expose(), lasts)?))
}

/// Signs out: the session ends, its cookie goes.
#[utoipa::path(post, path = "/auth/logout", tag = "access",
    responses(
        (status = 204, description = "Signed out, or was not signed in"),
    ))]
pub async fn logout(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    let gone = sign_out(&state, &headers).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]))
}

/// Ends the session of a request, if it has one; what its cookie is replaced by.
pub async fn sign_out(state: &AppState, headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    if let Some(token) = session_token(headers) {
        state.store().end_session(&token.hash()).await?;
    }
    cookie(state, "", 0)
}

fn cookie(state: &AppState, value: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    // Without a proxy that speaks HTTPS a `Secure` cookie would never come back.
    let secure = if state.config().access.behind_proxy { "; Secure" } else { "" };
    let text =
        format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    let mut cookie = HeaderValue::from_str(&text)
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL))?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

/// Whose requests these are.
#[utoipa::path(get, path = "/auth/me", tag = "access",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = ProfileBody),
    ))]
pub async fn me(Me(profile): Me) -> Json<ProfileBody> {
    Json(profile.into())
}
