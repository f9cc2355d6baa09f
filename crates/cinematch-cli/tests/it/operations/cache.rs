//! The reply cache, in memory and in Redis: no stale replies after writes on any server, and no
//! failed requests during Redis outages.

use cinematch_testing::Dice;
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::postgres::database;
use crate::support::redis::Redis;
use crate::support::server::{Server, wait_until};

/// Returns the body of a recommendation request that doesn't depend on the user.
fn popular() -> Value {
    json!({"liked_movie_ids": [6, 1], "limit": 10})
}

/// Returns a request body with this `limit`. Each new value makes a request that no server has cached in memory.
fn distinct(limit: u64) -> Value {
    json!({"liked_movie_ids": [2], "limit": limit})
}

/// Returns the value of the metric `name` from `/metrics`.
fn metric(server: &Server, name: &str) -> f64 {
    let text = server.get("/metrics").text;
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

fn cache_requests(server: &Server, tier: &str, result: &str) -> f64 {
    let labels = format!("{{tier=\"{tier}\",result=\"{result}\"}}");
    metric(server, &format!("cinematch_cache_requests_total{labels}"))
}

#[test]
fn servers_share_cached_replies_through_redis() {
    let Some(redis) = Redis::start("servers_share_cached_replies_through_redis") else {
        return;
    };
    // Each server has its own empty user database, so their replies are identical.
    let (first, second) = (Folder::trained(), Folder::trained());
    let url = redis.url();
    let first = Server::start_with(&first, &["--redis-url", &url]);
    let second = Server::start_in(&second, &[], &[("REDIS_URL", &url)]);
    let paths =
        ["/api/search?q=heat", "/api/movies?sort=title&limit=3", "/api/movies/6/similar?limit=5"];
    let expected: Vec<String> = paths.iter().map(|path| first.get(path).text).collect();
    let list = first.recommend(&popular());
    wait_until("the replies in Redis", || redis.writes() == 4);
    assert_eq!(redis.hits(), 0);
    assert_eq!(second.recommend(&popular()), list);
    for (path, expected) in paths.iter().zip(expected) {
        let found = second.get(path);
        assert_eq!((found.status, found.content_type.as_str()), (200, "application/json"));
        assert_eq!(found.text, expected, "{path}");
    }
    assert_eq!((redis.hits(), redis.writes()), (4, 4), "no reply was computed twice");
    // The replies are now in the second server's memory too, so it doesn't query Redis.
    assert_eq!(second.recommend(&popular()), list);
    assert_eq!(redis.hits(), 4);
    // An identical request with its fields in a different order hits the cache.
    let same = "{\"limit\": 10,\n \"liked_movie_ids\": [6, 1]}";
    let reply = second.post_raw("/api/recommendations", "application/json", same);
    assert_eq!((reply.json(), redis.writes()), (list, 4));
    // Invalid requests are rejected even though replies to similar requests are cached.
    assert_eq!(second.get("/api/search?q=heat&limit=0").status, 422);
    assert_eq!(second.get("/api/movies/6/similar?limit=500").status, 422);
    assert_eq!(redis.writes(), 4);
}

/// Two servers with all caches enabled and one without a cache, sharing a database.
struct Replicas {
    cached: [Server; 2],
    uncached: Server,
}

impl Replicas {
    fn start(folder: &Folder, database: &str, redis: &Redis) -> Self {
        let start = |more: &[&str], redis: &str| {
            Server::start_in(folder, more, &[("DATABASE_URL", database), ("REDIS_URL", redis)])
        };
        let cached = [start(&[], &redis.url()), start(&[], &redis.url())];
        Self { cached, uncached: start(&["--cache-mb", "0"], "") }
    }

    /// Asserts that every server with a cache replies to `user` exactly as the uncached server does.
    fn assert_same_replies(&self, user: &str, step: &str) {
        let list = json!({"user_id": user, "liked_movie_ids": [6], "limit": 100});
        let requests = [
            ("GET", "/api/recommendations?limit=100", None),
            ("GET", "/api/recommendations?mode=trending", None),
            ("POST", "/api/recommendations", Some(&list)),
        ];
        for (method, path, body) in requests {
            let expected = self.uncached.as_user(user, (method, path), body);
            for server in &self.cached {
                let found = server.as_user(user, (method, path), body);
                assert_eq!(found.status, expected.status, "{step}: {method} {path}");
                if expected.status == 200 {
                    assert_eq!(found.text, expected.text, "{step}: {method} {path}");
                }
            }
        }
    }
}

#[test]
fn no_server_returns_a_stale_reply_after_a_write() {
    let test = "no_server_returns_a_stale_reply_after_a_write";
    let (Some(database), Some(redis)) = (database(test), Redis::start(test)) else { return };
    let folder = Folder::trained();
    let replicas = Replicas::start(&folder, &database, &redis);
    let identify = |email: &str| {
        let body = json!({"email": email, "name": "A"});
        replicas.uncached.post("/auth/identify", &body).json()["id"].to_string()
    };
    let users = [identify("ada@example.org"), identify("bob@example.org")];
    let mut dice = Dice::new(6);
    for step in 0..120 {
        let user = dice.pick(&users);
        let server = dice.pick(&replicas.cached);
        let movie = 1 + dice.below(30);
        let (call, body) = match dice.below(8) {
            0..=2 => {
                let rating = (1 + dice.below(10)) as f64 / 2.0;
                let body = json!({"movie_id": movie, "rating": rating});
                (("POST", "/api/feedback".to_owned()), Some(body))
            }
            3 => (("DELETE", format!("/api/feedback/{movie}")), None),
            4 => (("POST", "/api/watchlist".to_owned()), Some(json!({"movie_id": movie}))),
            5 => (("DELETE", format!("/api/watchlist/{movie}")), None),
            6 => {
                let body = json!({"preferred_genres": ["drama"], "runtime_max": 90 + movie});
                (("PUT", "/api/preferences/me".to_owned()), Some(body))
            }
            _ => (("POST", "/api/feedback/reset".to_owned()), None),
        };
        let status = server.as_user(user, (call.0, &call.1), body.as_ref()).status;
        assert!((200..300).contains(&status) || status == 404, "{status} for {call:?}");
        replicas.assert_same_replies(user, &format!("step {step}, {call:?} {body:?}"));
    }
    assert!(redis.hits() > 100, "the servers should share replies, got {} hits", redis.hits());
    let history = b"movie_id,imdb_id,tmdb_id,rating,average_rating,title\n40,,,5.0,3.2,A film\n";
    let headers = [("x-user-id", users[0].as_str()), ("content-type", "text/csv")];
    let imported = replicas.cached[1].send(("POST", "/api/import"), &headers, Some(history));
    assert_eq!(imported.status, 200, "{}", imported.text);
    replicas.assert_same_replies(&users[0], "after the import");
    let deleted = replicas.cached[0].as_user(
        &users[0],
        ("DELETE", &format!("/api/users/{}", users[0])),
        None,
    );
    assert!(deleted.status < 300, "{}", deleted.text);
    replicas.assert_same_replies(&users[0], "after the deletion");
    let list = replicas.cached[1].as_user(&users[0], ("GET", "/api/recommendations"), None);
    assert_eq!(list.status, 401, "{}", list.text);
}

#[test]
fn cached_replies_are_invalidated_by_a_new_model() {
    let Some(redis) = Redis::start("cached_replies_are_invalidated_by_a_new_model") else {
        return;
    };
    let folder = Folder::trained();
    let server = Server::start_with(&folder, &["--redis-url", &redis.url()]);
    let model = |list: &Value| list["model_id"].as_str().unwrap().to_owned();
    let first = server.recommend(&popular());
    folder.ok(&["train", "--features", "seed"]);
    wait_until("the new model", || model(&server.recommend(&popular())) != model(&first));
    let second = server.recommend(&popular());
    assert_ne!(first["recommendations"][0]["score"], second["recommendations"][0]["score"]);
    let uncached = Server::start_with(&folder, &["--cache-mb", "0", "--database", "other.db"]);
    assert_eq!(uncached.recommend(&popular()), second);
}

#[test]
fn serves_requests_while_redis_is_stalled_killed_or_not_started() {
    let test = "serves_requests_while_redis_is_stalled_killed_or_not_started";
    let Some(mut redis) = Redis::start(test) else { return };
    let folder = Folder::trained();
    let log = || folder.read("server.log");
    redis.kill();
    let server = Server::start_with(&folder, &["--redis-url", &redis.url()]);
    assert!(log().contains("Redis cannot be reached"), "{}", log());
    let mut limit = 0;
    // Every call sends new requests, which miss the in-memory cache.
    let mut send_new_requests = |server: &Server| {
        limit += 1;
        let list = server.recommend(&distinct(1 + limit % 100));
        assert!(!list["recommendations"].as_array().unwrap().is_empty());
        server.get(&format!("/api/search?q=film{limit}"));
    };
    send_new_requests(&server);
    redis.restart();
    wait_until("a reply in the new Redis", || {
        send_new_requests(&server);
        redis.writes() > 0
    });
    redis.stall();
    wait_until("the breaker to open", || {
        send_new_requests(&server);
        log().contains("Redis is failing")
    });
    let skipped = cache_requests(&server, "redis", "skipped");
    for _ in 0..50 {
        send_new_requests(&server);
    }
    assert!(cache_requests(&server, "redis", "skipped") > skipped);
    assert!(metric(&server, "cinematch_cache_breaker_open") > 0.5);
    redis.resume();
    let before = redis.writes();
    wait_until("a reply in the resumed Redis", || {
        send_new_requests(&server);
        redis.writes() > before
    });
    assert!(metric(&server, "cinematch_cache_breaker_open") < 0.5);
    let failures = log().matches("Redis is failing").count();
    redis.kill();
    wait_until("the breaker to open", || {
        send_new_requests(&server);
        log().matches("Redis is failing").count() > failures
    });
    redis.restart();
    wait_until("a reply in the second Redis", || {
        send_new_requests(&server);
        redis.writes() > 0
    });
}

#[test]
fn coalesces_concurrent_identical_requests() {
    let Some(redis) = Redis::start("coalesces_concurrent_identical_requests") else {
        return;
    };
    let folder = Folder::trained();
    let server = Server::start_with(&folder, &["--redis-url", &redis.url()]);
    let lists: Vec<Value> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..100).map(|_| scope.spawn(|| server.recommend(&popular()))).collect();
        threads.into_iter().map(|list| list.join().unwrap()).collect()
    });
    assert!(lists.iter().all(|list| *list == lists[0]));
    wait_until("the reply in Redis", || redis.writes() > 0);
    assert_eq!((redis.writes(), redis.hits()), (1, 0));
    let [misses, hits] = ["miss", "hit"].map(|result| cache_requests(&server, "memory", result));
    assert!(
        (misses - 1.0).abs() < 0.5 && (hits - 99.0).abs() < 0.5,
        "{misses} misses, {hits} hits"
    );
    assert!(metric(&server, "cinematch_cache_bytes") >= 0.0);
}

#[test]
fn ignores_foreign_values_in_redis() {
    let Some(redis) = Redis::start("ignores_foreign_values_in_redis") else { return };
    let (first, other) = (Folder::trained(), Folder::trained());
    let first = Server::start_with(&first, &["--redis-url", &redis.url()]);
    let lists = [first.recommend(&popular()), first.recommend(&distinct(3))];
    wait_until("the replies in Redis", || redis.writes() == 2);
    let ages = "local most = 0 for _, key in ipairs(redis.call('KEYS', '*')) do \
                most = math.max(most, redis.call('PTTL', key)) end return most";
    let age: i64 = redis.call(&["EVAL", ages, "0"]).parse().unwrap();
    assert!((1..=600_000).contains(&age), "{age} ms: replies expire after ten minutes");
    for poison in [
        // Values from other keys, unrelated values, empty values and values of a different type.
        "local keys = redis.call('KEYS', '*') local one = redis.call('GET', keys[1]) \
         redis.call('SET', keys[1], redis.call('GET', keys[2])) redis.call('SET', keys[2], one)",
        "for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('SET', key, '{\"count\":0}') end",
        "for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('SET', key, '') end",
        "for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', key) \
         redis.call('HSET', key, 'a', 'b') end",
    ] {
        redis.call(&["EVAL", poison, "0"]);
        let server = Server::start_with(&other, &["--redis-url", &redis.url()]);
        assert_eq!(
            [server.recommend(&popular()), server.recommend(&distinct(3))],
            lists,
            "{poison}"
        );
    }
}

#[test]
fn rejects_an_invalid_redis_url_without_printing_it() {
    let folder = Folder::trained();
    for url in
        ["rediss://ada:hunter2@cache.example", "ada:hunter2@cache.example", "redis://h/hunter2"]
    {
        let error = folder.fails(&["serve", "--port", "0", "--redis-url", url]);
        assert!(error.contains("REDIS_URL") && error.contains("redis://[[user]"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
