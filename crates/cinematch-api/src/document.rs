//! The `OpenAPI` document: general information, security requirements for guarded operations, and the error
//! responses common to all operations.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

use cinematch_http::cookies::SESSION_COOKIE;
use cinematch_http::problem::ProblemDocument;
use cinematch_service::export::ExportFormat;
use cinematch_service::selection::{Mode, RuntimeBucket, YearBucket};

/// The base document: general information and shared schemas, without operations.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "CineMatch",
        description = "Movie recommendations with reasons computed from the score itself. \
                       Errors are application/problem+json (RFC 9457).\n\nIn open mode, for use on a single \
                       machine, the `X-User-Id` header selects the profile for a request. In accounts mode, users \
                       sign in and clients send an API key.\n\nMovie metadata comes from MovieLens and, if \
                       fetched, from TMDB. This product uses the TMDB API but is not endorsed or certified by \
                       TMDB. Streaming availability data comes from JustWatch.",
        license(name = "MIT", identifier = "MIT")
    ),
    // utoipa doesn't collect schemas that only parameters refer to.
    components(schemas(ProblemDocument, Mode, YearBucket, RuntimeBucket, ExportFormat))
)]
pub struct Document;

/// Adds the security schemes, then gives each operation an ID and the error responses that outer layers can return.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let header = |name: &str, text: &str| ApiKey::Header(ApiKeyValue::with_description(name, text));
    let schemes = [
        ("user_id", SecurityScheme::ApiKey(header("X-User-Id", "Open mode: profile ID"))),
        ("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            SESSION_COOKIE, "Accounts mode: session cookie set by /auth/login")))),
        ("api_key", SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer)
                .description(Some("Accounts mode: key from `cinematch key create`; `X-User-Id` selects the profile"))
                .build())),
    ];
    for (name, scheme) in schemes {
        components.add_security_scheme(name, scheme);
    }
    // Drop defaults next to `oneOf`, which client generators reject. Omitting the property still means `null`.
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::Object(object)) = schema {
            for property in object.properties.values_mut() {
                if let RefOr::T(Schema::OneOf(one_of)) = property {
                    one_of.default = None;
                }
            }
        }
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            add_problem(operation, "403", "Not allowed, or sent from a page on another origin");
            add_problem(
                operation,
                "429",
                "Too many requests; `Retry-After` gives the wait in seconds",
            );
            if operation.security.is_some() {
                add_problem(operation, "401", "No valid credentials");
            }
            if operation.request_body.is_some() {
                add_problem(operation, "400", "The body is malformed");
                add_problem(operation, "413", "The body is too large");
                add_problem(operation, "415", "The content type is not supported");
                add_problem(operation, "422", "A field of the body is invalid");
            }
            add_problem(operation, "503", "The database is unavailable");
            describe(operation);
        }
    }
}

/// Adds the default security requirements to the operations in a guarded router.
pub fn protect(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            // Operations that don't need a profile admit any caller in open mode (the empty requirement) and
            // any session or API key in accounts mode.
            let scheme = |name: &str| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
            operation.security.get_or_insert_with(|| {
                vec![SecurityRequirement::default(), scheme("session"), scheme("api_key")]
            });
        }
    }
}

/// Returns the operations on a path, with their HTTP methods.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let operations = [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
    ];
    operations.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Returns the operation ID, from which client generators derive function names, such as
/// `get_watchlist_by_user_id`.
fn operation_id(method: &str, path: &str) -> String {
    let parts = path.split(['/', '-']).filter(|part| !part.is_empty() && *part != "api");
    let mut name = parts.fold(method.to_owned(), |name, part| {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(parameter) => format!("{name}_by_{parameter}"),
            None => format!("{name}_{part}"),
        }
    });
    if path == "/" {
        name.push_str("_home");
    }
    name
}

/// Fills in missing response descriptions, since the specification requires them.
fn describe(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let description = match status.as_str() {
                "200" => "Success",
                "404" => "Not found",
                "422" => "A parameter is invalid",
                _ => "Error",
            };
            description.clone_into(&mut response.description);
        }
    }
}

/// Adds an error response to `operation`, unless it already declares that status.
fn add_problem(operation: &mut Operation, status: &str, description: &str) {
    let problem = Ref::from_schema_name("ProblemDocument");
    let content = ContentBuilder::new().schema(Some(problem)).build();
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build();
    operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
}
