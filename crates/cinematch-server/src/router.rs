//! Assembles the API and page routers behind the layers common to all requests.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::{Request, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use cinematch_api::document::{Document, complete, protect};
use cinematch_http::cached::compress;
use cinematch_http::class::RouteClass;
use cinematch_http::problem::{INTERNAL, Problem};
use cinematch_http::state::RouteState;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::guard::{Guard, guard};
use crate::health::{self, ProbeState, live, process_metrics};
use crate::home;
use crate::observe::observe;
use crate::state::AppState;

/// Time limit for a request, after which the server returns a 408.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the router for the whole server.
pub fn router(state: &AppState) -> Router {
    let RouteGroups { route_groups, probe_groups, document, classes } = RouteGroups::new();
    let probe_state =
        ProbeState { service: state.service().clone(), lifecycle: state.lifecycle.clone() };
    let layers = Layers::new(state);
    let docs = SwaggerUi::new("/docs").url("/openapi.json", document);
    let mut router = layers.wrap(Router::from(docs)).layer(Extension(RouteClass::Docs));
    for (class, group) in route_groups {
        let group = layers.wrap(group.with_state(state.routes.clone()));
        router = router.merge(group.layer(Extension(class)));
    }
    for (class, group) in probe_groups {
        let group = layers.wrap(group.with_state(probe_state.clone()));
        router = router.merge(group.layer(Extension(class)));
    }
    let not_found = || async { Problem::not_found("There is nothing at this address; see /docs") };
    let unmatched = layers.wrap(Router::new().fallback(not_found));
    router.merge(unmatched.layer(from_fn_with_state(Arc::new(classes), classify)))
}

/// Returns the `OpenAPI` document.
pub fn openapi_json() -> serde_json::Value {
    serde_json::to_value(RouteGroups::new().document).unwrap_or_default()
}

/// Routers grouped by route class, with the document and the path classes derived from them.
struct RouteGroups {
    route_groups: Vec<(RouteClass, Router<RouteState>)>,
    probe_groups: Vec<(RouteClass, Router<ProbeState>)>,
    document: utoipa::openapi::OpenApi,
    /// Maps the first segment of each documented path to a class, for requests that no route matches.
    classes: BTreeMap<String, RouteClass>,
}

impl RouteGroups {
    fn new() -> Self {
        let mut document = Document::openapi();
        let mut classes = BTreeMap::new();
        let mut split = |class, openapi: utoipa::openapi::OpenApi| {
            let mut openapi = openapi;
            if class == RouteClass::Guarded {
                protect(&mut openapi);
            }
            for path in openapi.paths.paths.keys() {
                let segment = first_segment(path).to_owned();
                let entry = classes.entry(segment).or_insert(class);
                // If guarded and public operations share a segment, the stricter class applies.
                if class == RouteClass::Guarded {
                    *entry = class;
                }
            }
            document.merge(openapi);
        };
        let (home, openapi) =
            OpenApiRouter::<RouteState>::new().routes(routes!(home::home)).split_for_parts();
        split(RouteClass::Page, openapi);
        let (public, openapi) = cinematch_api::public().split_for_parts();
        split(RouteClass::Public, openapi);
        let (guarded, openapi) = cinematch_api::guarded().split_for_parts();
        split(RouteClass::Guarded, openapi);
        let (health_checks, openapi) = health::probes().split_for_parts();
        // Only the probes themselves are exempt from the rate limit.
        split(RouteClass::Public, openapi);
        let (metrics, openapi) = health::metrics_routes().split_for_parts();
        split(RouteClass::Guarded, openapi);
        complete(&mut document);
        let route_groups = vec![
            (RouteClass::Page, home.merge(cinematch_web::pages())),
            (RouteClass::Asset, cinematch_web::assets()),
            (RouteClass::Public, public),
            (RouteClass::Guarded, guarded),
        ];
        let probe_groups = vec![(RouteClass::Probe, health_checks), (RouteClass::Metrics, metrics)];
        Self { route_groups, probe_groups, document, classes }
    }
}

fn first_segment(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// Assigns a class to a request that no route matches: the class of the operations with the same first path
/// segment. This way, API clients get API errors for unknown API paths.
async fn classify(
    State(classes): State<Arc<BTreeMap<String, RouteClass>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let segment = first_segment(request.uri().path());
    let class = match classes.get(segment) {
        Some(RouteClass::Page) | None => RouteClass::Unmatched,
        Some(class) => *class,
    };
    request.extensions_mut().insert(class);
    next.run(request).await
}

/// Layers common to all route classes.
struct Layers {
    guard: Guard,
    routes: RouteState,
    cors: CorsLayer,
}

impl Layers {
    fn new(state: &AppState) -> Self {
        // `AppState` has already validated the settings.
        let origins = state.config.origins().unwrap_or_default();
        let request_id = HeaderName::from_static("x-request-id");
        let cors = CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_credentials(true)
            .allow_headers([
                header::CONTENT_TYPE,
                header::ACCEPT,
                header::AUTHORIZATION,
                HeaderName::from_static("x-user-id"),
                request_id.clone(),
            ])
            .expose_headers([request_id, header::RETRY_AFTER]);
        Self { guard: Guard::new(state), routes: state.routes.clone(), cors }
    }

    /// Wraps a router in the layers, innermost first.
    fn wrap(&self, router: Router) -> Router {
        router
            .layer(from_fn_with_state(self.guard.clone(), guard))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIMEOUT))
            .layer(CatchPanicLayer::custom(|_| {
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL).into_response()
            }))
            .layer(from_fn_with_state(self.routes.clone(), cinematch_web::errors))
            .layer(from_fn(compress))
            .layer(CompressionLayer::new())
            .layer(self.cors.clone())
            .layer(from_fn(observe))
    }
}

/// Returns the router used until the server is ready.
///
/// Serves the liveness probe and the process metrics. All other requests get a 503 that names the missing
/// dependency.
pub fn not_ready(reason: Arc<ArcSwap<String>>) -> Router {
    let refuse = move || {
        let detail = format!("The server is not ready: {}", reason.load());
        async move { Problem::unavailable(detail) }
    };
    Router::new()
        .route("/health/live", get(live))
        .route("/metrics", get(process_metrics))
        .fallback(refuse)
        .layer(from_fn(observe))
}
