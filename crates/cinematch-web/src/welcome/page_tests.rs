//! Onboarding: streaming services and the first ratings.

use cinematch_testing::{PlainBrowser, Sample, World};
use serde_json::json;

use crate::testing::{between, count, movies, over, sample};

/// Opens the page, and stores the cookie with its wall as a browser would.
fn open_wall(browser: &mut PlainBrowser<'_>) -> String {
    let reply = browser.get("/welcome/rate");
    let cookie = reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    browser.cookies = format!("{}; {cookie}", browser.cookies);
    reply.text
}

/// Returns the IDs of the movies on the wall.
fn wall(page: &str) -> Vec<u32> {
    let forms = page.split("<form id=\"cover-").skip(1);
    forms.map(|form| form.split('"').next().unwrap().parse().unwrap()).collect()
}

/// Returns the titles in the list of recommendations.
fn listed(page: &str) -> Vec<String> {
    let items = page.split("class=\"what\">").skip(1);
    let titles = items.map(|item| item.split("\">").nth(1).unwrap().split('<').next().unwrap());
    titles.map(str::to_owned).collect()
}

/// Returns true if the cover of a movie is pressed.
fn is_pressed(page: &str, movie: u32) -> bool {
    between(page, &format!("<form id=\"cover-{movie}\""), "</form>")
        .contains("aria-pressed=\"true\"")
}

#[test]
fn saving_services_preserves_other_preferences() {
    let server = sample();
    let mut ada = PlainBrowser::new(&server, "Ada");
    let genres = json!({"preferred_genres": ["crime"], "runtime_max": 180});
    assert_eq!(server.as_user("1", ("PUT", "/api/preferences/me"), Some(&genres)).status, 200);
    let services_page = ada.page("/welcome");
    assert!(
        services_page.contains("name=\"service\" value=\"Netflix\"")
            && services_page.contains(">demo</span>")
    );
    let saved = ada.send("/welcome", "service=Netflix&service=MUBI", &[]);
    assert_eq!(
        (saved.status, &saved.headers["location"]),
        (303, &"/welcome/rate".parse().unwrap())
    );
    let preferences = server.as_user("1", ("GET", "/api/preferences/me"), None).json();
    assert_eq!(preferences["services"], json!(["Netflix", "MUBI"]));
    assert_eq!(
        (&preferences["preferred_genres"], &preferences["runtime_max"]),
        (&json!(["crime"]), &json!(180))
    );
}

#[test]
fn tapped_covers_are_liked_rated_and_removed_and_update_the_list() {
    let server = sample();
    let mut ada = PlainBrowser::new(&server, "Ada");
    let feedback =
        || server.as_user("1", ("GET", "/api/feedback"), None).json()["feedback"].clone();
    let page = open_wall(&mut ada);
    let (covers, without_films) = (wall(&page), listed(&page));
    assert_eq!((covers.len(), without_films.len()), (24, 10));
    assert!(page.contains("0 of 5 films") && !page.contains("id=\"picked\"><h3>"));

    let tap = |ada: &mut PlainBrowser<'_>, fields: &str| {
        let reply = ada.send("/welcome/rate", fields, &[]);
        assert_eq!(reply.status, 303, "{}", reply.text);
        let address = reply.headers["location"].to_str().unwrap();
        ada.page(address.split('#').next().unwrap())
    };
    // The wall stays while the list changes, and the page marks the movies that moved.
    let first = covers[0];
    let page = tap(&mut ada, &format!("film={first}&answer=like"));
    assert_eq!(feedback()[0]["signal"], "like");
    assert!(is_pressed(&page, first) && !is_pressed(&page, covers[1]));
    assert!(page.contains("1 of 5 films") && page.contains("class=\"moved "), "{page}");
    assert_eq!(wall(&page), covers);
    assert_ne!(listed(&page), without_films);
    // The last film can be rated with one more tap.
    assert!(between(&page, "id=\"rating-bar\"", "</form>").contains(&format!("value=\"{first}\"")));
    let page = tap(&mut ada, &format!("film={first}&stars=4.5"));
    assert_eq!(feedback()[0]["rating"], 4.5);
    assert!(between(&page, "id=\"picked\"", "</ul>").contains(" ★ 4.5"), "{page}");
    // A second tap removes the film.
    let page = tap(&mut ada, &format!("film={first}&answer=remove"));
    assert!(!is_pressed(&page, first) && page.contains("0 of 5 films"));
    assert!(feedback()[0]["rating"].is_null() && feedback()[0]["signal"].is_null());

    for movie in &covers[1..6] {
        tap(&mut ada, &format!("film={movie}&answer=like"));
    }
    let page = ada.page("/welcome/rate");
    assert!(
        page.contains("5 films. You can stop") && page.contains("<a class=\"button\" href=\"/\">")
    );
    assert_eq!(ada.send("/welcome/rate", "film=x&stars=5", &[]).status, 422);
    assert_eq!(ada.send("/welcome/rate", "answer=like", &[]).status, 422);
    assert_eq!(ada.send("/welcome/rate", "film=999999999&answer=like", &[]).status, 404);
}

#[test]
fn more_films_shows_walls_without_repetitions() {
    let server = sample();
    let mut ada = PlainBrowser::new(&server, "Ada");
    let mut shown = wall(&open_wall(&mut ada));
    // A movie on the watchlist is not shown.
    let listed = json!({"movie_id": 163});
    assert_eq!(server.as_user("1", ("POST", "/api/watchlist"), Some(&listed)).status, 201);
    shown.push(163);
    for _ in 0..3 {
        let reply = ada.send("/welcome/rate", "answer=more", &[]);
        assert_eq!(reply.headers["location"], "/welcome/rate#wall");
        let page = ada.page("/welcome/rate");
        let covers = wall(&page);
        assert!(
            covers.len() == 24 && covers.iter().all(|movie| !shown.contains(movie)),
            "{covers:?}"
        );
        // Another visit continues with the same wall.
        assert_eq!(wall(&ada.page("/welcome/rate")), covers);
        shown.extend(covers);
    }
    let fragments = ada.send("/welcome/rate", "answer=more", &[("x-fragment", "1")]).text;
    assert!(fragments.starts_with("<section class=\"wall\" id=\"wall\""), "{fragments}");
    assert_eq!(server.as_user("1", ("GET", "/api/feedback"), None).json()["feedback"], json!([]));
}

#[test]
fn named_films_are_found_liked_and_listed_with_a_button_that_removes_them() {
    let server = sample();
    let mut ada = PlainBrowser::new(&server, "Ada");
    // Without scripts, the search shows its results on the page.
    let page = ada.page("/welcome/rate?q=heat");
    assert!(between(&page, "id=\"found-163\"", "</form>").contains("Heat"), "{page}");
    assert!(ada.page("/welcome/rate?q=xyzzyx").contains("No matches for “xyzzyx”"));
    // A script sends the chosen suggestion and replaces the changed elements.
    let found = server.send(
        ("GET", "/search?q=heat"),
        &[("cookie", &*ada.cookies), ("x-fragment", "1")],
        None,
    );
    assert!(found.text.contains("data-film=\"163\""), "{}", found.text);
    let fragments = ada.send("/welcome/rate", "film=163&answer=like", &[("x-fragment", "1")]).text;
    for part in ["id=\"rating-bar\"", "id=\"picked\"", "id=\"so-far\"", "You liked Heat."] {
        assert!(fragments.contains(part), "{part}: {fragments}");
    }
    let picked = between(&ada.page("/welcome/rate"), "id=\"picked\"", "</ul>");
    assert!(picked.contains("name=\"answer\" value=\"remove\"") && picked.contains("Remove Heat"));
}

#[test]
fn services_depend_on_the_region() {
    let providers = "tmdb_id,region,flatrate,ads,free,rent,buy\n900000001,DE,Filmfreund,,,,\n";
    let server = over(World::of(Sample::default().with_providers(providers).serving()));
    let mut ada = PlainBrowser::new(&server, "Ada");
    assert!(!ada.page("/welcome").contains("Filmfreund"));
    let german = ada.page("/welcome?region=DE");
    assert!(german.contains("<option value=\"DE\" selected>Germany</option>"));
    assert!(german.contains("value=\"Filmfreund\"") && german.contains("JustWatch"));
    assert_eq!(ada.send("/welcome", "region=de&service=filmfreund", &[]).status, 303);
    let stored = server.as_user("1", ("GET", "/api/preferences/me"), None).json();
    assert_eq!((&stored["region"], &stored["services"]), (&json!("DE"), &json!(["Filmfreund"])));
    let found = ada.page("/browse?service=Filmfreund");
    assert_eq!(count(&found), "1 film");
    let movie = ada.page(&format!("/films/{}", movies(&found)[0]));
    assert!(
        movie.contains("Where to watch in Germany") && movie.contains("<b>your service</b>"),
        "{movie}"
    );
}
