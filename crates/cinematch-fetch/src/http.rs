//! The HTTP client that both TMDb and GroupLens are asked with.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url, redirect};

use crate::clock::Clock;

/// HTTP/2 where the server has it, compressed answers, connections kept.
pub fn client(clock: Clock) -> ClientBuilder {
    static CRYPTOGRAPHY: Once = Once::new();
    // An error means that the process has chosen one already.
    CRYPTOGRAPHY.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder()
        .user_agent(concat!("cinematch/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(clock.time_out(Duration::from_secs(10)))
        .read_timeout(clock.time_out(Duration::from_secs(20)))
}

/// An address that nobody can listen to: HTTPS, or this machine.
pub fn safe_url(base: &str) -> Option<Url> {
    let url = Url::parse(base).ok()?;
    let here =
        url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    let safe = url.scheme() == "https" || (url.scheme() == "http" && here);
    safe.then_some(url)
}

/// Redirects to other pages of the same server, a few. Never to another server: what is secret would go
/// with them, and what comes back would be somebody else's word.
pub fn same_server(base: &Url) -> redirect::Policy {
    let place = |url: &Url| {
        (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default())
    };
    let server = place(base);
    redirect::Policy::custom(move |attempt| {
        let same = place(attempt.url()) == server && attempt.previous().len() < 5;
        if same { attempt.follow() } else { attempt.stop() }
    })
}

/// What went wrong, without the address.
pub fn described(error: reqwest::Error) -> String {
    let error = error.without_url();
    let kind = if error.is_timeout() {
        "time-out"
    } else if error.is_connect() {
        "no connection"
    } else {
        "a broken connection"
    };
    // The innermost cause is the one that says something.
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    format!("{kind} ({cause})")
}
