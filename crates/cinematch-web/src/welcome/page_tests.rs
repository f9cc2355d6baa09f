//! Onboarding: streaming services and the first ratings.

use cinematch_testing::{PlainBrowser, Sample, World};
use serde_json::{Value, json};

use crate::testing::{between, count, movies, over, sample};

/// Returns the ID of the movie that the page asks about, and the titles in the list.
fn question_and_list(page: &str) -> (u64, Vec<String>) {
    let movie = between(page, "name=\"film\" value=\"", "\"").parse().unwrap();
    let list = page.split("class=\"what\">").skip(1);
    let titles = list.map(|item| item.split("\">").nth(1).unwrap().split('<').next().unwrap());
    (movie, titles.map(str::to_owned).collect())
}

#[test]
fn onboarding_updates_the_list_after_every_rating() {
    let server = sample();
    let mut ada = PlainBrowser::new(&server, "Ada");

    // Saving the services preserves other preferences.
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
    ada.send("/welcome", "", &[]);

    // "Not seen" and "skip" are stored in the URL, not in the profile.
    let mut page = ada.page("/welcome/rate");
    let (first, without_ratings) = question_and_list(&page);
    assert!(page.contains("0 of 5 films rated") && without_ratings.len() == 10);
    let mut address = "/welcome/rate".to_owned();
    let mut asked_movies = vec![first];
    for answer in ["not_seen", "skip"] {
        let (movie, _) = question_and_list(&page);
        let state = address.split_once('?').map_or("", |(_, state)| state);
        let reply =
            ada.send("/welcome/rate", &format!("{state}&film={movie}&answer={answer}"), &[]);
        reply.headers["location"].to_str().unwrap().clone_into(&mut address);
        page = ada.page(&address);
        let (next, list) = question_and_list(&page);
        assert!(!asked_movies.contains(&next) && list == without_ratings, "{answer}");
        asked_movies.push(next);
    }
    let (again, _) = question_and_list(&ada.page("/welcome/rate"));
    assert!(!asked_movies[..2].contains(&again), "a new visit does not repeat the first questions");
    let adas_feedback =
        || server.as_user("1", ("GET", "/api/feedback"), None).json()["feedback"].clone();
    assert_eq!(adas_feedback(), json!([]));

    // Ratings are stored, and the page marks the movies whose positions they change.
    for stars in ["5", "0.5", "4.5", "4", "1"] {
        let (movie, before) = question_and_list(&page);
        let state = address.split_once('?').map_or("", |(_, state)| state);
        let reply = ada.send("/welcome/rate", &format!("{state}&film={movie}&stars={stars}"), &[]);
        reply.headers["location"].to_str().unwrap().clone_into(&mut address);
        page = ada.page(&address);
        let (next, list) = question_and_list(&page);
        assert!(!asked_movies.contains(&next), "no question may be repeated");
        asked_movies.push(next);
        assert_ne!(list, before, "{stars} stars must change the list");
        assert!(page.contains("class=\"moved "), "{page}");
    }
    assert!(
        page.contains("5 films rated. You can stop")
            && page.contains("<a class=\"button\" href=\"/\">")
    );
    assert_eq!(adas_feedback().as_array().map(Vec::len), Some(5));

    // The last rating is undone; a request for fragments returns only the changed parts.
    let last = between(&page, "\"last\" value=\"", "\"");
    let parts = ada
        .send("/welcome/rate", &format!("film={last}&answer=take_back"), &[("x-fragment", "1")])
        .text;
    assert!(parts.contains("4 of 5 films rated") && parts.contains("id=\"told\""), "{parts}");
    assert!(parts.starts_with("<section class=\"question\" id=\"question\""), "{parts}");
    let last: u64 = last.parse().unwrap();
    let is_rated = |movie: &Value| movie["movie_id"] == last && !movie["rating"].is_null();
    assert!(!adas_feedback().as_array().unwrap().iter().any(is_rated));
    assert_eq!(ada.send("/welcome/rate", "film=x&stars=5", &[]).status, 422);
    assert_eq!(ada.send("/welcome/rate", "stars=5", &[]).status, 422);
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
