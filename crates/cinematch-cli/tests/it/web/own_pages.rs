//! The user's own pages, without a browser: watchlist, tonight, import and profile.

use serde_json::{Value, json};

use super::pages::Plain;
use crate::support::folder::Folder;
use crate::support::server::{Reply, Server};

/// Returns the titles of a page's movie list, in order.
fn titles(html: &str) -> Vec<&str> {
    let rows = html.split("<article class=\"card strip\">").skip(1);
    rows.filter_map(|row| {
        let heading = row.split("<h3>").nth(1)?.split("</h3>").next()?;
        heading.split('>').nth(1)?.split('<').next()
    })
    .collect()
}

fn list(server: &Server, movie_id: u32) -> Value {
    let body = json!({"movie_id": movie_id});
    let reply = server.as_user("1", ("POST", "/api/watchlist"), Some(&body));
    assert_eq!(reply.status, 201, "{}", reply.text);
    server.get(&format!("/api/movies/{movie_id}")).json()
}

#[test]
fn watchlist_supports_sorting_and_shows_the_total_runtime() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");
    assert!(ada.page("/watchlist").contains("Your watchlist is empty"));
    for id in [1, 2, 3, 50] {
        ada.send(&format!("/films/{id}/say"), "stars=5", &[]);
    }
    let listed: Vec<Value> = [6, 7, 8, 9, 10].map(|id| list(&server, id)).to_vec();
    let title = |movie: &Value| movie["title"].as_str().unwrap().replace('&', "&amp;");
    let sorted = |by: &str| -> Vec<String> {
        let page = ada.page(&format!("/watchlist?sort={by}"));
        titles(&page).into_iter().map(str::to_owned).collect()
    };
    let added: Vec<String> = listed.iter().rev().map(title).collect();
    assert_eq!(sorted("added"), added);
    let mut short = listed.clone();
    short.reverse();
    short.sort_by_key(|movie| movie["runtime"].as_u64().unwrap_or(u64::MAX));
    assert_eq!(sorted("short"), short.iter().map(title).collect::<Vec<_>>());
    // The sample's services are mock data, but a user can still select them.
    let service = listed.iter().find_map(|movie| movie["services"][0].as_str()).unwrap();
    let body = json!({"services": [service]});
    server.as_user("1", ("PUT", "/api/preferences/me"), Some(&body));
    let page = ada.page("/watchlist?sort=mine");
    let has = |movie: &Value| movie["services"].as_array().unwrap().contains(&json!(service));
    let n_mine = listed.iter().filter(|movie| has(movie)).count();
    assert_eq!(page.matches("Available on your services").count(), n_mine);
    let first: Vec<String> = titles(&page).into_iter().take(n_mine).map(str::to_owned).collect();
    assert!(listed.iter().filter(|movie| has(movie)).all(|movie| first.contains(&title(movie))));
    // Best first: predicted stars decrease along the list.
    let page = ada.page("/watchlist");
    let stars: Vec<f32> = page
        .split("Predicted for you: ")
        .skip(1)
        .map(|rest| rest.split("★ </span>").nth(1).unwrap()[..3].parse().unwrap())
        .collect();
    assert_eq!(stars.len(), 5, "{page}");
    assert!(stars.is_sorted_by(|one, next| one >= next), "{stars:?}");
    let minutes: u64 = listed.iter().filter_map(|movie| movie["runtime"].as_u64()).sum();
    let told = format!("5 films, {} h {} min in total.", minutes / 60, minutes % 60);
    assert!(page.contains(&told), "{told}");

    ada.send("/films/6/say", "say=seen", &[]);
    ada.send("/films/7/say", "say=no-list", &[]);
    let page = ada.page("/watchlist");
    let (wanted, watched) = page.split_once("id=\"watched\"").unwrap();
    assert_eq!((titles(wanted).len(), titles(watched)), (3, vec![title(&listed[0]).as_str()]));
}

#[test]
fn tonight_returns_five_unseen_movies_within_the_time_limit() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");
    let mut bob = Plain::new(&server, "Bob &lt;b&gt;");
    for id in 1..40 {
        ada.send(&format!("/films/{id}/say"), "stars=4.5", &[]);
        bob.send(&format!("/films/{}/say", id + 100), "stars=4", &[]);
    }
    let form = ada.page("/tonight");
    assert!(form.contains("Who’s watching?") && titles(&form).is_empty());
    let evening = "/tonight?go=1&who=1&who=2&minutes=120&strategy=least_misery&genre=drama";
    let page = ada.page(evening);
    let picked = titles(&page);
    assert_eq!(picked.len(), 5, "{page}");
    // The API returns the same movies.
    let asked = json!({
        "members": [{"user_id": "1"}, {"user_id": "2"}], "strategy": "least_misery", "limit": 5,
        "filters": {"genres": {"any": ["drama"]}, "runtime_max": 120},
    });
    let told = server.post("/api/groups/recommendations", &asked).json();
    let told = told["recommendations"].as_array().unwrap();
    for (title, movie) in picked.iter().zip(told) {
        assert_eq!(*title, movie["title"].as_str().unwrap().replace('&', "&amp;"));
        assert!(movie["runtime"].as_u64().unwrap() <= 120);
        let id = movie["movie_id"].as_u64().unwrap();
        assert!(!(1..40).contains(&id) && !(101..140).contains(&id), "{title} was seen");
    }
    assert_eq!(page.matches("class=\"happiness\"").count(), 5);
    assert!(page.matches("For Ada").count() == 5 && page.contains(" % match"));
    // The form keeps its submitted values, and names are escaped.
    assert!(
        page.contains("value=\"least_misery\" checked") && page.contains("value=\"120\" checked")
    );
    assert!(!page.contains("<b>&gt;"), "{page}");
    // An empty result is reported, with a suggestion.
    let none = ada.page("/tonight?go=1&minutes=1");
    assert!(none.contains("No films match") && titles(&none).is_empty());
    let wrong = ada.get("/tonight?go=1&genre=dramma");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("did you mean"), "{}", wrong.text);
}

/// Returns the sample with two movies that share a title.
fn twins() -> Folder {
    let folder = Folder::with_sample();
    for (file, rows) in [
        (
            "raw/ml-32m/movies.csv",
            "9001,Twins of Us (1990),Drama\n9002,Twins of Us (2003),Comedy\n",
        ),
        ("raw/ml-32m/links.csv", "9001,,900009001\n9002,,900009002\n"),
    ] {
        let text = folder.read(file);
        folder.write(file, format!("{}\n{rows}", text.trim_end()).as_bytes());
    }
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train"]);
    folder
}

/// Uploads files as a multipart form.
fn import(somebody: &Plain<'_>, files: &[(&str, &str)]) -> Reply {
    let mut body = String::new();
    for (name, text) in files {
        body.extend(["--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"", *name]);
        body.extend(["\"\r\nContent-Type: text/csv\r\n\r\n", *text, "\r\n"]);
    }
    body.push_str("--b--\r\n");
    let headers = [
        ("content-type", "multipart/form-data; boundary=b"),
        ("accept", "text/html"),
        ("cookie", somebody.cookies.as_str()),
    ];
    somebody.server.send_here(("POST", "/import"), &headers, body.as_bytes())
}

#[test]
fn import_reports_matches_and_asks_about_ambiguous_titles() {
    let folder = twins();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");
    assert!(ada.page("/import").contains("enctype=\"multipart/form-data\""));
    let ratings = "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,Heat,1995,u,4.5\n\
                   2024-01-02,Twins of Us,,u,5\n2024-01-02,=No <b>Such</b> Film,1996,u,1\n";
    let watched = "Date,Name,Year,Letterboxd URI\n2024-01-02,Twins of Us,,u\n";
    let reply = import(&ada, &[("ratings.csv", ratings), ("watched.csv", watched)]);
    assert_eq!(reply.status, 200, "{}", reply.text);
    let page = &reply.text;
    assert!(page.contains("1 of 4 rows matched") && page.contains("1 film added."), "{page}");
    assert!(page.contains("=No &lt;b&gt;Such&lt;/b&gt; Film (1996)"), "{page}");
    assert!(page.contains("download=\"not-found.csv\"") && page.contains("Picked for you now"));
    // Two rows with the same title produce one question.
    assert_eq!(page.matches("<legend>Twins of Us").count(), 1, "{page}");
    assert!(page.contains("name=\"film-0\" value=\"9001\"") && page.contains("value=\"9002\""));

    let form = "service=Letterboxd&said-0=5&said-0=watched&film-0=9002";
    let settled = ada.send("/import/settle", form, &[]);
    assert_eq!((settled.status, &settled.headers["location"]), (303, &"/".parse().unwrap()));
    assert!(ada.page("/").contains("Choices saved: 1 film added."));
    let known = server.as_user("1", ("GET", "/api/feedback"), None).json();
    let of = |id: u64| {
        known["feedback"].as_array().unwrap().iter().find(|movie| movie["movie_id"] == id).cloned()
    };
    assert_eq!((&of(9002).unwrap()["rating"], of(9001)), (&json!(5.0), None));
    // "None of these" is a valid answer.
    let none = ada.send("/import/settle", "service=Letterboxd&said-0=5&film-0=", &[]);
    assert_eq!(none.status, 303);

    let before = server.as_user("1", ("GET", "/api/export/me"), None).json();
    for (name, text) in [("x.csv", "a,b\n1,2\n"), ("empty.csv", "")] {
        let refused = import(&ada, &[(name, text)]);
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("role=\"alert\"") && refused.text.contains(name));
    }
    assert_eq!(server.as_user("1", ("GET", "/api/export/me"), None).json(), before);
}

#[test]
fn profile_shows_taste_saves_preferences_and_can_be_deleted() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "<i>Ada</i>");
    assert!(ada.page("/me").contains("Rate a few films to see charts"));
    for (id, stars) in [(1, "5"), (2, "4"), (3, "4.5"), (4, "3.5"), (5, "1"), (6, "5"), (7, "3")] {
        ada.send(&format!("/films/{id}/say"), &format!("stars={stars}"), &[]);
    }
    let page = ada.page("/me");
    assert!(page.contains("Films: 7 seen, 7 rated.") && !page.contains("<i>"), "{page}");
    for heading in ["Genres", "Decades", "Ratings", "Well known or niche"] {
        assert!(page.contains(&format!(">{heading}</h2>")), "{heading}");
    }
    assert!(!page.contains("style="), "the policy allows none");

    let form = "genre=crime&genre=drama&language=en&runtime_min=&runtime_max=150&region=";
    assert_eq!(ada.send("/me", form, &[]).headers["location"], "/me");
    let page = ada.page("/me");
    assert!(
        page.contains("Preferences saved.") && page.contains("value=\"crime\" checked"),
        "{page}"
    );
    let kept = server.as_user("1", ("GET", "/api/preferences/me"), None).json();
    assert_eq!(kept["preferred_genres"], json!(["crime", "drama"]));
    assert_eq!((&kept["runtime_min"], &kept["runtime_max"]), (&Value::Null, &json!(150)));
    // Invalid input is reported beside the form, which keeps its submitted values.
    let wrong = ada.send("/me", "genre=war&runtime_min=100&runtime_max=90", &[]);
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(wrong.text.contains("role=\"alert\">Minimum length: "), "{}", wrong.text);
    assert!(wrong.text.contains("value=\"war\" checked") && wrong.text.contains("value=\"90\""));
    assert_eq!(server.as_user("1", ("GET", "/api/preferences/me"), None).json(), kept);

    let all = ada.get("/me/export.json");
    assert_eq!(all.json()["feedback"].as_array().unwrap().len(), 7);
    let csv = ada.get("/me/export.csv");
    assert!(csv.headers["content-disposition"].to_str().unwrap().contains("cinematch.csv"));
    assert_eq!(csv.text.lines().count(), 8);

    let ask = ada.page("/me/forget");
    assert!(ask.contains("7 films") && ask.contains("action=\"/me/forget\""), "{ask}");
    let gone = ada.send("/me/forget", "", &[]);
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert!(gone.text.contains("Your receipt") && gone.text.contains("Films with feedback"));
    assert!(gone.headers["set-cookie"].to_str().unwrap().starts_with("cinematch_profile=0"));
    assert_eq!(server.as_user("1", ("GET", "/api/feedback"), None).status, 401);
    let cookie = [("accept", "text/html"), ("cookie", ada.cookies.as_str())];
    assert_eq!(server.send_here(("GET", "/me"), &cookie, b"").status, 303);
}
