//! Who may operate: in open mode everybody at this machine, with accounts whoever has a key of the scope
//! `admin`, which their browser keeps for a working day.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cinematch_store::Scope;
use maud::html;

use crate::form::Sent;
use crate::layout::{Nav, Page, page};
use crate::note::lead;
use crate::visitor::Visitor;
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::cookies::cookie;
use cinematch_http::keys::scope_of;
use cinematch_http::problem::Problem;
use cinematch_http::state::RouteState;
use cinematch_service::Service;

/// Holds the key, for these pages alone.
const COOKIE: &str = "cinematch_operator";
/// How long: eight hours.
const SECONDS: u32 = 8 * 3600;

/// Whoever may be here.
pub struct Desk {
    pub visitor: Visitor,
    /// Whether their browser keeps a key.
    pub has_key: bool,
}

impl FromRequestParts<RouteState> for Desk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &RouteState) -> Result<Self, Response> {
        let Ok(visitor) = Visitor::from_request_parts(parts, state).await;
        if state.access.mode == AccessMode::Open {
            return Ok(Self { visitor, has_key: false });
        }
        let scope = match cookie(&parts.headers, COOKIE) {
            Some(key) => {
                scope_of(&state.service, key).await.map_err(IntoResponse::into_response)?
            }
            None => None,
        };
        match scope {
            Some(Scope::Admin) => Ok(Self { visitor, has_key: true }),
            // A script asks for parts of a page, and none of this.
            _ if visitor.is_fragment => {
                let detail =
                    "This is for who operates the server, and the key is not there any more";
                Err(Problem::new(StatusCode::UNAUTHORIZED, detail).into_response())
            }
            _ => Err(ask(&visitor, None)),
        }
    }
}

/// `POST /models/enter`: takes a key. Nobody guesses 256 bits, so that attempts need no limit of their own.
pub async fn enter(
    State(state): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    visitor: Visitor,
    Sent(fields): Sent,
) -> Response {
    let key = fields.get("key").unwrap_or_default();
    match scope_of(&state, key).await {
        Ok(Some(Scope::Admin)) => lead_with(&access, key, SECONDS),
        Ok(Some(_)) => ask(&visitor, Some("This key has another scope than admin")),
        Ok(None) => ask(&visitor, Some("This key is unknown or revoked")),
        Err(problem) => problem.into_response(),
    }
}

/// `POST /models/leave`: the browser forgets the key.
pub async fn leave(State(access): State<Arc<AccessConfig>>) -> Response {
    lead_with(&access, "", 0)
}

fn lead_with(access: &AccessConfig, key: &str, seconds: u32) -> Response {
    let secure = if access.behind_proxy { "; Secure" } else { "" };
    let text = format!(
        "{COOKIE}={key}; Path=/models; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    );
    let mut response = lead("/models");
    if let Ok(mut cookie) = HeaderValue::from_str(&text) {
        cookie.set_sensitive(true);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Asks for the key.
fn ask(visitor: &Visitor, wrong: Option<&str>) -> Response {
    let main = html! {
        section .plain.narrow {
            h1 { "Models" }
            p { "This is for who operates the server." }
            @if let Some(wrong) = wrong { p #wrong .wrong role="alert" { (wrong) "." } }
            form .fields method="post" action="/models/enter" {
                label for="key" { "API key with the scope admin" }
                input #key type="password" name="key" required maxlength="200" autocomplete="off"
                    spellcheck="false" aria-describedby={ @if wrong.is_some() { "wrong " } "key-hint" };
                p #key-hint .small { code { "cinematch key create NAME --scope admin" } " makes one. This browser keeps it for eight hours." }
                button { "Go on" }
            }
        }
    };
    let mut response = page(visitor, &Page::new("Models", Nav::Models, main));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
