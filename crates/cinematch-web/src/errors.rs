//! Refusals as pages, where a browser asked for one.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::form::in_words;
use super::layout::{Nav, Page, page};
use super::visitor::{THEME_COOKIE, Theme, Visitor, back};
use cinematch_http::class::RouteClass;
use cinematch_http::config::AccessConfig;
use cinematch_http::cookies::cookie;
use cinematch_http::marks::{IsPage, RequestId};
use cinematch_http::problem::Problem;

/// Makes pages of problems: a person reads a sentence and a way on, not JSON.
pub async fn errors(
    State(access): State<Arc<AccessConfig>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let class = request.extensions().get::<RouteClass>();
    let is_wanted = wants_page(headers) && class.is_some_and(|class| class.has_error_pages());
    if !is_wanted {
        return next.run(request).await;
    }
    let back = back(headers).unwrap_or_else(|| "/".to_owned());
    let visitor = Visitor {
        profile: None,
        mode: access.mode,
        theme: cookie(headers, THEME_COOKIE).and_then(Theme::of).unwrap_or_default(),
        is_fragment: false,
        note: None,
        back: "/".to_owned(),
    };
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let is_reading = request.method() == Method::GET;
    let response = next.run(request).await;
    // A page that says itself what is wrong.
    if response.extensions().get::<IsPage>().is_some() {
        return response;
    }
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED && is_reading {
        return Redirect::to(visitor.door()).into_response();
    }
    let problem = response.extensions().get::<Problem>();
    let detail = match problem {
        Some(problem) => in_words(problem.detail()),
        None if status == StatusCode::NOT_FOUND => "There is nothing at this address".to_owned(),
        None if status.is_client_error() || status.is_server_error() => {
            status.canonical_reason().unwrap_or("This did not work").to_owned()
        }
        None => return response,
    };
    let title = if status.is_server_error() { "Something went wrong" } else { "That did not work" };
    let main = html! {
        section .plain {
            h1 { (title) }
            p { (detail) }
            @if let Some(id) = request_id.filter(|_| status.is_server_error()) { p .small { "Request " (id) } }
            p {
                @if back != "/" { a .button href=(back) { "Go back" } " " }
                a .button href="/" { "Go to the films" }
            }
        }
    };
    let mut reply = page(&visitor, &Page::new(title, Nav::Elsewhere, main));
    *reply.status_mut() = status;
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        reply.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    reply
}

/// Whether a browser asks for a page, and not a script of ours for parts of one.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html")) && !headers.contains_key("x-fragment")
}
