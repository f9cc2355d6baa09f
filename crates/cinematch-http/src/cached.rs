//! Responses from the reply cache, compressed for clients that accept gzip.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cinematch_service::cache::CachedReply;

/// A JSON response from the reply cache.
pub struct Cached(pub CachedReply);

/// Attaches the cached reply to the response as an extension, where [`compress`] finds it.
impl IntoResponse for Cached {
    fn into_response(self) -> Response {
        let Self(reply) = self;
        let json = HeaderValue::from_static("application/json");
        let mut response = ([(header::CONTENT_TYPE, json)], reply.plain()).into_response();
        response.extensions_mut().insert(reply);
        response
    }
}

/// Middleware that sends [`Cached`] responses in gzip-compressed form to clients that accept gzip. An outer
/// compression layer doesn't compress them again, so each reply is compressed once instead of on every request.
pub async fn compress(request: Request, next: Next) -> Response {
    let accepts = accepts_gzip(request.headers());
    let mut response = next.run(request).await;
    let Some(reply) = response.extensions_mut().remove::<CachedReply>() else { return response };
    let Some(gzip) = accepts.then(|| reply.gzip()).flatten() else { return response };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    *response.body_mut() = Body::from(gzip);
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut encodings = values.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(','));
    encodings.any(|encoding| {
        let (name, quality) = encoding.split_once(';').unwrap_or((encoding, "q=1"));
        let quality = quality.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && quality.is_some_and(|quality| quality > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use std::io::read_to_string;

    use axum::body::Bytes;
    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn detects_gzip_in_accept_encoding_and_honors_q_zero() {
        let accepts = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]))
        };
        assert!(accepts("gzip, deflate, br") && accepts("br;q=1.0, GZIP;q=0.8"));
        assert!(!accepts("") && !accepts("br") && !accepts("gzip;q=0, br") && !accepts("gzip;q=x"));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn compresses_cached_and_uncached_replies_exactly_once() {
        use axum::Router;
        use axum::routing::get;
        use http_body_util::BodyExt;
        use tower::ServiceExt;
        use tower_http::compression::CompressionLayer;
        let plain = Bytes::from(b"{\"title\":\"Heat\"},".repeat(500));
        let (cached, other) = (CachedReply::new(plain.clone()), plain.clone());
        let app = Router::new()
            .route(
                "/cached",
                get(move || std::future::ready(Cached(cached.clone()).into_response())),
            )
            .route("/other", get(move || std::future::ready(other.clone())))
            .layer(axum::middleware::from_fn(compress))
            .layer(CompressionLayer::new());
        for (path, accepted) in
            [("/cached", "gzip"), ("/other", "gzip"), ("/cached", "br;q=0.5, identity")]
        {
            let request = Request::get(path).header(header::ACCEPT_ENCODING, accepted);
            let request = request.body(Body::empty()).unwrap();
            let reply = app.clone().oneshot(request).await.unwrap();
            let headers = reply.headers().clone();
            let body = reply.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(headers.get_all(header::VARY).iter().count(), 1, "{path} {headers:?}");
            if accepted == "gzip" {
                let encodings = headers.get_all(header::CONTENT_ENCODING).iter();
                assert_eq!(encodings.collect::<Vec<_>>(), ["gzip"], "{path}");
                assert_eq!(read_to_string(GzDecoder::new(&*body)).unwrap(), plain, "{path}");
            } else {
                assert!(!headers.contains_key(header::CONTENT_ENCODING));
                assert_eq!(body, plain);
            }
        }
    }
}
