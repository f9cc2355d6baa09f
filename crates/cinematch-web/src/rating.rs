//! The rating control: ten buttons that look like five stars.

use cinematch::rating::Stars;
use maud::{Markup, html};

use super::texts::movie as texts;
use cinematch_service::user_view::MovieStatus;

/// Maximum rating, in half stars.
const MAX_HALVES: u8 = 10;

/// Renders the form that rates a movie. The pressed button shows the user's rating.
pub fn rating_form(movie_id: u32, status: &MovieStatus) -> Markup {
    let rating = status.feedback.as_ref().and_then(|feedback| feedback.stars);
    html! {
        form .rate id={ "rate-" (movie_id) } method="post" action={ "/films/" (movie_id) "/say" } data-live {
            fieldset {
                legend {
                    @match rating {
                        Some(stars) => (texts::your_rating(stars.value())),
                        None => (texts::YOUR_RATING),
                    }
                }
                (half_star_buttons(rating))
                @if rating.is_some() {
                    button .quiet name="stars" value="none" { (texts::REMOVE_RATING) }
                }
            }
        }
    }
}

/// Renders ten buttons that look like five stars, one button per half star.
pub fn half_star_buttons(rating: Option<Stars>) -> Markup {
    html! {
        div .halves {
            @for stars in (1..=MAX_HALVES).filter_map(Stars::from_halves) {
                @let label = texts::stars(stars.value());
                button name="stars" value=(stars.value()) aria-pressed=(rating == Some(stars))
                    class=[rating.is_some_and(|rating| stars.halves() <= rating.halves()).then_some("on")]
                    aria-label=(label) title=(label) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highlights_the_buttons_up_to_the_rating() {
        let highlighted = |given: Option<u8>| {
            let html = half_star_buttons(given.and_then(Stars::from_halves)).into_string();
            let count = |text| html.matches(text).count();
            (count("<button"), count("class=\"on\""), count("aria-pressed=\"true\""))
        };
        assert_eq!(highlighted(None), (10, 0, 0));
        assert_eq!(highlighted(Some(7)), (10, 7, 1));
    }
}
