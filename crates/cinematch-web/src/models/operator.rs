//! Access to the operator's pages. In open mode, every caller has access; in accounts mode, only callers whose
//! browser has a cookie with an API key that has the `admin` scope.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cinematch_store::Scope;
use maud::html;

use crate::form::FormBody;
use crate::layout::{Nav, Page, page};
use crate::page_caller::PageCaller;
use crate::responses::redirect_with_cookie;
use crate::texts::{self as common, operator as texts};
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::cookies::{NewCookie, SameSite, cookie};
use cinematch_http::problem::Problem;
use cinematch_http::state::RouteState;
use cinematch_service::Service;
use cinematch_service::access::key_scope;

/// Cookie that holds the API key. Browsers only send it to the operator's pages.
const COOKIE: &str = "cinematch_operator";
/// Cookie lifetime in seconds: eight hours.
const SECONDS: u32 = 8 * 3600;

/// Extracts a caller with access to the operator's pages. Shows the API key form to other callers.
pub struct Operator {
    pub caller: PageCaller,
    /// True if the browser has a cookie with a valid key.
    pub has_key: bool,
}

impl FromRequestParts<RouteState> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &RouteState) -> Result<Self, Response> {
        let Ok(caller) = PageCaller::from_request_parts(parts, state).await;
        if state.access.mode == AccessMode::Open {
            return Ok(Self { caller, has_key: false });
        }
        let scope = match cookie(&parts.headers, COOKIE) {
            Some(key) => {
                let scope = key_scope(&state.service, key).await;
                scope.map_err(|error| Problem::from(error).into_response())?
            }
            None => None,
        };
        match scope {
            Some(Scope::Admin) => Ok(Self { caller, has_key: true }),
            // A script that requests a fragment can't show the form.
            _ if caller.is_fragment => {
                let problem = Problem::new(StatusCode::UNAUTHORIZED, texts::KEY_MISSING);
                Err(problem.into_response())
            }
            _ => Err(key_form(&caller, None)),
        }
    }
}

/// `POST /models/enter`: checks the key. Keys have 256 random bits, so attempts aren't limited.
pub async fn enter(
    State(service): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    caller: PageCaller,
    FormBody(fields): FormBody,
) -> Response {
    let key = fields.get("key").unwrap_or_default();
    match key_scope(&service, key).await {
        Ok(Some(Scope::Admin)) => redirect_with_key(&access, key, SECONDS),
        Ok(Some(_)) => key_form(&caller, Some(texts::KEY_SCOPE)),
        Ok(None) => key_form(&caller, Some(texts::KEY_UNKNOWN)),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /models/leave`: removes the key from the browser.
pub async fn leave(State(access): State<Arc<AccessConfig>>) -> Response {
    redirect_with_key(&access, "", 0)
}

fn redirect_with_key(access: &AccessConfig, key: &str, seconds: u32) -> Response {
    let cookie = NewCookie {
        path: "/models",
        same_site: SameSite::Strict,
        ..NewCookie::new(COOKIE, key, seconds)
    };
    redirect_with_cookie(access, "/models", &cookie)
}

/// Renders the API key form, with the problem from the last attempt.
fn key_form(caller: &PageCaller, problem: Option<&str>) -> Response {
    let main = html! {
        section .plain.narrow {
            h1 { (texts::TITLE) }
            p { (texts::FOR_OPERATOR) }
            @if let Some(problem) = problem { p #wrong .wrong role="alert" { (problem) "." } }
            form .fields method="post" action="/models/enter" {
                label for="key" { (texts::KEY) }
                input #key type="password" name="key" required maxlength="200" autocomplete="off"
                    spellcheck="false" aria-describedby={ @if problem.is_some() { "wrong " } "key-hint" };
                p #key-hint .small { (texts::KEY_HELP.0) code { (texts::KEY_COMMAND) } (texts::KEY_HELP.1) }
                button { (common::CONTINUE) }
            }
        }
    };
    let mut response = page(caller, &Page::new(texts::TITLE, Nav::Models, main));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
