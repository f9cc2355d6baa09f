//! The pages on which films are found, without a browser: browse, a film's own, the first visit.

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::pages::Plain;
use crate::server::Server;

/// The numbers of the films on a page, in their order.
fn movies(page: &str) -> Vec<u64> {
    let forms = page.split("<form class=\"say\" id=\"say-").skip(1);
    forms.map(|form| form.split('"').next().unwrap().parse().unwrap()).collect()
}

/// A genre as pages show it: every word capitalized.
fn title_case(genre: &str) -> String {
    let mut after_letter = false;
    let cased = genre.chars().map(|letter| {
        let cased = if after_letter { letter } else { letter.to_ascii_uppercase() };
        after_letter = letter.is_alphanumeric();
        cased
    });
    cased.collect()
}

/// What stands between two texts, with its entities resolved.
fn between(page: &str, before: &str, after: &str) -> String {
    let rest = page.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {page}"));
    let text = rest.split(after).next().unwrap();
    text.replace("&amp;", "&").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">")
}

fn count(page: &str) -> String {
    between(page, "id=\"count\" role=\"status\">", "</p>")
}

#[test]
fn browsing_shows_what_the_same_filters_of_the_api_give() {
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
        // The way on leads to the next page of the same films.
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
fn the_form_and_the_links_keep_what_is_asked_for() {
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
    // Each filter that is on is a link to the same without it.
    let chosen = between(&page, "<ul class=\"chosen\"", "</ul>");
    let without_war = "/browse?genre=crime&match=all&rating=7%2E5&sort=year";
    assert!(chosen.contains(&format!("href=\"{without_war}\"")), "{chosen}");
    // What cannot be is said beside the form, which keeps it.
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
fn what_fits_best_comes_first_where_that_is_asked_for() {
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
fn a_movies_page_tells_what_it_is_and_how_it_fits() {
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
    // Films like it are those that the API gives.
    let similar = server.get("/api/movies/163/similar?limit=12").json();
    let similar: Vec<u64> = similar["similar"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movie| movie["movie_id"].as_u64().unwrap())
        .collect();
    assert_eq!(movies(&page), [&[163][..], &similar].concat());

    // Somebody of whom something is known is told the parts of the score, which add up.
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

    // Stars given here are kept, shown, and say nothing of the film's own fit. Whoever gave them need not be told
    // what they would give.
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

/// The film that is asked about, and the titles of the list.
fn asked(page: &str) -> (u64, Vec<String>) {
    let movie = between(page, "name=\"film\" value=\"", "\"").parse().unwrap();
    let list = page.split("class=\"what\">").skip(1);
    let titles = list.map(|item| item.split("\">").nth(1).unwrap().split('<').next().unwrap());
    (movie, titles.map(str::to_owned).collect())
}

#[test]
fn a_newcomer_is_asked_and_their_list_changes_with_every_answer() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");

    // Where they watch; other preferences stay.
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

    // Not seen and skipped are answers, which the browser alone keeps.
    let mut page = ada.page("/welcome/rate");
    let (first, strangers) = asked(&page);
    assert!(page.contains("0 of 5 films rated") && strangers.len() == 10);
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
        assert!(!been.contains(&next) && list == strangers, "{answer}");
        been.push(next);
    }
    let (again, _) = asked(&ada.page("/welcome/rate"));
    assert!(!been[..2].contains(&again), "whoever comes again is not asked the same");
    let of_ada = || server.as_user("1", ("GET", "/api/feedback"), None).json()["feedback"].clone();
    assert_eq!(of_ada(), json!([]));

    // Stars are kept, and what they move is told.
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

    // The last one is taken back; with scripts only the parts come.
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
fn another_country_has_other_services() {
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
        movie.contains("Where to watch in Germany") && movie.contains("<b>yours</b>"),
        "{movie}"
    );
}
