//! Test clients that call the API's routers in-process.

pub mod databases;

use cinematch_http::class::RouteClass;
use cinematch_testing::{Client, Reply, SERVICES_OF_REGIONS, Sample, World, movie_ids};
use serde_json::{Value, json};

use crate::{guarded, public};

/// Returns an API client for the sample catalog, with an empty database.
pub fn sample() -> Client {
    over(World::default())
}

/// Returns an API client for the test fixture `world`.
pub fn over(world: World) -> Client {
    let router = world.router(|_| {
        vec![(RouteClass::Public, public().into()), (RouteClass::Guarded, guarded().into())]
    });
    Client::new(world, router)
}

/// Returns an API client for a catalog that has streaming services by region and no mock services.
pub fn with_regions() -> Client {
    let sample = Sample::default().with_providers(SERVICES_OF_REGIONS).without_mock_services();
    over(World::of(sample.serving()))
}

/// Returns the movies in a reply's field `list`. Asserts that `count` is their number.
pub fn listed(reply: &Value, list: &str) -> Vec<Value> {
    let movies = reply[list].as_array().unwrap().clone();
    assert_eq!(reply["count"], movies.len());
    movies
}

/// Returns the IDs of the recommended movies in `reply`, in order.
pub fn ids(reply: &Value) -> Vec<u64> {
    movie_ids(reply["recommendations"].as_array().unwrap())
}

/// Series of the sample, by words in their titles.
const SERIES: [&str; 11] = [
    "Alien",
    "Dune",
    "Godfather",
    "Indiana Jones",
    "Inside Out",
    "Lord of the Rings",
    "Raiders",
    "Star Wars",
    "Terminator",
    "Three Colors",
    "Toy Story",
];

/// Returns true if the movies outside series are sorted by descending score. The parts of a series are in order of
/// release instead.
pub fn is_sorted_outside_series(movies: &[Value]) -> bool {
    let is_in_series = |movie: &&Value| {
        SERIES.iter().any(|words| movie["title"].as_str().unwrap().contains(words))
    };
    let others = movies.iter().filter(|movie| !is_in_series(movie));
    others.map(|movie| movie["score"].as_f64().unwrap()).is_sorted_by(|a, b| a >= b)
}

/// A user, and the client that sends requests on their behalf.
pub struct User<'a> {
    pub server: &'a Client,
    pub id: String,
}

impl<'a> User<'a> {
    /// Finds the profile with the address `email`, or creates it.
    pub fn new(server: &'a Client, email: &str) -> Self {
        let reply = server.post("/auth/identify", &json!({"email": email, "name": "Ada"}));
        assert_eq!(reply.status, 200, "{}", reply.text);
        Self { server, id: reply.json()["id"].to_string() }
    }

    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.server.as_user(&self.id, (method, path), body)
    }

    pub fn get(&self, path: &str) -> Value {
        let reply = self.call("GET", path, None);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.json()
    }

    pub fn send_feedback(&self, body: &Value) -> Value {
        let reply = self.call("POST", "/api/feedback", Some(body));
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }
}
