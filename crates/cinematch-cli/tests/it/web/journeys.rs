//! User journeys: importing a history, choosing movies for a group, the watchlist, and deleting a profile.

use super::fixtures::{folder, user_with_history};
use super::{DESKTOP, PHONE, tab};
use crate::support::server::Server;

/// Ratings in Letterboxd's export format: known movies, an unknown one, and one with an ambiguous year.
const RATINGS: &str = "Date,Name,Year,Letterboxd URI,Rating\n\
    2024-01-01,The Godfather,1972,https://boxd.it/1,5\n\
    2024-01-02,Heat,1995,https://boxd.it/2,4.5\n\
    2024-01-03,A Film That Nobody Made,1987,https://boxd.it/3,3\n\
    2024-01-04,Toy Story,1995,https://boxd.it/4,2\n";

#[test]
fn imported_history_changes_recommendations() {
    let Some(mut tab) = tab("imported_history_changes_recommendations") else { return };
    for look in [DESKTOP, PHONE.dark().without_scripts()] {
        let folder = folder();
        folder.write("ratings.csv", RATINGS.as_bytes());
        folder.write("nonsense.csv", b"what,is,this\n1,2,3\n");
        let server = Server::start(&folder);
        let profile =
            server.post("/auth/identify", &serde_json::json!({"email": "a@b.org", "name": "Ada"}));
        let file = |name: &str| folder.path(name).to_str().unwrap().to_owned();
        tab.begin(&server, look);
        tab.sign_in_as(profile.json()["id"].as_i64().unwrap());
        tab.open("/import");
        tab.check("import");
        tab.choose_file("#file", &file("nonsense.csv"));
        tab.go_named("Import ratings");
        assert_eq!(tab.count("#refusal"), 1);
        tab.expect_error_status(422);
        tab.choose_file("#file", &file("ratings.csv"));
        tab.go_named("Import ratings");
        assert_eq!(tab.text("h1"), "Import complete");
        assert!(tab.text("#report").starts_with("3 of 4 rows"));
        assert!(tab.texts("main").concat().contains("A Film That Nobody Made"));
        tab.check("imported");
        let expected = tab.texts("#now ~ ul .card h3");
        tab.go_named("See recommendations");
        assert_eq!(tab.texts(".card h3")[0], expected[0]);
        assert!(tab.texts(".row h2").join("; ").contains("Because you loved The Godfather"));
    }
}

#[test]
fn tonight_shows_five_movies_and_a_match_per_member() {
    let test = "tonight_shows_five_movies_and_a_match_per_member";
    let Some(mut tab) = tab(test) else { return };
    let folder = folder();
    let server = Server::start(&folder);
    let (ada, bob) = (user_with_history(&server, "Ada"), user_with_history(&server, "Bob"));
    for look in [DESKTOP.dark(), PHONE.without_scripts()] {
        tab.begin(&server, look);
        tab.sign_in_as(ada);
        tab.open("/tonight");
        tab.check("tonight");
        tab.click(&format!("input[name=who][value='{bob}']"));
        tab.click("input[name=minutes][value='120']");
        tab.click_named("Pick five films");
        tab.wait_until("five films", || tab.texts("#picks") == ["Five films for tonight"]);
        let matches = tab.texts(".happiness li");
        assert_eq!(matches.len(), 10);
        assert!(matches.iter().all(|words| words.contains("would")), "{matches:?}");
        tab.check("tonight-picks");
        assert!(tab.path().contains("minutes=120"), "the URL contains the settings");
    }
}

#[test]
fn watchlist_sorts_and_removes_and_profile_can_be_deleted() {
    let test = "watchlist_sorts_and_removes_and_profile_can_be_deleted";
    let Some(mut tab) = tab(test) else { return };
    let folder = folder();
    let server = Server::start(&folder);
    for look in [DESKTOP, PHONE.dark().without_scripts()] {
        let ada = user_with_history(&server, "Ada");
        tab.begin(&server, look);
        tab.sign_in_as(ada);
        tab.open("/watchlist");
        tab.check("watchlist");
        assert_eq!(tab.count(".wanted > li"), 3);
        tab.go("nav.sorts li:last-child a");
        assert!(tab.path().starts_with("/watchlist?sort="));
        tab.click(".wanted > li:first-child .seen");
        tab.wait_for_note("as seen");
        tab.open("/watchlist");
        assert_eq!((tab.count(".wanted > li"), tab.count("#watched ~ .kept > li")), (2, 1));
        tab.open("/me");
        assert!(tab.count(".picture svg[role=img]") >= 2 || tab.count(".picture svg") >= 2);
        tab.check("me");
        tab.open("/me/forget");
        tab.check("forget");
        tab.go_named("Delete profile");
        assert_eq!(tab.text("h1"), "Profile deleted");
        tab.check("forgotten");
        tab.open("/me");
        assert_eq!(tab.path(), "/people");
    }
}
