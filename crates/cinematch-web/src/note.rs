//! Notice about the last action, with a button that undoes it.

use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::texts::layout as texts;

/// Cookie that passes a notice to the next page if scripts are disabled.
pub const COOKIE: &str = "cinematch_note";
/// Maximum length of a notice in a cookie, in characters. Longer notices are truncated.
const MAX_LENGTH: usize = 300;

/// A notice about an action, with the data for undoing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    pub undo: Option<Undo>,
}

/// The state of a movie before an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    pub movie_id: u32,
    /// Serialized state, written and read by [`cinematch_service::actions`].
    pub before: String,
}

impl Note {
    /// Creates a notice without an Undo button.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), undo: None }
    }

    /// Parses a cookie's value; returns `None` if it is malformed.
    pub fn decode(value: &str) -> Option<Self> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
        let mut parts = value.split('.');
        let text = decoded(parts.next()?).filter(|text| !text.is_empty())?;
        let undo = parts.next().zip(parts.next()).and_then(|(movie_id, before)| {
            Some(Undo { movie_id: movie_id.parse().ok()?, before: decoded(before)? })
        });
        Some(Self { text, undo })
    }

    /// Encodes the notice for a cookie's value.
    pub fn encode(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let text: String = self.text.chars().take(MAX_LENGTH).collect();
        match &self.undo {
            None => encoded(&text),
            Some(undo) => {
                format!("{}.{}.{}", encoded(&text), undo.movie_id, encoded(&undo.before))
            }
        }
    }

    /// Renders the live region. Every page contains it, even without a notice, since screen readers announce only
    /// changes to an existing region. `more` follows the notice.
    pub fn show(note: Option<&Self>, more: &Markup) -> Markup {
        html! {
            div #note .note role="status" {
                @if let Some(note) = note {
                    p { (note.text) }
                    @if let Some(undo) = &note.undo {
                        form method="post" action={ "/films/" (undo.movie_id) "/undo" } data-live {
                            input type="hidden" name="before" value=(undo.before);
                            button .quiet title=(texts::UNDO_SHORTCUT) aria-keyshortcuts="Control+Z" { (texts::UNDO) }
                        }
                    }
                    (more)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn note_round_trips_through_the_cookie() {
        let undo = Undo { movie_id: 6, before: "like,-,0;\"x\"".to_owned() };
        for note in [
            Note::plain("Saved"),
            Note { text: "You liked “Léon”; <b>\r\n".to_owned(), undo: Some(undo) },
        ] {
            let cookie = note.encode();
            assert!(
                cookie.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%.".contains(&byte))
            );
            assert_eq!(Note::decode(&cookie), Some(note));
        }
        assert_eq!(Note::decode(""), None);
        assert_eq!(Note::decode("a.b.c"), Some(Note::plain("a")));
    }
}
