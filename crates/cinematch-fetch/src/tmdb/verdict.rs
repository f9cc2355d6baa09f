//! Classifies HTTP responses from TMDB by mapping the status, headers and body to a [`Verdict`]. TMDB's
//! error codes take precedence over the HTTP status (<https://developer.themoviedb.org/docs/errors>).

use std::time::{Duration, SystemTime};

use serde::Deserialize;

/// How to handle a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Success: the body is the requested resource.
    Success,
    /// TMDB doesn't have the movie (code 34).
    Missing,
    /// A temporary failure. Retry the request.
    Retry {
        /// Explanation of the failure.
        reason: String,
        /// Delay from the `Retry-After` header.
        retry_after: Option<Duration>,
    },
    /// The rate limit was exceeded (429 or code 25). Slow down all requests.
    SlowDown {
        /// Delay from the `Retry-After` header.
        retry_after: Option<Duration>,
    },
    /// This request failed permanently, but others may succeed.
    Refused {
        /// Explanation of the failure.
        reason: String,
    },
    /// All requests fail permanently.
    Stop(Stop),
}

/// A reason to stop sending requests.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The token is invalid (code 7, or HTTP status 401 or 403).
    #[error(
        "TMDB does not accept the token (HTTP {status}{}): copy the `API Read Access Token` from \
         https://www.themoviedb.org/settings/api into TMDB_BEARER_TOKEN",
        code.map(|code| format!(", code {code}")).unwrap_or_default()
    )]
    InvalidToken {
        /// HTTP status of the response.
        status: u16,
        /// TMDB's error code, if the response had one.
        code: Option<u32>,
    },
    /// The rate limit was exceeded repeatedly, with no success in between.
    #[error(
        "TMDB rejects all requests because of its rate limit: wait an hour, or lower --rate. Movies that \
         were fetched are stored"
    )]
    RateLimited,
    /// TMDB has suspended the token (code 10).
    #[error(
        "TMDB has suspended this token (code 10): see https://www.themoviedb.org/settings/api, or \
         contact TMDB"
    )]
    Suspended,
}

/// TMDB's error body. Older ones have no `success` field.
#[derive(Deserialize)]
struct ErrorBody {
    status_code: Option<u32>,
}

/// Classifies a response. `retry_after` is the value of that header, and an HTTP date in it is relative
/// to `now`.
pub fn classify(status: u16, retry_after: Option<&str>, body: &[u8], now: SystemTime) -> Verdict {
    let code = serde_json::from_slice::<ErrorBody>(body).ok().and_then(|body| body.status_code);
    let after = retry_after.and_then(|text| retry_after_header(text, now));
    match (status, code) {
        (200..=299, _) => Verdict::Success,
        (_, Some(10)) => Verdict::Stop(Stop::Suspended),
        (_, Some(7)) | (401 | 403, _) => Verdict::Stop(Stop::InvalidToken { status, code }),
        (_, Some(34)) => Verdict::Missing,
        (429, _) | (_, Some(25)) => Verdict::SlowDown { retry_after: after },
        // A 404 without TMDB's own body comes from a proxy or a wrong base URL.
        (404 | 408 | 425 | 500 | 502 | 503 | 504, _) => {
            Verdict::Retry { reason: describe(status, code), retry_after: after }
        }
        (300..=399, _) => Verdict::Refused {
            reason: format!("HTTP {status}: a redirect to another host is not followed"),
        },
        _ => Verdict::Refused { reason: describe(status, code) },
    }
}

fn describe(status: u16, code: Option<u32>) -> String {
    match code {
        Some(code) => format!("HTTP {status}, TMDB's code {code}"),
        None => format!("HTTP {status}"),
    }
}

/// Parses a `Retry-After` header, as seconds or an HTTP date. Returns `None` for anything else.
fn retry_after_header(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, retry_after: Option<&str>, body: &str) -> Verdict {
        let now = httpdate::parse_http_date("Wed, 25 Nov 2026 18:00:00 GMT").unwrap();
        classify(status, retry_after, body.as_bytes(), now)
    }

    #[test]
    fn tmdb_code_takes_precedence_over_the_status() {
        let invalid = r#"{"status_code":7,"status_message":"Invalid API key","success":false}"#;
        let stop = Verdict::Stop(Stop::InvalidToken { status: 401, code: Some(7) });
        assert_eq!(verdict(401, None, invalid), stop);
        assert_eq!(verdict(401, None, r#"{"status_code":10}"#), Verdict::Stop(Stop::Suspended));
        for body in [r#"{"status_code":34}"#, r#"{"success":false,"status_code":34}"#] {
            assert_eq!(verdict(404, None, body), Verdict::Missing);
        }
        // A page from another server doesn't prove that the movie is missing.
        assert!(matches!(verdict(404, None, "<html>"), Verdict::Retry { .. }));
        let slow = Verdict::SlowDown { retry_after: None };
        assert_eq!(verdict(503, None, r#"{"status_code":25}"#), slow);
        assert_eq!(verdict(200, None, "{}"), Verdict::Success);
        assert!(matches!(verdict(302, None, ""), Verdict::Refused { .. }));
        assert!(matches!(verdict(418, None, ""), Verdict::Refused { .. }));
    }

    #[test]
    fn parses_retry_after_as_seconds_or_date_and_ignores_other_text() {
        let after = |text: Option<&str>| match verdict(429, text, "") {
            Verdict::SlowDown { retry_after: after } => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(after(Some("7")), Some(Duration::from_secs(7)));
        assert_eq!(after(Some("Wed, 25 Nov 2026 18:00:30 GMT")), Some(Duration::from_secs(30)));
        assert_eq!(after(Some("Wed, 25 Nov 2026 17:00:00 GMT")), Some(Duration::ZERO));
        assert_eq!(after(Some("soon")), None);
        assert_eq!(after(None), None);
    }
}
