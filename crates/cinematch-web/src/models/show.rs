//! `GET /models/{generation}`: one generation in all detail.

use axum::extract::State;
use axum::response::Response;
use cinematch::bundle::{Manifest, Role};
use cinematch::evaluation::promotion::{Comparison, Interval, Means, Verdict};
use maud::{Markup, html};

use super::super::names::thousands;
use super::generation::{Judged, judged, megabytes, role, time};
use super::operator::Desk;
use super::plots;
use crate::layout::{Nav, Page, page};
use cinematch_http::extract::PathOf;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::models::on_disk;

/// The page.
pub async fn show(
    State(state): State<Service>,
    desk: Desk,
    PathOf(generation): PathOf<u64>,
) -> Result<Response, Problem> {
    let found = on_disk(&state, move |generations| {
        let manifest = generations.manifest_of(generation)?;
        let info = generations.list()?.into_iter().find(|info| info.generation == generation);
        Ok(info.map(|info| (judged(generations, info), manifest)))
    });
    let gone = || Problem::not_found(format!("There is no generation {generation}"));
    let (of, manifest) = found.await?.ok_or_else(gone)?;
    let main = html! {
        h1 { "Generation " (generation) }
        (facts(&of, &manifest))
        @if let Some(verdict) = &of.verdict { (worth(verdict)) }
        section aria-labelledby="made-heading" {
            h2 #made-heading { "What it was made from" }
            div .wide tabindex="0" role="region" aria-label="Table of inputs" {
                table {
                    thead { tr {
                        th scope="col" { "Input" }
                        th .number scope="col" { "Rows" }
                        th scope="col" { "SHA-256" }
                    } }
                    tbody { @for input in &manifest.inputs {
                        tr {
                            th scope="row" { (input.name) }
                            td .number { (thousands(input.rows as usize)) }
                            td { code { (input.sha256) } }
                        }
                    } }
                }
            }
            details {
                summary { "Settings" }
                pre tabindex="0" { (serde_json::to_string_pretty(&manifest.settings).unwrap_or_default()) }
            }
        }
        p { a .button.quiet href="/models" { "All generations" } }
    };
    let title = format!("Generation {generation}");
    Ok(page(&desk.visitor, &Page::new(title, Nav::Models, main)))
}

fn facts(of: &Judged, manifest: &Manifest) -> Markup {
    let Judged { info, verdict } = of;
    let counts = &manifest.counts;
    html! {
        dl .facts-of {
            dt { "Model" } dd { (manifest.model_id) }
            dt { "Role" } dd {
                (role(info.role))
                @if let Some(at) = &info.promoted_at { ", put into service " (time(at)) }
                @if let Some(why) = &info.why { ": " (why) }
            }
            dt { "Made" } dd { (time(&manifest.run.created_at)) }
            dt { "Films" } dd { (thousands(counts.movies)) ", " (thousands(counts.tagged_movies)) " with viewers’ tags" }
            dt { "Ratings" } dd {
                (thousands(counts.ratings)) " learned from; "
                @if let Some(hold_out) = manifest.hold_out {
                    (format!("{:.1} %", hold_out.share() * 100.0)) " of users were left out to judge it by"
                } @else { "it learned from all users, so that nobody is left to judge it by" }
            }
            @if let Some(from) = &manifest.derived_from {
                dt { "Derived from" }
                dd { a href={ "/models/" (from.generation) } { "Generation " (from.generation) } ", which was trained" }
            }
            @if let Some(bytes) = info.bytes { dt { "Files" } dd { (megabytes(bytes)) } }
            dt { "Judged" } dd {
                @if let Some(verdict) = verdict {
                    @if verdict.promote { "good enough to serve: " } @else { "not to be served: " }
                    (verdict.why)
                } @else { "never" }
            }
        }
        @if info.role != Role::Champion {
            p { a .button href={ "/models/" (info.generation) "/promote" } { "Serve it" } }
        }
    }
}

/// What it is worth, in a table and in plots.
fn worth(verdict: &Verdict) -> Markup {
    let parts =
        [("users with a history", &verdict.overall), ("users who have just come", &verdict.cold)];
    let parts: Vec<(&str, &Comparison)> =
        parts.into_iter().filter_map(|(whom, of)| Some((whom, of.as_ref()?))).collect();
    html! {
        section aria-labelledby="worth-heading" {
            h2 #worth-heading { "What it is worth" }
            @if let Some(champion) = &verdict.champion {
                p {
                    "The champion was generation " (champion.generation) ", " (champion.model_id) "; up to "
                    (format!("{:.1} %", verdict.margin * 100.0)) " of its NDCG could be lost."
                }
            }
            @if parts.is_empty() { p { "Too few users could be asked." } } @else {
                p .small {
                    "Pages of 20 films as the server shows them, for users whom neither model has seen. \
                     Intervals are of 95 %, by the bootstrap over users."
                }
                div .wide tabindex="0" role="region" aria-label="Table of figures" {
                    table {
                        thead { tr {
                            th scope="col" { "Whom" }
                            th .number scope="col" { "Users" }
                            th scope="col" { "Model" }
                            @for name in ["NDCG@20", "Recall@20", "Hit@20", "Films shown"] {
                                th .number scope="col" { (name) }
                            }
                        } }
                        tbody { @for (whom, of) in &parts {
                            (line(whom, of.users, "this one", &of.challenger))
                            @if let Some(champion) = &of.champion { (line(whom, of.users, "champion", champion)) }
                        } }
                    }
                }
                @for (whom, of) in &parts { (plots::comparison(whom, of)) }
            }
        }
    }
}

fn line(whom: &str, users: usize, model: &str, means: &Means) -> Markup {
    let cell = |of: Interval| format!("{:.4} [{:.4}, {:.4}]", of.mean, of.low, of.high);
    html! {
        tr {
            th scope="row" { (whom) }
            td .number { (thousands(users)) }
            td { (model) }
            @for of in [means.ndcg, means.recall, means.hit] { td .number { (cell(of)) } }
            td .number { (thousands(means.n_shown)) }
        }
    }
}
