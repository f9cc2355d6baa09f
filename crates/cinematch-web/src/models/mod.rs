//! `/models`: for who operates the server: what is served, what it is worth, what runs in the background.

mod generation;
mod jobs;
mod operator;
mod plots;
mod show;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use cinematch::bundle::{GenerationInfo, Generations, Role};
use maud::{Markup, html};

use super::layout::{Nav, Page, fragments, page};
use super::names::thousands;
use super::note::{Note, leave};
use cinematch_http::extract::PathOf;
use cinematch_http::problem::Problem;
use cinematch_http::state::RouteState;
use cinematch_service::Service;
use cinematch_service::models::{on_disk, promote as put_into_service, roll_back};
use generation::{Judged, judged, megabytes, role, time};
use operator::Desk;

/// Why a generation was put into service from here.
const WHY: &str = "asked for on the page";

/// The operator's pages.
pub fn router() -> Router<RouteState> {
    Router::new()
        .route("/models", get(list))
        .route("/models/enter", post(operator::enter))
        .route("/models/leave", post(operator::leave))
        .route("/models/jobs", post(jobs::ask))
        .route("/models/rollback", get(ask_to_roll_back).post(go_back))
        .route("/models/{generation}", get(show::show))
        .route("/models/{generation}/promote", get(ask_to_promote).post(promote))
}

/// All generations, the newest first.
async fn all(state: &Service) -> Result<Vec<Judged>, Problem> {
    let found = on_disk(state, |generations| {
        let list = generations.list()?.into_iter().rev();
        Ok(list.map(|info| judged(generations, info)).collect())
    });
    Ok(found.await?)
}

/// `GET /models`.
async fn list(State(state): State<Service>, desk: Desk) -> Result<Response, Problem> {
    let generations = all(&state).await?;
    let serving = state.bundle().generation;
    let in_service = in_service(&generations, serving);
    let table = table(&generations);
    let jobs = jobs::section(&state).await?;
    if desk.visitor.is_fragment {
        return Ok(fragments(&html! { (in_service) (table) (jobs) }));
    }
    let main = html! {
        h1 { "Models" }
        (in_service)
        (jobs)
        (table)
        (plots::history(&generations))
        @if desk.has_key {
            form .inline method="post" action="/models/leave" { button .quiet { "Forget my key" } }
        }
    };
    Ok(page(&desk.visitor, &Page::new("Models", Nav::Models, main)))
}

/// What answers requests now.
fn in_service(generations: &[Judged], serving: u64) -> Markup {
    let of = |wanted: fn(&Judged) -> bool| generations.iter().find(|one| wanted(one));
    let now = generations.iter().find(|one| one.info.generation == serving);
    let champion = of(|one| one.info.role == Role::Champion);
    let previous = of(|one| one.info.role == Role::Previous);
    let next = champion.filter(|one| one.info.generation != serving);
    html! {
        section #in-service aria-labelledby="in-service-heading"
            data-watch=[next.map(|_| "")] {
            h2 #in-service-heading { "In service" }
            p {
                a href={ "/models/" (serving) } { "Generation " (serving) }
                @if let Some(Judged { info, .. }) = now {
                    @if let Some(model_id) = &info.model_id { ", " (model_id) }
                    @if let Some(at) = &info.promoted_at { ", since " (time(at)) }
                    @if let Some(why) = &info.why { ": " (why) }
                }
                "."
            }
            @if let Some(next) = next {
                p { "Generation " (next.info.generation) " is being loaded and takes over in a moment." }
            }
            @if let Some(previous) = previous {
                p { a .button.quiet href="/models/rollback" { "Go back to generation " (previous.info.generation) } }
            }
        }
    }
}

/// All generations in short.
fn table(generations: &[Judged]) -> Markup {
    html! {
        section #generations aria-labelledby="generations-heading" {
            h2 #generations-heading { "Generations" }
            div .wide tabindex="0" role="region" aria-label="Table of generations" {
                table {
                    thead { tr {
                        @for name in ["Number", "Role", "Made"] { th scope="col" { (name) } }
                        @for name in ["Films", "Ratings", "Size"] { th .number scope="col" { (name) } }
                        th scope="col" { "Found" }
                    } }
                    tbody { @for one in generations { (line(&one.info)) } }
                }
            }
        }
    }
}

fn line(info: &GenerationInfo) -> Markup {
    let number = |of: Option<usize>| of.map_or_else(|| "–".to_owned(), thousands);
    html! {
        tr {
            th scope="row" { a href={ "/models/" (info.generation) } { (info.generation) } }
            td { (role(info.role)) }
            td { @if let Some(at) = &info.created_at { (time(at)) } @else { "–" } }
            td .number { (number(info.movies)) }
            td .number { (number(info.ratings)) }
            td .number { @if let Some(bytes) = info.bytes { (megabytes(bytes)) } @else { "–" } }
            td .words { (info.error.as_deref().or(info.verdict.as_deref()).unwrap_or("nobody has judged it")) }
        }
    }
}

/// `GET /models/{generation}/promote`: a second thought.
async fn ask_to_promote(
    State(state): State<Service>,
    desk: Desk,
    PathOf(generation): PathOf<u64>,
) -> Result<Response, Problem> {
    let generations = all(&state).await?;
    let of = generations.iter().find(|one| one.info.generation == generation);
    let gone = || Problem::not_found(format!("There is no generation {generation}"));
    let found = of.ok_or_else(gone)?.info.verdict.as_deref();
    let main = html! {
        section .plain {
            h1 { "Serve generation " (generation) "?" }
            p { "It takes the place of generation " (state.bundle().generation)
                " for everybody, within a second or so of having been loaded." }
            p { "When it was judged: " (found.unwrap_or("it never was")) "." }
            form .inline method="post" action={ "/models/" (generation) "/promote" } {
                button { "Serve generation " (generation) }
                a .button.quiet href="/models" { "Leave it" }
            }
        }
    };
    let title = format!("Serve generation {generation}?");
    Ok(page(&desk.visitor, &Page::new(title, Nav::Models, main)))
}

/// `POST /models/{generation}/promote`.
async fn promote(
    State(state): State<Service>,
    _: Desk,
    PathOf(generation): PathOf<u64>,
) -> Result<Response, Problem> {
    put_into_service(&state, generation, WHY).await?;
    Ok(leave("/models", &Note::plain(format!("Generation {generation} goes into service."))))
}

/// `GET /models/rollback`: a second thought.
async fn ask_to_roll_back(State(state): State<Service>, desk: Desk) -> Result<Response, Problem> {
    let previous = on_disk(&state, Generations::previous).await?;
    let main = html! {
        section .plain {
            @if let Some(previous) = previous {
                h1 { "Go back to generation " (previous) "?" }
                p { "It served before. Generation " (state.bundle().generation)
                    " stays where it is, and no schedule brings it back by itself." }
                form .inline method="post" action="/models/rollback" {
                    button { "Go back" }
                    a .button.quiet href="/models" { "Leave it" }
                }
            } @else {
                h1 { "There is nothing to go back to" }
                p { "No other generation served before this one." }
                p { a .button href="/models" { "To the models" } }
            }
        }
    };
    Ok(page(&desk.visitor, &Page::new("Go back", Nav::Models, main)))
}

/// `POST /models/rollback`.
async fn go_back(State(state): State<Service>, _: Desk) -> Result<Response, Problem> {
    let generation = roll_back(&state, WHY).await?.generation;
    Ok(leave("/models", &Note::plain(format!("Back to generation {generation}."))))
}
