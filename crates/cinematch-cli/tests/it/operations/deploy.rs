//! Checks the files in `deploy/` against the binary, without Docker, Grafana or a reverse proxy.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use cinematch_testing::did_not_run;
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

use crate::support::folder::{Folder, project};
use crate::support::server::Server;

/// Environment variables that don't correspond to a flag.
const WITHOUT_FLAG: [&str; 6] = [
    "CINEMATCH_CONFIG",
    "CINEMATCH_ROOT",
    "TMDB_BEARER_TOKEN",
    "OTEL_EXPORTER_OTLP_HEADERS",
    // Read by the PostgreSQL image.
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
];

fn deploy(name: &str) -> String {
    fs::read_to_string(project().join("deploy").join(name)).unwrap()
}

fn yaml(name: &str) -> Yaml {
    YamlLoader::load_from_str(&deploy(name)).unwrap().remove(0)
}

/// Returns the environment variables for all settings, plus [`WITHOUT_FLAG`].
fn known_variables() -> BTreeSet<String> {
    let explained: Value =
        serde_json::from_str(&Folder::empty().ok(&["config", "explain", "--json"])).unwrap();
    let settings = explained.as_array().unwrap().iter();
    let known = settings.filter_map(|setting| setting["variable"].as_str());
    known.chain(WITHOUT_FLAG).map(str::to_owned).collect()
}

/// Returns the words in `text` that look like CineMatch environment variables.
fn variables_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_' && !c.is_ascii_digit());
    let is_ours = |word: &&str| {
        ["CINEMATCH_", "TMDB_", "OTEL_EXPORTER_"].iter().any(|start| word.starts_with(start))
            || ["DATABASE_URL", "REDIS_URL"].contains(word)
    };
    words.filter(is_ours).map(str::to_owned).collect()
}

#[test]
fn deployment_files_name_only_known_variables() {
    let known = known_variables();
    for name in [
        "Dockerfile",
        "compose.yaml",
        "secrets.env.example",
        "cinematch.service",
        "../docs/operations.md",
    ] {
        let unknown: Vec<String> =
            variables_in(&deploy(name)).into_iter().filter(|it| !known.contains(it)).collect();
        assert_eq!(unknown, Vec::<String>::new(), "{name}");
    }
    assert!(variables_in(&deploy("compose.yaml")).contains("CINEMATCH_ACCESS"));
}

#[test]
fn compose_file_has_valid_settings_and_commands() {
    let compose = yaml("compose.yaml");
    let services = &compose["services"];
    let names: Vec<&str> =
        services.as_hash().unwrap().keys().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, ["server", "postgres", "redis"]);
    for name in names {
        let service = &services[name];
        let check = service["healthcheck"]["test"].as_vec().unwrap();
        assert_eq!(check[0].as_str(), Some("CMD"), "{name}");
        for volume in service["volumes"].as_vec().into_iter().flatten() {
            let source = volume.as_str().unwrap().split(':').next().unwrap();
            let declared = compose["volumes"].as_hash().unwrap();
            assert!(declared.contains_key(&Yaml::String(source.into())), "{source}");
        }
    }
    let server = &services["server"];
    assert_eq!(server["read_only"].as_bool(), Some(true));
    assert!(project().join("deploy").join(server["build"]["context"].as_str().unwrap()).exists());
    assert!(project().join(server["build"]["dockerfile"].as_str().unwrap()).exists());
    let folder = Folder::empty();
    let mut check = folder.command(&["config", "check"]);
    for (name, value) in server["environment"].as_hash().unwrap() {
        check.env(name.as_str().unwrap(), value.as_str().unwrap());
    }
    for line in deploy("secrets.env.example").lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.split_once('=').unwrap();
        check.env(name, value);
    }
    let output = check.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("unknown variable"));

    let command: Vec<&str> = words(&server["command"]);
    folder.ok(&[&command[..], &["--help"]].concat());
    let check = words(&server["healthcheck"]["test"]);
    assert_eq!(check[1], "/usr/local/bin/cinematch");
    folder.ok(&[&check[2..], &["--help"]].concat());
    let dockerfile = deploy("Dockerfile");
    assert!(dockerfile.contains(r#"CMD ["/usr/local/bin/cinematch", "ping"]"#));
    assert!(dockerfile.contains("\nUSER 65532:65532\n"));
    let rust = fs::read_to_string(project().join("Cargo.toml")).unwrap();
    let version = rust.split("rust-version = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(
        dockerfile.contains(&format!("FROM rust:{version}-")),
        "the image is not based on Rust {version}"
    );
}

fn words(list: &Yaml) -> Vec<&str> {
    list.as_vec().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn systemd_unit_passes_verification_and_security_analysis() {
    let name = "systemd_unit_passes_verification_and_security_analysis";
    let unit = deploy("cinematch.service");
    for line in unit.lines().filter(|line| line.starts_with("ExecStart")) {
        let command = line.split_once('=').unwrap().1;
        let arguments: Vec<&str> = command.split(' ').skip(1).collect();
        Folder::empty().ok(&[&arguments[..], &["--help"]].concat());
    }
    let folder = Folder::empty();
    // systemd-analyze requires the executable to exist.
    let local = unit.replace("/usr/local/bin/cinematch", env!("CARGO_BIN_EXE_cinematch"));
    folder.write("cinematch.service", local.as_bytes());
    let path = folder.path("cinematch.service");
    let analyze = |arguments: &[&str]| {
        Command::new("systemd-analyze").args(arguments).arg(&path).output().ok()
    };
    let Some(verified) = analyze(&["verify", "--man=no"]) else {
        return did_not_run(name, "systemd-analyze is not installed");
    };
    let text = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && !text.contains("cinematch.service"), "{text}");
    // The threshold is in tenths of the exposure level; systemd rates 2.0 as OK.
    let secure = analyze(&["security", "--offline=true", "--threshold=20", "--no-pager"]).unwrap();
    let text = String::from_utf8_lossy(&secure.stdout).into_owned();
    assert!(secure.status.success(), "{text}\n{}", String::from_utf8_lossy(&secure.stderr));
}

/// Returns the metric names in `text`, with histogram suffixes such as `_bucket` removed.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '_' && !c.is_ascii_digit());
    let is_ours = |word: &&str| {
        let known = ["cinematch_", "process_"].iter().any(|start| word.starts_with(start));
        known && word.matches('_').count() > 1
    };
    words
        .filter(is_ours)
        .map(|word| {
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
            base.unwrap_or(word).to_owned()
        })
        .collect()
}

/// Appends the Prometheus queries in `panel` and its children to `found`.
fn queries(panel: &Value, found: &mut String) {
    match panel {
        Value::Object(fields) => {
            for (name, value) in fields {
                if matches!(name.as_str(), "expr" | "query") {
                    found.push_str(value.as_str().unwrap_or_default());
                    found.push('\n');
                }
                queries(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| queries(value, found)),
        _ => {}
    }
}

/// Returns every string in the crates' sources that could be a metric name. Some metrics are exported only after
/// their first event, so `/metrics` alone is incomplete.
fn names_in_sources() -> BTreeSet<String> {
    fn walk(folder: &std::path::Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.extend(text.split('"').skip(1).step_by(2).map(str::to_owned));
                found.extend(text.split('"').step_by(2).map(str::to_owned));
            }
        }
    }
    let mut found = BTreeSet::new();
    let crates = ["api", "cli", "http", "server", "service", "store", "web"];
    for name in crates.map(|name| format!("cinematch-{name}")) {
        walk(&project().join("crates").join(name).join("src"), &mut found);
    }
    found
}

#[test]
fn dashboard_and_alerts_query_existing_metrics() {
    let name = "dashboard_and_alerts_query_existing_metrics";
    let dashboard: Value = serde_json::from_str(&deploy("grafana/cinematch.json")).unwrap();
    let mut queried = String::new();
    queries(&dashboard, &mut queried);
    let alerts = yaml("prometheus/alerts.yml");
    let rules = alerts["groups"][0]["rules"].as_vec().unwrap();
    assert!(rules.len() >= 10);
    for rule in rules {
        for field in ["summary", "action"] {
            assert!(rule["annotations"][field].as_str().is_some(), "{rule:?}");
        }
        queried.push_str(rule["expr"].as_str().unwrap());
        queried.push('\n');
    }
    assert_eq!(yaml("prometheus/prometheus.yml")["rule_files"][0].as_str(), Some("alerts.yml"));
    let queried = metrics_in(&queried);
    assert!(queried.len() >= 20, "{queried:?}");

    let folder = Folder::trained();
    let server = Server::start(&folder);
    server.recommend(&serde_json::json!({"liked_movie_ids": [6]}));
    let metrics = server.get("/metrics");
    if metrics.status == 404 {
        return did_not_run(name, "the server has no /metrics");
    }
    assert_eq!(metrics.status, 200, "{}", metrics.text);
    let exported = metrics_in(&metrics.text);
    let sources = names_in_sources();
    let missing: Vec<&String> = queried
        .iter()
        .filter(|metric| !exported.contains(*metric) && !sources.contains(*metric))
        .collect();
    assert_eq!(
        missing,
        Vec::<&String>::new(),
        "queried metrics are neither exported nor in the sources"
    );
}

#[test]
fn ping_reports_readiness() {
    let folder = Folder::empty();
    let ping_server_that_replies = |reply: &'static str| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(reply.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        // 0.0.0.0 is the listen address in a container.
        let output = folder.run(&["ping", "--host", "0.0.0.0", "--port", &port]);
        let request = server.join().unwrap();
        assert!(
            request.starts_with("GET /health/ready HTTP/1.0\r\nHost: localhost\r\n"),
            "{request}"
        );
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, text) = ping_server_that_replies("HTTP/1.0 200 OK\r\n\r\n{}");
    assert!(code == Some(0) && text.contains("is ready"), "{text}");
    let (code, text) = ping_server_that_replies(
        "HTTP/1.0 503 Service Unavailable\r\nA: b\r\n\r\n{\"detail\":\"The database does not respond\"}",
    );
    assert!(code == Some(1) && text.contains("(503): The database does not respond"), "{text}");
    let (code, text) = ping_server_that_replies("SSH-2.0-OpenSSH\r\n");
    assert!(code == Some(1) && text.contains("is not HTTP"), "{text}");
    let error = folder.fails(&["ping", "--port", "1"]);
    assert!(error.contains("no reply from the server on 127.0.0.1:1"), "{error}");
}
