//! Replies to forms and scripts: fragments of a page, and redirects with a notice.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};

use super::note::{self, Note};
use super::page_caller::PageCaller;
use super::texts::layout as texts;
use cinematch_http::config::AccessConfig;
use cinematch_http::cookies::NewCookie;

/// Lifetime of a notice's cookie: one minute.
const NOTE_SECONDS: u32 = 60;

/// Returns elements that replace the page's elements with the same IDs.
pub fn fragments(parts: &Markup) -> Response {
    let mut response = Html(parts.clone().into_string()).into_response();
    set_page_headers(&mut response);
    response
}

/// Sets the headers of pages and fragments.
pub fn set_page_headers(response: &mut Response) {
    let set = |(name, value): (HeaderName, &'static str)| (name, HeaderValue::from_static(value));
    response.headers_mut().extend([
        // Personal content is revalidated. `no-store` would make going back slow.
        set((header::CACHE_CONTROL, "private, no-cache")),
        // The server redirects a form to its page, so it needs the referrer; other sites don't get it.
        set((header::REFERRER_POLICY, "same-origin")),
        set((header::VARY, "cookie, x-fragment")),
    ]);
}

/// Responds to a form on any page. Returns the changed elements if a script sent the form, and otherwise a redirect
/// to the page that contains the form.
pub fn changed(caller: &PageCaller, parts: &Markup, note: &Note) -> Response {
    if caller.is_fragment {
        // The movies on the home page don't change until the user asks for new ones.
        let is_home = caller.back == "/";
        let refresh = html! { @if is_home { a href="/" { (texts::SHOW_NEW_PICKS) } } };
        return fragments(&html! { (parts) (Note::show(Some(note), &refresh)) });
    }
    redirect_with_note(caller, &caller.back, note)
}

/// Redirects to a page that shows a notice.
pub fn redirect_with_note(caller: &PageCaller, to: &str, note: &Note) -> Response {
    let note = note.encode();
    let cookie = NewCookie::new(note::COOKIE, &note, NOTE_SECONDS);
    redirect_with_cookie(&caller.access, to, &cookie)
}

/// Redirects and sets a cookie.
pub fn redirect_with_cookie(access: &AccessConfig, to: &str, cookie: &NewCookie<'_>) -> Response {
    let mut response = redirect(to);
    set_cookie(&mut response, access, cookie);
    response
}

/// Redirects with status 303, so that the browser continues with GET.
pub fn redirect(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // Paths of this server are visible ASCII; anything else leads to the home page.
    let location = HeaderValue::from_str(to).unwrap_or_else(|_| HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// Adds a `Set-Cookie` header, unless the cookie contains characters that headers don't allow.
pub fn set_cookie(response: &mut Response, access: &AccessConfig, cookie: &NewCookie<'_>) {
    if let Ok(cookie) = cookie.header(access) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
