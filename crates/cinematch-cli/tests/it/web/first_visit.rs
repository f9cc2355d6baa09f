//! The first visit, from a new profile to a changed recommendation.

use fantoccini::key::Key;

use super::fixtures::folder;
use super::tab::Tab;
use super::{DESKTOP, PHONE, tab};
use crate::support::server::Server;

/// Returns the titles in the list beside the questions.
fn listed_titles(tab: &Tab) -> Vec<String> {
    tab.texts(".so-far ol a")
}

/// Answers the current question with `action` and waits for the next one.
fn answer(tab: &Tab, action: impl FnOnce(&Tab)) {
    let question = tab.text("#asked");
    action(tab);
    tab.wait_until("the next question", || tab.text("#asked") != question);
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

        // Answers that express no preference leave the list unchanged.
        answer(&tab, |tab| tab.click_named("Haven’t seen it"));
        answer(&tab, |tab| tab.click_named("Skip"));
        assert_eq!(listed_titles(&tab), first);
        let mut lists = vec![first];
        for stars in ["5", "1.5", "4.5", "5", "2"] {
            answer(&tab, |tab| {
                tab.click(&format!("#question button[name=stars][value='{stars}']"));
            });
            lists.push(listed_titles(&tab));
        }
        lists.dedup();
        assert!(lists.len() > 3, "the list hardly changes: {lists:?}");
        assert!(tab.text("label[for=answers]").starts_with("5 films"));
        tab.check("welcome-rated");
        let last = lists.last().unwrap().clone();
        tab.click_named("Undo rating");
        tab.wait_until("the rating to be undone", || {
            tab.text("label[for=answers]").starts_with("4 of 5")
        });
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
    for stars in ["4.5 stars", "2 stars", "5 stars"] {
        answer(&tab, |tab| {
            tab.tab_to(stars);
            tab.press(Key::Enter);
        });
        // Keyboard navigation doesn't lose the focus position.
        assert_ne!(tab.focused(), "body");
    }
    assert!(tab.texts("#told").concat().contains("Next: "));
    tab.tab_to("See recommendations");
    tab.navigate(|tab| tab.press(Key::Enter));
    assert_eq!(tab.path(), "/");
}
