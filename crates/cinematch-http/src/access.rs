//! Caller identification and authorization.
//!
//! In open mode every caller on this machine has full access, and `X-User-Id` selects the profile. In accounts
//! mode a request carries a session cookie or an API key. Pages of other sites can make a browser send requests
//! with the user's cookies, so unsafe requests must come from a page of this server or of an allowed origin.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use cinematch_store::{Profile, Scope};

use crate::problem::Problem;

/// Caller of a request, as identified by the guard layer.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Open mode: any caller on this machine, with the profile selected by `X-User-Id`, if any.
    Household(Option<Profile>),
    /// Accounts mode: a signed-in user.
    Person(Profile),
    /// Accounts mode: a client with an API key, with the profile it acts for, if any.
    Program(Scope, Option<Profile>),
    /// Accounts mode: a caller without credentials.
    Nobody,
}

impl Caller {
    /// Returns the profile that the request acts for. Returns a 401 if the request selects no profile, and a 403 if
    /// the scope of its API key doesn't include access to profiles.
    pub fn profile(&self) -> Result<&Profile, Problem> {
        match self {
            Self::Person(profile)
            | Self::Household(Some(profile))
            | Self::Program(Scope::Write | Scope::Admin, Some(profile)) => Ok(profile),
            Self::Program(Scope::Read, _) => Err(forbidden(
                "This key can only read the catalog; use a key with the scope `write`",
            )),
            Self::Household(None) => Err(unauthorized(
                "No profile is selected: send a profile id as X-User-Id; /auth/identify returns the id",
            )),
            Self::Program(_, None) => Err(unauthorized(
                "No profile is selected: send the id of the profile that the key acts for as X-User-Id",
            )),
            Self::Nobody => Err(sign_in()),
        }
    }

    /// Returns a 401 or 403 unless the caller may read and change the data of `user`.
    pub fn may_act_for(&self, user: &str) -> Result<(), Problem> {
        match self {
            Self::Household(_) | Self::Program(Scope::Write | Scope::Admin, _) => Ok(()),
            Self::Person(profile) if profile.key() == user => Ok(()),
            Self::Person(_) => Err(forbidden("This data belongs to another profile")),
            Self::Program(Scope::Read, _) => Err(forbidden(
                "This key can only read the catalog; use a key with the scope `write`",
            )),
            Self::Nobody => Err(sign_in()),
        }
    }
}

/// Creates a problem with status 401 (Unauthorized).
pub fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

/// Creates a problem with status 403 (Forbidden).
pub fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}

/// Creates the 401 for a caller without credentials.
pub fn sign_in() -> Problem {
    unauthorized("Sign in at /auth/login, or send an API key as `Authorization: Bearer …`")
}

/// IP address of the client that sent the request.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

/// Extracts the caller identified by the guard layer; [`Caller::Nobody`] if the guard has not run. Never rejects.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self::Nobody))
    }
}

/// Extracts the profile that the request acts for. Rejects a request with the error of [`Caller::profile`].
pub struct Me(pub Profile);

impl<S: Send + Sync> FromRequestParts<S> for Me {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.profile().cloned().map(Self)
    }
}

/// Extractor that admits operators only: every caller in open mode, API keys with the scope `admin` in accounts
/// mode.
pub struct Operator;

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, state).await? {
            Caller::Household(_) | Caller::Program(Scope::Admin, _) => Ok(Self),
            Caller::Nobody => Err(sign_in()),
            Caller::Person(_) | Caller::Program(..) => {
                Err(forbidden("This requires an API key with the scope `admin`"))
            }
        }
    }
}
