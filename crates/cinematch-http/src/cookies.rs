//! Cookie names, and functions that read cookies from request headers.

use axum::http::{HeaderMap, header};
use cinematch_service::secrets::SessionToken;

/// Name of the session cookie.
pub const SESSION_COOKIE: &str = "cinematch_session";

/// Name of the cookie that holds the ID of the profile last selected in the browser. Only used in open mode.
pub const PROFILE_COOKIE: &str = "cinematch_profile";

/// Returns the value of the first cookie named `cookie_name`.
pub fn cookie<'a>(headers: &'a HeaderMap, cookie_name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';'));
    cookies.find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == cookie_name).then_some(value)
    })
}

/// Returns the session token from the request's cookies, if there is one and it is well formed.
pub fn session_token(headers: &HeaderMap) -> Option<SessionToken> {
    cookie(headers, SESSION_COOKIE).and_then(SessionToken::parse)
}
