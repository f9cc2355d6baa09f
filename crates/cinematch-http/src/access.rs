//! Who calls, and what they may do.
//!
//! In open mode everybody at this machine may do everything, and `X-User-Id` says which profile they
//! are. With accounts a request carries a session's cookie or an API key. Pages of other sites can make a
//! browser send both, so requests that change something must come from a page of ours, or of an
//! origin that may call the API.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use cinematch_store::{Profile, Scope};

use crate::problem::Problem;

/// Who calls.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Open mode: somebody at this machine, with the profile they say they are.
    Household(Option<Profile>),
    /// Somebody who signed in.
    Person(Profile),
    /// A program with an API key, with the profile for which it acts.
    Program(Scope, Option<Profile>),
    /// Whoever shows nothing where something is needed.
    Nobody,
}

impl Caller {
    /// The profile that the call is for.
    pub fn profile(&self) -> Result<&Profile, Problem> {
        match self {
            Self::Person(profile)
            | Self::Household(Some(profile))
            | Self::Program(Scope::Write | Scope::Admin, Some(profile)) => Ok(profile),
            Self::Program(Scope::Read, _) => {
                Err(forbidden("This key reads the catalogue only; it needs the scope `write`"))
            }
            Self::Household(None) => Err(unauthorized(
                "Say whose: a profile's number as X-User-Id; /auth/identify tells it",
            )),
            Self::Program(_, None) => {
                Err(unauthorized("Say for whom the key acts: a profile's number as X-User-Id"))
            }
            Self::Nobody => Err(sign_in()),
        }
    }

    /// Whether the data of the person of this key may be read and changed.
    pub fn may_act_for(&self, user: &str) -> Result<(), Problem> {
        match self {
            Self::Household(_) | Self::Program(Scope::Write | Scope::Admin, _) => Ok(()),
            Self::Person(profile) if profile.key() == user => Ok(()),
            Self::Person(_) => Err(forbidden("This is somebody else's")),
            Self::Program(Scope::Read, _) => {
                Err(forbidden("This key reads the catalogue only; it needs the scope `write`"))
            }
            Self::Nobody => Err(sign_in()),
        }
    }
}

/// Returns a 401.
pub fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

/// Returns a 403.
pub fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}

/// Returns the 401 of a caller without credentials.
pub fn sign_in() -> Problem {
    unauthorized("Sign in at /auth/login, or send an API key as `Authorization: Bearer …`")
}

/// The address of the client that sent a request.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

/// Who calls, whoever that is: the guard has found out.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self::Nobody))
    }
}

/// The profile that the call is for: 401 where there is none.
pub struct Me(pub Profile);

impl<S: Send + Sync> FromRequestParts<S> for Me {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.profile().cloned().map(Self)
    }
}

/// Whoever may operate the server: in open mode everybody at this machine, with accounts a key of the
/// scope `admin`.
pub struct Operator;

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, state).await? {
            Caller::Household(_) | Caller::Program(Scope::Admin, _) => Ok(Self),
            Caller::Nobody => Err(sign_in()),
            Caller::Person(_) | Caller::Program(..) => {
                Err(forbidden("This is for who operates the server: a key with the scope `admin`"))
            }
        }
    }
}
