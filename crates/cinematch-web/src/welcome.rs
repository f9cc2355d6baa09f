//! `/welcome`: onboarding. A new user enters a name, chooses services, and [picks films](films) they love while their
//! recommendations update.

pub mod films;
#[cfg(test)]
mod page_tests;
mod state;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::choice::Choice;
use super::form::{Fields, FormBody};
use super::layout::{Nav, Page, page};
use super::page_caller::{PageCaller, PageUser};
use super::people::name_form;
use super::texts::{self as common, names, welcome as texts};
use cinematch_http::config::AccessMode;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::preferences;
use cinematch_service::user_view::UserView;

/// `GET /welcome`: asks for a name, then for country and services.
pub async fn welcome(
    State(service): State<Service>,
    caller: PageCaller,
    fields: Fields,
) -> Result<Response, Problem> {
    let Some(profile) = &caller.profile else {
        if caller.mode() == AccessMode::Accounts {
            return Ok(Redirect::to(caller.entry_page()).into_response());
        }
        let main = html! {
            section .plain {
                (steps(0))
                h1 { (texts::TITLE) }
                p { (texts::INTRODUCTION) }
                h2 { (texts::NAME) }
                (name_form("", None))
                p .later { a .quiet href="/people" { (texts::EXISTING_PROFILE) } }
            }
        };
        return Ok(page(&caller, &Page::new(texts::TITLE, Nav::Other, main)));
    };
    let view = UserView::load(&service, profile).await?;
    let main = html! {
        section .plain {
            (steps(1))
            h1 { (texts::SERVICES_HEADING) }
            (services_form(&view, &fields))
            p { (texts::RATED_ELSEWHERE) a href="/import" { (common::IMPORT_RATINGS) } "." }
        }
    };
    Ok(page(&caller, &Page::new(texts::SERVICES_HEADING, Nav::Other, main)))
}

/// Renders the steps of onboarding, with the current step marked.
fn steps(here: usize) -> Markup {
    html! {
        ol .steps aria-label=(texts::STEPS_LABEL) {
            @for (at, step) in texts::STEPS.into_iter().enumerate() {
                li aria-current=[(at == here).then_some("step")] { (step) }
            }
        }
    }
}

/// Renders the form for country and services. A button shows the services of another country.
fn services_form(view: &UserView, fields: &Fields) -> Markup {
    let index = view.recommender().index();
    let regions = index.regions();
    let requested_region = fields.get("region").and_then(|code| index.find_region(code));
    let region = requested_region.or(view.region);
    let services = index.services_in(region);
    // Checked services remain checked when the user switches to another country.
    let mut chosen = fields.list("service");
    for service in &view.history.preferences.services {
        if requested_region.is_none() && !chosen.contains(service) {
            chosen.push(service.clone());
        }
    }
    let mut named: Vec<(&str, usize)> =
        (0..regions.len()).map(|at| (names::country(regions[at].code()), at)).collect();
    named.sort_unstable();
    html! {
        form method="post" action="/welcome" {
            @if !regions.is_empty() {
                p {
                    label .above for="region" { (texts::COUNTRY) }
                    span .inline {
                        select #region name="region" {
                            option value="" { (common::SERVER_DEFAULT) }
                            @for (name, at) in named {
                                option value=(regions[at].code()) selected[region == Some(at)] { (name) }
                            }
                        }
                        button .quiet formmethod="get" formaction="/welcome" { (texts::SHOW_SERVICES) }
                    }
                }
            }
            @if services.names().is_empty() {
                p { (texts::NO_SERVICES) }
            } @else {
                (Choice::new(services, &chosen, str::to_owned)
                    .show("service", texts::SERVICES, Some(texts::SERVICES_HELP)))
                @if region.is_none() && view.serving.bundle.has_mock_services() {
                    p .small { span .mock { (common::DEMO) } (texts::DEMO_SERVICES) }
                }
            }
            p .inline { button .button { (common::CONTINUE) } a href="/welcome/rate" { (texts::SKIP) } }
        }
        @if let Some(attribution) = view.serving.bundle.attribution(region) {
            p .small { (attribution) }
        }
    }
}

/// `POST /welcome`: saves country and services. Does not change other preferences.
pub async fn save_services(
    State(service): State<Service>,
    PageUser { profile, .. }: PageUser,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    preferences::save_services(&service, &profile, fields.list("service"), fields.get("region"))
        .await?;
    Ok(Redirect::to("/welcome/rate").into_response())
}
