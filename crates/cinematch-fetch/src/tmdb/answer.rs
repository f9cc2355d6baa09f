//! What an HTTP answer means for the request and for the whole run. Pure: status, headers and body
//! in, a verdict out. TMDb's own codes decide before the status does
//! (<https://developer.themoviedb.org/docs/errors>).

use std::time::{Duration, SystemTime};

use serde::Deserialize;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The body is what was asked for.
    Good,
    /// TMDb has no such film (code 34, or a 404 that says so).
    Missing,
    /// Worth another try.
    Again {
        /// What was wrong, for people.
        reason: String,
        /// The server's own word on how long to wait.
        after: Option<Duration>,
    },
    /// Everybody is asking too fast (429, code 25).
    SlowDown {
        /// The server's own word on how long to wait.
        after: Option<Duration>,
    },
    /// This request will never be answered; others may be.
    Refused {
        /// Why, for people.
        reason: String,
    },
    /// No request will be answered: the token is wrong, or no longer good.
    Stop(Stop),
}

/// Why a run cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Code 7, or an answer that only a wrong token gets.
    #[error(
        "TMDb does not accept the token (HTTP {status}{}): copy the `API Read Access Token` from \
         https://www.themoviedb.org/settings/api into TMDB_BEARER_TOKEN",
        code.map(|code| format!(", code {code}")).unwrap_or_default()
    )]
    InvalidToken {
        /// The HTTP status.
        status: u16,
        /// TMDb's own code.
        code: Option<u32>,
    },
    /// Complaint after complaint, and no answer between them.
    #[error(
        "TMDb keeps asking for fewer requests and answers none: wait an hour, or lower --rate; what was \
         fetched is kept"
    )]
    TooFast,
    /// Code 10.
    #[error(
        "TMDb has suspended this token (code 10): see https://www.themoviedb.org/settings/api, or \
         ask TMDb"
    )]
    Suspended,
}

/// TMDb's error body. Old ones lack `success`.
#[derive(Deserialize)]
struct ErrorBody {
    status_code: Option<u32>,
}

/// Judges an answer. `retry_after` is the header's text; an HTTP date in it counts from `now`.
pub fn judge(status: u16, retry_after: Option<&str>, body: &[u8], now: SystemTime) -> Verdict {
    let code = serde_json::from_slice::<ErrorBody>(body).ok().and_then(|body| body.status_code);
    let after = retry_after.and_then(|text| wait(text, now));
    match (status, code) {
        (200..=299, _) => Verdict::Good,
        (_, Some(10)) => Verdict::Stop(Stop::Suspended),
        (_, Some(7)) | (401 | 403, _) => Verdict::Stop(Stop::InvalidToken { status, code }),
        (_, Some(34)) => Verdict::Missing,
        (429, _) | (_, Some(25)) => Verdict::SlowDown { after },
        // A 404 without TMDb's body is somebody else's: a proxy's, or a wrong address.
        (404 | 408 | 425 | 500 | 502 | 503 | 504, _) => {
            Verdict::Again { reason: described(status, code), after }
        }
        (300..=399, _) => Verdict::Refused {
            reason: format!("HTTP {status}: a redirect to another host is not followed"),
        },
        _ => Verdict::Refused { reason: described(status, code) },
    }
}

fn described(status: u16, code: Option<u32>) -> String {
    match code {
        Some(code) => format!("HTTP {status}, TMDb's code {code}"),
        None => format!("HTTP {status}"),
    }
}

/// `Retry-After`: seconds, or an HTTP date. Anything else says nothing.
fn wait(text: &str, now: SystemTime) -> Option<Duration> {
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

    fn judged(status: u16, retry_after: Option<&str>, body: &str) -> Verdict {
        let now = httpdate::parse_http_date("Wed, 25 Nov 2026 18:00:00 GMT").unwrap();
        judge(status, retry_after, body.as_bytes(), now)
    }

    #[test]
    fn tmdbs_code_decides_before_the_status() {
        let invalid = r#"{"status_code":7,"status_message":"Invalid API key","success":false}"#;
        let stop = Verdict::Stop(Stop::InvalidToken { status: 401, code: Some(7) });
        assert_eq!(judged(401, None, invalid), stop);
        assert_eq!(judged(401, None, r#"{"status_code":10}"#), Verdict::Stop(Stop::Suspended));
        for body in [r#"{"status_code":34}"#, r#"{"success":false,"status_code":34}"#] {
            assert_eq!(judged(404, None, body), Verdict::Missing);
        }
        // A page that is not TMDb's proves nothing about the film.
        assert!(matches!(judged(404, None, "<html>"), Verdict::Again { .. }));
        let slow = Verdict::SlowDown { after: None };
        assert_eq!(judged(503, None, r#"{"status_code":25}"#), slow);
        assert_eq!(judged(200, None, "{}"), Verdict::Good);
        assert!(matches!(judged(302, None, ""), Verdict::Refused { .. }));
        assert!(matches!(judged(418, None, ""), Verdict::Refused { .. }));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_or_nothing() {
        let after = |text: Option<&str>| match judged(429, text, "") {
            Verdict::SlowDown { after } => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(after(Some("7")), Some(Duration::from_secs(7)));
        assert_eq!(after(Some("Wed, 25 Nov 2026 18:00:30 GMT")), Some(Duration::from_secs(30)));
        assert_eq!(after(Some("Wed, 25 Nov 2026 17:00:00 GMT")), Some(Duration::ZERO));
        assert_eq!(after(Some("soon")), None);
        assert_eq!(after(None), None);
    }
}
