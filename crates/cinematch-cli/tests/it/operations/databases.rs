//! Operator commands: `cinematch user`, `key`, `backup`, `restore` and `migrate`.

use cinematch_testing::movie_ids;
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::postgres::database;
use crate::support::server::Server;

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

fn movies(server: &Server) -> Vec<u64> {
    let list = server.get("/api/watchlist/ada").json();
    movie_ids(list["items"].as_array().unwrap())
}

fn add(server: &Server, movie_id: u64) {
    let reply = server.post("/api/watchlist/ada", &json!({"movie_id": movie_id}));
    assert_eq!(reply.status, 201, "{}", reply.text);
}

#[test]
fn backs_up_a_running_server_and_restores() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    add(&server, 1);
    let text = folder.ok(&["backup", "people.db"]);
    assert!(text.contains("people.db") && text.contains("cinematch restore"), "{text}");
    add(&server, 2);
    let error = folder.fails(&["backup", "people.db"]);
    assert!(
        error.contains("exists; choose another name") && error.contains("--replace"),
        "{error}"
    );
    let error = folder.fails(&["restore", "people.db", "--replace"]);
    assert!(error.contains("in use by another CineMatch server"), "{error}");
    drop(server);
    let error = folder.fails(&["restore", "people.db"]);
    assert!(error.contains("--replace"), "{error}");
    let text = folder.ok(&["restore", "people.db", "--replace"]);
    assert!(text.contains("✓ 1 profile, 0 feedback items, 1 movie on watchlists"), "{text}");
    assert_eq!(movies(&Server::start(&folder)), [1]);
    let error = folder.fails(&["restore", "nowhere.db"]);
    assert!(error.contains("nowhere.db not found"), "{error}");
    let error = folder.fails(&["restore", "data/movies_merged.csv", "--replace"]);
    assert!(error.contains("is not a CineMatch backup"), "{error}");
    let error = folder.fails(&["backup", "data/cinematch.db", "--replace"]);
    assert!(error.contains("the database itself"), "{error}");
    assert_eq!(movies(&Server::start(&folder)), [1]);
}

#[test]
fn migrates_to_postgresql_and_back() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    add(&server, 1);
    add(&server, 2);
    drop(server);
    let error = folder.fails(&["migrate"]);
    assert!(error.contains("DATABASE_URL"), "{error}");
    let Some(url) = database("migrates_to_postgresql_and_back") else { return };
    let variables = [("DATABASE_URL", url.as_str())];
    let mut migrate = folder.command(&["migrate", "--json"]);
    let output = migrate.envs(variables).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(json_of(&String::from_utf8(output.stdout).unwrap())["watchlist"], 2);
    let server = Server::start_in(&folder, &[], &variables);
    assert_eq!(movies(&server), [2, 1]);
    add(&server, 3);
    // Two servers that share a database see each other's writes.
    let other = Server::start_in(&folder, &[], &variables);
    add(&other, 4);
    assert_eq!(movies(&server), [4, 3, 2, 1]);
    drop((server, other));
    let mut again = folder.command(&["migrate"]);
    let output = again.envs(variables).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("--replace"), "{error}");
    folder.ok(&["migrate", "--from", &url, "--to", "back.db"]);
    assert_eq!(movies(&Server::start_with(&folder, &["--database", "back.db"])), [4, 3, 2, 1]);
    let error = folder.fails(&["serve", "--database-url", "postgres://ada:hunter2@127.0.0.1:1/x"]);
    assert!(error.contains("127.0.0.1:1/x") && !error.contains("hunter2"), "{error}");
}

#[test]
fn creates_lists_and_revokes_accounts_and_keys() {
    let folder = Folder::empty();
    let add = ["user", "add", "Ada@Example.org", "--json"];
    let created = json_of(&folder.ok_with_input(&add, "correct horse\n"));
    assert_eq!((&created["email"], &created["name"]), (&json!("ada@example.org"), &json!("Ada")));
    let fails_with_input = |arguments: &[&str], input: &str| {
        let mut command = folder.command(arguments);
        let file = folder.path("input");
        std::fs::write(&file, input).unwrap();
        let output = command.stdin(std::fs::File::open(file).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let error = fails_with_input(&["user", "add", "ada@example.org"], "correct horse\n");
    assert!(error.contains("cinematch user passwd ada@example.org"), "{error}");
    let error = fails_with_input(&["user", "add", "bob@example.org"], "short\n");
    assert!(error.contains("8 to 1024 characters"), "{error}");
    assert!(
        fails_with_input(&["user", "add", "bob"], "correct horse\n")
            .contains("not an email address")
    );
    let error = fails_with_input(&["user", "passwd", "eve@example.org"], "correct horse\n");
    assert!(error.contains("no profile has the address"), "{error}");
    folder.ok_with_input(&["user", "passwd", "ada@example.org"], "battery staple\r\n");
    let listed = folder.ok(&["user", "list"]);
    assert!(listed.contains("Ada <ada@example.org>") && listed.lines().count() == 1, "{listed}");

    let key = json_of(&folder.ok(&["key", "create", "phone", "--json"]));
    assert_eq!(key["scope"], "read");
    let secret = key["key"].as_str().unwrap().rsplit('_').next().unwrap().to_owned();
    let id = key["id"].as_str().unwrap();
    let listed = folder.ok(&["key", "list"]);
    assert!(
        listed.contains(id) && listed.contains("phone") && !listed.contains(&secret),
        "{listed}"
    );
    folder.ok(&["key", "revoke", id]);
    assert!(folder.ok(&["key", "list"]).contains("revoked"));
    let error = folder.fails(&["key", "revoke", id]);
    assert!(error.contains("cinematch key list"), "{error}");
    let file = std::fs::read(folder.path("data/cinematch.db")).unwrap();
    let found = file.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
    assert!(!found, "the database contains the secret");
}
