//! Browse, movie and onboarding pages, tested without a browser.

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::pages::Plain;
use crate::server::Server;

/// Returns the ids of the movies on a page, in page order.
fn movies(page: &str) -> Vec<u64> {
    let forms = page.split("<form class=\"say\" id=\"say-").skip(1);
    forms.map(|form| form.split('"').next().unwrap().parse().unwrap()).collect()
}

/// Returns a genre in title case, as pages show it.
fn title_case(genre: &str) -> String {
    let mut after_letter = false;
    let cased = genre.chars().map(|letter| {
        let cased = if after_letter { letter } else { letter.to_ascii_uppercase() };
        after_letter = letter.is_alphanumeric();
        cased
    });
    cased.collect()
}

/// Returns the text of a page between two strings, with HTML entities decoded.
fn between(page: &str, before: &str, after: &str) -> String {
    let rest = page.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {page}"));
    let text = rest.split(after).next().unwrap();
    text.replace("&amp;", "&").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">")
}

fn count(page: &str) -> String {
    between(page, "id=\"count\" role=\"status\">", "</p>")
}

#[test]
fn browse_page_matches_the_api_for_equal_filters() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let ada = Plain::new(&server, "Ada");
    for (address, api) in [
        ("", ""),
        ("?genre=crime&genre=western&match=any", "genre=crime&genre=western"),
        (
            "?genre=crime&genre=drama&match=all&sort=year",
            "genre_all=crime&genre_all=drama&sort=year",
        ),
        ("?without=drama&sort=title", "genre_none=drama&sort=title"),
        (
            "?year_min=1980&year_max=1999&runtime_min=&runtime_max=120&sort=votes",
            "year_min=1980&year_max=1999&runtime_max=120&sort=votes",
        ),
        (
            "?service=Netflix&rating=7.5&votes=100&sort=rating",
            "service=Netflix&rating_min=7.5&min_votes=100&sort=rating",
        ),
    ] {
        let mut page = ada.page(&format!("/browse{address}"));
        let whole = server.get(&format!("/api/movies?limit=100&{api}")).json();
        let total = whole["total"].as_u64().unwrap();
        let named = if total == 1 { "1 film".to_owned() } else { format!("{total} films") };
        assert_eq!(count(&page), named, "{address}");
        let expected: Vec<u64> = whole["movies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|movie| movie["movie_id"].as_u64().unwrap())
            .collect();
        let mut shown = movies(&page);
        // The next link leads to the following page of this list.
        while shown.len() < expected.len() {
            let next = between(&page, "<a class=\"button\" href=\"", "\"");
            page = ada.page(&next);
            assert_eq!(count(&page), named);
            shown.extend(movies(&page));
        }
        assert_eq!(shown[..expected.len()], expected, "{address}");
    }
    let none = ada.page("/browse?year_min=2029");
    assert!(count(&none) == "No films" && none.contains("Remove a filter"));
}

#[test]
fn browse_form_and_links_preserve_filters() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let ada = Plain::new(&server, "Ada");
    let page = ada.page("/browse?genre=crime&without=war&match=all&rating=7.5&sort=year");
    for kept in [
        "name=\"genre\" value=\"crime\" checked",
        "name=\"without\" value=\"war\" checked",
        "name=\"match\" value=\"all\" checked",
        "<option value=\"year\" selected",
        "value=\"7.5\"",
    ] {
        assert!(page.contains(kept), "{kept}");
    }
    assert!(!page.contains("name=\"genre\" value=\"war\" checked"));
    // Every active filter links to the list without that filter.
    let chosen = between(&page, "<ul class=\"chosen\"", "</ul>");
    let without_war = "/browse?genre=crime&match=all&rating=7%2E5&sort=year";
    assert!(chosen.contains(&format!("href=\"{without_war}\"")), "{chosen}");
    // Invalid values are reported next to the form, which still contains them.
    let reply = ada.get("/browse?year_min=1999&year_max=1990&genre=dramma");
    assert_eq!(reply.status, 422);
    assert!(
        reply.text.contains("value=\"1999\"")
            && count(&reply.text).starts_with("Check your filters")
    );
    assert!(reply.text.contains("did you mean drama?") && reply.text.contains("<b>Year: </b>"));
    for odd in ["year_min=x", "sort=best", "from=zz", "rating=11", "sort=you&from=-1"] {
        let reply = ada.get(&format!("/browse?{odd}"));
        assert!(reply.status == 422 && reply.text.contains("class=\"wrong\""), "{odd}");
    }
}

#[test]
fn browse_sorts_by_predicted_fit() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let ada = Plain::new(&server, "Ada");
    let rated = json!({"movie_id": 163, "rating": 5.0});
    assert_eq!(server.as_user("1", ("POST", "/api/feedback"), Some(&rated)).status, 200);
    let page = ada.page("/browse?sort=you&genre=crime");
    let body = json!({"ratings": [{"movie_id": 163, "rating": 5.0}], "filters": {"genres": {"any": ["crime"]}},
        "diversity": 0.0, "limit": 50});
    let list = server.post("/api/recommendations", &body).json();
    let expected: Vec<u64> = list["recommendations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movie| movie["movie_id"].as_u64().unwrap())
        .collect();
    assert_eq!(movies(&page), expected[..24]);
    assert!(page.contains("Why this?"));
    let next = ada.page(&between(&page, "<a class=\"button\" href=\"", "\""));
    assert_eq!(movies(&next)[..], expected[24..48.min(expected.len())]);
}

#[test]
fn movie_page_shows_facts_similar_movies_and_score_parts() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");
    let page = ada.page("/films/163");
    let heat = server.get("/api/movies/163").json();
    let texts = |field: &str| -> Vec<String> {
        let list = heat[field].as_array().unwrap().iter();
        list.map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let directors = heat["director"].as_str().unwrap().split(", ").map(str::to_owned).collect();
    let genres = texts("genres").iter().map(|genre| title_case(genre)).collect();
    for text in [genres, texts("services"), directors].concat() {
        assert!(page.contains(&format!(">{text}")), "{text}");
    }
    assert!(
        page.contains("<title>Heat (1995) · CineMatch</title>") && page.contains("<h1>Heat</h1>")
    );
    assert!(page.contains("Rate a few films to see") && !page.contains("Ranked <b>"));
    // Similar movies match the API's.
    let similar = server.get("/api/movies/163/similar?limit=12").json();
    let similar: Vec<u64> = similar["similar"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movie| movie["movie_id"].as_u64().unwrap())
        .collect();
    assert_eq!(movies(&page), [&[163][..], &similar].concat());

    // Users with feedback see the parts of the score, which sum to the total.
    let body = json!({"movie_id": similar[0], "rating": 5.0});
    assert_eq!(server.as_user("1", ("POST", "/api/feedback"), Some(&body)).status, 200);
    let before = ada.page("/films/163");
    let fit = between(&before, "aria-labelledby=\"fit\">", "</section>");
    assert!(fit.contains("Ranked <b>") && fit.contains("You rated <a href="), "{fit}");
    let sizes = fit
        .split("<td class=\"number\">")
        .skip(1)
        .map(|size| size.split("</td>").next().unwrap().replace('−', "-").parse::<f64>().unwrap());
    let sizes: Vec<f64> = sizes.collect();
    let together: f64 = between(&fit, "Score: ", ".</p>").parse().unwrap();
    let rounding = 0.005 * (sizes.len() + 1) as f64;
    assert!((sizes.iter().sum::<f64>() - together).abs() <= rounding, "{fit}");

    // A rating given here is stored and shown, and does not affect the score of this movie. The predicted rating
    // is hidden for a movie that the user rated.
    assert!(before.contains(" predicted for you, most likely "));
    assert_eq!(ada.send("/films/163/say", "stars=4.5", &[]).status, 303);
    let after = ada.page("/films/163");
    assert!(after.contains("Your rating: 4.5") && after.matches("class=\"on\"").count() == 9);
    let parts = |fit: &str| between(fit, "<ul class=\"parts\">", "</ul>");
    let after_fit = between(&after, "aria-labelledby=\"fit\">", "</section>");
    assert_eq!(parts(&after_fit), parts(&fit));
    assert!(after_fit.contains("without your rating") && !after_fit.contains("Ranked <b>"));
    assert!(!after.contains(" predicted for you, most likely "));
    let parts = ada.send("/films/163/say", "stars=none", &[("x-fragment", "1")]).text;
    assert!(parts.contains("id=\"rate-163\"") && !parts.contains("class=\"on\""), "{parts}");
    assert_eq!(ada.get("/films/999999999").status, 404);
    assert_eq!(ada.get("/films/x").status, 422);
}

/// Returns the id of the movie in question and the titles of the list.
fn asked(page: &str) -> (u64, Vec<String>) {
    let movie = between(page, "name=\"film\" value=\"", "\"").parse().unwrap();
    let list = page.split("class=\"what\">").skip(1);
    let titles = list.map(|item| item.split("\">").nth(1).unwrap().split('<').next().unwrap());
    (movie, titles.map(str::to_owned).collect())
}

#[test]
fn onboarding_updates_the_list_after_every_rating() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");

    // Saving the services preserves other preferences.
    let genres = json!({"preferred_genres": ["crime"], "runtime_max": 180});
    assert_eq!(server.as_user("1", ("PUT", "/api/preferences/me"), Some(&genres)).status, 200);
    let places = ada.page("/welcome");
    assert!(
        places.contains("name=\"service\" value=\"Netflix\"") && places.contains(">demo</span>")
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

    // "Not seen" and "skip" are kept in the browser only, not in the profile.
    let mut page = ada.page("/welcome/rate");
    let (first, without_ratings) = asked(&page);
    assert!(page.contains("0 of 5 films rated") && without_ratings.len() == 10);
    let mut address = "/welcome/rate".to_owned();
    let mut been = vec![first];
    for answer in ["not_seen", "skip"] {
        let (movie, _) = asked(&page);
        let state = address.split_once('?').map_or("", |(_, state)| state);
        let reply =
            ada.send("/welcome/rate", &format!("{state}&film={movie}&answer={answer}"), &[]);
        reply.headers["location"].to_str().unwrap().clone_into(&mut address);
        page = ada.page(&address);
        let (next, list) = asked(&page);
        assert!(!been.contains(&next) && list == without_ratings, "{answer}");
        been.push(next);
    }
    let (again, _) = asked(&ada.page("/welcome/rate"));
    assert!(!been[..2].contains(&again), "whoever comes again is not asked the same");
    let of_ada = || server.as_user("1", ("GET", "/api/feedback"), None).json()["feedback"].clone();
    assert_eq!(of_ada(), json!([]));

    // Ratings are stored, and the page marks the movies that they move.
    for stars in ["5", "0.5", "4.5", "4", "1"] {
        let (movie, before) = asked(&page);
        let state = address.split_once('?').map_or("", |(_, state)| state);
        let reply = ada.send("/welcome/rate", &format!("{state}&film={movie}&stars={stars}"), &[]);
        reply.headers["location"].to_str().unwrap().clone_into(&mut address);
        page = ada.page(&address);
        let (next, list) = asked(&page);
        assert!(!been.contains(&next), "no film is asked about twice");
        been.push(next);
        assert_ne!(list, before, "{stars} stars change the list");
        assert!(page.contains("class=\"moved "), "{page}");
    }
    assert!(
        page.contains("5 films rated. You can stop")
            && page.contains("<a class=\"button\" href=\"/\">")
    );
    assert_eq!(of_ada().as_array().map(Vec::len), Some(5));

    // The last rating is undone; a request for fragments returns only the changed parts.
    let last = between(&page, "\"last\" value=\"", "\"");
    let parts = ada
        .send("/welcome/rate", &format!("film={last}&answer=take_back"), &[("x-fragment", "1")])
        .text;
    assert!(parts.contains("4 of 5 films rated") && parts.contains("id=\"told\""), "{parts}");
    assert!(parts.starts_with("<section class=\"question\" id=\"question\""), "{parts}");
    let last: u64 = last.parse().unwrap();
    let is_rated = |movie: &Value| movie["movie_id"] == last && !movie["rating"].is_null();
    assert!(!of_ada().as_array().unwrap().iter().any(is_rated));
    assert_eq!(ada.send("/welcome/rate", "film=x&stars=5", &[]).status, 422);
    assert_eq!(ada.send("/welcome/rate", "stars=5", &[]).status, 422);
}

#[test]
fn services_depend_on_the_region() {
    let folder = Folder::with_sample();
    let links = folder.read("raw/ml-32m/links.csv");
    let first = links.lines().nth(1).unwrap().split(',').nth(2).unwrap();
    let providers =
        format!("tmdb_id,region,flatrate,ads,free,rent,buy\n{first},DE,Filmfreund,,,,\n");
    folder.write("raw/tmdb/watch_providers.csv", providers.as_bytes());
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train"]);
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");
    assert!(!ada.page("/welcome").contains("Filmfreund"));
    let german = ada.page("/welcome?region=DE");
    assert!(german.contains("<option value=\"DE\" selected>Germany</option>"));
    assert!(german.contains("value=\"Filmfreund\"") && german.contains("JustWatch"));
    assert_eq!(ada.send("/welcome", "region=de&service=filmfreund", &[]).status, 303);
    let kept = server.as_user("1", ("GET", "/api/preferences/me"), None).json();
    assert_eq!((&kept["region"], &kept["services"]), (&json!("DE"), &json!(["Filmfreund"])));
    let found = ada.page("/browse?service=Filmfreund");
    assert_eq!(count(&found), "1 film");
    let movie = ada.page(&format!("/films/{}", movies(&found)[0]));
    assert!(
        movie.contains("Where to watch in Germany") && movie.contains("<b>your service</b>"),
        "{movie}"
    );
}
