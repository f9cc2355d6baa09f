//! A fake GroupLens server with range requests, checksums and broken connections.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::broken_body;
use super::local::Local;

#[derive(Clone, Default)]
pub struct Archive {
    pub bytes: Vec<u8>,
    /// Published MD5 checksum, if any.
    pub md5: Option<String>,
    pub tag: String,
}

#[derive(Default)]
struct Shared {
    archives: BTreeMap<String, Archive>,
    /// Number of bytes after which every response is cut off, if any.
    cut_after: Option<usize>,
    /// Address of another server that all requests are redirected to.
    redirect_to: Option<String>,
    /// `Range` headers in the requests for archives.
    ranges: Vec<Option<String>>,
}

pub struct GroupLens {
    shared: Arc<Mutex<Shared>>,
    local: Local,
}

impl GroupLens {
    pub fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let router = Router::new()
            .route("/datasets/movielens/{file}", get(file))
            .with_state(Arc::clone(&shared));
        Self { shared, local: Local::serve(router) }
    }

    pub fn url(&self) -> String {
        self.local.url()
    }

    pub fn add(&self, name: &str, archive: Archive) {
        self.shared.lock().unwrap().archives.insert(name.to_owned(), archive);
    }

    pub fn cut_after(&self, bytes: Option<usize>) {
        self.shared.lock().unwrap().cut_after = bytes;
    }

    pub fn set_redirect(&self, url: Option<String>) {
        self.shared.lock().unwrap().redirect_to = url;
    }

    pub fn ranges(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.shared.lock().unwrap().ranges)
    }
}

async fn file(
    State(shared): State<Arc<Mutex<Shared>>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mut shared = shared.lock().unwrap();
    if let Some(url) = &shared.redirect_to {
        let to = format!("{url}/datasets/movielens/{name}");
        return (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
    }
    if let Some(name) = name.strip_suffix(".md5") {
        let md5 = shared.archives.get(name).and_then(|archive| archive.md5.clone());
        return match md5 {
            Some(md5) => format!("{md5}  {name}\n").into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        };
    }
    let Some(archive) = shared.archives.get(&name).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (range, if_range) = (text(header::RANGE), text(header::IF_RANGE));
    shared.ranges.push(range.clone());
    let total = archive.bytes.len();
    let from = range
        .filter(|_| if_range.as_ref() == Some(&archive.tag))
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let rest = archive.bytes[from.unwrap_or(0)..].to_vec();
    let length = rest.len();
    let sent = shared.cut_after.unwrap_or(length).min(length);
    let body = broken_body::body(rest[..sent].to_vec(), sent == length);
    let mut response = Response::builder()
        .header(header::ETAG, &archive.tag)
        .header(header::CONTENT_LENGTH, length);
    if let Some(from) = from {
        response = response
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_RANGE, format!("bytes {from}-{}/{total}", total - 1));
    }
    response.body(body).unwrap()
}
