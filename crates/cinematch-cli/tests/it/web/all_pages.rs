//! Checks every page on every screen: axe-core, console messages, external requests and layout rules.

use cinematch_http::class::RouteClass;
use cinematch_testing::{Client, World};

use super::checks::Traffic;
use super::fixtures::signed_in_tab;
use super::{DESKTOP, NARROW, PHONE, WALL};

/// The pages to check for a user with a history, with their screenshot names.
const PAGES: [(&str, &str); 12] = [
    ("home", "/"),
    ("search", "/search?q=godfather"),
    ("people", "/people"),
    ("watchlist", "/watchlist"),
    ("tonight", "/tonight"),
    ("me", "/me"),
    ("forget", "/me/forget"),
    ("import", "/import"),
    ("browse", "/browse"),
    ("browse-filtered", "/browse?genre=crime&year_max=1990"),
    ("film", "/films/163"),
    ("welcome-again", "/welcome/rate"),
];

/// Pages that the tests of the first visit and of the operator check.
const CHECKED_ELSEWHERE: [&str; 6] = [
    "/welcome",
    "/sign-in",
    "/models",
    "/models/rollback",
    "/models/{generation}",
    "/models/{generation}/promote",
];

/// Routes that return a file.
const DOWNLOADS: [&str; 2] = ["/me/export.json", "/me/export.csv"];

/// Returns the paths of the router of the pages. axum lists them only in its debug output.
fn routes() -> Vec<String> {
    let router = format!("{:?}", cinematch_web::pages());
    let strings = router.split('"').skip(1).step_by(2);
    // A wildcard matches the addresses without a page.
    strings.filter(|text| text.starts_with('/') && !text.contains('*')).map(str::to_owned).collect()
}

#[test]
fn no_page_of_the_router_escapes_the_checks() {
    let world = World::default();
    let router = world.router(|_| vec![(RouteClass::Page, cinematch_web::pages())]);
    let client = Client::new(world, router);
    let path_of = |page: &str| page.split('?').next().unwrap().to_owned();
    let checked: Vec<String> = PAGES.iter().map(|(_, page)| path_of(page)).collect();
    let (mut n_pages, mut missing) = (0, Vec::new());
    for route in routes() {
        let path = route.replace("{movie_id}", "163").replace("{generation}", "1");
        if DOWNLOADS.contains(&&*route) || client.get(&path).status == 405 {
            continue;
        }
        n_pages += 1;
        if !checked.contains(&path) && !CHECKED_ELSEWHERE.contains(&&*route) {
            missing.push(route);
        }
    }
    assert!(missing.is_empty(), "add these pages to PAGES: {missing:?}");
    assert!(n_pages > CHECKED_ELSEWHERE.len(), "{n_pages} pages");
}

#[test]
fn every_page_passes_all_checks_on_every_screen() {
    let Some((mut tab, _folder, _server)) =
        signed_in_tab("every_page_passes_all_checks_on_every_screen")
    else {
        return;
    };
    // Report all faults together, since pages may share them.
    let mut found = Vec::new();
    for look in [DESKTOP, PHONE.dark(), NARROW.without_scripts(), WALL.dark()] {
        tab.set_look(look);
        for (name, path) in PAGES {
            tab.open(path);
            assert_eq!(tab.path(), path, "the user was redirected");
            let mut problems = tab.problems(name);
            if look.width == PHONE.width {
                problems.extend(tab.problems_of_large_text(name));
            }
            found.extend(problems.iter().map(|it| format!("{name} ({}): {it}", look.name())));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn home_page_transfers_at_most_100_kb() {
    let Some((tab, _folder, _server)) = signed_in_tab("home_page_transfers_at_most_100_kb") else {
        return;
    };
    tab.open("/");
    let timing = tab.timing();
    let traffic = tab.traffic();
    let Traffic { requested, transferred, decompressed } = &traffic;
    println!(
        "home page: {transferred} bytes, {decompressed} decompressed; milliseconds: {timing}; {requested:#?}"
    );
    assert!(traffic.transferred <= 100_000, "{traffic:?}");
    assert!(traffic.transferred > 1_000, "no traffic was recorded: {traffic:?}");
}
