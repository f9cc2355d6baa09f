//! Actions common to all pages: undo, search, color themes, and keyboard use.

use fantoccini::key::Key;

use super::tab::Tab;
use super::world::{folder, somebody};
use super::{DESKTOP, PHONE, tab};
use crate::server::Server;

fn titles(tab: &Tab) -> Vec<String> {
    tab.texts(".card h3")
}

fn is_pressed(tab: &Tab, css: &str) -> bool {
    tab.count(&format!("{css}[aria-pressed=true]")) == 1
}

#[test]
fn tap_updates_the_page_immediately_and_can_be_undone() {
    let Some(mut tab) = tab("tap_updates_the_page_immediately_and_can_be_undone") else { return };
    let folder = folder();
    let server = Server::start(&folder);
    let ada = somebody(&server, "Ada");
    for look in [DESKTOP, PHONE.dark()] {
        tab.begin(&server, look);
        tab.be(ada);
        tab.open("/");
        tab.js("window.stays = true");
        let first = titles(&tab)[0].clone();
        let card = "main li:first-child .card";
        for (button, said) in [
            ("like", "You liked"),
            ("dislike", "You disliked"),
            ("not_interested", "won’t be recommended again"),
            ("seen", "as seen"),
            ("list", "to your watchlist"),
        ] {
            let css = format!("{card} .{button}");
            tab.click(&css);
            tab.until_told(said);
            tab.until_so("the button pressed", || is_pressed(&tab, &css));
            assert!(tab.text("#note").contains(&first));
            tab.check("tapped");
            tab.click_named("Undo");
            tab.until_told("undone");
            assert!(!is_pressed(&tab, &css), "{button}");
        }
        assert_eq!(titles(&tab)[0], first);
        assert_eq!(tab.js("return window.stays"), true, "the page was left");
    }
}

#[test]
fn taps_are_queued_undo_keeps_focus_and_pages_are_bound_to_a_profile() {
    let Some(mut tab) = tab("taps_are_queued_undo_keeps_focus_and_pages_are_bound_to_a_profile")
    else {
        return;
    };
    let folder = folder();
    let server = Server::start(&folder);
    let (ada, bob) = (somebody(&server, "Ada"), somebody(&server, "Bob"));
    tab.begin(&server, DESKTOP);
    tab.be(ada);
    tab.open("/");
    let button = |name: &str| format!("main li:first-child .card .{name}");
    let first = titles(&tab)[0].clone();
    // The second tap comes before the reply to the first.
    tab.js("const say = document.querySelector('main .card .say');
         say.querySelector('.seen').click(); say.querySelector('.list').click()");
    tab.until_told("to your watchlist");
    assert!(tab.text("#note").contains(&first));
    assert_eq!(tab.count("main .card .seen[aria-pressed=true]"), 1);
    assert_eq!(tab.count("main .card .list[aria-pressed=true]"), 1);
    // Focus moves to the element that replaces Undo.
    tab.js("document.querySelector('#note button').focus()");
    tab.press(Key::Enter);
    tab.until_told("undone");
    assert_eq!(tab.js("return document.activeElement.closest('.say') !== null"), true);
    tab.click(&button("like"));
    tab.until_told("You liked");
    tab.press_with(&[Key::Control], 'z');
    tab.until_told("undone");
    // Another tab switched the profile; actions on this page are not applied to the new one.
    let of_bob = || server.as_user(&bob.to_string(), ("GET", "/api/feedback"), None).text;
    let before = of_bob();
    tab.be(bob);
    tab.click(&button("dislike"));
    tab.until_told("You switched to Bob in another tab");
    tab.expect_refusal(409);
    assert_eq!(of_bob(), before);
}

#[test]
fn tap_without_scripts_returns_to_the_page_and_can_be_undone() {
    let Some(mut tab) = tab("tap_without_scripts_returns_to_the_page_and_can_be_undone") else {
        return;
    };
    let folder = folder();
    let server = Server::start(&folder);
    let ada = somebody(&server, "Ada");
    for look in [DESKTOP.dark().without_scripts(), PHONE.without_scripts()] {
        tab.begin(&server, look);
        tab.be(ada);
        tab.open("/search?q=heat");
        let title = titles(&tab)[0].clone();
        tab.go("main li:first-child .card .dislike");
        assert_eq!(tab.path(), "/search?q=heat");
        assert!(tab.text("#note").contains(&format!("You disliked {title}.")));
        assert!(is_pressed(&tab, "main li:first-child .card .dislike"));
        tab.check("tapped");
        tab.go_named("Undo");
        assert_eq!(tab.path(), "/search?q=heat");
        assert!(!is_pressed(&tab, "main li:first-child .card .dislike"));
        // A confirmation is shown only once.
        tab.open("/search?q=heat");
        assert_eq!(tab.texts("#note").concat(), "");
    }
}

#[test]
fn search_suggests_movies_and_supports_the_keyboard() {
    let Some(mut tab) = tab("films_are_suggested_while_one_types_and_chosen_by_the_keys") else {
        return;
    };
    let folder = folder();
    let server = Server::start(&folder);
    let ada = somebody(&server, "Ada");
    tab.begin(&server, DESKTOP);
    tab.be(ada);
    tab.open("/");
    tab.traffic();
    tab.tab_to("Search films and people");
    tab.type_text("godfathr");
    tab.until_so("suggestions", || tab.count("#q[aria-expanded=true]") == 1);
    let asked = tab.traffic().asked;
    assert_eq!(asked.iter().filter(|url| url.contains("/search?")).count(), 1, "{asked:?}");
    assert!(tab.texts("#suggestions [role=option]")[0].contains("Godfather"));
    tab.check("suggestions");
    tab.press(Key::Down);
    assert_eq!(tab.count("#suggestions [role=option][aria-selected=true]"), 1);
    let active = tab.js("return document.activeElement.getAttribute('aria-activedescendant')");
    let chosen = tab.js("return document.querySelector('#suggestions [aria-selected=true]').id");
    assert_eq!(active, chosen);
    tab.press(Key::Escape);
    assert_eq!(tab.count("#q[aria-expanded=false]"), 1);
    // Without a selected suggestion, Enter opens all results.
    tab.press(Key::Enter);
    tab.until_so("what is found", || tab.path() == "/search?q=godfathr");
    assert!(titles(&tab)[0].contains("Godfather"));
}

#[test]
fn keyboard_can_like_a_movie_and_undo() {
    let Some(mut tab) = tab("the_keyboard_alone_likes_a_film_and_takes_it_back") else { return };
    let folder = folder();
    let server = Server::start(&folder);
    let ada = somebody(&server, "Ada");
    tab.begin(&server, DESKTOP);
    tab.be(ada);
    tab.open("/");
    tab.press(Key::Tab);
    assert_eq!(tab.focused(), "Skip to main content");
    tab.press(Key::Enter);
    let like = format!("Like {}", titles(&tab)[0]);
    tab.tab_to(&like);
    tab.press(Key::Enter);
    tab.until_told("You liked");
    assert_eq!(tab.focused(), like, "the focus stays where it was");
    tab.press(Key::Space);
    tab.until_told("Removed your reaction");
    assert_eq!(tab.focused(), like);
    tab.tab_to("Why this?");
    tab.press(Key::Enter);
    assert_eq!(tab.count(".card details[open]"), 1);
}

#[test]
fn theme_follows_the_device_or_the_users_choice() {
    let Some(mut tab) = tab("theme_follows_the_device_or_the_users_choice") else { return };
    let folder = folder();
    let server = Server::start(&folder);
    let ada = somebody(&server, "Ada");
    let paper = |tab: &Tab| {
        let said = tab.js("return getComputedStyle(document.body).backgroundColor");
        said.as_str().unwrap().to_owned()
    };
    for look in [DESKTOP, DESKTOP.without_scripts()] {
        tab.begin(&server, look);
        tab.be(ada);
        tab.open("/people");
        let light = paper(&tab);
        tab.view(look.dark());
        let dark = paper(&tab);
        assert_ne!(light, dark);
        tab.click_named("Light");
        tab.until_so("light colours", || paper(&tab) == light);
        tab.open("/");
        assert_eq!(paper(&tab), light, "the choice holds on other pages");
        tab.view(look);
        tab.click_named("Dark");
        tab.until_so("dark colours", || paper(&tab) == dark);
        assert_eq!(tab.count(".theme [aria-pressed=true]"), 1);
        tab.click_named("System");
        tab.until_so("the device's colours", || paper(&tab) == light);
    }
}
