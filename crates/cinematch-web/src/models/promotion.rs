//! Promoting a generation and rolling back, each with a confirmation page.

use axum::extract::State;
use axum::response::Response;
use maud::html;

use super::operator::Operator;
use crate::layout::{Nav, Page, page};
use crate::note::Note;
use crate::responses::redirect_with_note;
use crate::texts::{self as common, operator as texts};
use cinematch_http::extract::PathParams;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::models;

/// `GET /models/{generation}/promote`: asks for confirmation.
pub async fn confirm_promotion(
    State(service): State<Service>,
    operator: Operator,
    PathParams(generation): PathParams<u64>,
) -> Result<Response, Problem> {
    let generations = models::list(&service).await?;
    let of = generations.iter().find(|one| one.generation == generation);
    let not_found = || Problem::not_found(texts::no_generation(generation));
    let verdict = of.ok_or_else(not_found)?.verdict.as_deref();
    let main = html! {
        section .plain {
            h1 { (texts::promote_heading(generation)) }
            p { (texts::promote_help(service.bundle().generation)) }
            p { (texts::verdict(verdict)) }
            form .inline method="post" action={ "/models/" (generation) "/promote" } {
                button { (texts::promote(generation)) }
                a .button.quiet href="/models" { (common::CANCEL) }
            }
        }
    };
    let title = texts::promote_heading(generation);
    Ok(page(&operator.caller, &Page::new(title, Nav::Models, main)))
}

/// `POST /models/{generation}/promote`: promotes the generation.
pub async fn promote(
    State(service): State<Service>,
    operator: Operator,
    PathParams(generation): PathParams<u64>,
) -> Result<Response, Problem> {
    models::promote(&service, generation, texts::REQUESTED).await?;
    Ok(redirect_with_note(&operator.caller, "/models", &Note::plain(texts::promoted(generation))))
}

/// `GET /models/rollback`: asks for confirmation.
pub async fn confirm_rollback(
    State(service): State<Service>,
    operator: Operator,
) -> Result<Response, Problem> {
    let previous = models::previous(&service).await?;
    let main = html! {
        section .plain {
            @if let Some(previous) = previous {
                h1 { (texts::roll_back_heading(previous)) }
                p { (texts::roll_back_help(service.bundle().generation)) }
                form .inline method="post" action="/models/rollback" {
                    button { (texts::ROLL_BACK) }
                    a .button.quiet href="/models" { (common::CANCEL) }
                }
            } @else {
                h1 { (texts::NO_PREVIOUS) }
                p { (texts::NO_PREVIOUS_HELP) }
                p { a .button href="/models" { (texts::BACK_TO_MODELS) } }
            }
        }
    };
    Ok(page(&operator.caller, &Page::new(texts::ROLL_BACK, Nav::Models, main)))
}

/// `POST /models/rollback`: rolls back to the previously served generation.
pub async fn roll_back(
    State(service): State<Service>,
    operator: Operator,
) -> Result<Response, Problem> {
    let generation = models::roll_back(&service, texts::REQUESTED).await?.generation;
    Ok(redirect_with_note(
        &operator.caller,
        "/models",
        &Note::plain(texts::rolled_back(generation)),
    ))
}
