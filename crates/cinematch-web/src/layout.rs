//! What every page has: head, navigation, the note, the foot.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::form::Sent;
use super::note::{self, Note, with_cookie};
use super::visitor::{THEME_COOKIE, Theme, Visitor};
use super::{assets, card};
use cinematch_http::config::AccessMode;
use cinematch_http::marks::IsPage;
use cinematch_http::problem::Problem;

/// A page's place in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    Home,
    Browse,
    Tonight,
    Watchlist,
    Me,
    Models,
    /// None of these.
    Elsewhere,
}

const PLACES: [(Nav, &str, &str); 4] = [
    (Nav::Home, "/", "Home"),
    (Nav::Tonight, "/tonight", "Tonight"),
    (Nav::Browse, "/browse", "Browse"),
    (Nav::Watchlist, "/watchlist", "Watchlist"),
];

/// A page.
pub struct Page {
    /// Its title, without the product's name.
    pub title: String,
    pub nav: Nav,
    /// What stands in `<main>`; it has the page's `<h1>`.
    pub main: Markup,
    /// What was searched for, where that is what the page is about.
    pub searched: String,
}

impl Page {
    pub fn new(title: impl Into<String>, nav: Nav, main: Markup) -> Self {
        Self { title: title.into(), nav, main, searched: String::new() }
    }
}

/// The page as a reply.
pub fn page(visitor: &Visitor, page: &Page) -> Response {
    let mut response = Html(document(visitor, page).into_string()).into_response();
    as_page(&mut response);
    response.extensions_mut().insert(IsPage);
    if visitor.mode == AccessMode::Accounts {
        // Who comes after somebody who signed out sees nothing by going back.
        let nowhere = HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, nowhere);
    }
    // A script that was led elsewhere opens the page once more, and there the note is told.
    if visitor.note.is_some() && !visitor.is_fragment {
        let gone = format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", note::COOKIE);
        if let Ok(gone) = HeaderValue::from_str(&gone) {
            response.headers_mut().append(header::SET_COOKIE, gone);
        }
    }
    response
}

/// Parts of a page, which replace those of the same ids.
pub fn fragments(parts: &Markup) -> Response {
    let mut response = Html(parts.clone().into_string()).into_response();
    as_page(&mut response);
    response
}

fn as_page(response: &mut Response) {
    let set = |(name, value): (HeaderName, &'static str)| (name, HeaderValue::from_static(value));
    response.headers_mut().extend([
        // What is anybody's own is asked for anew. Not `no-store`: with it a browser goes back slowly.
        set((header::CACHE_CONTROL, "private, no-cache")),
        // Forms say where they stand, to lead back there, and nobody else learns of it.
        set((header::REFERRER_POLICY, "same-origin")),
        set((header::VARY, "cookie, x-fragment")),
    ]);
}

fn document(visitor: &Visitor, page: &Page) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(visitor.theme.name())
            data-profile=[visitor.profile.as_ref().map(|profile| profile.id)] {
            head {
                meta charset="utf-8";
                title { (page.title) " · CineMatch" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href=(assets::address("cinematch.css"));
                script type="module" src=(assets::address("page.js")) {}
            }
            body {
                a .skip href="#main" { "Skip to the films" }
                (card::shapes())
                (head(visitor, page))
                (Note::show(visitor.note.as_ref()))
                main #main tabindex="-1" { (page.main) }
                (foot(visitor))
            }
        }
    }
}

fn head(visitor: &Visitor, page: &Page) -> Markup {
    html! {
        header .top {
            a .brand href="/" { "Cine" b { "Match" } }
            @if visitor.profile.is_some() {
                (search_field(&page.searched))
                nav aria-label="Pages" {
                    ul {
                        @for (nav, address, name) in PLACES {
                            li { a href=(address) aria-current=[current(page.nav, nav)] { (name) } }
                        }
                    }
                }
                (person(visitor, page.nav))
            }
        }
    }
}

fn current(here: Nav, nav: Nav) -> Option<&'static str> {
    (here == nav).then_some("page")
}

/// The field in which films are looked for. `search.js` makes a combobox of it.
fn search_field(searched: &str) -> Markup {
    html! {
        form #search role="search" action="/search" {
            label .unseen for="q" { "Search films and people" }
            input #q type="search" name="q" value=(searched) maxlength="200" autocomplete="off"
                spellcheck="false" placeholder="Film, person, keyword…";
            button .quiet .find aria-label="Search" {}
        }
    }
}

fn person(visitor: &Visitor, here: Nav) -> Markup {
    let name = visitor.profile.as_ref().map(|profile| profile.name.as_str()).unwrap_or_default();
    html! {
        nav .person aria-label="You" {
            a href="/me" aria-current=[current(here, Nav::Me)] { (name) }
            @if visitor.mode == AccessMode::Open { a href="/people" { "Switch" } }
            @else { form method="post" action="/sign-in/out" { button .link { "Sign out" } } }
        }
    }
}

fn foot(visitor: &Visitor) -> Markup {
    html! {
        footer .foot {
            form .theme method="post" action="/theme" data-live data-theme-switch {
                fieldset {
                    legend { "Colours" }
                    @for theme in Theme::ALL {
                        button .quiet name="theme" value=(theme.name())
                            aria-pressed=(visitor.theme == theme) { (theme_label(theme)) }
                    }
                }
            }
            p { a href="/models" { "Models" } " · " a href="/docs" { "API" } }
            p .small {
                "Ratings and titles: MovieLens (GroupLens, University of Minnesota). Films' facts and posters: "
                a href="https://www.themoviedb.org/" rel="noreferrer" { "TMDB" }
                ". This product uses the TMDB API but is not endorsed or certified by TMDB. Where to watch: "
                a href="https://www.justwatch.com/" rel="noreferrer" { "JustWatch" } "."
            }
        }
    }
}

fn theme_label(theme: Theme) -> &'static str {
    match theme {
        Theme::Auto => "As my device",
        Theme::Light => "Light",
        Theme::Dark => "Dark",
    }
}

/// `POST /theme`.
pub async fn set_theme(visitor: Visitor, Sent(fields): Sent) -> Result<Response, Problem> {
    let wrong = || Problem::field("theme", "expected auto, light or dark");
    let theme = fields.get("theme").and_then(Theme::of).ok_or_else(wrong)?;
    let year = 365 * 24 * 3600;
    let cookie =
        format!("{THEME_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={year}", theme.name());
    if !visitor.is_fragment {
        return Ok(with_cookie(&visitor.back, &cookie));
    }
    let mut response = fragments(&Note::show(Some(&Note::plain(match theme {
        Theme::Auto => "Colours as your device prefers",
        Theme::Light => "Light colours",
        Theme::Dark => "Dark colours",
    }))));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
