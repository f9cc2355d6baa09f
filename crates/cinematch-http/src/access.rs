//! Caller identification and authorization.
//!
//! In open mode every caller on this machine has full access, and `X-User-Id` selects the profile. In accounts
//! mode a request carries a session cookie or an API key. Pages on other sites can make a browser send requests
//! with the user's cookies, so requests with unsafe methods must come from this server's own pages or from an
//! allowed origin.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use cinematch_service::access::find_profile;
use cinematch_service::{Service, ServiceError};
use cinematch_store::{Profile, Scope};

use crate::problem::Problem;
use crate::value_error::shortened;

/// The caller of a request, as identified by the guard layer.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Open mode: any caller on this machine, with the selected profile, if any.
    Open(Result<Profile, NoProfile>),
    /// Accounts mode: a signed-in user.
    Session(Profile),
    /// Accounts mode: a client with an API key, and the profile it acts for, if any.
    ApiKey(Scope, Result<Profile, NoProfile>),
    /// Accounts mode: a caller without credentials.
    Anonymous,
}

impl Caller {
    /// Returns the profile that the request acts for, or an error: 401 if the request doesn't select a profile, 403
    /// if its API key only has the `read` scope.
    pub fn profile(&self) -> Result<&Profile, Problem> {
        match self {
            Self::Session(profile)
            | Self::Open(Ok(profile))
            | Self::ApiKey(Scope::Write | Scope::Admin, Ok(profile)) => Ok(profile),
            Self::ApiKey(Scope::Read, _) => Err(forbidden(
                "This key can only read the catalog; use a key with the `write` scope",
            )),
            Self::Open(Err(reason)) => Err(unauthorized(&format!(
                "{reason}: send a profile ID as X-User-Id; /auth/identify returns the ID"
            ))),
            Self::ApiKey(_, Err(reason)) => Err(unauthorized(&format!(
                "{reason}: send the ID of the profile that the key acts for as X-User-Id"
            ))),
            Self::Anonymous => Err(sign_in()),
        }
    }

    /// Returns a 401 or 403 error unless the caller may read and change `user`'s data.
    pub fn may_act_for(&self, user: &str) -> Result<(), Problem> {
        match self {
            Self::Open(_) | Self::ApiKey(Scope::Write | Scope::Admin, _) => Ok(()),
            Self::Session(profile) if profile.key() == user => Ok(()),
            Self::Session(_) => Err(forbidden("This data belongs to another profile")),
            Self::ApiKey(Scope::Read, _) => Err(forbidden(
                "This key can only read the catalog; use a key with the `write` scope",
            )),
            Self::Anonymous => Err(sign_in()),
        }
    }
}

/// Reason why a request selects no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProfile {
    /// The request selects no existing profile.
    #[error("No profile is selected")]
    NotSelected,
    /// `X-User-Id` has this value, which is shortened to 60 characters.
    #[error("X-User-Id is `{0}`, which is not a profile ID")]
    Malformed(String),
    /// `X-User-Id` has this value, but no profile has this ID.
    #[error("X-User-Id: profile {0} does not exist")]
    Unknown(i64),
}

/// Returns the profile with the ID in `X-User-Id`, or the reason why there is none.
pub async fn profile_in_header(
    service: &Service,
    headers: &HeaderMap,
) -> Result<Result<Profile, NoProfile>, ServiceError> {
    let Some(value) = headers.get("x-user-id") else { return Ok(Err(NoProfile::NotSelected)) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let Ok(id) = text.trim().parse::<i64>() else {
        return Ok(Err(NoProfile::Malformed(shortened(text.trim()).into_owned())));
    };
    Ok(find_profile(service, id).await?.ok_or(NoProfile::Unknown(id)))
}

/// Creates a problem with status 401 (Unauthorized).
pub fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

/// Creates a problem with status 403 (Forbidden).
pub fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}

/// Creates the 401 (Unauthorized) problem for a caller without credentials.
pub fn sign_in() -> Problem {
    unauthorized("Sign in at /auth/login, or send an API key as `Authorization: Bearer …`")
}

/// IP address of the client that sent the request.
#[derive(Clone, Copy, Debug)]
pub struct ClientIp(pub IpAddr);

/// Extracts the caller identified by the guard layer, or [`Caller::Anonymous`] if that layer hasn't run. Never
/// rejects.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self::Anonymous))
    }
}

/// Extracts the profile that the request acts for. Rejects the request with the error from [`Caller::profile`].
pub struct CurrentProfile(pub Profile);

impl<S: Send + Sync> FromRequestParts<S> for CurrentProfile {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.profile().cloned().map(Self)
    }
}

/// Extractor that only admits operators: any caller in open mode, and API keys with the `admin` scope in accounts
/// mode.
pub struct Operator;

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, state).await? {
            Caller::Open(_) | Caller::ApiKey(Scope::Admin, _) => Ok(Self),
            Caller::Anonymous => Err(sign_in()),
            Caller::Session(_) | Caller::ApiKey(..) => {
                Err(forbidden("This requires an API key with the `admin` scope"))
            }
        }
    }
}
