//! A movie in a vertical list: the poster beside facts and actions.

use maud::{Markup, html};

use super::card::{action_buttons, address, facts, poster, stars};
use cinematch_service::user_view::MovieCard;

/// Renders a movie, with `more` between its facts and its buttons.
pub fn strip(movie: &MovieCard<'_>, more: &Markup) -> Markup {
    let item = &movie.item;
    let address = address(item);
    html! {
        article .card .strip {
            a .poster href=(address) tabindex="-1" aria-hidden="true" { (poster(item)) }
            div .beside {
                h3 { a href=(address) { (item.title) } }
                (facts(movie))
                (stars(movie))
                (more)
                (action_buttons(item.movie_id.0, item.title, &movie.status))
            }
        }
    }
}
