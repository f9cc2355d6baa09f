//! Account, API key and database secrets never leak.

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::postgres::database;
use crate::support::server::Server;

const PASSWORD: &str = "canary-password-7f3a";

/// Uses canary values for every kind of secret, then searches the log, the replies and the commands' standard error
/// for them.
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
    let mut errors = String::new();
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
        errors.push_str(&String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["user", "add", "ada@example.org"], &format!("{PASSWORD}\n"));
    let key: Value =
        serde_json::from_str(&run(&["key", "create", "k", "--scope", "write", "--json"], ""))
            .unwrap();
    let key = key["key"].as_str().unwrap().to_owned();
    let listed = run(&["key", "list", "--json"], "") + &run(&["user", "list", "--json"], "");
    let sign_in = |password: &str| {
        server.post("/auth/login", &json!({"email": "ada@example.org", "password": password}))
    };
    let reply = sign_in(PASSWORD);
    assert_eq!(reply.status, 200, "{}", reply.text);
    let set = reply.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    let cookie = reply.cookie();
    let token = cookie.split('=').nth(1).unwrap().to_owned();
    let wrong = sign_in("wrong-canary-91bc");
    let mut replies = listed + &reply.text + &wrong.text;
    for headers in [
        vec![("cookie", cookie)],
        vec![("authorization", &format!("Bearer {key}") as &str), ("x-user-id", "1")],
        vec![("authorization", "Bearer wrong-canary-91bc")],
    ] {
        for path in ["/auth/me", "/api/export/me", "/api/recommendations"] {
            replies += &server.send(("GET", path), &headers, None).text;
        }
    }
    drop(server);
    let log = folder.read("server.log");
    assert!(log.contains("FROM api_keys") && log.contains("/auth/login"), "the log is incomplete");
    let secret = key.rsplit('_').next().unwrap();
    let mut canaries = vec![PASSWORD, "wrong-canary-91bc", secret, &token, "$argon2id"];
    let password = url.as_ref().and_then(|url| Some(url.split_once('@')?.0.rsplit_once(':')?.1));
    canaries.extend(password.filter(|password| password.len() > 4));
    for canary in canaries {
        for (output, text) in [("log", &log), ("replies", &replies), ("errors", &errors)] {
            assert!(!text.contains(canary), "{canary} in the {output}");
        }
    }
}
