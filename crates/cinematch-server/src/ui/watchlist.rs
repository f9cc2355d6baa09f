//! `/watchlist`: films somebody means to see, and those of them that they have seen.

use std::cmp::Reverse;

use axum::extract::State;
use axum::response::Response;
use cinematch::ids::{MovieId, MovieIdx};
use cinematch_store::WatchlistItem;
use maud::{Markup, html};

use super::card::length;
use super::form::Fields;
use super::layout::{Nav, Page, page};
use super::movies::{MovieCard, Viewing};
use super::names::{movies, thousands};
use super::note::{Note, leave};
use super::strip::strip;
use super::visitor::User;
use crate::extract::PathOf;
use crate::problem::Problem;
use crate::routes::listing::why;
use crate::routes::now;
use crate::state::AppState;

/// Films of a list shown at first.
const MOST: usize = 100;

/// What the films to watch are sorted by; among equals the last added comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    /// The stars they are expected to get, or how well they fit where no stars are predicted.
    #[default]
    Best,
    /// Length, the shortest first.
    Short,
    /// Those on the person's own services, then those on any.
    Mine,
    /// The last added first.
    Added,
}

impl Sort {
    const ALL: [(Self, &str, &str); 4] = [
        (Self::Best, "best", "Best for you"),
        (Self::Short, "short", "Shortest"),
        (Self::Mine, "mine", "On your services"),
        (Self::Added, "added", "Last added"),
    ];

    /// Its name in addresses.
    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|sort| sort.0 == self).map_or("", |sort| sort.1)
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.1 == name).map(|sort| sort.0)
    }
}

/// A film on the list.
struct Entry<'a> {
    listed: WatchlistItem,
    /// `None`, once the catalogue has it no more.
    movie: Option<MovieCard<'a>>,
    /// Whether it is on a service of the person's own.
    is_mine: bool,
}

impl Entry<'_> {
    /// What a sort looks at; the smallest first.
    fn key(&self, sort: Sort) -> (u32, Reverse<i64>) {
        let item = self.movie.as_ref().map(|movie| &movie.item);
        let first = match sort {
            Sort::Added => 0,
            Sort::Short => item.and_then(|item| item.runtime).unwrap_or(u32::MAX),
            Sort::Mine => match item {
                Some(_) if self.is_mine => 0,
                Some(item) if !item.services.is_empty() => 1,
                Some(_) => 2,
                None => 3,
            },
            Sort::Best => u32::MAX,
        };
        let worth = self.movie.as_ref().and_then(|movie| movie.why.as_ref()).map(|why| {
            let stars = why.predicted_rating.map_or(0.0, |predicted| predicted.stars);
            // Stars count in tenths, as they are shown; of equal ones the better fit comes first.
            (f64::from(stars) * 10.0).round() as i64 * 1_000_000
                + (f64::from(why.score) * 100_000.0).round() as i64
        });
        let by_worth = matches!(sort, Sort::Best | Sort::Mine);
        (first, Reverse(if by_worth { worth.unwrap_or(i64::MIN) } else { 0 }))
    }
}

/// `GET /watchlist`.
pub async fn watchlist(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    fields: Fields,
) -> Result<Response, Problem> {
    let sort = fields.get("sort").and_then(Sort::of).unwrap_or_default();
    let is_all = fields.get("show") == Some("all");
    let viewing = Viewing::of(&state, &profile).await?;
    let (seen, mut wanted): (Vec<Entry<'_>>, Vec<Entry<'_>>) =
        entries(&viewing, state.store().watchlist(&profile.key()).await?)?
            .into_iter()
            .partition(|entry| entry.listed.watched);
    wanted.sort_by_key(|entry| entry.key(sort));
    let main = html! {
        h1 { "Watchlist" }
        @if wanted.is_empty() && seen.is_empty() {
            section .plain {
                p { "Nothing is on it yet. The ribbon below a film puts it here." }
                p { a .button href="/" { "Go to the films" } }
            }
        } @else {
            section aria-labelledby="wanted" {
                h2 #wanted { "To watch" }
                p { (summary(&wanted)) }
                @if wanted.len() > 1 { (sorts(sort, &wanted)) }
                @if !wanted.is_empty() { ul .strips .wanted { (list(&wanted, is_all)) } }
            }
            @if !seen.is_empty() {
                section aria-labelledby="watched" {
                    h2 #watched { "Watched" }
                    ul .strips .kept { (list(&seen, is_all)) }
                }
            }
        }
        @if wanted.len().max(seen.len()) > MOST && !is_all {
            p {
                a .button href={ "/watchlist?show=all&sort=" (sort.name()) } {
                    "Show all " (thousands(wanted.len() + seen.len()))
                }
            }
        }
        @if let Some(attribution) = viewing.serving.bundle.attribution(viewing.region) {
            p .small { (attribution) }
        }
    };
    Ok(page(&visitor, &Page::new("Watchlist", Nav::Watchlist, main)))
}

/// The films of a list, with what they are worth to the person.
fn entries(viewing: &Viewing, listed: Vec<WatchlistItem>) -> Result<Vec<Entry<'_>>, Problem> {
    let found: Vec<Option<MovieIdx>> =
        listed.iter().map(|item| viewing.find(item.movie_id)).collect();
    let known: Vec<MovieIdx> = found.iter().flatten().copied().collect();
    let query = viewing.query(1);
    let mine = query.filters.services.clone();
    let mut assessed = viewing.recommender().assess(&viewing.resolve(&query)?, &known).into_iter();
    let entries = listed.into_iter().zip(found).map(|(listed, found)| {
        let movie = found.map(|movie| {
            // What was seen needs no prediction.
            let why = assessed.next().map(why).filter(|_| !listed.watched);
            MovieCard { why, ..viewing.movie(movie) }
        });
        let is_mine = movie.as_ref().is_some_and(|movie| {
            movie.item.services.iter().any(|service| mine.iter().any(|own| own == service))
        });
        Entry { listed, movie, is_mine }
    });
    Ok(entries.collect())
}

/// How much there is to watch.
fn summary(wanted: &[Entry<'_>]) -> String {
    let runtimes = wanted.iter().filter_map(|entry| entry.movie.as_ref()?.item.runtime);
    match runtimes.sum() {
        0 => format!("{}.", sentence(&movies(wanted.len()))),
        minutes => format!("{}, {} in all.", sentence(&movies(wanted.len())), length(minutes)),
    }
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What the films can be sorted by; by services only where any film is on one.
fn sorts(current: Sort, wanted: &[Entry<'_>]) -> Markup {
    let is_on =
        |entry: &Entry<'_>| entry.movie.as_ref().is_some_and(|it| !it.item.services.is_empty());
    let are_anywhere = wanted.iter().any(is_on);
    html! {
        nav .sorts aria-label="Sort films by" {
            ul .chips {
                @for (sort, name, label) in Sort::ALL {
                    @if sort != Sort::Mine || are_anywhere {
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

fn list(entries: &[Entry<'_>], is_all: bool) -> Markup {
    let shown = if is_all { entries.len() } else { entries.len().min(MOST) };
    html! {
        @for entry in &entries[..shown] { li { (one(entry)) } }
    }
}

fn one(entry: &Entry<'_>) -> Markup {
    let listed = &entry.listed;
    let more = html! {
        @if entry.is_mine { p .mine { "On a service of yours" } }
        @if let Some(service) = &listed.service { p .facts { "You meant to watch it on " (service) } }
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
                            span { "Not in the catalogue any more" }
                        }
                        form method="post" action={ "/watchlist/" (listed.movie_id.0) "/remove" } {
                            button .quiet aria-label={ "Remove " (listed.title) } { "Remove" }
                        }
                    }
                }
            }
        }
    }
}

/// `POST /watchlist/{id}/remove`: of films that the catalogue has no more, of which nothing else can be
/// said.
pub async fn remove(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    PathOf(movie_id): PathOf<u32>,
) -> Result<Response, Problem> {
    let was_there =
        state.store().remove_from_watchlist(&profile.key(), MovieId(movie_id), now()).await?;
    let text =
        if was_there { "It is off your watchlist." } else { "It was not on your watchlist." };
    Ok(leave(&visitor.back, &Note::plain(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_takes_is_told_in_words() {
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
            is_mine: false,
        };
        assert_eq!(summary(&[]), "No films.");
        assert_eq!(summary(&[entry(1)]), "1 film.");
        assert_eq!(summary(&[entry(1), entry(2)]), "2 films.");
    }

    #[test]
    fn a_movie_that_is_gone_can_be_read_and_removed() {
        let listed = WatchlistItem {
            movie_id: MovieId(7),
            title: "<b>Gone</b>".to_owned(),
            year: Some(1999),
            service: None,
            watched: false,
            added_at: 0,
        };
        let html = one(&Entry { listed, movie: None, is_mine: false }).into_string();
        assert!(html.contains("&lt;b&gt;Gone&lt;/b&gt;") && html.contains("/watchlist/7/remove"));
        assert!(!html.contains("<b>"), "{html}");
    }
}
