//! OpenTelemetry traces, as received by a collector.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::server::{Server, wait_until};

/// A collector that stores every export.
struct Collector {
    address: String,
    exports: Arc<Mutex<Vec<Value>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Collector {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let exports = Arc::new(Mutex::new(Vec::new()));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/v1/traces", post(receive)).with_state(Arc::clone(&exports));
        runtime.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, exports, _runtime: runtime }
    }

    /// Returns every span, paired with its resource.
    fn spans(&self) -> Vec<(Value, Value)> {
        let mut spans = Vec::new();
        for batch in self.exports.lock().unwrap().iter() {
            for resource_spans in batch["resourceSpans"].as_array().unwrap() {
                for scope_spans in resource_spans["scopeSpans"].as_array().unwrap() {
                    for span in scope_spans["spans"].as_array().unwrap() {
                        spans.push((resource_spans["resource"].clone(), span.clone()));
                    }
                }
            }
        }
        spans
    }
}

async fn receive(State(exports): State<Arc<Mutex<Vec<Value>>>>, body: String) -> StatusCode {
    exports.lock().unwrap().push(serde_json::from_str(&body).unwrap());
    StatusCode::OK
}

/// Returns the attribute `key` of a span or resource as text, or an empty string if it is missing.
fn attribute(span: &Value, key: &str) -> String {
    let found = span["attributes"].as_array().unwrap().iter().find(|pair| pair["key"] == key);
    let value = found.map(|pair| pair["value"].as_object().unwrap().values().next().unwrap());
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

#[test]
fn request_span_contains_spans_for_slow_steps() {
    let collector = Collector::start();
    let folder = Folder::trained();
    let mut server =
        Server::start_in(&folder, &[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.address)]);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let headers = [
        ("traceparent", &*format!("00-{trace}-b7ad6b7169203331-01")),
        ("content-type", "application/json"),
    ];
    let body = json!({"liked_movie_ids": [6]}).to_string();
    let call = ("POST", "/api/recommendations");
    let reply = server.send(call, &headers, Some(body.as_bytes()));
    assert_eq!(reply.status, 200);
    assert_eq!(server.get("/nowhere/at-all").status, 404);
    // Pending spans are exported on shutdown.
    assert!(server.terminate());

    let spans = collector.spans();
    let named = |name: &str| {
        let mut found = spans.iter().filter(|(_, span)| span["name"] == name);
        found.next().unwrap_or_else(|| panic!("no span {name} in {spans:#?}"))
    };
    let (resource, request) = named("POST /api/recommendations");
    assert_eq!(attribute(resource, "service.name"), "cinematch");
    assert_eq!(attribute(resource, "service.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(request["traceId"], trace);
    assert_eq!(request["parentSpanId"], "b7ad6b7169203331");
    assert_eq!(attribute(request, "http.route"), "/api/recommendations");
    assert_eq!(attribute(request, "http.response.status_code"), "200");
    assert_eq!(attribute(request, "cinematch.request_id"), reply.request_id);
    let cache = &named("cache").1;
    for (name, parent) in
        [("guard", request), ("cache", request), ("store", cache), ("rank", cache)]
    {
        let (_, span) = named(name);
        assert_eq!(span["traceId"], trace, "{name}");
        assert_eq!(span["parentSpanId"], parent["spanId"], "{name}");
    }
    let (_, nowhere) = named("GET");
    assert_eq!(attribute(nowhere, "http.response.status_code"), "404");
    assert_ne!(nowhere["traceId"], trace);
    let log = folder.read("server.log");
    assert!(!log.contains("http.route") && log.contains(&reply.request_id), "{log}");
}

#[test]
fn zero_sampling_traces_only_sampled_callers() {
    let collector = Collector::start();
    let folder = Folder::trained();
    let flags = ["--otlp-endpoint", &collector.address, "--trace-share", "0"];
    let mut server = Server::start_with(&folder, &flags);
    assert_eq!(server.get("/api/genres").status, 200);
    let headers = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    assert_eq!(server.send(("GET", "/api/services"), &headers, None).status, 200);
    assert!(server.terminate());
    let names: Vec<String> = collector
        .spans()
        .iter()
        .map(|(_, span)| span["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"GET /api/services".to_owned()), "{names:?}");
    assert!(!names.contains(&"GET /api/genres".to_owned()), "{names:?}");
}

#[test]
fn unreachable_collector_is_logged_once_and_fails_no_request() {
    let folder = Folder::trained();
    let variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let mut server = Server::start_in(&folder, &[], &variables);
    wait_until("the warning", || {
        assert_eq!(server.get("/api/genres").status, 200);
        folder.read("server.log").contains("cannot send traces")
    });
    assert!(server.terminate());
    assert_eq!(folder.read("server.log").matches("cannot send traces").count(), 1);
    let error = folder.fails(&["serve", "--port", "0", "--otlp-endpoint", "localhost:4318"]);
    assert!(error.contains("expected a URL such as http://localhost:4318"), "{error}");
}
