//! Cookies.

use axum::http::{HeaderMap, header};
use cinematch_service::secrets::SessionToken;

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "cinematch_session";

/// Open mode: the number of the profile that the browser last chose.
pub const PROFILE_COOKIE: &str = "cinematch_profile";

/// Returns a cookie's value.
pub fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';'));
    cookies.find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == wanted).then_some(value)
    })
}

/// Returns the session of a request.
pub fn session_token(headers: &HeaderMap) -> Option<SessionToken> {
    cookie(headers, SESSION_COOKIE).and_then(SessionToken::read)
}
