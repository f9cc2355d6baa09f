//! `GET /search`: search results as a page, and as the suggestions of the search field's combobox.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::card::{address, cards, marks, poster};
use super::form::Fields;
use super::layout::{Nav, Page, page};
use super::page_caller::PageUser;
use super::responses::fragments;
use super::texts::search as texts;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::user_view::{MovieCard, UserView};

/// Maximum numbers of results on the page and of suggestions below the search field.
const MAX_RESULTS: usize = 30;
const MAX_SUGGESTIONS: usize = 8;
const MAX_LENGTH: usize = 200;

/// Renders search results as a page, or as suggestions for `search.js`.
pub async fn search(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    fields: Fields,
) -> Result<Response, Problem> {
    let words: String = fields.get("q").unwrap_or_default().chars().take(MAX_LENGTH).collect();
    let view = UserView::load(&service, &profile).await?;
    let limit = if caller.is_fragment { MAX_SUGGESTIONS } else { MAX_RESULTS };
    let movies = view.search(&words, limit);
    if caller.is_fragment {
        return Ok(fragments(&suggestions(&movies)));
    }
    let main = html! {
        h1 { @if words.is_empty() { (texts::TITLE) } @else { (texts::results_for(&words)) } }
        @if words.is_empty() { p { (texts::HELP) } }
        @else if movies.is_empty() {
            p { (texts::no_matches(&words)) ". " (texts::CHECK_SPELLING) a href="/browse" { (texts::BROWSE_ALL) } "." }
        } @else {
            h2 .unseen { (texts::RESULTS) }
            (cards(&movies))
        }
    };
    let title = if words.is_empty() { texts::TITLE.to_owned() } else { texts::title(&words) };
    Ok(page(&caller, &Page { searched: words, ..Page::new(title, Nav::Other, main) }))
}

/// Renders the options of the combobox.
fn suggestions(movies: &[MovieCard<'_>]) -> Markup {
    html! {
        ul .suggestions role="listbox" aria-label=(texts::SUGGESTIONS) {
            @for movie in movies {
                li role="option" aria-selected="false" data-href=(address(&movie.item)) data-film=(movie.item.movie_id.0) {
                    span .poster { (poster(&movie.item)) }
                    span { (movie.item.title) }
                    @if let Some(year) = movie.item.year { span .facts { (year) } }
                    (marks(movie))
                }
            }
        }
    }
}
