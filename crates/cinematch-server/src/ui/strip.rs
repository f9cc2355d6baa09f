//! A film in a list that one reads: its poster beside what there is to know.

use maud::{Markup, html};

use super::card::{address, facts, poster, say, stars};
use super::films::Film;
use super::picture::grouped;

/// A film, with what the page has to say of it between the facts and the buttons.
pub fn strip(film: &Film<'_>, more: &Markup) -> Markup {
    let item = &film.item;
    let address = address(item);
    html! {
        article .card .strip {
            a .poster href=(address) tabindex="-1" aria-hidden="true" { (poster(item)) }
            div .beside {
                h3 { a href=(address) { (item.title) } }
                (facts(item))
                (stars(film))
                (more)
                (say(item.movie_id.0, item.title, &film.standing))
            }
        }
    }
}

/// A count of films in words.
pub fn films(count: usize) -> String {
    match count {
        0 => "no films".to_owned(),
        1 => "1 film".to_owned(),
        count => format!("{} films", grouped(count)),
    }
}
