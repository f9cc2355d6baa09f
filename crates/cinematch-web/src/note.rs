//! What a page says of what was just done, with the way back.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Carries a note to the next page, where no script shows it at once.
pub const COOKIE: &str = "cinematch_note";
/// A longer note does not fit into a cookie.
const LONGEST: usize = 300;

/// A sentence, and how to undo what it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    pub undo: Option<Undo>,
}

/// How a film stood before something was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    pub movie_id: u32,
    /// What [`super::say`] makes of it and reads again.
    pub before: String,
}

impl Note {
    /// A sentence alone.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), undo: None }
    }

    /// The note of a cookie; whatever is none is not shown.
    pub fn read(value: &str) -> Option<Self> {
        let plain = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
        let mut parts = value.split('.');
        let text = plain(parts.next()?).filter(|text| !text.is_empty())?;
        let undo = parts.next().zip(parts.next()).and_then(|(movie_id, before)| {
            Some(Undo { movie_id: movie_id.parse().ok()?, before: plain(before)? })
        });
        Some(Self { text, undo })
    }

    fn cookie(&self) -> String {
        let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let text: String = self.text.chars().take(LONGEST).collect();
        match &self.undo {
            None => coded(&text),
            Some(undo) => format!("{}.{}.{}", coded(&text), undo.movie_id, coded(&undo.before)),
        }
    }

    /// The note as pages show it. The element is there also while there is nothing to say: screen readers
    /// tell what changes in it.
    pub fn show(note: Option<&Self>) -> Markup {
        Self::show_with(note, &html! {})
    }

    /// The same with more behind it.
    pub fn show_with(note: Option<&Self>, more: &Markup) -> Markup {
        html! {
            div #note .note role="status" {
                @if let Some(note) = note {
                    p { (note.text) }
                    @if let Some(undo) = &note.undo {
                        form method="post" action={ "/films/" (undo.movie_id) "/undo" } data-live {
                            input type="hidden" name="before" value=(undo.before);
                            button .quiet title="Ctrl+Z" aria-keyshortcuts="Control+Z" { "Undo" }
                        }
                    }
                    (more)
                }
            }
        }
    }
}

/// Answers a form by leading elsewhere, with a note there.
pub fn leave(to: &str, note: &Note) -> Response {
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60", note.cookie());
    with_cookie(to, &cookie)
}

/// Leads elsewhere, and sets a cookie.
pub fn with_cookie(to: &str, cookie: &str) -> Response {
    let mut response = lead(to);
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Leads elsewhere.
pub fn lead(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // Addresses of ours are visible ASCII; what is not leads home.
    let place = HeaderValue::from_str(to).unwrap_or_else(|_| HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, place);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_survive_a_cookie() {
        let undo = Undo { movie_id: 6, before: "like,-,0;\"x\"".to_owned() };
        for note in [
            Note::plain("Saved"),
            Note { text: "You liked “Léon”; <b>\r\n".to_owned(), undo: Some(undo) },
        ] {
            let cookie = note.cookie();
            assert!(
                cookie.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%.".contains(&byte))
            );
            assert_eq!(Note::read(&cookie), Some(note));
        }
        assert_eq!(Note::read(""), None);
        assert_eq!(Note::read("a.b.c"), Some(Note::plain("a")));
    }
}
