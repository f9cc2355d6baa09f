//! OpenTelemetry spans for requests, with trace context propagation (`traceparent`).

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode};
use cinematch_service::trace::TARGET;
use opentelemetry::global;
use opentelemetry::propagation::Extractor;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Creates the span for a request, as a child of the span in its `traceparent` header if there is one.
pub fn request_span(request: &Request, request_id: &str) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        "request",
        otel.name = Empty,
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = request.method().as_str(),
        http.route = Empty,
        http.response.status_code = Empty,
        cinematch.request_id = request_id,
    );
    if span.is_disabled() {
        return span;
    }
    let name = match request.extensions().get::<MatchedPath>() {
        Some(route) => {
            span.record("http.route", route.as_str());
            format!("{} {}", request.method(), route.as_str())
        }
        // Leave out the path if it doesn't match a route: clients choose it, so span names would be unbounded.
        None => request.method().to_string(),
    };
    span.record("otel.name", name);
    let caller = global::get_text_map_propagator(|wire| wire.extract(&Headers(request.headers())));
    // Setting the parent only fails for spans that have already started.
    let _ = span.set_parent(caller);
    span
}

/// Records the response status in the span.
pub fn end(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}
