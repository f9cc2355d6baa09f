//! Importing archives, multipart forms and damaged files.

use std::io::Write;

use serde_json::json;

use crate::testing::databases::worlds;
use crate::testing::{User, over};

/// Returns a ZIP archive in Letterboxd's export format.
fn letterboxd() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        (
            "ratings.csv",
            "Date,Name,Year,Letterboxd URI,Rating\r\n2024-01-01,Toy Story,1995,u,4.5\r\n\
                         2024-01-01,No Such Film,1995,u,3\r\n",
        ),
        ("watchlist.csv", "Date,Name,Year,Letterboxd URI\r\n2024-01-01,Heat,1995,u\r\n"),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn imported_history_affects_the_next_request() {
    for world in worlds("imported_history_affects_the_next_request") {
        let server = over(world);
        let ada = User::new(&server, "ada@example.org");
        let send = |path: &str, kind: &str, body: &[u8]| {
            let headers = [("x-user-id", ada.id.as_str()), ("content-type", kind)];
            server.send(("POST", path), &headers, Some(body))
        };
        let first = send("/api/import?limit=5", "application/zip", &letterboxd());
        assert_eq!(first.status, 200, "{}", first.text);
        let first = first.json();
        assert_eq!(
            (&first["report"]["by_title"], &first["report"]["unmatched"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(first["report"]["matches"][0]["title"], "No Such Film");
        assert_eq!(
            first["changes"],
            json!({"added": 1, "changed": 0, "kept": 0, "unchanged": 0, "listed": 1})
        );
        assert_eq!(first["count"], 5);
        let before = ada.get("/api/export/me");
        let again = send("/api/import", "application/octet-stream", &letterboxd()).json();
        assert_eq!(
            again["changes"],
            json!({"added": 0, "changed": 0, "kept": 0, "unchanged": 2, "listed": 0})
        );
        assert_eq!(ada.get("/api/export/me"), before, "a second import changes nothing");

        // In a multipart form, a file's name determines its format.
        let form = "--b\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\nhello\r\n--b\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"watched.csv\"\r\n\
            Content-Type: text/csv\r\n\r\nDate,Name,Year,Letterboxd URI\r\n2024-01-01,Heat,1995,u\r\n\r\n--b--\r\n";
        let form = send("/api/import", "multipart/form-data; boundary=b", form.as_bytes()).json();
        assert_eq!(form["changes"]["added"], 1, "{form}");
        let watched = "Date,Name,Year,Letterboxd URI\n2024-01-01,Heat,1995,u\n";
        send("/api/import", "text/csv", watched.as_bytes()).problem(422);
        let named = send("/api/import?filename=C%3A%5Cwatched.csv", "text/csv", watched.as_bytes());
        assert_eq!(named.json()["changes"]["unchanged"], 1);

        // Unsupported exports are rejected with a message, and nothing is changed.
        for (kind, body, status) in [
            ("application/zip", b"PK\x03\x04 and nothing more".to_vec(), 422),
            ("application/json", b"[[[[".repeat(100_000), 422),
            ("text/csv", b"a,b\n1,2\n".to_vec(), 422),
            ("text/csv", vec![0xff; 1000], 422),
            ("text/csv", Vec::new(), 422),
            ("text/csv", vec![b'x'; 100 << 20], 413),
            ("multipart/form-data; boundary=b", b"--b\r\n".to_vec(), 400),
            ("multipart/form-data", b"--b--\r\n".to_vec(), 400),
            ("multipart/form-data; boundary=b", b"--b--\r\n".to_vec(), 422),
        ] {
            let reply = send("/api/import", kind, &body);
            assert_eq!(reply.status, status, "{kind} {}", reply.text);
            reply.problem(status);
        }
        send("/api/import?limit=101", "application/zip", &letterboxd()).problem(422);
        assert_eq!(ada.get("/api/export/me")["imports"].as_array().unwrap().len(), 2);
    }
}
