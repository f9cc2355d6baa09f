//! Browsing the catalog page by page, and similar movies.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cinematch::retrieval::{Filter, FilterIndex, Sort, Start};
use serde_json::{Value, json};

use crate::support::folder::{Folder, movielens_32m, real_data};
use crate::support::server::Server;

fn listed(reply: &Value, list: &str) -> Vec<Value> {
    let movies = reply[list].as_array().unwrap().clone();
    assert_eq!(reply["count"], movies.len());
    movies
}

fn ids(movies: &[Value]) -> Vec<u64> {
    movies.iter().map(|movie| movie["movie_id"].as_u64().unwrap()).collect()
}

/// Returns the movies of all pages of a list in order. Asserts that every page but the last is full.
fn pages(server: &Server, query: &str, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let reply = server.get(&format!("/api/movies?limit={limit}{query}{cursor}")).json();
        let page = listed(&reply, "movies");
        all.extend(page.iter().cloned());
        let Some(next) = reply["next_cursor"].as_str() else {
            assert_eq!(reply["total"], all.len(), "{query}");
            return all;
        };
        assert_eq!(page.len(), limit, "{query}");
        cursor = format!("&cursor={next}");
    }
}

/// Predicate that every movie of a filtered list satisfies.
type Passes<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

#[test]
fn pages_cover_the_catalog_under_every_sort_order_and_filter() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let whole = pages(&server, "", 100);
    assert_eq!(whole.len(), 353);
    assert_eq!(ids(&whole).into_iter().collect::<BTreeSet<_>>().len(), 353);
    assert_eq!(listed(&server.get("/api/movies").json(), "movies"), whole[..20]);
    assert_eq!(pages(&server, "", 7), whole);
    let number = |movie: &Value, field: &str| movie[field].as_f64().unwrap_or(-1.0);
    for (sort, field) in [
        ("popularity", "popularity"),
        ("votes", "vote_count"),
        ("rating", "vote_average"),
        ("year", "year"),
    ] {
        let sorted = pages(&server, &format!("&sort={sort}"), 50);
        assert_eq!(sorted.len(), 353, "{sort}");
        let in_order = |a: &Value, b: &Value| {
            let of = |movie: &Value| (number(movie, field), movie["movie_id"].as_u64().unwrap());
            let (a, b) = (of(a), of(b));
            b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).is_lt()
        };
        assert!(sorted.is_sorted_by(in_order), "{sort}");
    }
    let titles = pages(&server, "&sort=title", 100);
    let title = |movie: &Value| movie["title"].as_str().unwrap().to_lowercase();
    let plain = |movie: &&Value| title(movie).chars().all(|letter| letter.is_ascii_alphanumeric());
    let of_one_word: Vec<String> = titles.iter().filter(plain).map(title).collect();
    assert!(of_one_word.len() > 50 && of_one_word.is_sorted());

    // Each filter selects the expected movies, alone and combined with the others.
    let has = |movie: &Value, list: &str, name: &str| {
        movie[list].as_array().unwrap().contains(&json!(name))
    };
    let between = |movie: &Value, field: &str, from: f64, to: f64| {
        movie[field].as_f64().is_some_and(|value| (from..=to).contains(&value))
    };
    let filters: Vec<(String, Passes<'_>)> = vec![
        ("&genre=science%20fiction".to_owned(), Box::new(|movie| has(movie, "genres", "sci-fi"))),
        (
            "&genre=Crime&genre=western".to_owned(),
            Box::new(|movie| has(movie, "genres", "crime") || has(movie, "genres", "western")),
        ),
        (
            "&service=netflix&service=MUBI".to_owned(),
            Box::new(|movie| has(movie, "services", "Netflix") || has(movie, "services", "MUBI")),
        ),
        (
            "&year_min=1980&year_max=1999".to_owned(),
            Box::new(|f| between(f, "year", 1980.0, 1999.0)),
        ),
        (
            "&runtime_min=90&runtime_max=120".to_owned(),
            Box::new(|movie| between(movie, "runtime", 90.0, 120.0)),
        ),
        (
            "&genre_all=crime&genre_all=Thriller".to_owned(),
            Box::new(|movie| has(movie, "genres", "crime") && has(movie, "genres", "thriller")),
        ),
        (
            "&genre_none=horror&genre_none=war".to_owned(),
            Box::new(|movie| !has(movie, "genres", "horror") && !has(movie, "genres", "war")),
        ),
        ("&min_votes=100".to_owned(), Box::new(|movie| between(movie, "vote_count", 100.0, 1e9))),
        ("&rating_min=6.5".to_owned(), Box::new(|f| between(f, "vote_average", 6.5, 10.0))),
    ];
    let mut together = (String::new(), whole.clone());
    for (query, passes) in &filters {
        let expected: Vec<Value> = whole.iter().filter(|movie| passes(movie)).cloned().collect();
        assert!(!expected.is_empty(), "{query}");
        assert_eq!(pages(&server, query, 10), expected, "{query}");
        if !query.contains("science") {
            together.0.push_str(query);
            together.1.retain(|movie| passes(movie));
        }
    }
    assert_eq!(pages(&server, &together.0, 3), together.1);
    let none = server.get("/api/movies?year_min=2090").json();
    assert_eq!(none, json!({"movies": [], "count": 0, "total": 0, "next_cursor": null}));
    // Identical requests return byte-identical replies.
    let again = || server.get("/api/movies?sort=rating&min_votes=10&limit=5").text;
    assert_eq!(again(), again());
}

#[test]
fn rejects_invalid_browse_parameters_by_name() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    for (query, field, message) in [
        ("genre=dramma", "genre[0]", "did you mean drama"),
        ("genre=drama&genre=qqq", "genre[1]", "unknown genre `qqq`"),
        ("genre=", "genre[0]", "unknown genre"),
        ("genre_all=drama&genre_all=qqq", "genre_all[1]", "unknown genre `qqq`"),
        ("genre_none=dramma", "genre_none[0]", "did you mean drama"),
        ("service=Netflux", "service[0]", "did you mean Netflix"),
        ("language=klingon", "language[0]", "unknown language"),
        ("region=QQ", "region", "no streaming data for region"),
        ("year_min=1990&year_max=1980", "year_min", "1990 is after year_max 1980"),
        ("runtime_min=90&runtime_max=80", "runtime_min", "90 is more than runtime_max 80"),
        ("year_min=70000", "year_min", "a whole number from 0 to 65535, got `70000`"),
        ("runtime_max=-1", "runtime_max", "a whole number"),
        ("min_votes=+1", "min_votes", "a whole number"),
        ("rating_min=10.5", "rating_min", "expected 0 to 10, got 10.5"),
        ("rating_min=NaN", "rating_min", "a number from 0 to 10, got `NaN`"),
        ("rating_min=6&rating_min=7", "rating_min", "given twice"),
        ("limit=0", "limit", "expected 1 to 100, got 0"),
        ("limit=101", "limit", "expected 1 to 100, got 101"),
        ("limit=", "limit", "a whole number"),
        ("limit=5&limit=6", "limit", "given twice"),
        ("sort=best", "sort", "popularity, votes, rating, year, title"),
        ("genres=drama", "genres", "there is no such parameter; there are genre,"),
        ("cursor=", "cursor", "expected a next_cursor from an earlier reply"),
        ("cursor=0102", "cursor", "expected a next_cursor from an earlier reply"),
        ("cursor=%C3%A9%00", "cursor", "expected a next_cursor from an earlier reply"),
    ] {
        let problem = server.get(&format!("/api/movies?{query}")).problem(422);
        let error = &problem["errors"][0];
        assert_eq!(error["field"], field, "{query}: {error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{query}: {error}");
    }
    let first = server.get("/api/movies?limit=2&sort=year").json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let problem = server.get(&format!("/api/movies?sort=title&cursor={cursor}")).problem(422);
    assert_eq!(problem["errors"][0]["message"], "this cursor belongs to a list sorted by year");
}

#[test]
fn cursors_stay_valid_across_generations() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let whole = ids(&pages(&server, "&sort=title", 100));
    let first = server.get("/api/movies?limit=30&sort=title").json();
    // Two movies are removed: one from the first page, and the one that would come next.
    let gone = [whole[10], whole[30]];
    let movies = folder.read("raw/ml-32m/movies.csv");
    let stays = |line: &&str| !gone.iter().any(|id| line.starts_with(&format!("{id},")));
    let fewer: Vec<&str> = movies.lines().filter(stays).collect();
    folder.write("raw/ml-32m/movies.csv", fewer.join("\n").as_bytes());
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train"]);
    crate::support::server::wait_until("the new generation", || {
        server.get("/health").json()["num_items"] == 351
    });
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = server.get(&format!("/api/movies?limit=30&sort=title&cursor={cursor}")).json();
    assert_eq!(ids(&listed(&second, "movies")), whole[31..61]);
    assert_eq!(second["total"], 351);
}

#[test]
fn similar_movies_match_recommendations_for_one_liked_movie() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    for movie_id in [1, 2, 100, 353] {
        let title = server.get(&format!("/api/movies/{movie_id}")).json()["title"].clone();
        let title = title.as_str().unwrap();
        let reply = server.get(&format!("/api/movies/{movie_id}/similar?limit=30")).json();
        assert_eq!(reply["movie_id"], movie_id);
        let similar = listed(&reply, "similar");
        let recommended = server.recommend(&json!({
            "liked_movie_ids": [movie_id], "limit": 30, "diversity": 0.0,
        }));
        assert_eq!(reply["model_id"], recommended["model_id"]);
        let recommended = listed(&recommended, "recommendations");
        assert_eq!(ids(&similar), ids(&recommended));
        assert!(!ids(&similar).contains(&movie_id));
        for (movie, same) in similar.iter().zip(&recommended) {
            assert_eq!((&movie["score"], &movie["reasons"]), (&same["score"], &same["reasons"]));
            let parts = movie["reasons"].as_array().unwrap().iter();
            let sum: f64 = parts.map(|reason| reason["contribution"].as_f64().unwrap()).sum();
            assert!((sum - movie["score"].as_f64().unwrap()).abs() < 1e-5, "{movie}");
        }
        assert!(similar.is_sorted_by(|a, b| a["score"].as_f64() >= b["score"].as_f64()));
        let explanation = similar[0]["explanation"].as_str().unwrap();
        assert!(explanation.starts_with(&format!("Like {title}")), "{explanation}");
        // Both content similarity and co-ratings contribute.
        let sources: BTreeSet<&str> = similar
            .iter()
            .flat_map(|movie| movie["sources"].as_array().unwrap())
            .map(|source| source.as_str().unwrap())
            .collect();
        assert!(sources.contains("content") && sources.contains("collaborative"), "{sources:?}");
    }
    assert_eq!(server.get("/api/movies/1/similar").json()["count"], 20);
    server.get("/api/movies/424242/similar").problem(404);
    for (path, field) in [
        ("heat/similar", "movie_id"),
        ("1/similar?limit=0", "limit"),
        ("1/similar?limit=101", "limit"),
        ("1/similar?limit=x", "limit"),
        ("1/similar?region=QQ", "region"),
        ("1/similar?genre=drama", "genre"),
    ] {
        let problem = server.get(&format!("/api/movies/{path}")).problem(422);
        assert_eq!(problem["errors"][0]["field"], field, "{path}");
    }
}

#[test]
fn pages_cover_movielens_32m_exactly_once() {
    let Some(raw) = real_data("browsing MovieLens 32M") else { return };
    let movies = movielens_32m(&raw);
    let index = FilterIndex::new(&movies);
    for sort in Sort::ALL {
        let (mut start, mut seen) = (Start::First(sort), vec![false; movies.len()]);
        let (mut times, mut n_seen): (Vec<Duration>, _) = (Vec::new(), 0);
        loop {
            let started = Instant::now();
            let page = index.page(&movies, &start, Filter::default(), 500);
            times.push(started.elapsed());
            assert_eq!(page.total, movies.len());
            for movie in page.movies {
                assert!(!std::mem::replace(&mut seen[movie.row()], true), "{sort:?}: twice");
                n_seen += 1;
            }
            let Some(next) = page.next else { break };
            start = Start::After(next);
        }
        assert_eq!(n_seen, movies.len(), "{sort:?}");
        let first = times.remove(0);
        times.sort_unstable();
        println!(
            "{} films by {}: first page {first:?}, then median {:?}, most {:?}",
            movies.len(),
            sort.name(),
            times[times.len() / 2],
            times[times.len() - 1]
        );
    }
}
