//! Actions common to all pages: undo, search, color themes, and keyboard use.

use fantoccini::key::Key;

use super::fixtures::{folder, signed_in_tab, user_with_history};
use super::tab::Tab;
use super::{DESKTOP, PHONE, tab};
use crate::support::server::Server;

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
    let ada = user_with_history(&server, "Ada");
    for look in [DESKTOP, PHONE.dark()] {
        tab.begin(&server, look);
        tab.sign_in_as(ada);
        tab.open("/");
        tab.js("window.same_page = true");
        let first = titles(&tab)[0].clone();
        let card = "main li:first-child .card";
        for (button, message) in [
            ("like", "You liked"),
            ("dislike", "You disliked"),
            ("not_interested", "won’t be recommended again"),
            ("seen", "as seen"),
            ("list", "to your watchlist"),
        ] {
            let css = format!("{card} .{button}");
            tab.click(&css);
            tab.wait_for_note(message);
            tab.wait_until("the pressed button", || is_pressed(&tab, &css));
            assert!(tab.text("#note").contains(&first));
            tab.check("tapped");
            tab.click_named("Undo");
            tab.wait_for_note("undone");
            assert!(!is_pressed(&tab, &css), "{button}");
        }
        assert_eq!(titles(&tab)[0], first);
        assert_eq!(tab.js("return window.same_page"), true, "the page was reloaded");
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
    let (ada, bob) = (user_with_history(&server, "Ada"), user_with_history(&server, "Bob"));
    tab.begin(&server, DESKTOP);
    tab.sign_in_as(ada);
    tab.open("/");
    let button = |name: &str| format!("main li:first-child .card .{name}");
    let first = titles(&tab)[0].clone();
    // The second tap comes before the reply to the first one.
    tab.js("const form = document.querySelector('main .card .say');
         form.querySelector('.seen').click(); form.querySelector('.list').click()");
    tab.wait_for_note("to your watchlist");
    assert!(tab.text("#note").contains(&first));
    assert_eq!(tab.count("main .card .seen[aria-pressed=true]"), 1);
    assert_eq!(tab.count("main .card .list[aria-pressed=true]"), 1);
    // Focus moves to the element that replaces Undo.
    tab.js("document.querySelector('#note button').focus()");
    tab.press(Key::Enter);
    tab.wait_for_note("undone");
    assert_eq!(tab.js("return document.activeElement.closest('.say') !== null"), true);
    tab.click(&button("like"));
    tab.wait_for_note("You liked");
    tab.press_with_modifiers(&[Key::Control], 'z');
    tab.wait_for_note("undone");
    // After another tab switches the profile, actions on this page don't apply to the new profile.
    let bobs_feedback = || server.as_user(&bob.to_string(), ("GET", "/api/feedback"), None).text;
    let before = bobs_feedback();
    tab.sign_in_as(bob);
    tab.click(&button("dislike"));
    tab.wait_for_note("You switched to Bob in another tab");
    tab.expect_error_status(409);
    assert_eq!(bobs_feedback(), before);
}

#[test]
fn tap_without_scripts_returns_to_the_page_and_can_be_undone() {
    let Some(mut tab) = tab("tap_without_scripts_returns_to_the_page_and_can_be_undone") else {
        return;
    };
    let folder = folder();
    let server = Server::start(&folder);
    let ada = user_with_history(&server, "Ada");
    for look in [DESKTOP.dark().without_scripts(), PHONE.without_scripts()] {
        tab.begin(&server, look);
        tab.sign_in_as(ada);
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
    let Some((tab, _folder, _server)) =
        signed_in_tab("search_suggests_movies_and_supports_the_keyboard")
    else {
        return;
    };
    tab.open("/");
    tab.traffic();
    tab.tab_to("Search films and people");
    tab.type_text("godfathr");
    tab.wait_until("suggestions", || tab.count("#q[aria-expanded=true]") == 1);
    let requested = tab.traffic().requested;
    assert_eq!(requested.iter().filter(|url| url.contains("/search?")).count(), 1, "{requested:?}");
    assert!(tab.texts("#q-suggestions [role=option]")[0].contains("Godfather"));
    tab.check("suggestions");
    tab.press(Key::Down);
    assert_eq!(tab.count("#q-suggestions [role=option][aria-selected=true]"), 1);
    let active = tab.js("return document.activeElement.getAttribute('aria-activedescendant')");
    let chosen = tab.js("return document.querySelector('#q-suggestions [aria-selected=true]').id");
    assert_eq!(active, chosen);
    tab.press(Key::Escape);
    assert_eq!(tab.count("#q[aria-expanded=false]"), 1);
    // Without a selected suggestion, Enter opens all results.
    tab.press(Key::Enter);
    tab.wait_until("the results", || tab.path() == "/search?q=godfathr");
    assert!(titles(&tab)[0].contains("Godfather"));
}

#[test]
fn keyboard_can_like_a_movie_and_undo() {
    let Some((tab, _folder, _server)) = signed_in_tab("keyboard_can_like_a_movie_and_undo") else {
        return;
    };
    tab.open("/");
    assert!(tab.tab_to("Skip to main content").is_empty(), "the link must come first");
    tab.press(Key::Enter);
    let like = format!("Like {}", titles(&tab)[0]);
    tab.tab_to(&like);
    tab.press(Key::Enter);
    tab.wait_for_note("You liked");
    assert_eq!(tab.focused(), like, "the focus must not move");
    tab.press(Key::Space);
    tab.wait_for_note("Removed your reaction");
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
    let ada = user_with_history(&server, "Ada");
    let background = |tab: &Tab| {
        // Without its stylesheet, which may still be loading, the page is transparent.
        tab.wait_for("a background color", || {
            let color =
                tab.try_js("return getComputedStyle(document.body).backgroundColor", vec![]);
            color?.as_str().filter(|color| *color != "rgba(0, 0, 0, 0)").map(str::to_owned)
        })
    };
    for look in [DESKTOP, DESKTOP.without_scripts()] {
        tab.begin(&server, look);
        tab.sign_in_as(ada);
        tab.open("/people");
        let light = background(&tab);
        tab.set_look(look.dark());
        let dark = background(&tab);
        assert_ne!(light, dark);
        tab.click_named("Light");
        tab.wait_until("light colors", || background(&tab) == light);
        tab.open("/");
        assert_eq!(background(&tab), light, "the choice applies to all pages");
        tab.set_look(look);
        tab.click_named("Dark");
        tab.wait_until("dark colors", || background(&tab) == dark);
        assert_eq!(tab.count(".theme [aria-pressed=true]"), 1);
        tab.click_named("System");
        tab.wait_until("the device's colors", || background(&tab) == light);
    }
}
