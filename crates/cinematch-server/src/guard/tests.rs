//! Access control: calls every route as every kind of caller, and sends requests the way pages on other sites do.

use cinematch_store::Scope;
use cinematch_testing::{Client, PlainBrowser, Reply, World};
use serde_json::{Value, json};

use crate::testing::{open, serve, with_accounts};

const PASSWORD: &str = "correct horse battery";

/// Credentials for every kind of caller.
struct Callers {
    ada: String,
    bob: String,
    read: String,
    write: String,
    admin: String,
    revoked: String,
}

fn sign_in(server: &Client, email: &str, password: &str) -> Reply {
    server.post("/auth/login", &json!({"email": email, "password": password}))
}

/// Creates two accounts and four API keys, one of them revoked. Returns the credentials and the account IDs.
fn callers(server: &Client) -> (Callers, [String; 2]) {
    let world = server.world();
    let account = |email, name| world.add_account(email, name, PASSWORD).to_string();
    let ids = [account("ada@example.org", "Ada"), account("bob@example.org", "Bob")];
    let key = |scope| {
        let (id, key) = world.add_key(scope);
        (id, format!("Bearer {key}"))
    };
    let (revoked_id, revoked) = key(Scope::Admin);
    world.revoke_key(&revoked_id);
    let cookie = |email| sign_in(server, email, PASSWORD).cookie().to_owned();
    let callers = Callers {
        ada: cookie("ada@example.org"),
        bob: cookie("BOB@example.org"),
        read: key(Scope::Read).1,
        write: key(Scope::Write).1,
        admin: key(Scope::Admin).1,
        revoked,
    };
    (callers, ids)
}

/// Returns a valid request body for an operation, or `None` if the operation doesn't take one.
fn body_for(method: &str, path: &str) -> Option<Value> {
    match (method, path) {
        ("POST", "/api/feedback") => Some(json!({"movie_id": 1, "signal": "like"})),
        ("POST", "/api/watchlist" | "/api/watchlist/{user_id}") => Some(json!({"movie_id": 1})),
        ("POST", "/api/groups/recommendations") => {
            Some(json!({"members": [{"liked_movie_ids": [1]}]}))
        }
        ("POST", path) if path.starts_with("/api/admin/") => None,
        ("POST" | "PUT", path) if !path.ends_with("watched") && !path.ends_with("reset") => {
            Some(json!({}))
        }
        _ => None,
    }
}

fn call(
    server: &Client,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Reply {
    let text = body.map(Value::to_string);
    let mut headers = headers.to_vec();
    if text.is_some() {
        headers.push(("content-type", "application/json"));
    }
    server.send((method, path), &headers, text.as_deref().map(str::as_bytes))
}

/// Returns `path` with its parameters filled in so that it refers to `user`'s data.
fn filled(path: &str, user: &str) -> String {
    // In operations on the caller's own profile, `user_id` is a movie ID.
    path.replace("{user_id}", user)
        .replace("{id}", user)
        .replace("{movie_id}", "1")
        .replace("{job_id}", "1")
        .replace("{generation}", "1")
        + if path.ends_with("watched") {
            "?watched=true"
        } else if path.ends_with("search") {
            "?q=heat"
        } else {
            ""
        }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a single list of checks")]
fn rejects_access_to_the_data_of_other_users() {
    let server = with_accounts(None);
    let (callers, [_, bob_id]) = callers(&server);
    let as_bob = |method: &str, path: &str, body: Option<&Value>| {
        call(&server, method, path, &[("cookie", &callers.bob)], body)
    };
    as_bob("POST", "/api/feedback", Some(&json!({"movie_id": 7, "rating": 4.5})));
    as_bob("POST", "/api/watchlist", Some(&json!({"movie_id": 8})));
    as_bob("PUT", "/api/preferences/me", Some(&json!({"preferred_genres": ["drama"]})));
    let bobs_data = || as_bob("GET", "/api/export/me", None).json();
    let before = bobs_data();
    assert_eq!(before["feedback"].as_array().unwrap().len(), 1);

    let document = server.get("/openapi.json").json();
    let mut n_operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !["get", "put", "post", "delete"].contains(&method.as_str()) {
                continue;
            }
            let method = method.to_uppercase();
            let is_api = path.starts_with("/api/") || path == "/metrics";
            let is_operation = operation["tags"][0] == "operation";
            let security = operation["security"].as_array();
            let is_personal =
                security.is_some_and(|all| all.iter().any(|one| one.get("user_id").is_some()));
            let names_a_user = path.contains("{user_id}") || path.contains("{id}");
            let body = body_for(&method, path);
            let user = if is_personal { "1" } else { bob_id.as_str() };
            let address = filled(path, user);
            let status = |headers: &[(&str, &str)]| {
                let reply = call(&server, &method, &address, headers, body.as_ref());
                assert!(reply.status < 500, "{method} {address}: {}", reply.text);
                reply.status
            };
            let request = format!("{method} {address}");
            let anonymous = [
                status(&[]),
                status(&[("authorization", &callers.revoked)]),
                status(&[("authorization", "Bearer cm_000000000000_0")]),
                status(&[("cookie", "cinematch_session=0")]),
                status(&[("x-user-id", &bob_id)]),
            ];
            if is_api || path == "/auth/me" {
                assert_eq!(anonymous, [401; 5], "{request}");
                // A key with the `read` scope has access to the catalog but not to user data.
                let with_read_key =
                    status(&[("authorization", &callers.read), ("x-user-id", &bob_id)]);
                if is_personal || is_operation || (names_a_user && is_api) {
                    assert_eq!(with_read_key, 403, "{request}");
                } else {
                    assert!(![401, 403].contains(&with_read_key), "{request}: {with_read_key}");
                }
            }
            if names_a_user && !is_personal {
                // Ada requests Bob's data, with and without a forged `X-User-Id`.
                assert_eq!(status(&[("cookie", &callers.ada)]), 403, "{request}");
                assert_eq!(
                    status(&[("cookie", &callers.ada), ("x-user-id", &bob_id)]),
                    403,
                    "{request}"
                );
            }
            if is_operation {
                // Neither users nor clients with the `write` scope can call operator routes.
                assert_eq!(status(&[("cookie", &callers.ada)]), 403, "{request}");
                assert_eq!(status(&[("authorization", &callers.write)]), 403, "{request}");
                let admin = status(&[("authorization", &callers.admin)]);
                assert!(![401, 403].contains(&admin), "{request}: {admin}");
            }
            n_operations += 1;
        }
    }
    assert!(n_operations > 30, "{n_operations}");
    // User IDs in request bodies are checked too.
    for (path, body) in [
        ("/api/recommendations", json!({"user_id": bob_id})),
        ("/api/groups/recommendations", json!({"members": [{"user_id": bob_id}]})),
    ] {
        call(&server, "POST", path, &[("cookie", &callers.ada)], Some(&body)).problem(403);
        call(&server, "POST", path, &[("authorization", &callers.read)], Some(&body)).problem(403);
        assert_eq!(
            call(&server, "POST", path, &[("authorization", &callers.write)], Some(&body)).status,
            200
        );
    }
    // Ada's session takes precedence over a forged header, and Bob's data is unchanged.
    call(
        &server,
        "POST",
        "/api/feedback",
        &[("cookie", &callers.ada), ("x-user-id", &bob_id)],
        Some(&json!({"movie_id": 9, "signal": "like"})),
    );
    assert_eq!(bobs_data(), before);

    // A client with the `write` scope acts for the user it names; it has no user of its own.
    for key in [&callers.write, &callers.admin] {
        let headers = [("authorization", key.as_str()), ("x-user-id", bob_id.as_str())];
        let list = call(&server, "GET", "/api/watchlist", &headers, None);
        assert_eq!(list.json()["items"][0]["movie_id"], 8);
        call(&server, "GET", "/api/watchlist", &headers[..1], None).problem(401);
        let unknown = [headers[0], ("x-user-id", "999")];
        call(&server, "GET", "/api/watchlist", &unknown, None).problem(401);
        assert_eq!(call(&server, "GET", "/api/watchlist/a-name", &headers[..1], None).status, 200);
    }
    // Signing out ends one session; changing the password ends all of the user's sessions.
    assert_eq!(
        call(&server, "POST", "/auth/logout", &[("cookie", &callers.ada)], None).status,
        204
    );
    call(&server, "GET", "/auth/me", &[("cookie", &callers.ada)], None).problem(401);
    server.world().set_password("bob@example.org", "another-password");
    as_bob("GET", "/auth/me", None).problem(401);
    sign_in(&server, "bob@example.org", PASSWORD).problem(401);
    let signed_in = sign_in(&server, "bob@example.org", "another-password");
    let bob = [("cookie", signed_in.cookie())];
    let deleted = call(&server, "DELETE", &format!("/api/users/{bob_id}"), &bob, None);
    assert_eq!(deleted.status, 200, "{}", deleted.text);
    call(&server, "GET", "/auth/me", &bob, None).problem(401);
}

#[test]
fn an_error_about_the_profile_quotes_the_id_that_was_sent() {
    let server = open();
    let detail = |server: &Client, headers: &[(&str, &str)]| {
        let reply = call(server, "GET", "/api/watchlist", headers, None);
        reply.problem(401)["detail"].as_str().unwrap().to_owned()
    };
    let advice = "send a profile ID as X-User-Id; /auth/identify returns the ID";
    for (value, expected) in [
        ("alex", "X-User-Id is `alex`, which is not a profile ID"),
        ("1.5", "X-User-Id is `1.5`, which is not a profile ID"),
        ("", "X-User-Id is ``, which is not a profile ID"),
        ("99999999999999999999", "X-User-Id is `99999999999999999999`, which is not a profile ID"),
        ("999", "X-User-Id: profile 999 does not exist"),
        ("-1", "X-User-Id: profile -1 does not exist"),
    ] {
        let found = detail(&server, &[("x-user-id", value)]);
        assert_eq!(found, format!("{expected}: {advice}"));
    }
    assert_eq!(detail(&server, &[]), format!("No profile is selected: {advice}"));
    let long = detail(&server, &[("x-user-id", &"x".repeat(4000))]);
    let start = format!("X-User-Id is `{}…`, which", "x".repeat(60));
    assert!(long.starts_with(&start) && long.len() < 200, "{long}");

    let server = with_accounts(None);
    let (callers, _) = callers(&server);
    let found = detail(&server, &[("authorization", &callers.write), ("x-user-id", "999")]);
    assert!(found.starts_with("X-User-Id: profile 999 does not exist"), "{found}");
    assert!(found.ends_with("send the ID of the profile that the key acts for as X-User-Id"));
}

#[test]
fn rejects_cross_site_requests_and_unknown_host_names() {
    let open = open();
    let add = |server: &Client, headers: &[(&str, &str)]| {
        call(server, "POST", "/api/watchlist/ada", headers, Some(&json!({"movie_id": 1}))).status
    };
    assert_eq!(add(&open, &[]), 201);
    assert_eq!(add(&open, &[("origin", "http://localhost:5173")]), 200);
    assert_eq!(add(&open, &[("origin", &open.origin())]), 200);
    for headers in [
        [("origin", "https://evil.example")],
        [("origin", "null")],
        [("sec-fetch-site", "cross-site")],
        [("host", "evil.example")],
    ] {
        assert_eq!(add(&open, &headers), 403, "{headers:?}");
    }
    assert_eq!(open.send(("GET", "/health"), &[("host", "evil.example:8000")], None).status, 403);
    assert_eq!(open.send(("GET", "/health"), &[("host", "[::1]:8000")], None).status, 200);
    let named = serve(World::default(), |config| {
        config.access.allowed_hosts = vec!["films.home".to_owned(), "other.home".to_owned()];
    });
    assert_eq!(named.send(("GET", "/health"), &[("host", "Films.home")], None).status, 200);
    assert_eq!(named.send(("GET", "/health"), &[("host", "evil.example")], None).status, 403);
    let policy =
        named.get("/health").headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
}

#[test]
fn rejects_cross_site_forms() {
    let server = open();
    let mut ada = PlainBrowser::new(&server, "Ada");
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let reply = ada.send("/films/163/say", "say=like", &[(name, value)]);
        assert_eq!(reply.status, 403, "{name}: {}", reply.text);
    }
    assert_eq!(server.as_user("1", ("GET", "/api/feedback"), None).json()["count"], 0);
}

#[test]
fn throttles_failed_sign_ins_and_limits_the_request_rate() {
    let server = with_accounts(Some(2));
    server.world().add_account("ada@example.org", "Ada", PASSWORD);
    let mut refused = None;
    for attempt in 0..8 {
        let reply = sign_in(&server, "ada@example.org", "wrong-password");
        match reply.status {
            401 => assert!(attempt < 5, "attempt {attempt} was not throttled"),
            _ => refused = Some(reply),
        }
    }
    let refused = refused.unwrap();
    refused.problem(429);
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // The correct password is throttled too, so the reply doesn't reveal that it is correct.
    sign_in(&server, "ada@example.org", PASSWORD).problem(429);
    let statuses: Vec<u16> = (0..30).map(|_| server.get("/auth/me").status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    // Probes and callers with a key can monitor the server during the burst.
    let (_, key) = server.world().add_key(Scope::Read);
    let authorization = format!("bearer {key}");
    for path in ["/health", "/health/live", "/health/ready", "/metrics"] {
        let reply = server.send(("GET", path), &[("authorization", &authorization)], None);
        assert_ne!(reply.status, 429, "{path}: {}", reply.text);
    }
    // Callers that are not identified count toward the limit, as do addresses without a probe.
    for (path, key) in [("/metrics", ""), ("/metrics", "bearer x"), ("/health/x", "")] {
        let headers = [("authorization", key)];
        let headers = if key.is_empty() { &[][..] } else { &headers };
        let status = |_| server.send(("GET", path), headers, None).status;
        assert!((0..30).map(status).any(|status| status == 429), "{path} {key}");
    }
    let lenient = with_accounts(Some(20));
    let problem =
        lenient.post("/auth/identify", &json!({"email": "a@b.c", "name": "A"})).problem(403);
    assert!(problem["detail"].as_str().unwrap().contains("/auth/login"), "{problem}");
    // A limit of 20 requests per second allows a burst of 5 seconds' worth of requests.
    assert!((0..40).all(|_| lenient.get("/auth/me").status == 401));
}

#[test]
fn scheme_of_an_api_key_is_case_insensitive() {
    let server = with_accounts(None);
    let (_, key) = server.world().add_key(Scope::Read);
    let status = |value: String| {
        server.send(("GET", "/api/movies"), &[("authorization", value.as_str())], None).status
    };
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(status(format!("{scheme} {key}")), 200, "{scheme}");
    }
    assert_eq!(status(format!("Basic {key}")), 401);
    assert_eq!(status(key), 401);
}
