//! `/watchlist`: the movies on the user's watchlist, unwatched and watched.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::form::Fields;
use super::layout::{Nav, Page, page};
use super::note::Note;
use super::page_caller::PageUser;
use super::responses::redirect_with_note;
use super::strip::strip;
use super::texts::watchlist as texts;
use cinematch_http::extract::PathParams;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::assessed_watchlist::{
    AssessedEntry, AssessedWatchlist, Availability, WatchlistOrder,
};
use cinematch_service::user_view::UserView;
use cinematch_service::{ServiceError, watchlist};

/// Number of movies shown before "Show all".
const MAX_SHOWN: usize = 100;

/// Sort orders, each with its name in the query string and its label.
const ORDERS: [(WatchlistOrder, &str, &str); 4] = [
    (WatchlistOrder::Best, "best", texts::BEST_FOR_YOU),
    (WatchlistOrder::Shortest, "short", texts::SHORTEST),
    (WatchlistOrder::Available, "mine", texts::ON_YOUR_SERVICES),
    (WatchlistOrder::Added, "added", texts::RECENTLY_ADDED),
];

/// Returns the sort order with a name in the query string.
fn order_from_name(name: &str) -> Option<WatchlistOrder> {
    ORDERS.into_iter().find(|order| order.1 == name).map(|order| order.0)
}

/// Returns the name of a sort order in the query string.
fn order_name(order: WatchlistOrder) -> &'static str {
    ORDERS.into_iter().find(|it| it.0 == order).map_or("", |it| it.1)
}

/// `GET /watchlist`: shows the watchlist.
pub async fn watchlist(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    fields: Fields,
) -> Result<Response, Problem> {
    let order = fields.get("sort").and_then(order_from_name).unwrap_or_default();
    let shows_all = fields.get("show") == Some("all");
    let view = UserView::load(&service, &profile).await?;
    let list = AssessedWatchlist::load(&service, &profile, &view, order).await?;
    let (n_unwatched, n_watched) = (list.unwatched.len(), list.watched.len());
    let main = html! {
        h1 { (texts::TITLE) }
        @if n_unwatched + n_watched == 0 {
            section .plain {
                p { (texts::EMPTY) }
                p { a .button href="/" { (texts::FIND_FILMS) } }
            }
        } @else {
            section aria-labelledby="wanted" {
                h2 #wanted { (texts::TO_WATCH) }
                p { (texts::summary(n_unwatched, list.minutes_to_watch())) }
                @if n_unwatched > 1 { (sort_links(order, list.has_services())) }
                @if n_unwatched > 0 { ul .strips .wanted { (entry_rows(&list.unwatched, shows_all)) } }
            }
            @if n_watched > 0 {
                section aria-labelledby="watched" {
                    h2 #watched { (texts::WATCHED) }
                    ul .strips .kept { (entry_rows(&list.watched, shows_all)) }
                }
            }
        }
        @if n_unwatched.max(n_watched) > MAX_SHOWN && !shows_all {
            p {
                a .button href={ "/watchlist?show=all&sort=" (order_name(order)) } {
                    (texts::show_all(n_unwatched + n_watched))
                }
            }
        }
        @if let Some(attribution) = view.serving.bundle.attribution(view.region) {
            p .small { (attribution) }
        }
    };
    Ok(page(&caller, &Page::new(texts::TITLE, Nav::Watchlist, main)))
}

/// Renders links that sort the list. Omits sorting by services if no movie is on any service.
fn sort_links(current: WatchlistOrder, has_services: bool) -> Markup {
    html! {
        nav .sorts aria-label=(texts::SORT_BY) {
            ul .chips {
                @for (order, name, label) in ORDERS {
                    @if order != WatchlistOrder::Available || has_services {
                        li {
                            a .quiet href={ "/watchlist?sort=" (name) }
                                aria-current=[(order == current).then_some("true")] { (label) }
                        }
                    }
                }
            }
        }
    }
}

/// Renders the entries as list items: all of them, or the first [`MAX_SHOWN`].
fn entry_rows(entries: &[AssessedEntry<'_>], shows_all: bool) -> Markup {
    let shown = if shows_all { entries.len() } else { entries.len().min(MAX_SHOWN) };
    html! {
        @for entry in &entries[..shown] { li { (entry_row(entry)) } }
    }
}

fn entry_row(entry: &AssessedEntry<'_>) -> Markup {
    let listed = &entry.listed;
    let more = html! {
        @if entry.availability == Availability::UserServices { p .mine { (texts::AVAILABLE) } }
        @if let Some(service) = &listed.service { p .facts { (texts::planned_on(service)) } }
    };
    html! {
        @match &entry.movie {
            Some(movie) => (strip(movie, &more)),
            None => {
                div .card .strip .gone {
                    div .beside {
                        h3 { (listed.title) }
                        p .facts {
                            @if let Some(year) = listed.year { span { (year) } }
                            span { (texts::NOT_IN_CATALOG) }
                        }
                        form method="post" action={ "/watchlist/" (listed.movie_id.0) "/remove" } {
                            button .quiet aria-label=(texts::remove(&listed.title)) { (texts::REMOVE) }
                        }
                    }
                }
            }
        }
    }
}

/// `POST /watchlist/{id}/remove`: removes a movie that is no longer in the catalog and so has no action buttons.
pub async fn remove(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    PathParams(movie_id): PathParams<u32>,
) -> Result<Response, Problem> {
    let text = match watchlist::remove(&service, &profile.key(), movie_id).await {
        Ok(()) => texts::REMOVED,
        Err(ServiceError::NotFound(_)) => texts::NOT_LISTED,
        Err(error) => return Err(error.into()),
    };
    Ok(redirect_with_note(&caller, &caller.back, &Note::plain(text)))
}

#[cfg(test)]
mod tests {
    use cinematch::ids::MovieId;
    use cinematch_store::WatchlistItem;

    use super::*;

    #[test]
    fn shows_and_removes_a_movie_missing_from_the_catalog() {
        let listed = WatchlistItem {
            movie_id: MovieId(7),
            title: "<b>Gone</b>".to_owned(),
            year: Some(1999),
            service: None,
            watched: false,
            added_at: 0,
        };
        let availability = Availability::NotInCatalog;
        let entry = AssessedEntry { listed, movie: None, availability };
        let html = entry_row(&entry).into_string();
        assert!(html.contains("&lt;b&gt;Gone&lt;/b&gt;") && html.contains("/watchlist/7/remove"));
        assert!(!html.contains("<b>"), "{html}");
    }
}

#[cfg(test)]
mod page_tests {
    use cinematch_testing::{Client, PlainBrowser};
    use serde_json::{Value, json};

    use crate::testing::{matches, sample, titles};

    fn add_to_watchlist(server: &Client, movie_id: u32) -> Value {
        let body = json!({"movie_id": movie_id});
        let reply = server.as_user("1", ("POST", "/api/watchlist"), Some(&body));
        assert_eq!(reply.status, 201, "{}", reply.text);
        server.get(&format!("/api/movies/{movie_id}")).json()
    }

    #[test]
    fn watchlist_supports_sorting_and_shows_the_total_runtime() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "Ada");
        assert!(ada.page("/watchlist").contains("Your watchlist is empty"));
        for id in [1, 2, 3, 50] {
            ada.send(&format!("/films/{id}/say"), "stars=5", &[]);
        }
        let listed: Vec<Value> = [6, 7, 8, 9, 10].map(|id| add_to_watchlist(&server, id)).to_vec();
        let title = |movie: &Value| movie["title"].as_str().unwrap().replace('&', "&amp;");
        let sorted = |by: &str| -> Vec<String> {
            let page = ada.page(&format!("/watchlist?sort={by}"));
            titles(&page).into_iter().map(str::to_owned).collect()
        };
        let added: Vec<String> = listed.iter().rev().map(title).collect();
        assert_eq!(sorted("added"), added);
        let mut by_runtime = listed.clone();
        by_runtime.reverse();
        by_runtime.sort_by_key(|movie| movie["runtime"].as_u64().unwrap_or(u64::MAX));
        assert_eq!(sorted("short"), by_runtime.iter().map(title).collect::<Vec<_>>());
        // The sample's services are mock data, but a user can still select them.
        let service = listed.iter().find_map(|movie| movie["services"][0].as_str()).unwrap();
        let body = json!({"services": [service]});
        server.as_user("1", ("PUT", "/api/preferences/me"), Some(&body));
        let page = ada.page("/watchlist?sort=mine");
        let has = |movie: &Value| movie["services"].as_array().unwrap().contains(&json!(service));
        let n_mine = listed.iter().filter(|movie| has(movie)).count();
        assert_eq!(page.matches("Available on your services").count(), n_mine);
        let first: Vec<String> =
            titles(&page).into_iter().take(n_mine).map(str::to_owned).collect();
        assert!(
            listed.iter().filter(|movie| has(movie)).all(|movie| first.contains(&title(movie)))
        );
        // By default, matches decrease along the list.
        let page = ada.page("/watchlist");
        let matches = matches(&page);
        assert_eq!(matches.len(), 5, "{page}");
        assert!(matches.is_sorted_by(|one, next| one >= next), "{matches:?}");
        let minutes: u64 = listed.iter().filter_map(|movie| movie["runtime"].as_u64()).sum();
        let expected = format!("5 films, {} h {} min in total.", minutes / 60, minutes % 60);
        assert!(page.contains(&expected), "{expected}");

        ada.send("/films/6/say", "say=seen", &[]);
        ada.send("/films/7/say", "say=no-list", &[]);
        let page = ada.page("/watchlist");
        let (unwatched, watched) = page.split_once("id=\"watched\"").unwrap();
        assert_eq!(
            (titles(unwatched).len(), titles(watched)),
            (3, vec![title(&listed[0]).as_str()])
        );
    }
}
