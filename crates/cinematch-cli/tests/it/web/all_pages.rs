//! Checks every page on every screen: axe-core, console messages, external requests and layout rules.

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
fn home_page_stays_within_size_and_time_limits() {
    let Some((tab, _folder, _server)) =
        signed_in_tab("home_page_stays_within_size_and_time_limits")
    else {
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
