//! `/sign-in`: where people have accounts.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use secrecy::SecretString;

use super::form::Sent;
use super::layout::{Nav, Page, page};
use super::note::lead;
use super::visitor::Visitor;
use cinematch_http::access::Client;
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::problem::Problem;
use cinematch_http::sessions::Sessions;

/// `GET /sign-in`: asks for address and password, or lets one sign out.
pub async fn show(State(access): State<Arc<AccessConfig>>, visitor: Visitor) -> Response {
    if access.mode == AccessMode::Open {
        return Redirect::to("/people").into_response();
    }
    let Some(profile) = &visitor.profile else { return form(&visitor, "", None) };
    let main = html! {
        section .plain {
            h1 { "You are signed in" }
            p { "As " b { (profile.name) } ", " (profile.email) "." }
            form .inline method="post" action="/sign-in/out" {
                button { "Sign out" }
                a .button.quiet href="/" { "Stay" }
            }
        }
    };
    page(&visitor, &Page::new("Sign out", Nav::Elsewhere, main))
}

/// `POST /sign-in`.
pub async fn enter(
    State(sessions): State<Sessions>,
    visitor: Visitor,
    Extension(Client(client)): Extension<Client>,
    Sent(fields): Sent,
) -> Response {
    let email = fields.get("email").unwrap_or_default();
    let password = SecretString::from(fields.as_sent("password").unwrap_or_default());
    match sessions.sign_in(client, email, password).await {
        Ok((_, cookie)) => lead_with("/", cookie),
        // What people get wrong is said where they can put it right.
        Err(problem) if problem.status().is_client_error() => form(&visitor, email, Some(&problem)),
        Err(problem) => problem.into_response(),
    }
}

/// `POST /sign-in/out`.
pub async fn leave(
    State(sessions): State<Sessions>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(lead_with("/sign-in", sessions.sign_out(&headers).await?))
}

/// Leads elsewhere with a session's cookie, which no log shows.
fn lead_with(to: &str, cookie: HeaderValue) -> Response {
    let mut response = lead(to);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// The form, with what was wrong with it the last time.
fn form(visitor: &Visitor, email: &str, wrong: Option<&Problem>) -> Response {
    let main = html! {
        section .plain.narrow {
            h1 { "Sign in" }
            @if let Some(problem) = wrong {
                p #wrong .wrong role="alert" { (problem.detail()) "." }
            }
            form .fields method="post" action="/sign-in" {
                label for="email" { "Email address" }
                input #email type="email" name="email" value=(email) required maxlength="254"
                    autocomplete="username" aria-describedby=[wrong.map(|_| "wrong")];
                label for="password" { "Password" }
                input #password type="password" name="password" required maxlength="1024"
                    autocomplete="current-password" aria-describedby=[wrong.map(|_| "wrong")];
                button { "Sign in" }
            }
            p .small { "Whoever runs this server makes accounts, and new passwords for those that were lost." }
        }
    };
    let mut response = page(visitor, &Page::new("Sign in", Nav::Elsewhere, main));
    *response.status_mut() = wrong.map_or(StatusCode::OK, Problem::status);
    if let Some(wait) = wrong.and_then(Problem::wait) {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}
