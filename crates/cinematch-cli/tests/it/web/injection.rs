//! Injection attempts in titles, overviews, keywords, cast names and profile names.

use std::fmt::Write;

use serde_json::json;

use super::fixtures::user_with_history;
use super::{DESKTOP, NARROW, PHONE, tab};
use crate::support::folder::Folder;
use crate::support::server::Server;

/// Strings to inject. Scripts in them set `window.owned` if they run.
const PAYLOADS: [&str; 8] = [
    "<script>window.owned=1</script>",
    "\"><img src=x onerror=window.owned=1>",
    "' autofocus onfocus='window.owned=1",
    "javascript:window.owned=1",
    "</title></style></textarea><svg onload=window.owned=1>",
    "&lt;b&gt; {{7*7}} ${7*7} %3Cscript%3E &amp;quot;",
    "\u{202e}txet sdrawkcab\u{202c} مرحبا بالعالم \u{1f3ac}\u{200d}\u{1f5e8}",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
];

/// Returns the sample with hostile movies among the most popular ones.
fn folder_with_hostile_movies() -> Folder {
    let folder = Folder::with_sample();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let long = "W".repeat(300);
    let [mut movies, mut links, mut tmdb, mut tags] = [
        "raw/ml-32m/movies.csv",
        "raw/ml-32m/links.csv",
        "raw/tmdb/tmdb_metadata.csv",
        "raw/ml-32m/tags.csv",
    ]
    .map(|name| (name, folder.read(name)));
    for (at, text) in PAYLOADS.iter().copied().chain([long.as_str()]).enumerate() {
        let (movie_id, tmdb_id) = (9001 + at, 990_000_001 + at);
        let text = text.replace('|', "/");
        let dated = quoted(&format!("{text} (1999)"));
        writeln!(movies.1, "{movie_id},{dated},Drama|Crime").unwrap();
        writeln!(links.1, "{movie_id},,{tmdb_id}").unwrap();
        let field = quoted(&text);
        writeln!(
            tmdb.1,
            "{tmdb_id},{field},,90,99.0,9000,9.5,crime|drama,{field},{field},{field},{field}"
        )
        .unwrap();
        for user in [1, 2] {
            writeln!(tags.1, "{user},{movie_id},{field},1700000000").unwrap();
        }
    }
    for (name, text) in [movies, links, tmdb, tags] {
        folder.write(name, text.as_bytes());
    }
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train"]);
    folder
}

#[test]
fn hostile_text_is_escaped_on_every_page() {
    let Some(mut tab) = tab("hostile_text_is_escaped_on_every_page") else { return };
    let folder = folder_with_hostile_movies();
    let server = Server::start(&folder);
    let names: Vec<String> = PAYLOADS.iter().map(|text| text.chars().take(100).collect()).collect();
    let ids: Vec<i64> = names.iter().map(|name| user_with_history(&server, name)).collect();
    for (at, id) in ids.iter().enumerate() {
        let (listed, loved) = (9001 + at, 9001 + (at + 1) % PAYLOADS.len());
        for (path, body) in [
            ("/api/watchlist", json!({"movie_id": listed})),
            ("/api/feedback", json!({"movie_id": loved, "signal": "like"})),
        ] {
            let reply = server.as_user(&id.to_string(), ("POST", path), Some(&body));
            assert!(reply.status < 300, "{}", reply.text);
        }
    }
    tab.begin(&server, DESKTOP);
    let pages = [
        "/",
        "/people",
        "/search?q=%3Cscript%3Ewindow.owned=1%3C/script%3E",
        "/search?q=%22%3E%3Cimg",
        "/watchlist",
        "/tonight?go=1",
        "/me",
        "/me/forget",
        "/browse",
        "/films/9001",
        "/films/9005",
        "/films/9009",
        "/welcome/rate",
    ];
    let mut found = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        tab.sign_in_as(*id);
        let look = [DESKTOP, PHONE.dark(), NARROW][at % 3];
        tab.set_look(look);
        for (page, path) in pages.iter().enumerate() {
            tab.open(path);
            assert_eq!(tab.js("return window.owned === undefined"), true, "{path}");
            assert_eq!(
                tab.count("img[onerror], svg[onload], [onfocus], main script, a[href^=javascript]"),
                0
            );
            assert!(tab.texts(".person a").contains(&names[at]), "{:?}", tab.texts(".person a"));
            // Run the full checks once for each page, because axe-core is slow.
            if page % ids.len() == at {
                let problems = tab.problems(&format!("hostile-{page}"));
                found.extend(problems.iter().map(|it| format!("{path} ({}): {it}", look.name())));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // A script inserts the suggestions into the page.
    tab.set_look(DESKTOP);
    tab.open("/");
    tab.click("#q");
    tab.type_text("script");
    tab.wait_until("suggestions", || tab.count("#q[aria-expanded=true]") == 1);
    assert!(tab.texts("#q-suggestions").concat().contains(PAYLOADS[0]));
    assert_eq!(tab.count("#q-suggestions script, #q-suggestions img[onerror]"), 0);
    assert_eq!(tab.js("return window.owned === undefined"), true);
    // Movies are listed under their exact titles, except the first, which this user likes, and the last, which is
    // on the watchlist.
    tab.open("/");
    let titles = tab.texts(".card h3");
    for text in &PAYLOADS[1..7] {
        assert!(titles.iter().any(|title| title == text), "{text} is not among {titles:?}");
    }
}
