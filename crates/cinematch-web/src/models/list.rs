//! `GET /models`: the served generation, background jobs, and all generations.

use axum::extract::State;
use axum::response::Response;
use cinematch::bundle::{GenerationInfo, Role};
use maud::{Markup, html};

use super::jobs;
use super::operator::Operator;
use super::time::time;
use crate::layout::{Nav, Page, page};
use crate::plots::{self, Dot};
use crate::responses::fragments;
use crate::texts::numbers::{megabytes, thousands};
use crate::texts::{operator as texts, plots as plot_texts};
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::models::{self, EvaluatedGeneration};

/// Renders the page, or only the sections that `jobs.js` refreshes.
pub async fn list(State(service): State<Service>, operator: Operator) -> Result<Response, Problem> {
    let generations = models::list_evaluated(&service).await?;
    let serving = service.bundle().generation;
    let in_service = in_service(&generations, serving);
    let table = table(&generations);
    let jobs = jobs::section(&service).await?;
    if operator.caller.is_fragment {
        return Ok(fragments(&html! { (in_service) (table) (jobs) }));
    }
    let main = html! {
        h1 { (texts::TITLE) }
        (in_service)
        (jobs)
        (table)
        (evaluations(&generations))
        @if operator.has_key {
            form .inline method="post" action="/models/leave" { button .quiet { (texts::REMOVE_KEY) } }
        }
    };
    Ok(page(&operator.caller, &Page::new(texts::TITLE, Nav::Models, main)))
}

/// Plots the NDCG of all evaluated generations.
fn evaluations(generations: &[EvaluatedGeneration]) -> Markup {
    let evaluated = generations.iter().rev().filter_map(|generation| {
        let overall = generation.verdict.as_ref()?.overall.as_ref()?;
        let name = plot_texts::generation(generation.info.generation);
        Some(Dot::new(name, overall.challenger.ndcg, true))
    });
    let dots: Vec<Dot> = evaluated.collect();
    html! {
        @if !dots.is_empty() {
            section aria-labelledby="worth-heading" {
                h2 #worth-heading { (plot_texts::HISTORY) }
                (plots::figure(plot_texts::HISTORY_CAPTION, &dots))
            }
        }
    }
}

/// Renders the served generation and the candidate that could replace it.
fn in_service(generations: &[EvaluatedGeneration], serving: u64) -> Markup {
    let of = |wanted: fn(&EvaluatedGeneration) -> bool| {
        generations.iter().find(|generation| wanted(generation))
    };
    let now = generations.iter().find(|generation| generation.info.generation == serving);
    let champion = of(|generation| generation.info.role == Role::Champion);
    let previous = of(|generation| generation.info.role == Role::Previous);
    let next = champion.filter(|generation| generation.info.generation != serving);
    html! {
        section #in-service aria-labelledby="in-service-heading"
            data-watch=[next.map(|_| "")] {
            h2 #in-service-heading { (texts::IN_SERVICE) }
            p {
                a href={ "/models/" (serving) } { (texts::generation(serving)) }
                @if let Some(EvaluatedGeneration { info, .. }) = now {
                    @if let Some(model_id) = &info.model_id { (texts::model_id(model_id)) }
                    @if let Some(at) = &info.promoted_at { (texts::SINCE) (time(at)) }
                    @if let Some(why) = &info.reason { ": " (why) }
                }
                "."
            }
            @if let Some(next) = next {
                p { (texts::loading(next.info.generation)) }
            }
            @if let Some(previous) = previous {
                p { a .button.quiet href="/models/rollback" { (texts::roll_back_to(previous.info.generation)) } }
            }
        }
    }
}

/// Renders a table of all generations.
fn table(generations: &[EvaluatedGeneration]) -> Markup {
    html! {
        section #generations aria-labelledby="generations-heading" {
            h2 #generations-heading { (texts::GENERATIONS) }
            div .wide tabindex="0" role="region" aria-label=(texts::GENERATIONS_TABLE) {
                table {
                    thead { tr {
                        @for name in texts::COLUMNS { th scope="col" { (name) } }
                        @for name in texts::NUMBER_COLUMNS { th .number scope="col" { (name) } }
                        th scope="col" { (texts::VERDICT) }
                    } }
                    tbody { @for generation in generations.iter().rev() { (line(&generation.info)) } }
                }
            }
        }
    }
}

fn line(info: &GenerationInfo) -> Markup {
    let number = |of: Option<usize>| {
        of.map_or_else(|| texts::NO_VALUE.to_owned(), |number| thousands(number as u64))
    };
    html! {
        tr {
            th scope="row" { a href={ "/models/" (info.generation) } { (info.generation) } }
            td { (texts::role(info.role)) }
            td { @if let Some(at) = &info.created_at { (time(at)) } @else { (texts::NO_VALUE) } }
            td .number { (number(info.movies)) }
            td .number { (number(info.ratings)) }
            td .number { @if let Some(bytes) = info.bytes { (megabytes(bytes)) } @else { (texts::NO_VALUE) } }
            td .words { (info.error.as_deref().or(info.verdict.as_deref()).unwrap_or(texts::NOT_EVALUATED)) }
        }
    }
}
