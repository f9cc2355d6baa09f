//! `/people`: choosing a profile on a server without passwords.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use cinematch_store::{Account, Identified, Profile};
use maud::{Markup, html};

use super::form::FormBody;
use super::layout::{Nav, Page, page};
use super::page_caller::PageCaller;
use super::responses::redirect_with_cookie;
use super::texts::{self as common, people as texts};
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::cookies::PROFILE_COOKIE;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::names::check_text;
use cinematch_service::secrets::random_name;

const MAX_NAME_LENGTH: usize = 100;
/// Lifetime of the profile cookie: one year.
const COOKIE_SECONDS: u32 = 365 * 24 * 3600;

fn require_open_mode(access: &AccessConfig) -> Result<(), Problem> {
    access.require_mode(AccessMode::Open, texts::USES_ACCOUNTS)
}

/// `GET /people`: lists the profiles, with a form for a new one.
pub async fn list(
    State(service): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    caller: PageCaller,
) -> Result<Response, Problem> {
    require_open_mode(&access)?;
    let accounts = service.store().accounts().await?;
    let profiles: Vec<Profile> = accounts.into_iter().map(|account| account.profile).collect();
    let main = html! {
        section .plain {
            h1 { (texts::TITLE) }
            @if !profiles.is_empty() {
                form .people method="post" action="/people/choose" {
                    @for profile in &profiles {
                        button name="profile" value=(profile.id) {
                            (avatar(profile)) span { (profile.name) }
                        }
                    }
                }
            }
            h2 { (texts::ADD_PROFILE) }
            (name_form())
        }
    };
    Ok(page(&caller, &Page::new(texts::TITLE, Nav::Other, main)))
}

/// Renders the form for a new profile's name.
pub fn name_form() -> Markup {
    html! {
        form .inline method="post" action="/people" {
            label for="name" { (texts::NAME) }
            input #name name="name" required maxlength=(MAX_NAME_LENGTH) autocomplete="nickname";
            button .button { (common::CONTINUE) }
        }
    }
}

/// Renders a profile's initial on a color derived from its ID.
fn avatar(profile: &Profile) -> Markup {
    let initial = profile.name.chars().next().unwrap_or('·').to_uppercase().to_string();
    html! { b class={ "face h" (profile.id % 12) } aria-hidden="true" { (initial) } }
}

/// `POST /people`: creates a profile and starts its onboarding.
pub async fn create(
    State(service): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    require_open_mode(&access)?;
    let name = fields.get("name").unwrap_or_default();
    check_text("name", name, MAX_NAME_LENGTH)?;
    // Rejects names without a visible character. Characters from U+3000 on, such as CJK and emoji, count as visible.
    if !name.chars().any(|letter| letter.is_alphanumeric() || letter > '\u{2fff}') {
        return Err(Problem::field("name", texts::NAME_INVISIBLE));
    }
    let is_taken = |account: &Account| account.profile.name.to_lowercase() == name.to_lowercase();
    if service.store().accounts().await?.iter().any(is_taken) {
        return Err(Problem::field("name", texts::name_taken(name)));
    }
    // A profile needs an email address. This one never receives mail: RFC 2606 reserves `.invalid`.
    let address = format!("{}@household.invalid", random_name()?);
    match service.store().identify(&address, Some(name), service.now()).await? {
        Identified::New(profile) | Identified::Existing(profile) => {
            Ok(redirect_with_cookie("/welcome", &cookie(profile.id, COOKIE_SECONDS)))
        }
        Identified::Unknown => Err(Problem::field("name", texts::NAME_INVALID)),
    }
}

/// `POST /people/choose`: switches the browser to a profile.
pub async fn choose(
    State(service): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    require_open_mode(&access)?;
    let id: Option<i64> = fields.number("profile")?;
    let profile = match id {
        Some(id) => service.store().profile(id).await?,
        None => None,
    };
    let profile = profile.ok_or_else(|| Problem::not_found(texts::PROFILE_GONE))?;
    Ok(redirect_with_cookie("/", &cookie(profile.id, COOKIE_SECONDS)))
}

/// `POST /people/leave`: removes the browser's profile cookie.
pub async fn leave(State(access): State<Arc<AccessConfig>>) -> Result<Response, Problem> {
    require_open_mode(&access)?;
    Ok(redirect_with_cookie("/people", &cookie(0, 0)))
}

fn cookie(id: i64, seconds: u32) -> String {
    format!("{PROFILE_COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

#[cfg(test)]
mod tests {
    use cinematch_testing::PlainBrowser;

    use crate::testing::sample;

    #[test]
    fn escapes_profile_names() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "%3Cscript%3Ealert(1)%3C/script%3E%22%27");
        for path in ["/", "/people"] {
            let page = ada.page(path);
            assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;"), "{path}");
        }
    }
}
