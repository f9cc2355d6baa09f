//! Error pages: problems rendered as HTML for browsers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::headers::referring_page;
use super::layout::{Nav, Page, page};
use super::page_caller::PageCaller;
use super::texts::errors as texts;
use cinematch_http::class::RouteClass;
use cinematch_http::config::AccessConfig;
use cinematch_http::extensions::{IsPage, RequestId};
use cinematch_http::problem::Problem;

/// Middleware that replaces problem documents with error pages if a browser requested a page.
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
    let back = referring_page(headers).filter(|back| back != "/");
    let caller = PageCaller::without_profile(access, headers);
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let is_get = request.method() == Method::GET;
    let response = next.run(request).await;
    // The handler has rendered its own error page.
    if response.extensions().get::<IsPage>().is_some() {
        return response;
    }
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED && is_get {
        return Redirect::to(caller.entry_page()).into_response();
    }
    let detail = match response.extensions().get::<Problem>() {
        Some(problem) => sentence(problem.detail()),
        None if status == StatusCode::NOT_FOUND => texts::NO_PAGE.to_owned(),
        None if status.is_client_error() || status.is_server_error() => texts::TRY_AGAIN.to_owned(),
        None => return response,
    };
    let heading = texts::heading(status);
    let main = html! {
        section .plain {
            h1 { (heading) }
            p { (detail) }
            @if let Some(id) = request_id.filter(|_| status.is_server_error()) {
                p .small { (texts::reference(&id)) }
            }
            p {
                @if let Some(back) = &back { a .button href=(back) { (texts::GO_BACK) } " " }
                a .button href="/" { (texts::GO_HOME) }
            }
        }
    };
    let mut error_page = page(&caller, &Page::new(heading, Nav::Other, main));
    *error_page.status_mut() = status;
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        error_page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    error_page
}

/// Formats a problem's detail as a sentence that ends with a period.
fn sentence(detail: &str) -> String {
    let text = texts::with_labels(detail);
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// Returns true if a browser requests a whole page, and false if `page.js` requests a fragment.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html")) && !headers.contains_key("x-fragment")
}
