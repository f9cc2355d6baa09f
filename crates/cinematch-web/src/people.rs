//! `/people`: whose films these are, in a household without passwords.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use cinematch_store::{Account, Identified, Profile};
use maud::{Markup, html};

use super::form::Sent;
use super::layout::{Nav, Page, page};
use super::note::with_cookie;
use super::visitor::Visitor;
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::cookies::PROFILE_COOKIE;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::names::check_text;
use cinematch_service::secrets::random_name;

const LONGEST_NAME: usize = 100;
/// How long a browser remembers who it is: a year.
const SECONDS: u32 = 365 * 24 * 3600;

fn open_only(access: &AccessConfig) -> Result<(), Problem> {
    access.only_in(AccessMode::Open, "Here people have accounts: sign in at /sign-in")
}

/// `GET /people`: everybody there is, and somebody new.
pub async fn choose(
    State(state): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    open_only(&access)?;
    let accounts = state.store().accounts().await?;
    let profiles: Vec<Profile> = accounts.into_iter().map(|account| account.profile).collect();
    let main = html! {
        section .plain {
            h1 { "Who’s watching?" }
            @if !profiles.is_empty() {
                form .people method="post" action="/people/choose" {
                    @for profile in &profiles {
                        button name="profile" value=(profile.id) {
                            (face(profile)) span { (profile.name) }
                        }
                    }
                }
            }
            h2 { "Somebody new" }
            (name_form())
        }
    };
    Ok(page(&visitor, &Page::new("Who’s watching?", Nav::Elsewhere, main)))
}

/// Asks for a name.
pub fn name_form() -> Markup {
    html! {
        form .inline method="post" action="/people" {
            label for="name" { "Name" }
            input #name name="name" required maxlength=(LONGEST_NAME) autocomplete="nickname";
            button .button { "Go on" }
        }
    }
}

/// A profile's letter in a colour of its own.
fn face(profile: &Profile) -> Markup {
    let initial = profile.name.chars().next().unwrap_or('·').to_uppercase().to_string();
    html! { b class={ "face h" (profile.id % 12) } aria-hidden="true" { (initial) } }
}

/// `POST /people`: makes a profile, and asks it what it knows.
pub async fn make(
    State(state): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    open_only(&access)?;
    let name = fields.get("name").unwrap_or_default();
    check_text("name", name, LONGEST_NAME)?;
    // A name that nobody can see is none.
    if !name.chars().any(|letter| letter.is_alphanumeric() || letter > '\u{2fff}') {
        return Err(Problem::field("name", "expected at least one letter, digit or picture"));
    }
    let is_taken = |account: &Account| account.profile.name.to_lowercase() == name.to_lowercase();
    if state.store().accounts().await?.iter().any(is_taken) {
        return Err(Problem::field(
            "name",
            format!("there is a {name} already; choose another one"),
        ));
    }
    // Profiles go by addresses; a household needs none, and nobody gets mail at this one (RFC 2606).
    let address = format!("{}@household.invalid", random_name()?);
    match state.store().identify(&address, Some(name), state.now()).await? {
        Identified::New(profile) | Identified::Known(profile) => {
            Ok(with_cookie("/welcome", &cookie(profile.id, SECONDS)))
        }
        Identified::Unknown => Err(Problem::field("name", "cannot be a profile's")),
    }
}

/// `POST /people/choose`: from now on the browser is somebody's.
pub async fn be(
    State(state): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    open_only(&access)?;
    let id: Option<i64> = fields.number("profile")?;
    let profile = match id {
        Some(id) => state.store().profile(id).await?,
        None => None,
    };
    let profile = profile.ok_or_else(|| Problem::not_found("There is no such profile any more"))?;
    Ok(with_cookie("/", &cookie(profile.id, SECONDS)))
}

/// `POST /people/leave`: the browser is nobody's.
pub async fn leave(State(access): State<Arc<AccessConfig>>) -> Result<Response, Problem> {
    open_only(&access)?;
    Ok(with_cookie("/people", &cookie(0, 0)))
}

fn cookie(id: i64, seconds: u32) -> String {
    format!("{PROFILE_COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}
