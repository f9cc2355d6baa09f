//! The frame around every page: head, navigation, notice, footer.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::form::FormBody;
use super::note::{self, Note};
use super::page_caller::PageCaller;
use super::responses::{fragments, redirect_with_cookie, set_cookie, set_page_headers};
use super::texts::layout as texts;
use super::theme::{self, Theme};
use super::{assets, card};
use cinematch_http::config::AccessMode;
use cinematch_http::cookies::NewCookie;
use cinematch_http::extensions::IsPage;
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
    /// A page that isn't in the navigation.
    Other,
}

const NAV_LINKS: [(Nav, &str, &str); 4] = [
    (Nav::Home, "/", texts::HOME),
    (Nav::Tonight, "/tonight", texts::TONIGHT),
    (Nav::Browse, "/browse", texts::BROWSE),
    (Nav::Watchlist, "/watchlist", texts::WATCHLIST),
];

/// Lifetime of the theme cookie: one year.
const THEME_SECONDS: u32 = 365 * 24 * 3600;

/// Content of a page, without the frame.
pub struct Page {
    /// Title without the product's name.
    pub title: String,
    pub nav: Nav,
    /// Content of `<main>`, including the page's `<h1>`.
    pub main: Markup,
    /// Initial text of the search field.
    pub searched: String,
}

impl Page {
    pub fn new(title: impl Into<String>, nav: Nav, main: Markup) -> Self {
        Self { title: title.into(), nav, main, searched: String::new() }
    }
}

/// Renders a page in the frame.
pub fn page(caller: &PageCaller, page: &Page) -> Response {
    let mut response = Html(document(caller, page).into_string()).into_response();
    set_page_headers(&mut response);
    response.extensions_mut().insert(IsPage);
    if caller.mode() == AccessMode::Accounts {
        // After signing out, going back must not show the previous user's pages.
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    }
    // A script that follows a redirect opens the page again, and that second page shows the notice.
    if caller.note.is_some() && !caller.is_fragment {
        set_cookie(&mut response, &caller.access, &NewCookie::new(note::COOKIE, "", 0));
    }
    response
}

fn document(caller: &PageCaller, page: &Page) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(caller.theme.name())
            data-profile=[caller.profile.as_ref().map(|profile| profile.id)]
            data-offline=(texts::OFFLINE) data-failed=(texts::FAILED) {
            head {
                meta charset="utf-8";
                title { (texts::document_title(&page.title)) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href=(assets::address("cinematch.css"));
                script type="module" src=(assets::address("page.js")) {}
            }
            body {
                a .skip href="#main" { (texts::SKIP) }
                (card::poster_symbols())
                (header(caller, page))
                (Note::show(caller.note.as_ref(), &html! {}))
                main #main tabindex="-1" { (page.main) }
                (footer(caller))
            }
        }
    }
}

fn header(caller: &PageCaller, page: &Page) -> Markup {
    html! {
        header .top {
            a .brand href="/" { "Cine" b { "Match" } }
            @if caller.profile.is_some() {
                (search_field(&page.searched))
                nav aria-label=(texts::NAVIGATION) {
                    ul {
                        @for (nav, address, name) in NAV_LINKS {
                            li { a href=(address) aria-current=[current(page.nav, nav)] { (name) } }
                        }
                    }
                }
                (profile_links(caller, page.nav))
            }
        }
    }
}

fn current(current_nav: Nav, nav: Nav) -> Option<&'static str> {
    (current_nav == nav).then_some("page")
}

/// Renders the search field, which `search.js` turns into a combobox.
fn search_field(searched: &str) -> Markup {
    html! {
        form #search role="search" action="/search" {
            label .unseen for="q" { (texts::SEARCH_LABEL) }
            input #q type="search" name="q" value=(searched) maxlength="200" autocomplete="off"
                spellcheck="false" placeholder=(texts::SEARCH_PLACEHOLDER)
                data-suggestions=(super::texts::search::SUGGESTIONS);
            button .quiet .find aria-label=(texts::SEARCH) {}
        }
    }
}

/// Renders links to the profile page and to switching profiles, or a button to sign out.
fn profile_links(caller: &PageCaller, current_nav: Nav) -> Markup {
    let name = caller.profile.as_ref().map(|profile| profile.name.as_str()).unwrap_or_default();
    html! {
        nav .person aria-label=(texts::PROFILE_NAVIGATION) {
            a href="/me" aria-current=[current(current_nav, Nav::Me)] { (name) }
            @if caller.mode() == AccessMode::Open {
                a href="/people" aria-label=(texts::SWITCH_LABEL) { (texts::SWITCH) }
            } @else {
                form method="post" action="/sign-in/out" { button .link { (texts::SIGN_OUT) } }
            }
        }
    }
}

fn footer(caller: &PageCaller) -> Markup {
    html! {
        footer .foot {
            form .theme method="post" action="/theme" data-live data-theme-switch {
                fieldset {
                    legend { (texts::THEME) }
                    @for theme in Theme::ALL {
                        button .quiet name="theme" value=(theme.name())
                            aria-pressed=(caller.theme == theme) { (theme_label(theme)) }
                    }
                }
            }
            p { a href="/models" { (texts::MODELS) } " · " a href="/docs" { (texts::API) } }
            p .small {
                (texts::CREDITS_MOVIELENS)
                a href="https://www.themoviedb.org/" rel="noreferrer" { "TMDB" }
                (texts::CREDITS_TMDB)
                a href="https://www.justwatch.com/" rel="noreferrer" { "JustWatch" } "."
            }
        }
    }
}

fn theme_label(theme: Theme) -> &'static str {
    match theme {
        Theme::Auto => texts::THEME_AUTO,
        Theme::Light => texts::THEME_LIGHT,
        Theme::Dark => texts::THEME_DARK,
    }
}

/// `POST /theme`: saves the theme in a cookie.
pub async fn set_theme(
    caller: PageCaller,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    let invalid = || Problem::field("theme", texts::THEME_INVALID);
    let theme = fields.get("theme").and_then(Theme::from_name).ok_or_else(invalid)?;
    let cookie = NewCookie::new(theme::COOKIE, theme.name(), THEME_SECONDS);
    if !caller.is_fragment {
        return Ok(redirect_with_cookie(&caller.access, &caller.back, &cookie));
    }
    let note = Note::plain(match theme {
        Theme::Auto => texts::THEME_AUTO_SET,
        Theme::Light => texts::THEME_LIGHT_SET,
        Theme::Dark => texts::THEME_DARK_SET,
    });
    let mut response = fragments(&Note::show(Some(&note), &html! {}));
    set_cookie(&mut response, &caller.access, &cookie);
    Ok(response)
}
