//! `GET /search`: films by what people type, as a page and as the suggestions of a combobox.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::card::{address, cards, poster};
use super::films::{Film, Viewing};
use super::form::Fields;
use super::layout::{Nav, Page, fragments, page};
use super::visitor::Viewer;
use crate::problem::Problem;
use crate::state::AppState;
use crate::trace::span;

/// Films on the page, and below the field.
const FOUND: usize = 30;
const SUGGESTED: usize = 8;
const LONGEST: usize = 200;

/// Films found.
pub async fn search(
    State(state): State<AppState>,
    Viewer { visitor, profile }: Viewer,
    fields: Fields,
) -> Result<Response, Problem> {
    let words: String = fields.get("q").unwrap_or_default().chars().take(LONGEST).collect();
    let viewing = Viewing::of(&state, &profile).await?;
    let limit = if visitor.is_fragment { SUGGESTED } else { FOUND };
    let hits = span!("rank").in_scope(|| viewing.serving.search.search(&words, limit));
    let films: Vec<Film<'_>> = hits.into_iter().map(|hit| viewing.film(hit.movie)).collect();
    if visitor.is_fragment {
        return Ok(fragments(&suggestions(&films)));
    }
    let main = html! {
        h1 { @if words.is_empty() { "Search" } @else { "Films for “" (words) "”" } }
        @if words.is_empty() { p { "Type a title, a person or a keyword into the field above." } }
        @else if films.is_empty() {
            p { "No film is called anything like it. " a href="/browse" { "Browse them all" } "." }
        } @else {
            h2 .unseen { "Films found" }
            (cards(&films))
        }
    };
    let title = if words.is_empty() { "Search".to_owned() } else { format!("{words} – search") };
    Ok(page(&visitor, &Page { searched: words, ..Page::new(title, Nav::Elsewhere, main) }))
}

/// The options of the combobox.
fn suggestions(films: &[Film<'_>]) -> Markup {
    html! {
        ul #suggestions role="listbox" aria-label="Films" {
            @for (at, film) in films.iter().enumerate() {
                li #{ "suggestion-" (at) } role="option" aria-selected="false" data-href=(address(&film.item)) {
                    span .poster { (poster(&film.item)) }
                    span { (film.item.title) }
                    @if let Some(year) = film.item.year { span .facts { (year) } }
                }
            }
        }
    }
}
