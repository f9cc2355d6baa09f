//! An in-process test client for the pages, and functions that extract values from pages.

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use cinematch_http::class::RouteClass;
use cinematch_testing::{Client, World};

use crate::{assets, errors, home, pages};

/// Returns a client for pages that serve the sample and use an empty database.
pub fn sample() -> Client {
    over(World::default())
}

/// Returns a client for pages backed by `world`. The router also has the API's routes, for comparison.
pub fn over(world: World) -> Client {
    let router = world.router(|state| {
        let errors = from_fn_with_state(state.clone(), errors);
        let pages = pages().route("/", get(home)).layer(errors);
        vec![
            (RouteClass::Page, pages),
            (RouteClass::Asset, assets()),
            (RouteClass::Public, cinematch_api::public().into()),
            (RouteClass::Guarded, cinematch_api::guarded().into()),
        ]
    });
    Client::new(world, router)
}

/// Returns the IDs of the movies on a page, in page order.
pub fn movies(page: &str) -> Vec<u64> {
    let forms = page.split("<form class=\"say\" id=\"say-").skip(1);
    forms.map(|form| form.split('"').next().unwrap().parse().unwrap()).collect()
}

/// Returns the text on a page between two strings, with HTML entities decoded.
pub fn between(page: &str, before: &str, after: &str) -> String {
    let rest = page.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {page}"));
    let text = rest.split(after).next().unwrap();
    text.replace("&amp;", "&").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">")
}

/// Returns the matches on a page's cards, in percent and in page order.
pub fn matches(page: &str) -> Vec<u32> {
    let cards = page.split("<p class=\"stars\" title=\"How likely").skip(1);
    cards.filter_map(|card| card.split_once('>')?.1.split_once(' ')?.0.parse().ok()).collect()
}

/// Returns the titles in a page's movie list, in order.
pub fn titles(html: &str) -> Vec<&str> {
    let rows = html.split("<article class=\"card strip\">").skip(1);
    rows.filter_map(|row| {
        let heading = row.split("<h3>").nth(1)?.split("</h3>").next()?;
        heading.split('>').nth(1)?.split('<').next()
    })
    .collect()
}

/// Returns the movie count shown on a list page, such as `12 films`.
pub fn count(page: &str) -> String {
    between(page, "id=\"count\" role=\"status\">", "</p>")
}
