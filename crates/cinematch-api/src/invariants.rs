//! Property tests for the recommendation routes. They send requests with random users, histories and filters, and
//! compare the replies with a movie-by-movie scan of the catalog.

use std::collections::{BTreeMap, BTreeSet};

use cinematch_testing::{Client, Dice};
use serde_json::{Value, json};

use crate::testing::sample;

const USERS: usize = 8;
const REQUESTS: usize = 400;

/// A filter, evaluated independently of the server's code.
#[derive(Default)]
struct TestFilter {
    any: Vec<String>,
    all: Vec<String>,
    none: Vec<String>,
    services: Vec<String>,
    year: (Option<u64>, Option<u64>),
    runtime: (Option<u64>, Option<u64>),
    min_votes: u64,
    rating_min: Option<f64>,
    max_age: Option<u64>,
}

impl TestFilter {
    fn random(dice: &mut Dice, genres: &[String], services: &[String]) -> Self {
        let names = |dice: &mut Dice, one_in, most: u64, of: &[String]| -> Vec<String> {
            let n = if dice.one_in(one_in) { 1 + dice.below(most) } else { 0 };
            (0..n).map(|_| dice.pick(of).clone()).collect()
        };
        let range = |dice: &mut Dice, from: u64, width: u64| {
            let low = from + dice.below(width);
            (dice.one_in(4).then_some(low), dice.one_in(4).then(|| low + dice.below(width)))
        };
        Self {
            any: names(dice, 3, 3, genres),
            all: names(dice, 6, 2, genres),
            none: names(dice, 4, 2, genres),
            services: names(dice, 3, 2, services),
            year: range(dice, 1940, 70),
            runtime: range(dice, 70, 80),
            min_votes: if dice.one_in(4) { dice.below(15_000) } else { 0 },
            rating_min: dice.one_in(4).then(|| dice.below(90) as f64 / 10.0),
            max_age: dice.one_in(8).then(|| dice.below(19)),
        }
    }

    fn body(&self) -> Value {
        json!({
            "genres": {"any": self.any, "all": self.all, "none": self.none},
            "services": self.services, "year_min": self.year.0, "year_max": self.year.1,
            "runtime_min": self.runtime.0, "runtime_max": self.runtime.1, "min_votes": self.min_votes,
            "rating_min": self.rating_min, "max_age": self.max_age,
        })
    }

    fn passes(&self, movie: &Value) -> bool {
        let list = |field: &str| -> Vec<&str> {
            movie[field].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
        };
        let (genres, services) = (list("genres"), list("services"));
        let has = |name: &String| genres.contains(&name.as_str());
        let within = |field: &str, (min, max): (Option<u64>, Option<u64>)| {
            (min.is_none() && max.is_none())
                || movie[field].as_u64().is_some_and(|value| {
                    min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
                })
        };
        // The sample has no certificates.
        let is_for_children = genres.contains(&"children")
            && !["crime", "horror", "thriller", "war"].iter().any(|genre| genres.contains(genre));
        (self.any.is_empty() || self.any.iter().any(has))
            && self.max_age.is_none_or(|max| is_for_children && max >= 6)
            && self.all.iter().all(has)
            && !self.none.iter().any(has)
            && (self.services.is_empty()
                || self.services.iter().any(|name| services.contains(&name.as_str())))
            && within("year", self.year)
            && within("runtime", self.runtime)
            && movie["vote_count"].as_u64().unwrap_or(0) >= self.min_votes
            && self
                .rating_min
                .is_none_or(|min| movie["vote_average"].as_f64().is_some_and(|vote| vote >= min))
    }
}

/// A user, and the movies that the server doesn't recommend to them by default.
struct TestUser {
    id: String,
    /// Movies that the user has given feedback on.
    known: BTreeSet<u64>,
    /// Movies on the watchlist.
    listed: BTreeSet<u64>,
}

struct Catalog<'a> {
    server: &'a Client,
    movies: BTreeMap<u64, Value>,
    ids: Vec<u64>,
    genres: Vec<String>,
    services: Vec<String>,
}

impl<'a> Catalog<'a> {
    fn of(server: &'a Client) -> Self {
        let mut movies = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = server.get(&format!("/api/movies?limit=100{cursor}")).json();
            for movie in page["movies"].as_array().unwrap() {
                movies.insert(movie["movie_id"].as_u64().unwrap(), movie.clone());
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(movies.len(), 353);
        let names = |path: &str, field: &str| -> Vec<String> {
            let reply = server.get(path).json();
            reply[field]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it.as_str().unwrap().to_owned())
                .collect()
        };
        Self {
            server,
            ids: movies.keys().copied().collect(),
            movies,
            genres: names("/api/genres", "genres"),
            services: names("/api/services", "services"),
        }
    }

    fn random_movies(&self, dice: &mut Dice, max: u64) -> Vec<u64> {
        (0..dice.below(max)).map(|_| *dice.pick(&self.ids)).collect()
    }

    /// Sends feedback from `user` on a random movie, or adds the movie to their watchlist.
    fn send_random_feedback(&self, dice: &mut Dice, user: &mut TestUser) {
        let movie = *dice.pick(&self.ids);
        let feedback = |body: Value| {
            let reply = self.server.as_user(&user.id, ("POST", "/api/feedback"), Some(&body));
            assert_eq!(reply.status, 200, "{}", reply.text);
        };
        match dice.below(4) {
            0 => feedback(json!({"movie_id": movie, "rating": (1 + dice.below(10)) as f64 / 2.0})),
            1 => feedback(json!({"movie_id": movie,
                "signal": dice.pick(&["like", "dislike", "not_interested"])})),
            2 => feedback(json!({"movie_id": movie, "watched": true})),
            _ => {
                let body = json!({"movie_id": movie});
                self.server.as_user(&user.id, ("POST", "/api/watchlist"), Some(&body));
                user.listed.insert(movie);
                return;
            }
        }
        user.known.insert(movie);
    }

    /// Checks that the page has exactly the expected number of movies, all of them eligible and explained.
    fn check(&self, reply: &Value, eligible: &BTreeSet<u64>, (offset, limit): (usize, usize)) {
        let movies = reply["recommendations"].as_array().unwrap();
        let expected = limit.min(eligible.len().saturating_sub(offset));
        assert_eq!((movies.len(), &reply["count"]), (expected, &json!(expected)), "{reply}");
        let ids: BTreeSet<u64> = movies.iter().map(|it| it["movie_id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), movies.len(), "a movie is listed twice");
        assert!(ids.is_subset(eligible), "{:?}", ids.difference(eligible));
        for movie in movies {
            let parts = movie["reasons"].as_array().unwrap().iter();
            let sum: f64 = parts.map(|part| part["contribution"].as_f64().unwrap()).sum();
            let (score, reasons) = (movie["score"].as_f64().unwrap(), &movie["reasons"]);
            // Large scores are printed with fewer decimal places.
            let tolerance = 1e-5 * score.abs().max(1.0);
            assert!((sum - score).abs() < tolerance, "{sum} is not {score}: {reasons}");
            assert!(!movie["explanation"].as_str().unwrap().is_empty(), "{movie}");
        }
        let shortfall = &reply["shortfall"];
        assert_eq!(shortfall.is_object(), expected < limit, "{shortfall}");
        if expected < limit {
            let removed = shortfall["removed_by"].as_object().unwrap();
            let removed: u64 = removed.values().map(|movies| movies.as_u64().unwrap()).sum();
            assert_eq!(removed as usize, self.movies.len() - eligible.len(), "{shortfall}");
        }
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a single list of checks")]
fn invariants_hold_for_random_users_histories_and_filters() {
    let server = sample();
    let catalog = Catalog::of(&server);
    let mut dice = Dice::new(7);
    let mut users: Vec<TestUser> = (0..USERS)
        .map(|at| {
            let body = json!({"email": format!("p{at}@example.org"), "name": "P"});
            let id = server.post("/auth/identify", &body).json()["id"].to_string();
            TestUser { id, known: BTreeSet::new(), listed: BTreeSet::new() }
        })
        .collect();
    let mut n_short = 0;
    for _ in 0..REQUESTS {
        let user = &mut users[dice.below(USERS as u64) as usize];
        for _ in 0..dice.below(4) {
            catalog.send_random_feedback(&mut dice, user);
        }
        let with_listed = dice.one_in(3);
        let filter = TestFilter::random(&mut dice, &catalog.genres, &catalog.services);
        let limit = 1 + dice.below(100) as usize;
        let offset = if dice.one_in(4) { dice.below(60) as usize } else { 0 };
        let liked = catalog.random_movies(&mut dice, 6);
        let disliked = catalog.random_movies(&mut dice, 3);
        let rated = catalog.random_movies(&mut dice, 5);
        let excluded = catalog.random_movies(&mut dice, 10);
        let ratings: Vec<Value> = rated
            .iter()
            .map(|id| json!({"movie_id": id, "rating": (1 + dice.below(10)) as f64 / 2.0}))
            .collect();
        let mut ineligible: BTreeSet<u64> =
            [&liked, &disliked, &rated, &excluded].into_iter().flatten().copied().collect();
        ineligible.extend(&user.known);
        if !with_listed {
            ineligible.extend(&user.listed);
        }
        let eligible = |filter: &TestFilter, ineligible: &BTreeSet<u64>| -> BTreeSet<u64> {
            let passes =
                |id: &&u64| !ineligible.contains(id) && filter.passes(&catalog.movies[*id]);
            catalog.ids.iter().filter(passes).copied().collect()
        };
        let body = json!({
            "user_id": user.id, "liked_movie_ids": liked, "disliked_movie_ids": disliked,
            "ratings": ratings, "exclude_movie_ids": excluded, "filters": filter.body(),
            "preferred_genres": if dice.one_in(2) { vec![dice.pick(&catalog.genres)] } else { Vec::new() },
            "limit": limit, "offset": offset, "include_watchlist": with_listed,
            "diversity": if dice.one_in(2) { Some(dice.below(11) as f64 / 10.0) } else { None },
            "novelty": dice.below(11) as f64 / 10.0,
        });
        let reply = server.post("/api/recommendations", &body);
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(server.post("/api/recommendations", &body).text, reply.text, "repeated request");
        let movies = eligible(&filter, &ineligible);
        catalog.check(&reply.json(), &movies, (offset, limit));
        n_short += usize::from(movies.len() < offset + limit);

        // Send only the user ID so that the server uses the stored history.
        let mut ineligible = user.known.clone();
        if !with_listed {
            ineligible.extend(&user.listed);
        }
        let genre = dice.pick(&catalog.genres).clone();
        let (bucket, years) = *dice.pick(&[
            ("recent", (Some(2018), None)),
            ("2010s", (Some(2010), Some(2019))),
            ("2000s", (Some(2000), Some(2009))),
            ("90s", (Some(1990), Some(1999))),
            ("classic", (None, Some(1989))),
        ]);
        let (query, filter) = match dice.below(4) {
            0 => ("mode=trending".to_owned(), TestFilter::default()),
            1 => (
                format!("mode=genre&genre={genre}"),
                TestFilter { any: vec![genre], ..TestFilter::default() },
            ),
            2 => (
                format!("mode=year&year_bucket={bucket}"),
                TestFilter { year: years, ..TestFilter::default() },
            ),
            _ => ("limit=1".to_owned(), TestFilter::default()),
        };
        let path =
            format!("/api/recommendations?include_watchlist={with_listed}&offset={offset}&{query}");
        let path = if query.starts_with("limit") { path } else { format!("{path}&limit={limit}") };
        let limit = if query.starts_with("limit") { 1 } else { limit };
        let reply = server.as_user(&user.id, ("GET", &path), None);
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(server.as_user(&user.id, ("GET", &path), None).text, reply.text);
        catalog.check(&reply.json(), &eligible(&filter, &ineligible), (offset, limit));
    }
    // Both full and short lists must have occurred.
    assert!(n_short > REQUESTS / 10 && n_short < REQUESTS * 9 / 10, "{n_short}");
}
