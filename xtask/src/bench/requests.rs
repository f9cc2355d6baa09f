//! Generates 1,000 distinct recommendation requests from the merged catalog, reproducibly.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::csv;
use super::http::Reply;

/// Number of users. Each user repeats one request.
pub const USERS: usize = 1_000;
/// Number of movies that each reply must recommend.
pub const RECOMMENDED: usize = 20;

const SEED: u64 = 42;
/// Likes and dislikes are drawn from this many of the most-voted movies.
const N_POPULAR: usize = 5_000;
const RUNTIME_LIMITS: [u64; 4] = [90, 100, 120, 150];

/// Movies and genres that requests are drawn from.
struct Catalog {
    /// Movie IDs, most-voted first.
    movies: Vec<u64>,
    genres: Vec<String>,
}

/// Generates request bodies for a catalog.
pub fn bodies(merged: &Path) -> Result<Vec<String>> {
    let text =
        fs::read_to_string(merged).with_context(|| format!("cannot read {}", merged.display()))?;
    let catalog = Catalog::read(&text)
        .with_context(|| format!("cannot generate requests from {}", merged.display()))?;
    Ok(catalog.bodies())
}

impl Catalog {
    fn read(merged: &str) -> Result<Self> {
        let mut records = csv::records(merged);
        let header = records.next().unwrap_or_default();
        let column = |name: &str| {
            let index = header.iter().position(|field| field == name);
            index.with_context(|| format!("the column {name} is missing"))
        };
        let (id, votes, genres) = (column("movieId")?, column("vote_count")?, column("genres")?);
        let mut movies = Vec::new();
        let mut names = BTreeSet::new();
        for record in records {
            let field = |index: usize| record.get(index).map_or("", String::as_str);
            let id: u64 = field(id).parse().context("a movieId is not a number")?;
            // pandas writes integers as `12.0` in columns with missing values.
            movies.push((field(votes).parse::<f64>().unwrap_or(0.0), id));
            names.extend(
                field(genres).split('|').filter(|name| !name.is_empty()).map(str::to_owned),
            );
        }
        movies.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        movies.truncate(N_POPULAR);
        if movies.len() < RECOMMENDED || names.is_empty() {
            bail!("too few movies or genres: {} and {}", movies.len(), names.len());
        }
        let movies = movies.into_iter().map(|(_, id)| id).collect();
        Ok(Self { movies, genres: names.into_iter().collect() })
    }

    fn bodies(&self) -> Vec<String> {
        let mut random = Random(SEED);
        let mut seen = HashSet::new();
        let mut bodies = Vec::with_capacity(USERS);
        while bodies.len() < USERS {
            let mut body = self.body(&mut random);
            // Requests differ in more than the user ID.
            if seen.insert(Value::Object(body.clone()).to_string()) {
                body.insert("user_id".to_owned(), json!(format!("user-{:04}", bodies.len())));
                bodies.push(Value::Object(body).to_string());
            }
        }
        bodies
    }

    /// Draws 1 to 5 likes and, for some requests, up to 3 dislikes, 1 or 2 genres and a runtime.
    fn body(&self, random: &mut Random) -> Map<String, Value> {
        let mut body = Map::new();
        let mut chosen = Vec::new();
        let count = 1 + random.below(5);
        body.insert("liked_movie_ids".to_owned(), json!(self.movies(count, &mut chosen, random)));
        if random.chance(0.3) {
            let count = 1 + random.below(3);
            let disliked = self.movies(count, &mut chosen, random);
            body.insert("disliked_movie_ids".to_owned(), json!(disliked));
        }
        if random.chance(0.3) {
            let n_genres = 1 + random.below(2);
            let mut genres = BTreeSet::new();
            while genres.len() < n_genres.min(self.genres.len()) {
                genres.insert(&self.genres[random.below(self.genres.len())]);
            }
            body.insert("preferred_genres".to_owned(), json!(genres));
        }
        if random.chance(0.2) {
            let limit = RUNTIME_LIMITS[random.below(RUNTIME_LIMITS.len())];
            body.insert("runtime_max".to_owned(), json!(limit));
        }
        body
    }

    /// Draws movies that are not in `chosen`, with probability proportional to 1/r for the movie of
    /// rank r.
    fn movies(&self, count: usize, chosen: &mut Vec<u64>, random: &mut Random) -> Vec<u64> {
        let start = chosen.len();
        while chosen.len() < start + count {
            let movie = self.movies[random.rank(self.movies.len())];
            if !chosen.contains(&movie) {
                chosen.push(movie);
            }
        }
        chosen[start..].to_vec()
    }
}

/// The `SplitMix64` random number generator.
pub struct Random(u64);

impl Random {
    /// Creates a generator from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws an index below `count`, with probability proportional to 1/r for rank r.
    pub fn rank(&mut self, count: usize) -> usize {
        ((count as f64).powf(self.unit()) as usize).clamp(1, count) - 1
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number in [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draws an integer in `0..bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.unit() * bound as f64) as usize
    }

    /// Returns true with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

/// Fully validates a reply, which is too slow to do under load. Checks the number of movies,
/// duplicates, rated movies and the runtime limit. Returns the recommended movies.
pub fn check(body: &str, reply: &Reply<'_>) -> Result<Vec<u64>> {
    let text = String::from_utf8_lossy(&reply.body);
    if reply.status != 200 {
        bail!("status {}: {text}", reply.status);
    }
    let request: Value = serde_json::from_str(body)?;
    let reply_json: Value = serde_json::from_str(&text).context("the reply is not JSON")?;
    let items = reply_json["recommendations"].as_array().context("no recommendations")?;
    if items.len() != RECOMMENDED || !reply.has_count(RECOMMENDED) {
        bail!("{} recommendations, count {}", items.len(), reply_json["count"]);
    }
    if reply_json["user_id"] != request["user_id"] {
        bail!("the reply is for {}", reply_json["user_id"]);
    }
    let mut shown: Vec<&Value> = Vec::new();
    for item in items {
        let id = &item["movie_id"];
        let was_rated = ["liked_movie_ids", "disliked_movie_ids"]
            .iter()
            .filter_map(|list| request[list].as_array())
            .any(|ids| ids.contains(id));
        if was_rated || shown.contains(&id) {
            bail!("movie {id} is recommended although it was rated, or twice");
        }
        shown.push(id);
        if let Some(limit) = request["runtime_max"].as_u64()
            && item["runtime"].as_u64().is_none_or(|runtime| runtime > limit)
        {
            bail!("movie {id} runs {} minutes, more than {limit}", item["runtime"]);
        }
    }
    Ok(shown.into_iter().filter_map(Value::as_u64).collect())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn catalog() -> Catalog {
        let rows = (1..=3_000).map(|id| format!("{id},Film,drama|sci-fi,{}.0\n", 9_000 - id));
        Catalog::read(&format!("movieId,title,genres,vote_count\n{}", rows.collect::<String>()))
            .unwrap()
    }

    #[test]
    fn generates_distinct_requests_reproducibly() {
        let bodies = catalog().bodies();
        assert_eq!(bodies, catalog().bodies());
        let values: Vec<Value> =
            bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
        let users: HashSet<String> = values.iter().map(|v| v["user_id"].to_string()).collect();
        assert_eq!(users.len(), USERS);
        let limited = values.iter().filter(|value| value["runtime_max"].is_u64()).count();
        assert!((150..250).contains(&limited), "{limited}");
        for value in &values {
            let likes = value["liked_movie_ids"].as_array().unwrap();
            assert!((1..=5).contains(&likes.len()));
            if let Some(dislikes) = value["disliked_movie_ids"].as_array() {
                assert!(dislikes.iter().all(|movie| !likes.contains(movie)));
            }
        }
    }

    #[test]
    fn draws_known_movies_by_a_power_law() {
        let catalog = catalog();
        assert_eq!(catalog.movies[..3], [1, 2, 3]);
        let mut random = Random(7);
        let mut first = 0;
        let mut tail = 0;
        for _ in 0..10_000 {
            match catalog.movies(1, &mut Vec::new(), &mut random)[0] {
                1 => first += 1,
                1_501.. => tail += 1,
                _ => {}
            }
        }
        // Expected share of both: ln 2 / ln 3000 = 8.66 %.
        assert!((780..950).contains(&first) && (780..950).contains(&tail), "{first} {tail}");
    }

    #[test]
    fn rejects_invalid_replies() {
        let request = r#"{"liked_movie_ids":[100],"runtime_max":90,"user_id":"u"}"#;
        let reply_json = |items: Vec<Value>, user: &str| {
            json!({"recommendations": items, "count": items.len(), "user_id": user}).to_string()
        };
        let items = |runtime: u64| -> Vec<Value> {
            (1..=20).map(|id| json!({"movie_id": id, "runtime": runtime})).collect()
        };
        let verdict = |status, body: String| {
            check(request, &Reply { status, body: Cow::Owned(body.into_bytes()) })
                .map_err(|error| error.to_string())
        };
        assert_eq!(verdict(200, reply_json(items(90), "u")), Ok((1..=20).collect()));
        let mut liked = items(90);
        liked[3]["movie_id"] = json!(100);
        let mut twice = items(90);
        twice[3]["movie_id"] = json!(1);
        let mut unknown = items(90);
        unknown[3]["runtime"] = Value::Null;
        for (status, body, why) in [
            (503, String::from("busy"), "status 503: busy"),
            (200, reply_json(items(90), "v"), "the reply is for \"v\""),
            (200, reply_json(items(91), "u"), "movie 1 runs 91 minutes, more than 90"),
            (200, reply_json(unknown, "u"), "movie 4 runs null minutes, more than 90"),
            (200, reply_json(items(90)[1..].to_vec(), "u"), "19 recommendations, count 19"),
            (
                200,
                reply_json(liked, "u"),
                "movie 100 is recommended although it was rated, or twice",
            ),
            (200, reply_json(twice, "u"), "movie 1 is recommended although it was rated, or twice"),
        ] {
            assert_eq!(verdict(status, body), Err(why.to_owned()));
        }
    }
}
