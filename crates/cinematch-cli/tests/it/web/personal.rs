//! The user's own pages: undoing a watchlist removal, and editing a profile by keyboard.

use fantoccini::key::Key;

use super::fixtures::{folder, signed_in_tab, user_with_history};
use super::{DESKTOP, PHONE, tab};
use crate::support::server::Server;

#[test]
fn watchlist_removal_can_be_undone() {
    let Some(mut tab) = tab("watchlist_removal_can_be_undone") else { return };
    let folder = folder();
    let server = Server::start(&folder);
    let ada = user_with_history(&server, "Ada");
    for look in [DESKTOP.dark(), PHONE] {
        tab.begin(&server, look);
        tab.sign_in_as(ada);
        tab.open("/watchlist");
        tab.go_named("Recently added");
        let listed = tab.texts(".strip h3");
        assert_eq!(listed.len(), 3);
        tab.click(".strips > li:nth-child(2) .list");
        tab.wait_for_note("from your watchlist");
        tab.check("watchlist-removed");
        tab.click_named("Undo");
        tab.wait_for_note("undone");
        tab.open("/watchlist?sort=added");
        assert_eq!(tab.texts(".strip h3"), listed, "restored at its former position");
        tab.click(".strips > li:first-child .seen");
        tab.wait_for_note("as seen");
        tab.open("/watchlist?sort=added");
        assert_eq!(tab.text("section[aria-labelledby=watched] h3"), listed[0]);
        tab.click("section[aria-labelledby=watched] .seen");
        tab.wait_for_note("as not seen");
    }
}

#[test]
fn profile_can_be_edited_and_deleted_by_keyboard() {
    let Some((tab, _folder, _server)) =
        signed_in_tab("profile_can_be_edited_and_deleted_by_keyboard")
    else {
        return;
    };
    tab.open("/me");
    tab.tab_to("Crime");
    tab.press_with_modifiers(&[], ' ');
    tab.tab_to("Save");
    tab.navigate(|tab| tab.press(Key::Enter));
    assert!(tab.text("#note").contains("saved"));
    assert_eq!(tab.count("input[value=crime]:checked"), 1);
    tab.check("me-saved");
    tab.tab_to("Delete profile");
    tab.navigate(|tab| tab.press(Key::Enter));
    tab.check("forget");
    tab.tab_to("Delete profile");
    tab.navigate(|tab| tab.press(Key::Enter));
    assert_eq!(tab.text("h1"), "Profile deleted");
    assert!(tab.text("main").contains("receipt"));
    tab.check("forgotten");
    tab.open("/");
    assert_ne!(tab.path(), "/", "the cookie of a deleted profile is not valid");
}
