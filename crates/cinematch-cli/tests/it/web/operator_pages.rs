//! Sign-in and the operator's pages without a browser: cookies, access control and log contents.

use cinematch_testing::Reply;
use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::server::Server;

const PASSWORD: &str = " canary-password-91d2";

/// Posts a form from the server's own origin.
fn post(server: &Server, path: &str, fields: &str, more: &[(&str, &str)]) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
    server.send_without_redirects(("POST", path), &[&headers, more].concat(), fields.as_bytes())
}

fn cookie(reply: &Reply) -> &str {
    reply.headers["set-cookie"].to_str().unwrap()
}

#[test]
fn sessions_and_operator_keys_stay_in_cookies_and_out_of_the_log() {
    let folder = Folder::trained();
    folder.ok_with_input(
        &["user", "add", "ada@example.org", "--name", "Ada"],
        &format!("{PASSWORD}\n"),
    );
    let key = |scope: &str| {
        let created = folder.ok(&["key", "create", scope, "--scope", scope, "--json"]);
        let created: Value = serde_json::from_str(&created).unwrap();
        created["key"].as_str().unwrap().to_owned()
    };
    let (admin, write) = (key("admin"), key("write"));
    let server =
        Server::start_with(&folder, &["--access", "accounts", "--rate-limit", "0", "--no-jobs"]);
    let get = |path: &str, cookie: &str| {
        server.send_without_redirects(
            ("GET", path),
            &[("accept", "text/html"), ("cookie", cookie)],
            b"",
        )
    };

    // Pages with personal data require sign-in.
    for path in ["/", "/search?q=heat"] {
        let reply = get(path, "");
        assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (303, "/sign-in"));
    }
    let wrong =
        post(&server, "/sign-in", "email=ada%40example.org&password=canary-password-91d2", &[]);
    assert_eq!(wrong.status, 401, "spaces are part of the password");
    assert!(wrong.text.contains("The email address or the password is wrong."));
    assert!(!wrong.headers.contains_key("set-cookie"));
    let foreign_origin = [("origin", "https://evil.example")];
    let correct = "email=ada%40example.org&password=%20canary-password-91d2";
    assert_eq!(post(&server, "/sign-in", correct, &foreign_origin).status, 403);
    let signed_in = post(&server, "/sign-in", correct, &[]);
    assert_eq!((signed_in.status, &signed_in.headers["location"]), (303, &"/".parse().unwrap()));
    let session = cookie(&signed_in);
    assert!(session.contains("; HttpOnly; SameSite=Lax; "), "{session}");
    let session = session.split(';').next().unwrap();
    assert_eq!(get("/search?q=heat", session).status, 200);

    // Neither signing in nor a key without the admin scope grants operator access.
    for (path, fields) in
        [("/models/jobs", "kind=retrain"), ("/models/rollback", ""), ("/models/1/promote", "")]
    {
        for cookies in [String::new(), session.to_owned(), format!("cinematch_operator={write}")] {
            let reply = post(&server, path, fields, &[("cookie", &cookies)]);
            assert_eq!(reply.status, 401, "{path} {cookies}");
        }
    }
    assert_eq!(get("/models", session).status, 401);
    assert_eq!(post(&server, "/models/enter", &format!("key={write}"), &[]).status, 401);
    let entered = post(&server, "/models/enter", &format!("key={admin}"), &[]);
    let operator_cookie = cookie(&entered);
    assert!(
        operator_cookie.ends_with("; Path=/models; HttpOnly; SameSite=Strict; Max-Age=28800"),
        "{operator_cookie}"
    );
    let operator = operator_cookie.split(';').next().unwrap();
    assert!(get("/models", operator).text.contains("Generation 1"));
    let queued = post(&server, "/models/jobs", "kind=retrain", &[("cookie", operator)]);
    assert_eq!(queued.status, 303);
    assert!(get("/models", operator).text.contains("Training is queued"));
    let other_site = [("cookie", operator), ("origin", "https://evil.example")];
    assert_eq!(post(&server, "/models/jobs", "kind=update", &other_site).status, 403);
    // A revoked key no longer grants access.
    let id = admin.split('_').nth(1).unwrap();
    folder.ok(&["key", "revoke", id]);
    assert_eq!(get("/models", operator).status, 401);

    let signed_out = post(&server, "/sign-in/out", "", &[("cookie", session)]);
    assert!(cookie(&signed_out).contains("Max-Age=0"));
    assert_eq!(get("/search?q=heat", session).headers["location"], "/sign-in");
    let log = folder.read("server.log");
    for secret in [PASSWORD.trim(), &admin, session.split('=').nth(1).unwrap()] {
        assert!(!log.contains(secret), "{log}");
    }
}
