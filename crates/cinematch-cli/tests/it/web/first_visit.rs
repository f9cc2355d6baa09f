//! The first visit, from a new profile to a changed recommendation.

use fantoccini::key::Key;

use super::fixtures::folder;
use super::tab::Tab;
use super::{DESKTOP, PHONE, tab};
use crate::support::server::Server;

/// Returns the titles in the list beside the wall.
fn listed_titles(tab: &Tab) -> Vec<String> {
    tab.texts(".so-far ol a")
}

/// Picks a film with `action` and waits until the page counts `n_films`.
fn pick(tab: &Tab, n_films: usize, action: impl FnOnce(&Tab)) {
    action(tab);
    tab.wait_until("the film to count", || {
        tab.text("label[for=films]").starts_with(&n_films.to_string())
    });
}

/// Names a film: with scripts by choosing a suggestion, without them by searching.
fn name_film(tab: &Tab, words: &str) {
    tab.fill("#film-title", words);
    if tab.look.has_scripts {
        tab.wait_until("suggestions", || tab.count("#film-title[aria-expanded=true]") == 1);
        tab.press(Key::Down);
        tab.press(Key::Enter);
    } else {
        tab.navigate(|tab| tab.press(Key::Enter));
        tab.click(".naming .covers button");
    }
}

#[test]
fn first_visit_leads_to_a_changed_recommendation() {
    let Some(mut tab) = tab("first_visit_leads_to_a_changed_recommendation") else { return };
    for look in [DESKTOP, PHONE.dark(), DESKTOP.dark().without_scripts(), PHONE.without_scripts()] {
        let folder = folder();
        let server = Server::start(&folder);
        tab.begin(&server, look);
        tab.open("/");
        assert_eq!(tab.path(), "/welcome");
        tab.check("welcome");
        tab.fill("#name", "Ada");
        tab.go_named("Continue");
        assert_eq!(tab.path(), "/welcome");
        tab.check("welcome-places");
        tab.click("input[name=service][value=Netflix]");
        tab.click("input[name=service][value=Max]");
        tab.go_named("Continue");
        assert_eq!(tab.path(), "/welcome/rate");
        tab.check("welcome-rate");
        let first = listed_titles(&tab);
        assert!(!first.is_empty());

        // A named film and tapped covers change the list.
        let mut lists = vec![first];
        pick(&tab, 1, |tab| name_film(tab, "heat"));
        assert!(tab.texts(".picked button")[0].starts_with("Heat"));
        lists.push(listed_titles(&tab));
        for cover in 1..=2 {
            pick(&tab, cover + 1, |tab| tab.click(&format!("#wall li:nth-child({cover}) button")));
            lists.push(listed_titles(&tab));
        }
        assert_eq!(tab.count("#wall [aria-pressed=true]"), 2);
        tab.click("#rating-bar button[name=stars][value='4.5']");
        tab.wait_until("the rating", || tab.texts(".picked button")[0].contains("★ 4.5"));
        lists.push(listed_titles(&tab));
        tab.check("welcome-rated");

        // The next wall has other covers.
        let titles = tab.texts("#wall .name");
        tab.click_named("More films");
        tab.wait_until("the next wall", || {
            let next = tab.texts("#wall .name");
            next.len() == titles.len() && next.iter().all(|title| !titles.contains(title))
        });
        for cover in 1..=2 {
            pick(&tab, cover + 3, |tab| tab.click(&format!("#wall li:nth-child({cover}) button")));
            lists.push(listed_titles(&tab));
        }
        lists.dedup();
        assert!(lists.len() > 4, "the list hardly changes: {lists:?}");
        assert!(tab.text("label[for=films]").starts_with("5 films"));
        let last = lists.last().unwrap().clone();
        pick(&tab, 4, |tab| tab.click(".picked button"));
        assert_ne!(listed_titles(&tab), last);

        tab.go_named("See recommendations");
        assert_eq!(tab.path(), "/");
        tab.check("home-first");
        assert_eq!(tab.text("h1").to_lowercase(), "films for ada");
        let headings = tab.texts(".row h2").join("; ");
        assert!(headings.contains("Picked for you") && headings.contains("Because you loved"));
        for services in tab.texts(".row:first-of-type .services") {
            assert!(services.contains("Netflix") || services.contains("Max"), "{services}");
        }
    }
}

#[test]
fn first_visit_works_without_a_mouse() {
    let Some(mut tab) = tab("first_visit_works_without_a_mouse") else { return };
    let folder = folder();
    let server = Server::start(&folder);
    tab.begin(&server, PHONE.dark());
    tab.open("/");
    tab.tab_to("Name");
    tab.type_text("Ada");
    tab.navigate(|tab| tab.press(Key::Enter));
    tab.tab_to("Netflix");
    tab.press(Key::Space);
    tab.tab_to("Continue");
    tab.navigate(|tab| tab.press(Key::Enter));
    assert_eq!(tab.path(), "/welcome/rate");
    tab.tab_to("Film title");
    tab.type_text("heat");
    tab.wait_until("suggestions", || tab.count("#film-title[aria-expanded=true]") == 1);
    tab.press(Key::Down);
    pick(&tab, 1, |tab| tab.press(Key::Enter));
    assert_eq!(tab.focused(), "Film title");
    let cover = tab.texts("#wall .cover")[0].split_whitespace().collect::<Vec<_>>().join(" ");
    tab.tab_to(&cover);
    pick(&tab, 2, |tab| tab.press(Key::Enter));
    // Keyboard navigation doesn't lose the focus position.
    assert_eq!(tab.focused(), cover);
    tab.tab_to("4 stars");
    tab.press(Key::Enter);
    tab.wait_until("the rating", || tab.texts(".picked button")[0].contains("★ 4"));
    assert!(tab.texts("#told").concat().contains("4 stars"));
    tab.tab_to("See recommendations");
    tab.navigate(|tab| tab.press(Key::Enter));
    assert_eq!(tab.path(), "/");
}
