//! `GET /models/{generation}`: a generation's facts, evaluation, inputs and settings.

use axum::extract::State;
use axum::response::Response;
use cinematch::bundle::{GenerationInfo, Manifest, Role};
use cinematch::evaluation::holdout::Holdout;
use cinematch::evaluation::promotion::{Comparison, Interval, Means, Verdict};
use maud::{Markup, html};

use super::operator::Operator;
use super::time::time;
use crate::layout::{Nav, Page, page};
use crate::plots;
use crate::texts::numbers::{megabytes, thousands};
use crate::texts::operator as texts;
use cinematch_http::extract::PathParams;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::models;

/// Renders the page for a generation.
pub async fn show(
    State(service): State<Service>,
    operator: Operator,
    PathParams(generation): PathParams<u64>,
) -> Result<Response, Problem> {
    let details = models::find(&service, generation).await?;
    let (manifest, verdict) = (&details.manifest, details.verdict());
    let main = html! {
        h1 { (texts::generation(generation)) }
        (facts(&details.info, manifest, verdict.as_ref()))
        @if let Some(verdict) = &verdict { (evaluation(verdict)) }
        section aria-labelledby="made-heading" {
            h2 #made-heading { (texts::INPUTS) }
            div .wide tabindex="0" role="region" aria-label=(texts::INPUTS_TABLE) {
                table {
                    thead { tr {
                        th scope="col" { (texts::INPUT) }
                        th .number scope="col" { (texts::ROWS) }
                        th scope="col" { (texts::SHA256) }
                    } }
                    tbody { @for input in &manifest.inputs {
                        tr {
                            th scope="row" { (input.name) }
                            td .number { (thousands(input.rows)) }
                            td { code { (input.sha256) } }
                        }
                    } }
                }
            }
            details {
                summary { (texts::SETTINGS) }
                pre tabindex="0" { (serde_json::to_string_pretty(&manifest.settings).unwrap_or_default()) }
            }
        }
        p { a .button.quiet href="/models" { (texts::ALL_GENERATIONS) } }
    };
    let title = texts::generation(generation);
    Ok(page(&operator.caller, &Page::new(title, Nav::Models, main)))
}

fn facts(info: &GenerationInfo, manifest: &Manifest, verdict: Option<&Verdict>) -> Markup {
    let counts = &manifest.counts;
    html! {
        dl .facts-of {
            dt { (texts::MODEL) } dd { (manifest.model_id) }
            dt { (texts::ROLE) } dd {
                (texts::role(info.role))
                @if let Some(at) = &info.promoted_at { ", " (time(at)) }
                @if let Some(why) = &info.reason { ": " (why) }
            }
            dt { (texts::CREATED) } dd { (time(&manifest.run.created_at)) }
            dt { (texts::FILMS) } dd { (texts::movies(counts.movies, counts.tagged_movies)) }
            dt { (texts::RATINGS) } dd {
                (texts::ratings(counts.ratings, manifest.holdout.map(Holdout::share), manifest.refit.is_some()))
            }
            @if let Some(weights) = &manifest.blend_weights {
                dt { (texts::WEIGHTS) } dd { (weights) }
            }
            @if let Some(calibration) = &manifest.match_calibration {
                dt { (texts::MATCH) } dd { (calibration) }
            }
            @if let Some(from) = &manifest.derived_from {
                dt { (texts::DERIVED_FROM) }
                dd { a href={ "/models/" (from.generation) } { (texts::generation(from.generation)) } }
            }
            @if let Some(bytes) = info.bytes { dt { (texts::SIZE) } dd { (megabytes(bytes)) } }
            dt { (texts::EVALUATION) } dd {
                @if let Some(verdict) = verdict { (texts::outcome(verdict.promote, &verdict.reason)) }
                @else { (texts::NOT_EVALUATED) }
            }
        }
        @if info.role != Role::Champion {
            p { a .button href={ "/models/" (info.generation) "/promote" } { (texts::PROMOTE_THIS) } }
        }
    }
}

/// Renders the evaluation as a table and plots.
fn evaluation(verdict: &Verdict) -> Markup {
    let parts = [(texts::WITH_HISTORY, &verdict.overall), (texts::NEW_USERS, &verdict.cold)];
    let parts: Vec<(&str, &Comparison)> =
        parts.into_iter().filter_map(|(group, of)| Some((group, of.as_ref()?))).collect();
    html! {
        section aria-labelledby="worth-heading" {
            h2 #worth-heading { (texts::EVALUATION) }
            @if let Some(champion) = &verdict.champion {
                p { (texts::compared_with(champion.generation, &champion.model_id, verdict.margin)) }
            }
            @if parts.is_empty() { p { (texts::TOO_FEW_USERS) } } @else {
                p .small { (texts::METRICS_HELP) }
                div .wide tabindex="0" role="region" aria-label=(texts::METRICS_TABLE) {
                    table {
                        thead { tr {
                            th scope="col" { (texts::GROUP) }
                            th .number scope="col" { (texts::USERS) }
                            th scope="col" { (texts::MODEL) }
                            @for name in texts::METRICS {
                                th .number scope="col" { (name) }
                            }
                        } }
                        tbody { @for (group, of) in &parts {
                            (line(group, of.users, texts::THIS_MODEL, &of.challenger))
                            @if let Some(champion) = &of.champion { (line(group, of.users, texts::CHAMPION, champion)) }
                        } }
                    }
                }
                @for (group, of) in &parts { (plots::comparison(group, of)) }
            }
        }
    }
}

fn line(group: &str, users: usize, model: &str, means: &Means) -> Markup {
    let cell = |of: Interval| format!("{:.4} [{:.4}, {:.4}]", of.mean, of.low, of.high);
    html! {
        tr {
            th scope="row" { (group) }
            td .number { (thousands(users as u64)) }
            td { (model) }
            @for of in [means.ndcg, means.recall, means.hit] { td .number { (cell(of)) } }
            td .number { (thousands(means.n_shown as u64)) }
        }
    }
}
