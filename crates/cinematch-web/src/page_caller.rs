//! The caller of a page: profile, theme, and where to go after a form.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use cinematch_store::Profile;

use super::headers::referring_page;
use super::note::{self, Note};
use super::texts;
use super::theme::{self, Theme};
use cinematch_http::access::Caller;
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::cookies::cookie;
use cinematch_http::problem::Problem;
use cinematch_http::state::RouteState;

/// The caller of a page, identified by cookies.
#[derive(Clone, Debug)]
pub struct PageCaller {
    /// The caller's profile; `None` if the caller hasn't chosen one or isn't signed in.
    pub profile: Option<Profile>,
    /// Access control settings of the server.
    pub access: Arc<AccessConfig>,
    /// Color theme chosen in the browser.
    pub theme: Theme,
    /// True if `page.js` requests the changed elements only.
    pub is_fragment: bool,
    /// Notice of the previous action, to show on this page.
    pub note: Option<Note>,
    /// Path and query of the page that contains the form, to which redirects lead.
    pub back: String,
}

impl FromRequestParts<RouteState> for PageCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &RouteState) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let profile = match parts.extensions.get::<Caller>() {
            Some(Caller::Open(profile)) => profile.clone().ok(),
            Some(Caller::Session(profile)) => Some(profile.clone()),
            _ => None,
        };
        Ok(Self {
            profile,
            is_fragment: headers.contains_key("x-fragment"),
            note: cookie(headers, note::COOKIE).and_then(Note::decode),
            back: referring_page(headers).unwrap_or_else(|| "/".to_owned()),
            ..Self::without_profile(state.access.clone(), headers)
        })
    }
}

impl PageCaller {
    /// Creates a caller without a profile or notice, with the theme from the request's cookie.
    pub fn without_profile(access: Arc<AccessConfig>, headers: &HeaderMap) -> Self {
        Self {
            profile: None,
            access,
            theme: cookie(headers, theme::COOKIE).and_then(Theme::from_name).unwrap_or_default(),
            is_fragment: false,
            note: None,
            back: "/".to_owned(),
        }
    }

    /// Returns the access mode of the server.
    pub fn mode(&self) -> AccessMode {
        self.access.mode
    }

    /// Returns the path of the page on which the caller chooses a profile or signs in.
    pub fn entry_page(&self) -> &'static str {
        match self.mode() {
            AccessMode::Open => "/people",
            AccessMode::Accounts => "/sign-in",
        }
    }
}

/// A page's caller with a profile. Callers without one are redirected to [`PageCaller::entry_page`].
///
/// `page.js` sends the profile that the page was rendered for. If the browser has switched profiles since then, the
/// request is rejected with a 409, so that an action never affects the wrong profile.
#[derive(Clone, Debug)]
pub struct PageUser {
    pub caller: PageCaller,
    pub profile: Profile,
}

impl FromRequestParts<RouteState> for PageUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &RouteState) -> Result<Self, Response> {
        let Ok(caller) = PageCaller::from_request_parts(parts, state).await;
        let page_profile =
            parts.headers.get("x-profile").and_then(|id| id.to_str().ok()?.parse::<i64>().ok());
        match caller.profile.clone() {
            Some(profile) if page_profile.is_some_and(|id| id != profile.id) => {
                let detail = texts::errors::profile_changed(&profile.name);
                Err(Problem::new(StatusCode::CONFLICT, detail).into_response())
            }
            Some(profile) => Ok(Self { caller, profile }),
            None => Err(Redirect::to(caller.entry_page()).into_response()),
        }
    }
}
