//! Checks the server against its `OpenAPI` document with schemathesis.

use std::fs;
use std::process::Command;

use cinematch_testing::did_not_run;
use serde_json::{Value, json};

use crate::support::folder::{Folder, project};
use crate::support::server::Server;

/// Number of random requests per operation in the long-running campaign.
const CAMPAIGN: u64 = 500;

/// Returns a folder with the trained sample and watch providers for several regions.
fn folder() -> Folder {
    let folder = Folder::with_sample();
    let links = folder.read("raw/ml-32m/links.csv");
    let ids: Vec<&str> = links.lines().skip(1).filter_map(|line| line.split(',').nth(2)).collect();
    let (first, second) = (ids[0], ids[1]);
    let providers = format!(
        "tmdb_id,region,flatrate,ads,free,rent,buy\n{first},DE,Netflix|MUBI,,,,\n\
         {second},DE,MUBI,,arte,,\n{second},US,Max,,,,\n"
    );
    folder.write("raw/tmdb/watch_providers.csv", providers.as_bytes());
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train"]);
    // Train a second generation with the same models, so that a rollback is possible.
    folder.ok(&["train", "--seed", "7"]);
    folder
}

/// Runs schemathesis on the operations in `part`, sending `headers` with every request. All checks are enabled.
/// Requests come from the document's examples, schema boundary values, random generation and stateful sequences;
/// every operation gets `n_generated` random requests. Asserts that no check fails and that every operation accepts
/// at least one request.
fn check(
    folder: &Folder,
    server: &Server,
    headers: &[(&str, &str)],
    (part, n_generated): (Part, u64),
) {
    let test = "server_conforms_to_its_openapi_document";
    let Some(schemathesis) = std::env::var_os("CINEMATCH_TEST_SCHEMATHESIS") else {
        return did_not_run(test, "CINEMATCH_TEST_SCHEMATHESIS is not set; run `cargo xtask test`");
    };
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut command = Command::new(schemathesis);
    command
        .current_dir(folder.path("."))
        .env("SCHEMATHESIS_HOOKS", project().join("tests/python/contract_hooks.py"))
        .env(
            "CINEMATCH_CONTRACT",
            json!({"address": server.address, "headers": headers}).to_string(),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg("--config-file")
        .arg(project().join("tests/python/contract.toml"))
        .args(["--no-color", "run", &format!("{}/openapi.json", server.address)])
        .args(["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"])
        .args([
            "--max-examples",
            &n_generated.to_string(),
            "--seed",
            "1",
            "--generation-database",
            "none",
        ])
        // More workers wouldn't be faster: most of the time is spent generating requests, in a single interpreter.
        .args(["--workers", "1", "--suppress-health-check", "all", "--continue-on-failure"])
        .args([
            "--output-truncate",
            "true",
            "--report",
            "json",
            "--report-json-path",
            "report.json",
        ])
        .args(part.arguments());
    for (name, value) in &headers {
        command.args(["--header", &format!("{name}: {}", value.as_str().unwrap())]);
    }
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{errors}");

    let report: Value =
        serde_json::from_str(&fs::read_to_string(folder.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["complete"], true, "{stdout}");
    let generated = report["test_cases"]["generated"].as_u64().unwrap();
    assert!(
        generated >= n_generated * with_input(server, part),
        "only {generated} requests\n{stdout}"
    );
    assert_eq!(report["operations"]["tested"], report["operations"]["selected"], "{stdout}");
    for phase in ["examples", "coverage", "fuzzing", "stateful"] {
        // The stateful phase needs at least two operations to build a sequence.
        let has_one_operation = phase == "stateful" && matches!(part, Part::Deletion);
        let status = &report["phases"][phase]["status"];
        assert!(*status == "success" || has_one_operation, "{phase}: {status}\n{stdout}");
    }
    let mut warnings = vec!["missing_auth"];
    // An operation that rejects nearly all requests counts as untested. A few requests are not enough to tell.
    if n_generated >= CAMPAIGN {
        warnings.push("validation_mismatch");
    }
    for warning in warnings {
        let mut operations = report["warnings"][warning].as_array().unwrap().clone();
        // Generated files are never valid exports.
        operations.retain(|operation| !operation.to_string().contains("POST /api/import"));
        assert!(operations.is_empty(), "{warning}: {operations:?}\n{stdout}");
    }
    let rates = report["valid_rates"].as_object().unwrap();
    let n_imports = usize::from(matches!(part, Part::Rest));
    assert_eq!(
        report["operations"]["selected"],
        rates.len() + n_imports,
        "operations without acceptance rates\n{stdout}"
    );
    for (operation, phases) in rates {
        let accepted = phases.as_object().unwrap().values().map(|phase| &phase["accepted"]);
        let accepted: u64 = accepted.map(|count| count.as_u64().unwrap()).sum();
        assert!(accepted > 0, "{operation} accepted no requests\n{stdout}");
    }
}

/// A group of operations to check. Profile deletion runs last and on its own, because the caller can't sign in
/// afterwards.
#[derive(Clone, Copy)]
enum Part {
    Rest,
    Deletion,
}

impl Part {
    fn arguments(self) -> [&'static str; 2] {
        match self {
            Self::Rest => ["--exclude-path-regex", "^/api/users/"],
            Self::Deletion => ["--include-path-regex", "^/api/users/"],
        }
    }

    fn has(self, path: &str) -> bool {
        path.starts_with("/api/users/") == matches!(self, Self::Deletion)
    }
}

/// Returns the number of operations in `part` that take parameters or a body.
fn with_input(server: &Server, part: Part) -> u64 {
    let document = server.get("/openapi.json").json();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths
        .filter(|(path, _)| part.has(path))
        .flat_map(|(_, methods)| methods.as_object().unwrap().values());
    let has = |operation: &Value, part| operation.get(part).is_some();
    operations
        .filter(|operation| has(operation, "parameters") || has(operation, "requestBody"))
        .count() as u64
}

/// Checks all operations, sending `n_generated` random requests to each.
fn check_all(n_generated: u64) {
    let folder = folder();
    let server = Server::start_with(&folder, &["--no-jobs"]);
    let ada = json!({"email": "ada@example.org", "name": "Ada"});
    let profile = server.post("/auth/identify", &ada).json();
    let id = profile["id"].to_string();
    // The document's example for deleting feedback requires existing feedback.
    let feedback = json!({"movie_id": 6, "watched": true});
    assert_eq!(server.as_user(&id, ("POST", "/api/feedback"), Some(&feedback)).status, 200);
    for part in [Part::Rest, Part::Deletion] {
        check(&folder, &server, &[("X-User-Id", &id)], (part, n_generated));
    }
}

#[test]
fn server_conforms_to_its_openapi_document() {
    check_all(50);
}

#[test]
#[ignore = "campaign: 500 random requests per operation"]
fn server_conforms_to_its_openapi_document_under_many_requests() {
    check_all(CAMPAIGN);
}
