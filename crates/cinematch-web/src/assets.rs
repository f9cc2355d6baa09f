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

/// Scripts by name. `page.js` imports the others.
const SCRIPTS: [(&str, &str); 6] = [
    ("page.js", include_str!("assets/page.js")),
    ("fragment.js", include_str!("assets/fragment.js")),
    ("browse.js", include_str!("assets/browse.js")),
    ("import.js", include_str!("assets/import.js")),
    ("jobs.js", include_str!("assets/jobs.js")),
    ("search.js", include_str!("assets/search.js")),
];

const FAVICON: &str = include_str!("assets/favicon.svg");

/// Returns a file's text and media type.
fn file(name: &str) -> Option<(&'static str, &'static str)> {
    if name == "cinematch.css" {
        return Some((STYLE.as_str(), "text/css; charset=utf-8"));
    }
    let (_, script) = SCRIPTS.into_iter().find(|(script, _)| *script == name)?;
    Some((script, "text/javascript; charset=utf-8"))
}

/// Hash of all files. It is part of their paths, so browsers can cache files forever and scripts can import each
/// other by relative names.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut all = STYLE.clone();
    all.extend(SCRIPTS.map(|(_, script)| script));
    sha256_hex(all.as_bytes())[..12].to_owned()
});

/// Returns the path of a file, including the version.
pub fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// `GET /assets/{version}/{file}`: serves a file. For another version, serves the current file uncached.
pub async fn asset(Path((version, name)): Path<(String, String)>) -> Response {
    let Some((text, content_type)) = file(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cache_control =
        if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, cache_control)], text)
        .into_response()
}

/// `GET /favicon.svg`: serves the icon.
pub async fn favicon() -> Response {
    let content_type = (header::CONTENT_TYPE, "image/svg+xml");
    ([content_type, (header::CACHE_CONTROL, "public, max-age=86400")], FAVICON).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the names of the scripts that a script imports.
    fn imports(script: &str) -> Vec<&str> {
        let lines = script.lines().filter(|line| line.starts_with("import "));
        lines.filter_map(|line| line.split("\"./").nth(1)?.split('"').next()).collect()
    }

    #[test]
    fn scripts_import_served_scripts_without_cycles() {
        // Removes the scripts whose imports are all removed, until none is left.
        let mut remaining = SCRIPTS.to_vec();
        while !remaining.is_empty() {
            let names: Vec<&str> = remaining.iter().map(|(name, _)| *name).collect();
            let before = remaining.len();
            remaining.retain(|(_, script)| imports(script).iter().any(|name| names.contains(name)));
            assert!(remaining.len() < before, "import cycle among {names:?}");
        }
        for (importer, script) in SCRIPTS {
            for name in imports(script) {
                assert!(file(name).is_some(), "{importer} imports {name}, which is not served");
            }
        }
    }
}
