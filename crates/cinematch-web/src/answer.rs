//! The answer to a form, with a note on what was done.

use axum::response::Response;
use maud::{Markup, html};

use super::layout;
use super::note::{Note, leave};
use super::visitor::Visitor;

/// Answers a form: with the parts that changed where a script asked, else with the way back.
pub fn done(visitor: &Visitor, changed: &Markup, note: &Note) -> Response {
    if visitor.is_fragment {
        // On the first page the films stay where they are, until somebody wants to see what it did to them.
        let is_home = visitor.back == "/";
        let anew = html! { @if is_home { a href="/" { "Show new picks" } } };
        return layout::fragments(&html! { (changed) (Note::show_with(Some(note), &anew)) });
    }
    leave(&visitor.back, note)
}
