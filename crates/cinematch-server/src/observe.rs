//! The outermost layer: assigns request IDs, sets security headers, writes one access log line per request,
//! records metrics, and writes the problem documents for error responses.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use cinematch_http::class::RouteClass;
use cinematch_http::extensions::{IsPage, RequestId};
use cinematch_http::problem::{INTERNAL, Problem};
use metrics::{counter, gauge, histogram};
use tracing::Instrument;

use crate::trace;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Content security policy that limits scripts, styles, forms and requests to this server, and images to this server
/// and TMDB.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data: https://image.tmdb.org; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Content security policy for `/docs`, which allows inline styles because Swagger UI uses them.
const DOCS_POLICY: &str = "default-src 'self'; img-src 'self' data:; \
                           style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// Middleware that wraps all requests, including those that no route matches.
pub async fn observe(mut request: Request, next: Next) -> Response {
    let request_id = accepted_id(&request).unwrap_or_else(generate_id);
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let class = request.extensions().get::<RouteClass>().copied();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::error_span!("request", request_id);
    let trace = trace::request_span(&request, &request_id);
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let in_flight = gauge!("cinematch_http_in_flight");
    in_flight.increment(1.0);
    let mut response = next.run(request).instrument(span).instrument(trace.clone()).await;
    in_flight.decrement(1.0);
    let status = response.status();
    trace::end(&trace, status);
    if let Some(problem) = response_problem(&response) {
        // Replace the body but keep the headers added by inner layers (CORS, `Allow`, …).
        let mut headers = std::mem::take(response.headers_mut());
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
            headers.remove(name);
        }
        response = problem.reply(&request_id);
        headers.extend(std::mem::take(response.headers_mut()));
        *response.headers_mut() = headers;
    }
    let headers = response.headers_mut();
    if class.is_some_and(RouteClass::is_api) {
        // API responses may contain personal data, so neither clients nor proxies may cache them.
        let no_store = HeaderValue::from_static("no-store");
        headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    }
    // Generated and accepted request IDs only contain visible ASCII, so the conversion succeeds.
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID.clone(), value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let no_referrer = HeaderValue::from_static("no-referrer");
    headers.entry(header::REFERRER_POLICY).or_insert(no_referrer);
    let policy = if class == Some(RouteClass::Docs) { DOCS_POLICY } else { PAGE_POLICY };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    let duration = started.elapsed();
    record_metrics(route.as_ref(), &method, status, duration);
    tracing::info!(
        target: "cinematch::access",
        request_id,
        %method,
        path,
        status = status.as_u16(),
        ms = duration.as_micros() as f64 / 1e3,
    );
    response
}

/// Records the metrics for a response, labeled by route pattern. Labeling by path would create a series per movie.
fn record_metrics(
    route: Option<&MatchedPath>,
    method: &Method,
    status: StatusCode,
    duration: Duration,
) {
    let route = route.map_or_else(|| "none".to_owned(), |route| route.as_str().to_owned());
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    histogram!("cinematch_http_request_seconds", "route" => route.clone()).record(duration);
    let status = status.as_str().to_owned();
    counter!("cinematch_http_requests_total", "route" => route, "method" => method, "status" => status)
        .increment(1);
}

/// Returns the problem attached to `response`, or creates one if a layer returned an error status without a problem.
/// Returns `None` for pages and successful responses.
fn response_problem(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    if response.extensions().get::<IsPage>().is_some() {
        return None;
    }
    if status.is_client_error() || status.is_server_error() {
        let detail = match status {
            StatusCode::METHOD_NOT_ALLOWED => "This method is not supported here",
            StatusCode::PAYLOAD_TOO_LARGE => "The request body is too large",
            StatusCode::REQUEST_TIMEOUT => "The request took too long",
            _ if status.is_server_error() => INTERNAL,
            _ => status.canonical_reason().unwrap_or("The request can't be served"),
        };
        return Some(Problem::new(status, detail));
    }
    None
}

/// Returns the client's `X-Request-Id` if it has 1 to 64 characters in `[A-Za-z0-9._-]`, which are safe to log.
fn accepted_id(request: &Request) -> Option<String> {
    let id = request.headers().get(&REQUEST_ID)?.to_str().ok()?;
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!id.is_empty() && id.len() <= 64 && id.bytes().all(is_safe)).then(|| id.to_owned())
}

/// Generates a request ID from the process start time in microseconds and a counter. IDs are unique within the
/// process and unlikely to collide with those of other processes.
fn generate_id() -> String {
    static START: std::sync::LazyLock<u64> = std::sync::LazyLock::new(|| {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since_1970.map_or(0, |time| time.as_micros() as u64)
    });
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{:x}-{:x}", *START, COUNT.fetch_add(1, Ordering::Relaxed))
}
