//! HTTP client configuration shared by the TMDB and GroupLens clients.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url, redirect};

use crate::clock::Clock;

/// Returns a client builder with a user agent and timeouts. HTTP/2, compression and keep-alive are on.
pub fn client(clock: Clock) -> ClientBuilder {
    static CRYPTOGRAPHY: Once = Once::new();
    // An error means that the process already has a default provider, which is fine.
    CRYPTOGRAPHY.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder()
        .user_agent(concat!("cinematch/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(clock.timeout(Duration::from_secs(10)))
        .read_timeout(clock.timeout(Duration::from_secs(20)))
}

/// Parses a URL that is safe from eavesdropping, which means HTTPS or, on this machine, HTTP.
pub fn safe_url(base: &str) -> Option<Url> {
    let url = Url::parse(base).ok()?;
    let is_local =
        url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    is_safe.then_some(url)
}

/// Follows up to four redirects within the origin of `base`. Redirects to any other origin are not
/// followed, because they would leak the token and return untrusted data.
pub fn same_server_only(base: &Url) -> redirect::Policy {
    let origin = |url: &Url| {
        (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default())
    };
    let server = origin(base);
    redirect::Policy::custom(move |attempt| {
        let same = origin(attempt.url()) == server && attempt.previous().len() < 5;
        if same { attempt.follow() } else { attempt.stop() }
    })
}

/// Describes an error as `kind (innermost cause)`, without the URL.
pub fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let kind = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "no connection"
    } else {
        "connection error"
    };
    // Only the innermost cause says what actually went wrong.
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    format!("{kind} ({cause})")
}
