//! HTTP replies, and assertions about them.

use axum::http::{HeaderMap, Response};
use serde_json::Value;

/// An HTTP reply: status, headers and body.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Value of `Content-Type`, or an empty string.
    pub content_type: String,
    /// Value of `X-Request-Id`, or an empty string.
    pub request_id: String,
    /// Body as text.
    pub text: String,
    /// All headers.
    pub headers: HeaderMap,
}

impl Reply {
    /// Creates a reply from the status and headers in `head`, and the body in `text`.
    pub fn new<B>(head: &Response<B>, text: String) -> Self {
        let header = |name: &str| {
            let value = head.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        Self {
            status: head.status().as_u16(),
            content_type: header("content-type"),
            request_id: header("x-request-id"),
            headers: head.headers().clone(),
            text,
        }
    }

    /// Returns the body as JSON. Panics if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// Returns the name and value of the cookie that the reply sets. Panics if it sets none.
    pub fn cookie(&self) -> &str {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap()
    }

    /// Returns the problem document in an error reply. Panics if the reply's status is not `status` or its body is
    /// not a complete problem document.
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.content_type, "application/problem+json");
        let document = self.json();
        assert_eq!(document["status"], status);
        assert_eq!(document["request_id"], self.request_id.as_str());
        assert!(document["detail"].as_str().unwrap().contains(' '), "{document}");
        document
    }
}

/// Returns the IDs of the movies in a list from the API, in order.
pub fn movie_ids(movies: &[Value]) -> Vec<u64> {
    movies.iter().map(|movie| movie["movie_id"].as_u64().unwrap()).collect()
}
