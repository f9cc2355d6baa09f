//! Stylesheet, scripts and favicon, embedded in the binary without minification.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cinematch::ids::sha256_hex;

/// The stylesheet, concatenated from its parts.
static STYLE: LazyLock<String> = LazyLock::new(|| {
    [
        include_str!("assets/base.css"),
        include_str!("assets/card.css"),
        include_str!("assets/pages.css"),
        include_str!("assets/lists.css"),
        include_str!("assets/picture.css"),
        include_str!("assets/browse.css"),
        include_str!("assets/film.css"),
        include_str!("assets/welcome.css"),
        include_str!("assets/models.css"),
    ]
    .join("\n")
});

const PAGE: &str = include_str!("assets/page.js");
const BROWSE: &str = include_str!("assets/browse.js");
const JOBS: &str = include_str!("assets/jobs.js");
const SEARCH: &str = include_str!("assets/search.js");
const IMPORT: &str = include_str!("assets/import.js");
const FAVICON: &str = include_str!("assets/favicon.svg");

const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";

/// Returns a file's text and media type.
fn file(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "cinematch.css" => (STYLE.as_str(), "text/css; charset=utf-8"),
        "page.js" => (PAGE, SCRIPT_TYPE),
        "browse.js" => (BROWSE, SCRIPT_TYPE),
        "jobs.js" => (JOBS, SCRIPT_TYPE),
        "search.js" => (SEARCH, SCRIPT_TYPE),
        "import.js" => (IMPORT, SCRIPT_TYPE),
        _ => return None,
    })
}

/// Hash of all files, part of their paths: browsers can cache files forever, and scripts can import each other by
/// relative names.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all = [STYLE.as_str(), PAGE, BROWSE, IMPORT, JOBS, SEARCH].concat();
    sha256_hex(all.as_bytes())[..12].to_owned()
});

/// Returns the path of a file.
pub fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// `GET /assets/{version}/{file}`. A page of another version gets the current file, which is not cached.
pub async fn asset(Path((version, name)): Path<(String, String)>) -> Response {
    let Some((text, kind)) = file(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let keep = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)], text).into_response()
}

/// `GET /favicon.svg`.
pub async fn favicon() -> Response {
    let kind = (header::CONTENT_TYPE, "image/svg+xml");
    ([kind, (header::CACHE_CONTROL, "public, max-age=86400")], FAVICON).into_response()
}
