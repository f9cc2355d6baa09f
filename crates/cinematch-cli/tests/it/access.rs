//! Access control: calls every route as every kind of caller, and checks that no secret leaks.

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::postgres::database;
use crate::server::{Reply, Server};

const PASSWORD: &str = "canary-password-7f3a";

/// Credentials of every kind of caller.
struct Callers {
    ada: String,
    bob: String,
    read: String,
    write: String,
    admin: String,
    revoked: String,
}

fn sign_in(server: &Server, email: &str, password: &str) -> Reply {
    server.post("/auth/login", &json!({"email": email, "password": password}))
}

/// Returns the session cookie set by a reply.
fn cookie(reply: &Reply) -> String {
    let cookie = reply.headers["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

fn people(folder: &Folder, server: &Server) -> (Callers, [String; 2]) {
    let mut ids = Vec::new();
    for (email, name) in [("ada@example.org", "Ada"), ("bob@example.org", "Bob")] {
        let input = format!("{PASSWORD}\n");
        let made = folder.ok_given(&["user", "add", email, "--name", name, "--json"], &input);
        let made: Value = serde_json::from_str(&made).unwrap();
        ids.push(made["id"].to_string());
    }
    let key = |scope: &str| {
        let made = folder.ok(&["key", "create", scope, "--scope", scope, "--json"]);
        let made: Value = serde_json::from_str(&made).unwrap();
        (
            made["id"].as_str().unwrap().to_owned(),
            format!("Bearer {}", made["key"].as_str().unwrap()),
        )
    };
    let (revoked_id, revoked) = key("admin");
    folder.ok(&["key", "revoke", &revoked_id]);
    let callers = Callers {
        ada: cookie(&sign_in(server, "ada@example.org", PASSWORD)),
        bob: cookie(&sign_in(server, "BOB@example.org", PASSWORD)),
        read: key("read").1,
        write: key("write").1,
        admin: key("admin").1,
        revoked,
    };
    (callers, [ids[0].clone(), ids[1].clone()])
}

/// Returns a valid request body for an operation, or `None` if it takes none.
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
    server: &Server,
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

/// Returns an operation's path with its parameters filled in for the data of `whose`.
fn filled(path: &str, whose: &str) -> String {
    // Operations on the caller's own profile receive a movie id here instead of a user id.
    path.replace("{user_id}", whose)
        .replace("{id}", whose)
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
#[allow(clippy::too_many_lines, reason = "one list of checks")]
fn rejects_access_to_the_data_of_other_users() {
    let folder = Folder::trained();
    let server =
        Server::start_with(&folder, &["--access", "accounts", "--rate-limit", "0", "--no-jobs"]);
    let (callers, [_, bob_id]) = people(&folder, &server);
    let bobs = |method: &str, path: &str, body: Option<&Value>| {
        call(&server, method, path, &[("cookie", &callers.bob)], body)
    };
    bobs("POST", "/api/feedback", Some(&json!({"movie_id": 7, "rating": 4.5})));
    bobs("POST", "/api/watchlist", Some(&json!({"movie_id": 8})));
    bobs("PUT", "/api/preferences/me", Some(&json!({"preferred_genres": ["drama"]})));
    let bobs_data = || bobs("GET", "/api/export/me", None).json();
    let before = bobs_data();
    assert_eq!(before["feedback"].as_array().unwrap().len(), 1);

    let document = server.get("/openapi.json").json();
    let mut walked = 0;
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
            let names_a_person = path.contains("{user_id}") || path.contains("{id}");
            let body = body_for(&method, path);
            let whose = if is_personal { "1" } else { bob_id.as_str() };
            let address = filled(path, whose);
            let status = |headers: &[(&str, &str)]| {
                let reply = call(&server, &method, &address, headers, body.as_ref());
                assert!(reply.status < 500, "{method} {address}: {}", reply.text);
                reply.status
            };
            let said = format!("{method} {address}");
            let nobody = [
                status(&[]),
                status(&[("authorization", &callers.revoked)]),
                status(&[("authorization", "Bearer cm_000000000000_0")]),
                status(&[("cookie", "cinematch_session=0")]),
                status(&[("x-user-id", &bob_id)]),
            ];
            if is_api || path == "/auth/me" {
                assert_eq!(nobody, [401; 5], "{said}");
                // A key with the `read` scope has access to the catalog, not to user data.
                let reads = status(&[("authorization", &callers.read), ("x-user-id", &bob_id)]);
                if is_personal || is_operation || (names_a_person && is_api) {
                    assert_eq!(reads, 403, "{said}");
                } else {
                    assert!(![401, 403].contains(&reads), "{said}: {reads}");
                }
            }
            if names_a_person && !is_personal {
                // Ada requests Bob's data, with and without a forged `X-User-Id`.
                assert_eq!(status(&[("cookie", &callers.ada)]), 403, "{said}");
                assert_eq!(
                    status(&[("cookie", &callers.ada), ("x-user-id", &bob_id)]),
                    403,
                    "{said}"
                );
            }
            if is_operation {
                // Neither users nor clients with the `write` scope can call operator routes.
                assert_eq!(status(&[("cookie", &callers.ada)]), 403, "{said}");
                assert_eq!(status(&[("authorization", &callers.write)]), 403, "{said}");
                let admin = status(&[("authorization", &callers.admin)]);
                assert!(![401, 403].contains(&admin), "{said}: {admin}");
            }
            walked += 1;
        }
    }
    assert!(walked > 30, "{walked}");
    // User ids in request bodies are checked as well.
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

    // A client with the `write` scope acts for the user it names, and for no user by default.
    for key in [&callers.write, &callers.admin] {
        let headers = [("authorization", key.as_str()), ("x-user-id", bob_id.as_str())];
        let list = call(&server, "GET", "/api/watchlist", &headers, None);
        assert_eq!(list.json()["items"][0]["movie_id"], 8);
        call(&server, "GET", "/api/watchlist", &headers[..1], None).problem(401);
        let unknown = [headers[0], ("x-user-id", "999")];
        call(&server, "GET", "/api/watchlist", &unknown, None).problem(401);
        assert_eq!(call(&server, "GET", "/api/watchlist/a-name", &headers[..1], None).status, 200);
    }
    // Signing out ends one session; changing the password ends all sessions of the user.
    assert_eq!(
        call(&server, "POST", "/auth/logout", &[("cookie", &callers.ada)], None).status,
        204
    );
    call(&server, "GET", "/auth/me", &[("cookie", &callers.ada)], None).problem(401);
    folder.ok_given(&["user", "passwd", "bob@example.org"], "another-password\n");
    bobs("GET", "/auth/me", None).problem(401);
    sign_in(&server, "bob@example.org", PASSWORD).problem(401);
    let bob = cookie(&sign_in(&server, "bob@example.org", "another-password"));
    let gone = call(&server, "DELETE", &format!("/api/users/{bob_id}"), &[("cookie", &bob)], None);
    assert_eq!(gone.status, 200, "{}", gone.text);
    call(&server, "GET", "/auth/me", &[("cookie", &bob)], None).problem(401);
}

#[test]
fn rejects_cross_site_requests_and_unknown_host_names() {
    let folder = Folder::trained();
    let open = Server::start(&folder);
    let add = |server: &Server, headers: &[(&str, &str)]| {
        call(server, "POST", "/api/watchlist/ada", headers, Some(&json!({"movie_id": 1}))).status
    };
    assert_eq!(add(&open, &[]), 201);
    assert_eq!(add(&open, &[("origin", "http://localhost:5173")]), 200);
    assert_eq!(add(&open, &[("origin", &open.address)]), 200);
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
    drop(open);
    let named = Server::start_with(&folder, &["--allowed-hosts", "films.home,other.home"]);
    assert_eq!(named.send(("GET", "/health"), &[("host", "Films.home")], None).status, 200);
    assert_eq!(named.send(("GET", "/health"), &[("host", "evil.example")], None).status, 403);
    let policy =
        named.get("/health").headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
}

#[test]
fn throttles_failed_sign_ins_and_limits_the_request_rate() {
    let folder = Folder::trained();
    let server = Server::start_with(&folder, &["--access", "accounts", "--rate-limit", "2"]);
    folder.ok_given(&["user", "add", "ada@example.org"], &format!("{PASSWORD}\n"));
    let mut refused = None;
    for attempt in 0..8 {
        let reply = sign_in(&server, "ada@example.org", "wrong-password");
        match reply.status {
            401 => assert!(attempt < 5, "attempt {attempt} was looked at"),
            _ => refused = Some(reply),
        }
    }
    let refused = refused.unwrap();
    refused.problem(429);
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // The correct password is throttled too, so the reply does not reveal it.
    sign_in(&server, "ada@example.org", PASSWORD).problem(429);
    let statuses: Vec<u16> = (0..30).map(|_| server.get("/health").status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    let file = Server::start_with(&folder, &["--access", "accounts", "--database", "other.db"]);
    let problem = file.post("/auth/identify", &json!({"email": "a@b.c", "name": "A"})).problem(403);
    assert!(problem["detail"].as_str().unwrap().contains("/auth/login"), "{problem}");
    // The default rate of 20 requests per second allows a burst of 5 seconds' worth.
    assert!((0..40).all(|_| file.get("/health").status == 200));
}

/// Uses canary values for every kind of secret and searches the log, the replies and the commands' standard error.
#[test]
fn secrets_never_appear_in_logs_replies_or_errors() {
    let folder = Folder::trained();
    let url = database("secrets_never_appear_in_logs_replies_or_errors");
    let mut variables = vec![("CINEMATCH_LOG", "trace"), ("RUST_LOG", "trace")];
    if let Some(url) = &url {
        variables.push(("DATABASE_URL", url));
    }
    let arguments = ["--access", "accounts", "--rate-limit", "0"];
    let server = Server::start_in(&folder, &arguments, &variables);
    let mut said = String::new();
    let mut run = |arguments: &[&str], input: &str| {
        let mut command = folder.command(arguments);
        command.envs(variables.iter().copied());
        let mut child = command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["user", "add", "ada@example.org"], &format!("{PASSWORD}\n"));
    let key: Value =
        serde_json::from_str(&run(&["key", "create", "k", "--scope", "write", "--json"], ""))
            .unwrap();
    let key = key["key"].as_str().unwrap().to_owned();
    let listed = run(&["key", "list", "--json"], "") + &run(&["user", "list", "--json"], "");
    let reply = sign_in(&server, "ada@example.org", PASSWORD);
    assert_eq!(reply.status, 200, "{}", reply.text);
    let set = reply.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    let cookie = cookie(&reply);
    let token = cookie.split('=').nth(1).unwrap().to_owned();
    let wrong = sign_in(&server, "ada@example.org", "wrong-canary-91bc");
    let mut replies = listed + &reply.text + &wrong.text;
    for headers in [
        vec![("cookie", cookie.as_str())],
        vec![("authorization", &format!("Bearer {key}") as &str), ("x-user-id", "1")],
        vec![("authorization", "Bearer wrong-canary-91bc")],
    ] {
        for path in ["/auth/me", "/api/export/me", "/api/recommendations"] {
            replies += &call(&server, "GET", path, &headers, None).text;
        }
    }
    drop(server);
    let log = folder.read("server.log");
    assert!(
        log.contains("FROM api_keys") && log.contains("/auth/login"),
        "the log is the whole one"
    );
    let secret = key.rsplit('_').next().unwrap();
    let mut canaries = vec![PASSWORD, "wrong-canary-91bc", secret, &token, "$argon2id"];
    let password = url.as_ref().and_then(|url| Some(url.split_once('@')?.0.rsplit_once(':')?.1));
    canaries.extend(password.filter(|password| password.len() > 4));
    for canary in canaries {
        for (place, text) in [("log", &log), ("replies", &replies), ("errors", &said)] {
            assert!(!text.contains(canary), "{canary} in the {place}");
        }
    }
}
