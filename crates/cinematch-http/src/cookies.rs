//! Cookie names, reading cookies from request headers, and setting cookies.

use axum::http::header::InvalidHeaderValue;
use axum::http::{HeaderMap, HeaderValue, header};
use cinematch_service::secrets::SessionToken;

use crate::config::AccessConfig;

/// Name of the session cookie.
pub const SESSION_COOKIE: &str = "cinematch_session";

/// Name of the cookie that holds the ID of the profile last selected in the browser. Only used in open mode.
pub const PROFILE_COOKIE: &str = "cinematch_profile";

/// Determines whether the browser sends a cookie with requests from other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Sent with links from other sites.
    Lax,
    /// Never sent with requests from other sites.
    Strict,
}

/// A cookie to set. Scripts can't read it.
#[derive(Clone, Copy, Debug)]
pub struct NewCookie<'a> {
    /// Name of the cookie.
    pub name: &'a str,
    /// Value of the cookie.
    pub value: &'a str,
    /// The browser sends the cookie with requests to this path and the paths below it.
    pub path: &'a str,
    /// Determines whether the browser sends the cookie with requests from other sites.
    pub same_site: SameSite,
    /// Lifetime in seconds; 0 deletes the cookie.
    pub max_age: u32,
}

impl<'a> NewCookie<'a> {
    /// Creates a cookie for all paths.
    pub fn new(name: &'a str, value: &'a str, max_age: u32) -> Self {
        Self { name, value, path: "/", same_site: SameSite::Lax, max_age }
    }

    /// Returns the value of the `Set-Cookie` header, marked as sensitive so that logs don't contain it. Returns an
    /// error if the cookie contains characters that headers don't allow.
    pub fn header(&self, access: &AccessConfig) -> Result<HeaderValue, InvalidHeaderValue> {
        let Self { name, value, path, same_site, max_age } = self;
        // Browsers don't send a `Secure` cookie over plain HTTP, so it is set only behind an HTTPS proxy.
        let secure = if access.behind_proxy { "; Secure" } else { "" };
        let mut header = HeaderValue::from_str(&format!(
            "{name}={value}; Path={path}; HttpOnly; SameSite={same_site:?}; Max-Age={max_age}{secure}"
        ))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_secure_only_behind_a_proxy_and_rejects_invalid_characters() {
        let mut access = AccessConfig::default();
        let cookie = NewCookie::new("theme", "dark", 60);
        let text = "theme=dark; Path=/; HttpOnly; SameSite=Lax; Max-Age=60";
        assert_eq!(cookie.header(&access).unwrap(), text);
        access.behind_proxy = true;
        assert_eq!(cookie.header(&access).unwrap(), format!("{text}; Secure"));
        let strict = NewCookie { path: "/models", same_site: SameSite::Strict, ..cookie };
        let text = "theme=dark; Path=/models; HttpOnly; SameSite=Strict; Max-Age=60; Secure";
        assert_eq!(strict.header(&access).unwrap(), text);
        assert!(NewCookie::new("theme", "a\r\nb", 60).header(&access).is_err());
    }
}
