//! The lifecycle of a profile: preferences, feedback, explanations, export and deletion.

use std::collections::BTreeSet;

use cinematch_testing::movie_ids;
use serde_json::{Value, json};

use crate::testing::databases::worlds;
use crate::testing::{User, ids, is_sorted_outside_series, over};

#[test]
fn user_data_follows_the_full_profile_lifecycle() {
    for world in worlds("user_data_follows_the_full_profile_lifecycle") {
        let server = over(world);
        let ada = User::new(&server, "ada@example.org");
        preferences(&ada);
        feedback_affects_the_next_request(&ada);
        counterfactuals_match_the_changed_list(&ada);
        modes(&ada);
        export_and_deletion(&ada);
    }
}

fn preferences(ada: &User<'_>) {
    let path = "/api/preferences/me";
    assert_eq!(ada.get(path)["updated_at"], Value::Null);
    let put = |body: Value| ada.call("PUT", path, Some(&body));
    let stored = put(
        json!({"preferred_genres": ["Science Fiction", "crime", "sci-fi"], "runtime_max": 200}),
    );
    assert_eq!(
        stored.json()["preferred_genres"],
        json!(["sci-fi", "crime"]),
        "genres are spelled as in the catalog"
    );
    assert_eq!(ada.get(path)["runtime_max"], 200);
    let problem = put(json!({"runtime_min": 100, "runtime_max": 90})).problem(422);
    assert_eq!(problem["errors"][0]["field"], "runtime_min");
    let problem = put(json!({"novelty": -1.5})).problem(422);
    assert_eq!(problem["errors"][0]["field"], "novelty");
    assert_eq!(ada.get(path)["novelty"], 0.0);
    let problem = put(json!({"preferred_genres": ["dramma"]})).problem(422);
    assert!(problem["detail"].as_str().unwrap().contains("did you mean drama"), "{problem}");
    assert_eq!(ada.get(path)["runtime_max"], 200, "a rejected update changes nothing");
    // A service missing from the current catalog is stored and reported, but doesn't filter out any movies.
    put(json!({"services": ["Laserdisc"], "original_languages": ["tlh"]}));
    let reply = ada.get("/api/recommendations");
    assert_eq!(reply["ignored_preferences"], json!(["tlh", "Laserdisc"]));
    assert_eq!(reply["count"], 20);
    put(json!({"services": ["netflix"]}));
    for movie in ada.get("/api/recommendations?limit=50")["recommendations"].as_array().unwrap() {
        assert!(movie["services"].as_array().unwrap().contains(&json!("Netflix")), "{movie}");
    }
    put(json!({}));
}

fn feedback_affects_the_next_request(ada: &User<'_>) {
    let list = || ada.get("/api/recommendations?limit=100");
    let cold = list();
    assert_eq!((&cold["mode"], &cold["user_id"].to_string()), (&json!("because_liked"), &ada.id));
    let feedback = ada.send_feedback(&json!({"movie_id": 1, "rating": 5.0}));
    assert_eq!((&feedback["rating"], &feedback["signal"]), (&json!(5.0), &Value::Null));
    let after = list();
    assert_ne!(ids(&after), ids(&cold));
    assert!(!ids(&after).contains(&1), "rated movies are not recommended");
    assert!(after["recommendations"].as_array().unwrap().iter().any(|movie| {
        movie["reasons"].as_array().unwrap().iter().any(|reason| reason["movie_id"] == 1)
    }));
    // A request with an equivalent history returns the same list.
    let from_ratings =
        ada.server.recommend(&json!({"ratings": [{"movie_id": 1, "rating": 5.0}], "limit": 100}));
    assert_eq!(ids(&from_ratings), ids(&after));

    // A dislike lowers the rank of the most similar movies.
    let place = |list: &Value, id: u64| ids(list).iter().position(|it| *it == id).unwrap_or(100);
    let top = ids(&after)[0];
    let similar = ada.server.get(&format!("/api/movies/{top}/similar?limit=10")).json();
    let mut similar = movie_ids(similar["similar"].as_array().unwrap());
    similar.retain(|id| *id != 1);
    ada.send_feedback(&json!({"movie_id": top, "signal": "dislike"}));
    let after_dislike = list();
    assert!(!ids(&after_dislike).contains(&top));
    let sum = |list: &Value| similar.iter().map(|id| place(list, *id)).sum::<usize>();
    assert!(sum(&after_dislike) > sum(&after), "{} {}", sum(&after_dislike), sum(&after));

    ada.send_feedback(&json!({"movie_id": 2, "signal": "like"}));
    ada.send_feedback(&json!({"movie_id": 3, "signal": "not_interested"}));
    assert_eq!(ada.get("/api/feedback/my-likes"), json!([2]));
    let listed = ada.get("/api/feedback/my-dislikes");
    let dislikes: BTreeSet<u64> =
        listed.as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
    assert_eq!(dislikes, [3, top].into());
    assert_eq!(ada.get("/api/feedback")["count"], 4);
    // The latest feedback wins, and deleted feedback has no effect.
    let feedback = ada.send_feedback(&json!({"movie_id": 2, "rating": 1.5}));
    assert_eq!((&feedback["rating"], &feedback["signal"]), (&json!(1.5), &Value::Null));
    assert_eq!(ada.call("DELETE", &format!("/api/feedback/{top}"), None).status, 204);
    ada.call("DELETE", &format!("/api/feedback/{top}"), None).problem(404);
    assert!(ids(&list()).contains(&top));
    for (body, field) in [
        (json!({"movie_id": 1, "signal": "love"}), "signal"),
        (json!({"movie_id": 1, "rating": 5.5}), "rating"),
        (json!({"movie_id": 1}), "signal"),
        (json!({"signal": "like"}), "movie_id"),
    ] {
        let problem = ada.call("POST", "/api/feedback", Some(&body)).problem(422);
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    ada.call("POST", "/api/feedback", Some(&json!({"movie_id": 424_242, "signal": "like"})))
        .problem(404);

    // Movies that are watched or on the watchlist are excluded, but the latter can be requested.
    ada.send_feedback(&json!({"movie_id": 4, "watched": true}));
    let listed = ids(&list())[0];
    ada.call("POST", "/api/watchlist", Some(&json!({"movie_id": listed})));
    assert!(!ids(&list()).contains(&4) && !ids(&list()).contains(&listed));
    let with_watchlist = ada.get("/api/recommendations?limit=100&include_watchlist=true");
    assert!(ids(&with_watchlist).contains(&listed) && !ids(&with_watchlist).contains(&4));
    // The watchlist requested by user ID is identical. A watched movie stays watched after it is removed from the list.
    let item = &ada.server.get(&format!("/api/watchlist/{}", ada.id)).json()["items"][0];
    assert_eq!(item["movie_id"], listed);
    ada.call("POST", &format!("/api/watchlist/{listed}/watched"), None);
    ada.call("DELETE", &format!("/api/watchlist/{listed}"), None);
    assert!(!ids(&list()).contains(&listed));
    let exported = ada.get("/api/export/me");
    let seen =
        exported["feedback"].as_array().unwrap().iter().find(|movie| movie["movie_id"] == listed);
    assert_eq!(seen.unwrap()["watched"], true);
}

fn counterfactuals_match_the_changed_list(ada: &User<'_>) {
    let plain = ada.get("/api/recommendations");
    assert!(plain["recommendations"][0].get("counterfactual").is_none());
    let explained = ada.get("/api/recommendations?counterfactual=true");
    assert_eq!(ids(&plain), ids(&explained));
    let mut found = 0;
    for (place, movie) in explained["recommendations"].as_array().unwrap().iter().enumerate() {
        let Some(counterfactual) = movie.get("counterfactual") else { continue };
        assert_eq!(counterfactual["place"], place + 1);
        // Without the feedback on that one movie, the recommended movie falls to the predicted position.
        if found < 3 {
            let history_movie = counterfactual["movie_id"].as_u64().unwrap();
            let stored = ada.get("/api/feedback");
            let stored = stored["feedback"]
                .as_array()
                .unwrap()
                .iter()
                .find(|movie| movie["movie_id"] == history_movie)
                .unwrap()
                .clone();
            ada.call("DELETE", &format!("/api/feedback/{history_movie}"), None);
            ada.send_feedback(&json!({"movie_id": history_movie, "watched": true}));
            let would_be = counterfactual["would_be"].as_u64().unwrap() as usize;
            if would_be <= 100 {
                let list = ids(&ada.get("/api/recommendations?limit=100"));
                assert_eq!(
                    list[would_be - 1],
                    movie["movie_id"].as_u64().unwrap(),
                    "{counterfactual}"
                );
            }
            ada.call("DELETE", &format!("/api/feedback/{history_movie}"), None);
            ada.send_feedback(
                &json!({"movie_id": history_movie, "signal": stored["signal"], "rating": stored["rating"],
                "watched": stored["watched"]}),
            );
        }
        let reading = counterfactual["reading"].as_str().unwrap();
        assert!(
            reading.starts_with("Without your ") && reading.contains(" this would "),
            "{reading}"
        );
        found += 1;
    }
    assert!(found > 5, "{found}");
    assert_eq!(ids(&ada.get("/api/recommendations")), ids(&plain));
}

fn modes(ada: &User<'_>) {
    let movies = |query: &str| {
        let reply = ada.get(&format!("/api/recommendations?limit=100&{query}"));
        reply["recommendations"].as_array().unwrap().clone()
    };
    let all = |query: &str, fits: &dyn Fn(&Value) -> bool| {
        let movies = movies(query);
        assert!(!movies.is_empty(), "{query}");
        for movie in movies {
            assert!(fits(&movie), "{query}: {movie}");
        }
    };
    let number = |movie: &Value, field: &str| movie[field].as_u64().unwrap();
    all("mode=genre&genre=Sci-Fi", &|movie| {
        movie["genres"].as_array().unwrap().contains(&json!("sci-fi"))
    });
    all("mode=service&service=max", &|movie| {
        movie["services"].as_array().unwrap().contains(&json!("Max"))
    });
    all("mode=year&year_bucket=90s", &|movie| (1990..=1999).contains(&number(movie, "year")));
    all("mode=year&year_bucket=classic", &|movie| number(movie, "year") < 1990);
    all("mode=year&year_bucket=recent", &|movie| number(movie, "year") >= 2018);
    all("mode=runtime&runtime_bucket=short", &|movie| number(movie, "runtime") < 90);
    all("mode=runtime&runtime_bucket=medium", &|movie| {
        (90..=150).contains(&number(movie, "runtime"))
    });
    all("mode=runtime&runtime_bucket=long", &|movie| number(movie, "runtime") > 150);
    // Popular movies are the same for all users, except for those already seen.
    let trending = movies("mode=trending");
    assert!(is_sorted_outside_series(&trending));
    assert!(trending.iter().all(|movie| movie["score"].as_f64().unwrap() <= 1.0));
    assert!(trending.iter().all(|movie| movie["movie_id"] != 1));
    for (query, field) in [
        ("mode=random", "mode"),
        ("genre=dramma", "genre"),
        ("service=Netflux", "service"),
        ("year_bucket=1990s", "year_bucket"),
        ("limit=0", "limit"),
        ("diversity=2", "diversity"),
    ] {
        let reply = ada.call("GET", &format!("/api/recommendations?{query}"), None).problem(422);
        assert_eq!(reply["errors"][0]["field"], field, "{query}");
    }
}

fn export_and_deletion(ada: &User<'_>) {
    let hostile = json!({"movie_id": 9, "service": "=HYPERLINK(\"http://x\")"});
    assert_eq!(ada.call("POST", "/api/watchlist", Some(&hostile)).status, 201);
    let export = ada.get("/api/export/me");
    assert_eq!(export["profile"]["email"], "ada@example.org");
    assert_eq!(export["feedback"].as_array().unwrap().len(), 5);
    assert_eq!(export["watchlist"][0]["movie_id"], 9);
    let csv = ada.call("GET", "/api/export/me?format=csv", None);
    assert_eq!(csv.content_type, "text/csv; charset=utf-8");
    assert!(csv.text.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{}", csv.text);
    assert!(
        csv.text.starts_with("movie_id,title,year,") && csv.text.lines().count() == 7,
        "{}",
        csv.text
    );
    ada.call("GET", "/api/export/me?format=xlsx", None).problem(422);

    let path = format!("/api/users/{}", ada.id);
    let receipt = ada.call("DELETE", &path, None).json();
    assert_eq!(
        (&receipt["deleted"]["feedback"], &receipt["deleted"]["users"]),
        (&json!(5), &json!(1))
    );
    assert_eq!(
        (receipt["receipt"].as_str().unwrap().len(), &receipt["in_models"]),
        (32, &json!(false))
    );
    ada.call("DELETE", &path, None).problem(404);
    ada.call("GET", "/api/recommendations", None).problem(401);
    ada.call("GET", "/api/export/me", None).problem(401);
    let list = ada.server.get(&format!("/api/watchlist/{}", ada.id)).json();
    assert_eq!(list["count"], 0);
    // Identifying with the deleted profile's email address creates a new profile.
    assert_ne!(User::new(ada.server, "ada@example.org").id, ada.id);
}
