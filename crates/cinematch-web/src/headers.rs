//! The referring page in the request headers.

use axum::http::{HeaderMap, header};

/// Returns the path and query of the page that sent a form, if it is a page of this server.
pub fn referring_page(headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| headers.get(name)?.to_str().ok();
    let (_, referrer) = text(header::REFERER)?.split_once("://")?;
    let (host, path) = referrer.split_at(referrer.find('/')?);
    // Browsers interpret a path that starts with two slashes as another host.
    (Some(host) == text(header::HOST) && !path.starts_with("//") && !path.contains('\\'))
        .then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use cinematch_http::cookies::cookie;

    use super::*;

    #[test]
    fn accepts_only_pages_of_this_server_as_referrers() {
        let from = |referrer: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "films.example:8000".parse().unwrap());
            headers.insert(header::REFERER, referrer.parse().unwrap());
            referring_page(&headers)
        };
        let own = from("http://films.example:8000/browse?genre=crime");
        assert_eq!(own.as_deref(), Some("/browse?genre=crime"));
        assert_eq!(from("http://films.example/browse"), None);
        assert_eq!(from("http://films.example:8000//evil.example/"), None);
        assert_eq!(from("http://films.example:8000/\\evil.example/"), None);
        assert_eq!(from("https://evil.example/?http://films.example:8000/"), None);
        assert_eq!(from("nonsense"), None);
    }

    #[test]
    fn finds_a_cookie_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; cinematch_theme=dark".parse().unwrap());
        headers.append(header::COOKIE, "cinematch_profile=7".parse().unwrap());
        assert_eq!(cookie(&headers, "cinematch_theme"), Some("dark"));
        assert_eq!(cookie(&headers, "cinematch_profile"), Some("7"));
        assert_eq!(cookie(&headers, "theme"), None);
    }
}
