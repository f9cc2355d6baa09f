//! `/people`: choosing a profile on a server without passwords.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use cinematch_store::Profile;
use maud::{Markup, html};

use super::form::FormBody;
use super::layout::{Nav, Page, page};
use super::page_caller::PageCaller;
use super::responses::redirect_with_cookie;
use super::texts::errors::with_labels;
use super::texts::{self as common, people as texts};
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::cookies::{NewCookie, PROFILE_COOKIE};
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::access::find_profile;
use cinematch_service::profile::{self, MAX_NAME_LENGTH};

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
    show(&service, &caller, "", None).await
}

/// Renders the profiles and the form for a new one, with the name and the problem of a rejected form.
async fn show(
    service: &Service,
    caller: &PageCaller,
    name: &str,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let profiles = profile::list(service).await?;
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
            (name_form(name, problem))
        }
    };
    let mut response = page(caller, &Page::new(texts::TITLE, Nav::Other, main));
    *response.status_mut() = problem.map_or(StatusCode::OK, Problem::status);
    Ok(response)
}

/// Renders the form for a new profile's name, with the name and the problem of a rejected form.
pub fn name_form(name: &str, problem: Option<&Problem>) -> Markup {
    html! {
        @if let Some(problem) = problem {
            p #name-problem .refusal role="alert" { (with_labels(problem.detail())) "." }
        }
        form .inline method="post" action="/people" {
            label for="name" { (texts::NAME) }
            input #name name="name" value=(name) required maxlength=(MAX_NAME_LENGTH) autocomplete="nickname"
                aria-describedby=[problem.map(|_| "name-problem")];
            button .button { (common::CONTINUE) }
        }
    }
}

/// Renders a profile's initial on a color derived from its ID.
fn avatar(profile: &Profile) -> Markup {
    let initial = profile.name.chars().next().unwrap_or('·').to_uppercase().to_string();
    html! { b class={ "face h" (profile.id % 12) } aria-hidden="true" { (initial) } }
}

/// `POST /people`: creates a profile and starts its onboarding. Shows the form again if the name is invalid.
pub async fn create(
    State(service): State<Service>,
    State(access): State<Arc<AccessConfig>>,
    caller: PageCaller,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    require_open_mode(&access)?;
    let name = fields.get("name").unwrap_or_default();
    match profile::create_household_profile(&service, name).await.map_err(Problem::from) {
        Ok(profile) => Ok(select_profile(&access, "/welcome", profile.id, COOKIE_SECONDS)),
        Err(problem) if problem.status().is_client_error() => {
            show(&service, &caller, name, Some(&problem)).await
        }
        Err(problem) => Err(problem),
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
        Some(id) => find_profile(&service, id).await?,
        None => None,
    };
    let profile = profile.ok_or_else(|| Problem::not_found(texts::PROFILE_GONE))?;
    Ok(select_profile(&access, "/", profile.id, COOKIE_SECONDS))
}

/// `POST /people/leave`: removes the browser's profile cookie.
pub async fn leave(State(access): State<Arc<AccessConfig>>) -> Result<Response, Problem> {
    require_open_mode(&access)?;
    Ok(select_profile(&access, "/people", 0, 0))
}

/// Redirects and sets the profile cookie.
fn select_profile(access: &AccessConfig, to: &str, id: i64, seconds: u32) -> Response {
    let id = id.to_string();
    redirect_with_cookie(access, to, &NewCookie::new(PROFILE_COOKIE, &id, seconds))
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

    #[test]
    fn a_rejected_name_stays_in_the_form_beside_its_problem() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "Ada");
        let cookies = ada.cookies.clone();
        let long = "x".repeat(101);
        for (name, shown, problem) in [
            ("ADA", "ADA", "Name: ADA is taken; choose another name."),
            (
                "%22%3C%3E",
                "&quot;&lt;&gt;",
                "Name: must include at least one letter, number or emoji.",
            ),
            (&long, &long, "Name: expected 1 to 100 characters, not all of them blank."),
            ("++", "", "Name: expected 1 to 100 characters, not all of them blank."),
        ] {
            let reply = ada.send("/people", &format!("name={name}"), &[]);
            assert_eq!(reply.status, 422, "{name}: {}", reply.text);
            let alert = format!("role=\"alert\">{problem}</p>");
            let field = format!("name=\"name\" value=\"{shown}\"");
            assert!(reply.text.contains(&alert), "{alert}: {}", reply.text);
            assert!(reply.text.contains(&field), "{field}: {}", reply.text);
            // The page still offers the existing profiles, and the browser's profile is unchanged.
            assert!(reply.text.contains("action=\"/people/choose\""), "{}", reply.text);
            assert_eq!(ada.cookies, cookies);
        }
    }
}
