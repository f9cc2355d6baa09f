//! `/sign-in`: signing in and out on servers with accounts.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use secrecy::SecretString;

use super::form::FormBody;
use super::layout::{Nav, Page, page};
use super::page_caller::PageCaller;
use super::responses::redirect;
use super::texts::sign_in as texts;
use cinematch_http::access::ClientIp;
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::problem::Problem;
use cinematch_http::sessions::Sessions;

/// `GET /sign-in`: shows the form, or a button to sign out.
pub async fn show(State(access): State<Arc<AccessConfig>>, caller: PageCaller) -> Response {
    if access.mode == AccessMode::Open {
        return Redirect::to("/people").into_response();
    }
    let Some(profile) = &caller.profile else { return form(&caller, "", None) };
    let main = html! {
        section .plain {
            h1 { (texts::SIGNED_IN) }
            p { (texts::SIGNED_IN_AS) b { (profile.name) } " (" (profile.email) ")." }
            form .inline method="post" action="/sign-in/out" {
                button { (texts::SIGN_OUT) }
                a .button.quiet href="/" { (texts::STAY) }
            }
        }
    };
    page(&caller, &Page::new(texts::SIGN_OUT, Nav::Other, main))
}

/// `POST /sign-in`: starts a session.
pub async fn sign_in(
    State(sessions): State<Sessions>,
    caller: PageCaller,
    Extension(ClientIp(client)): Extension<ClientIp>,
    FormBody(fields): FormBody,
) -> Response {
    let email = fields.get("email").unwrap_or_default();
    let password = SecretString::from(fields.untrimmed("password").unwrap_or_default());
    match sessions.sign_in(client, email, password).await {
        Ok((_, cookie)) => redirect_with_session("/", cookie),
        // The form shows errors that the user can correct.
        Err(problem) if problem.status().is_client_error() => form(&caller, email, Some(&problem)),
        Err(problem) => problem.into_response(),
    }
}

/// `POST /sign-in/out`: ends the session.
pub async fn sign_out(
    State(sessions): State<Sessions>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(redirect_with_session("/sign-in", sessions.sign_out(&headers).await?))
}

/// Redirects with a session's cookie. The header value is marked sensitive, so logs don't contain it.
fn redirect_with_session(to: &str, cookie: HeaderValue) -> Response {
    let mut response = redirect(to);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// Renders the sign-in form, with the problem of the last attempt.
fn form(caller: &PageCaller, email: &str, problem: Option<&Problem>) -> Response {
    let described_by = problem.map(|_| "wrong");
    let main = html! {
        section .plain.narrow {
            h1 { (texts::TITLE) }
            @if let Some(problem) = problem {
                p #wrong .wrong role="alert" { (problem.detail()) "." }
            }
            form .fields method="post" action="/sign-in" {
                label for="email" { (texts::EMAIL) }
                input #email type="email" name="email" value=(email) required maxlength="254"
                    autocomplete="username" aria-describedby=[described_by];
                label for="password" { (texts::PASSWORD) }
                input #password type="password" name="password" required maxlength="1024"
                    autocomplete="current-password" aria-describedby=[described_by];
                button { (texts::TITLE) }
            }
            p .small { (texts::HELP) }
        }
    };
    let mut response = page(caller, &Page::new(texts::TITLE, Nav::Other, main));
    *response.status_mut() = problem.map_or(StatusCode::OK, Problem::status);
    if let Some(wait) = problem.and_then(Problem::retry_after_header) {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}
