//! A film in a list that one reads: its poster beside what there is to know.

use maud::{Markup, html};

use super::card::{address, facts, poster, say, stars};
use super::movies::MovieCard;

/// A film, with what the page has to say of it between the facts and the buttons.
pub fn strip(movie: &MovieCard<'_>, more: &Markup) -> Markup {
    let item = &movie.item;
    let address = address(item);
    html! {
        article .card .strip {
            a .poster href=(address) tabindex="-1" aria-hidden="true" { (poster(item)) }
            div .beside {
                h3 { a href=(address) { (item.title) } }
                (facts(item))
                (stars(movie))
                (more)
                (say(item.movie_id.0, item.title, &movie.standing))
            }
        }
    }
}
