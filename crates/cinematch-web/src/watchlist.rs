//! `/watchlist`: the movies on the user's watchlist, unwatched and watched.

use std::cmp::Reverse;

use axum::extract::State;
use axum::response::Response;
use cinematch::ids::{MovieId, MovieIdx};
use cinematch_store::WatchlistItem;
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
use cinematch_service::listing::details;
use cinematch_service::user_view::{MovieCard, UserView};

/// Number of movies shown before "Show all".
const MAX_SHOWN: usize = 100;

/// Sort order of the movies to watch. Ties are ordered by most recent addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    /// By predicted stars, then by score.
    #[default]
    Best,
    /// Shortest first.
    Short,
    /// The user's services first, then any service.
    Available,
    /// Most recently added first.
    Added,
}

impl Sort {
    const ALL: [(Self, &str, &str); 4] = [
        (Self::Best, "best", texts::BEST_FOR_YOU),
        (Self::Short, "short", texts::SHORTEST),
        (Self::Available, "mine", texts::ON_YOUR_SERVICES),
        (Self::Added, "added", texts::RECENTLY_ADDED),
    ];

    /// Returns the name used in the query string.
    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|sort| sort.0 == self).map_or("", |sort| sort.1)
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.1 == name).map(|sort| sort.0)
    }
}

/// A movie on the watchlist, with its assessment for the user.
struct Entry<'a> {
    listed: WatchlistItem,
    /// `None` if the movie is no longer in the catalog.
    movie: Option<MovieCard<'a>>,
    /// True if the movie is on one of the user's services.
    is_available: bool,
}

impl Entry<'_> {
    /// Returns the sort key. Entries with smaller keys come first.
    fn key(&self, sort: Sort) -> (u32, Reverse<i64>) {
        let item = self.movie.as_ref().map(|movie| &movie.item);
        let first = match sort {
            Sort::Added => 0,
            Sort::Short => item.and_then(|item| item.runtime).unwrap_or(u32::MAX),
            Sort::Available => match item {
                Some(_) if self.is_available => 0,
                Some(item) if !item.services.is_empty() => 1,
                Some(_) => 2,
                None => 3,
            },
            Sort::Best => u32::MAX,
        };
        let score = self.movie.as_ref().and_then(|movie| movie.details.as_ref()).map(|details| {
            let stars = details.predicted_rating.map_or(0.0, |predicted| predicted.stars);
            // Stars count in tenths, as displayed; the score breaks ties.
            (f64::from(stars) * 10.0).round() as i64 * 1_000_000
                + (f64::from(details.score) * 100_000.0).round() as i64
        });
        let is_by_score = matches!(sort, Sort::Best | Sort::Available);
        (first, Reverse(if is_by_score { score.unwrap_or(i64::MIN) } else { 0 }))
    }
}

/// `GET /watchlist`: shows the watchlist.
pub async fn watchlist(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    fields: Fields,
) -> Result<Response, Problem> {
    let sort = fields.get("sort").and_then(Sort::from_name).unwrap_or_default();
    let shows_all = fields.get("show") == Some("all");
    let view = UserView::load(&service, &profile).await?;
    let (watched, mut unwatched): (Vec<Entry<'_>>, Vec<Entry<'_>>) =
        entries(&view, service.store().watchlist(&profile.key()).await?)?
            .into_iter()
            .partition(|entry| entry.listed.watched);
    unwatched.sort_by_key(|entry| entry.key(sort));
    let main = html! {
        h1 { (texts::TITLE) }
        @if unwatched.is_empty() && watched.is_empty() {
            section .plain {
                p { (texts::EMPTY) }
                p { a .button href="/" { (texts::FIND_FILMS) } }
            }
        } @else {
            section aria-labelledby="wanted" {
                h2 #wanted { (texts::TO_WATCH) }
                p { (summary(&unwatched)) }
                @if unwatched.len() > 1 { (sort_links(sort, &unwatched)) }
                @if !unwatched.is_empty() { ul .strips .wanted { (list(&unwatched, shows_all)) } }
            }
            @if !watched.is_empty() {
                section aria-labelledby="watched" {
                    h2 #watched { (texts::WATCHED) }
                    ul .strips .kept { (list(&watched, shows_all)) }
                }
            }
        }
        @if unwatched.len().max(watched.len()) > MAX_SHOWN && !shows_all {
            p {
                a .button href={ "/watchlist?show=all&sort=" (sort.name()) } {
                    (texts::show_all(unwatched.len() + watched.len()))
                }
            }
        }
        @if let Some(attribution) = view.serving.bundle.attribution(view.region) {
            p .small { (attribution) }
        }
    };
    Ok(page(&caller, &Page::new(texts::TITLE, Nav::Watchlist, main)))
}

/// Returns the movies on the watchlist, each with its predicted rating and score for the user.
fn entries(view: &UserView, listed: Vec<WatchlistItem>) -> Result<Vec<Entry<'_>>, Problem> {
    let found: Vec<Option<MovieIdx>> = listed.iter().map(|item| view.find(item.movie_id)).collect();
    let known: Vec<MovieIdx> = found.iter().flatten().copied().collect();
    let query = view.query(1);
    let user_services = query.filters.services.clone();
    let mut assessed = view.recommender().score_movies(&view.resolve(&query)?, &known).into_iter();
    let entries = listed.into_iter().zip(found).map(|(listed, found)| {
        let movie = found.map(|movie| {
            // Watched movies need no prediction.
            let details = assessed.next().map(details).filter(|_| !listed.watched);
            MovieCard { details, ..view.movie(movie) }
        });
        let is_available = movie.as_ref().is_some_and(|movie| {
            movie.item.services.iter().any(|service| user_services.iter().any(|own| own == service))
        });
        Entry { listed, movie, is_available }
    });
    Ok(entries.collect())
}

/// Formats the number of movies to watch and their total length.
fn summary(unwatched: &[Entry<'_>]) -> String {
    let runtimes = unwatched.iter().filter_map(|entry| entry.movie.as_ref()?.item.runtime);
    texts::summary(unwatched.len(), runtimes.sum())
}

/// Renders links that sort the list. Omits sorting by services if no movie is on any service.
fn sort_links(current: Sort, unwatched: &[Entry<'_>]) -> Markup {
    let is_on =
        |entry: &Entry<'_>| entry.movie.as_ref().is_some_and(|it| !it.item.services.is_empty());
    let any_available = unwatched.iter().any(is_on);
    html! {
        nav .sorts aria-label=(texts::SORT_BY) {
            ul .chips {
                @for (sort, name, label) in Sort::ALL {
                    @if sort != Sort::Available || any_available {
                        li {
                            a .quiet href={ "/watchlist?sort=" (name) }
                                aria-current=[(sort == current).then_some("true")] { (label) }
                        }
                    }
                }
            }
        }
    }
}

fn list(entries: &[Entry<'_>], shows_all: bool) -> Markup {
    let shown = if shows_all { entries.len() } else { entries.len().min(MAX_SHOWN) };
    html! {
        @for entry in &entries[..shown] { li { (entry_row(entry)) } }
    }
}

fn entry_row(entry: &Entry<'_>) -> Markup {
    let listed = &entry.listed;
    let more = html! {
        @if entry.is_available { p .mine { (texts::AVAILABLE) } }
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
    let is_removed = service
        .store()
        .remove_from_watchlist(&profile.key(), MovieId(movie_id), service.now())
        .await?;
    let text = if is_removed { texts::REMOVED } else { texts::NOT_LISTED };
    Ok(redirect_with_note(&caller.back, &Note::plain(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_movies_to_watch() {
        let entry = |id: u32| Entry {
            listed: WatchlistItem {
                movie_id: MovieId(id),
                title: "A film".to_owned(),
                year: None,
                service: None,
                watched: false,
                added_at: 0,
            },
            movie: None,
            is_available: false,
        };
        assert_eq!(summary(&[]), "0 films.");
        assert_eq!(summary(&[entry(1)]), "1 film.");
        assert_eq!(summary(&[entry(1), entry(2)]), "2 films.");
    }

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
        let html = entry_row(&Entry { listed, movie: None, is_available: false }).into_string();
        assert!(html.contains("&lt;b&gt;Gone&lt;/b&gt;") && html.contains("/watchlist/7/remove"));
        assert!(!html.contains("<b>"), "{html}");
    }
}

#[cfg(test)]
mod page_tests {
    use cinematch_testing::{Client, PlainBrowser};
    use serde_json::{Value, json};

    use crate::testing::{sample, titles};

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
        // By default, predicted stars decrease along the list.
        let page = ada.page("/watchlist");
        let stars: Vec<f32> = page
            .split("Predicted for you: ")
            .skip(1)
            .map(|rest| rest.split("★ </span>").nth(1).unwrap()[..3].parse().unwrap())
            .collect();
        assert_eq!(stars.len(), 5, "{page}");
        assert!(stars.is_sorted_by(|one, next| one >= next), "{stars:?}");
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
