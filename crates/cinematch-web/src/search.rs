//! `GET /search`: films by what people type, as a page and as the suggestions of a combobox.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::card::{address, cards, poster};
use super::form::Fields;
use super::layout::{Nav, Page, fragments, page};
use super::movies::{MovieCard, Viewing};
use super::visitor::User;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::trace::span;

/// Films on the page, and below the field.
const FOUND: usize = 30;
const SUGGESTED: usize = 8;
const LONGEST: usize = 200;

/// Films found.
pub async fn search(
    State(state): State<Service>,
    User { visitor, profile }: User,
    fields: Fields,
) -> Result<Response, Problem> {
    let words: String = fields.get("q").unwrap_or_default().chars().take(LONGEST).collect();
    let viewing = Viewing::of(&state, &profile).await?;
    let limit = if visitor.is_fragment { SUGGESTED } else { FOUND };
    let hits = span!("rank").in_scope(|| viewing.serving.search.search(&words, limit));
    let movies: Vec<MovieCard<'_>> = hits.into_iter().map(|hit| viewing.movie(hit.movie)).collect();
    if visitor.is_fragment {
        return Ok(fragments(&suggestions(&movies)));
    }
    let main = html! {
        h1 { @if words.is_empty() { "Search" } @else { "Films for “" (words) "”" } }
        @if words.is_empty() { p { "Type a title, a person or a keyword into the field above." } }
        @else if movies.is_empty() {
            p { "No film is called anything like it. " a href="/browse" { "Browse them all" } "." }
        } @else {
            h2 .unseen { "Films found" }
            (cards(&movies))
        }
    };
    let title = if words.is_empty() { "Search".to_owned() } else { format!("{words} – search") };
    Ok(page(&visitor, &Page { searched: words, ..Page::new(title, Nav::Elsewhere, main) }))
}

/// The options of the combobox.
fn suggestions(movies: &[MovieCard<'_>]) -> Markup {
    html! {
        ul #suggestions role="listbox" aria-label="Films" {
            @for (at, movie) in movies.iter().enumerate() {
                li #{ "suggestion-" (at) } role="option" aria-selected="false" data-href=(address(&movie.item)) {
                    span .poster { (poster(&movie.item)) }
                    span { (movie.item.title) }
                    @if let Some(year) = movie.item.year { span .facts { (year) } }
                }
            }
        }
    }
}
