//! Request log, graceful shutdown, connections and terminal output.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;

use cinematch_testing::did_not_run;
use serde_json::{Value, json};

use crate::support::folder::{Folder, project};
use crate::support::server::{Server, wait_until};

#[test]
fn logs_each_request_as_one_json_line_with_its_request_id() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let id = server.get("/api/movies/1").request_id;
    server.get("/nowhere").problem(404);
    let lines = || -> Vec<Value> {
        let log = folder.read("server.log");
        let complete = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        complete.map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let line_for = |path: &str| lines().into_iter().find(|line| line["path"] == path);
    wait_until("both lines", || {
        line_for("/nowhere").is_some() && line_for("/api/movies/1").is_some()
    });
    let line = line_for("/api/movies/1").unwrap();
    assert_eq!(line["request_id"], id.as_str());
    assert_eq!((&line["method"], &line["status"]), (&json!("GET"), &json!(200)));
    assert!(line["ms"].as_f64().unwrap() >= 0.0 && line["timestamp"].is_string(), "{line}");
    assert_eq!(line_for("/nowhere").unwrap()["status"], 404);
}

#[test]
fn shutdown_completes_requests_in_flight() {
    let folder = Folder::trained();
    let mut server = Server::start(&folder);
    let address = server.address.strip_prefix("http://").unwrap().to_owned();
    let body = json!({"liked_movie_ids": [1]}).to_string();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /api/recommendations HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The server has asked for the body, so the request is in flight.
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    server.send_sigterm();
    // Not by connecting: a server of another test may take the port as soon as it is free.
    wait_until("the listener to close", || {
        folder.read("server.log").contains("waiting for requests in flight")
    });
    stream.write_all(body.as_bytes()).unwrap();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    let (head, reply) = rest.trim_start().split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(reply).unwrap()["count"], 20);
    assert!(server.exits_successfully());
}

#[test]
fn terminal_output_has_colors_and_progress() {
    let folder = Folder::empty();
    let on_a_terminal = |command: &str| {
        let binary = env!("CARGO_BIN_EXE_cinematch");
        let mut script = Command::new("script");
        script.args(["-qec", &format!("{binary} {command}"), "/dev/null"]);
        script.current_dir(folder.path("")).env("TERM", "xterm-256color").env_remove("NO_COLOR");
        script.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Ok(text) = on_a_terminal("synth --out . --ratings 2000000") else {
        return did_not_run(
            "terminal_output_has_colors_and_progress",
            "`script` (util-linux) is not installed",
        );
    };
    assert!(text.contains("% ") && text.contains(" left"), "{text}");
    let text = on_a_terminal("preprocess --services none").unwrap();
    assert!(text.contains("\u{1b}[1m"), "{text}");
    let quiet = on_a_terminal("preprocess --services none --quiet").unwrap();
    assert_eq!(quiet.lines().count(), 1, "{quiet}");
}

#[test]
fn fetched_providers_become_services_and_are_not_marked_mock() {
    let folder = Folder::with_sample();
    let plain = std::fs::read_to_string(project().join("sample/tmdb_metadata.csv")).unwrap();
    // The sample's values contain no line breaks, so a column can be appended line by line.
    let mut lines = plain.lines();
    let mut table = format!("{},services\n", lines.next().unwrap());
    for (at, line) in lines.enumerate() {
        table.extend([line, if at % 2 == 0 { ",Netflix|MUBI\n" } else { ",\n" }]);
    }
    folder.write("raw/tmdb/tmdb_metadata.csv", table.as_bytes());
    for choice in ["auto", "tmdb"] {
        folder.ok(&["preprocess", "--min-year", "none", "--services", choice]);
        assert_eq!(folder.json("data/preprocess_report.json")["services_source"], "tmdb");
    }
    folder.ok(&["train"]);
    let server = Server::start(&folder);
    assert_eq!(server.get("/api/services").json()["services"], json!(["MUBI", "Netflix"]));
    let reply = server.recommend(&json!({"services": ["mubi"], "limit": 100}));
    for item in reply["recommendations"].as_array().unwrap() {
        assert_eq!(item["services"], json!(["Netflix", "MUBI"]));
        assert_eq!(item["services_source"], "tmdb");
    }
    drop(server);
    folder.write("raw/tmdb/tmdb_metadata.csv", plain.as_bytes());
    let error = folder.fails(&["preprocess", "--services", "tmdb"]);
    assert!(error.contains("has no `services` column"), "{error}");
}

#[test]
fn connection_survives_a_request_with_an_unread_body() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let address = server.address.strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let body = vec![b' '; 50_000];
    let head = format!(
        "POST /nowhere HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Send the rest of the body after the server could have sent the error response.
    let (first, rest) = body.split_at(1000);
    stream.write_all(first).unwrap();
    assert_eq!(server.get("/health").status, 200);
    stream.write_all(rest).unwrap();
    let next = format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(next.as_bytes()).unwrap();
    let mut replies = String::new();
    stream.read_to_string(&mut replies).unwrap();
    assert!(replies.starts_with("HTTP/1.1 404"), "{replies}");
    assert!(replies.contains("HTTP/1.1 200 OK"), "{replies}");
}
