//! A movie's card: poster, facts, stars, reasons and buttons.

use cinematch::catalog::ServicesSource;
use cinematch_store::Reaction;
use maud::{Markup, html};

use super::texts::{self as common, card as texts, numbers};
use cinematch_service::item::{Item, RecommendationDetails, poster_url_of_width};
use cinematch_service::user_view::{MovieCard, MovieStatus};

/// Number of color schemes for generated posters.
const HUES: u32 = 12;

/// Number of shapes for generated posters.
const SHAPES: u32 = 6;

/// Renders a row of movies under a heading, or nothing if there are no movies.
pub fn shelf(id: &str, heading: &Markup, movies: &[MovieCard<'_>]) -> Markup {
    html! {
        @if !movies.is_empty() {
            section .row aria-labelledby=(id) {
                h2 id=(id) { (heading) }
                (cards(movies))
            }
        }
    }
}

/// Renders movies in a single row that scrolls.
pub fn cards(movies: &[MovieCard<'_>]) -> Markup {
    html! {
        ul .shelf { @for movie in movies { li { (card(movie)) } } }
    }
}

/// Renders movies as a grid.
pub fn grid(movies: &[MovieCard<'_>]) -> Markup {
    html! {
        ul .shelf.wrap { @for movie in movies { li { (card(movie)) } } }
    }
}

/// Renders a movie's card.
pub fn card(movie: &MovieCard<'_>) -> Markup {
    let item = &movie.item;
    let address = address(item);
    html! {
        article .card {
            a .poster href=(address) tabindex="-1" aria-hidden="true" { (poster(item)) }
            h3 { a href=(address) { (item.title) } }
            (facts(movie))
            (stars(movie))
            @if let Some(details) = &movie.details { (explanation(details)) }
            (action_buttons(item.movie_id.0, item.title, &movie.status))
        }
    }
}

/// Returns the path of a movie's page.
pub fn address(item: &Item<'_>) -> String {
    format!("/films/{}", item.movie_id.0)
}

/// Renders the poster on top of a generated one, which is visible if the movie has no poster or the image fails to
/// load.
pub fn poster(item: &Item<'_>) -> Markup {
    let number = item.movie_id.0;
    let initial = item.title.chars().find(|letter| letter.is_alphanumeric()).unwrap_or('·');
    html! {
        span class={ "art h" (number % HUES) } aria-hidden="true" {
            svg viewBox="0 0 200 300" { use href={ "#s" (number / HUES % SHAPES) }; }
            b { (initial.to_uppercase()) }
        }
        @if let Some(path) = item.poster_path {
            img src=(poster_url_of_width(path, 342)) alt="" width="342" height="513"
                loading="lazy" decoding="async" referrerpolicy="no-referrer";
        }
    }
}

/// Renders year, length, marks and streaming services.
pub fn facts(movie: &MovieCard<'_>) -> Markup {
    let item = &movie.item;
    html! {
        p .facts {
            @if let Some(year) = item.year { span { (year) } }
            @if let Some(minutes) = item.runtime { span { (numbers::duration(minutes)) } }
            (marks(movie))
        }
        @if !item.services.is_empty() { p .services { (services(item)) } }
    }
}

/// Renders the marks of movies that recommendations leave out.
pub fn marks(movie: &MovieCard<'_>) -> Markup {
    html! {
        @if movie.item.is_adult { span .mark { (texts::ADULT) } }
        @if !movie.is_released { span .mark { (texts::NOT_RELEASED) } }
    }
}

/// Renders the streaming services of a movie, with a badge if they are mock data.
pub fn services(item: &Item<'_>) -> Markup {
    html! {
        (item.services.join(", "))
        @if item.services_source == Some(ServicesSource::Mock) {
            " " span .mock title=(texts::DEMO_SERVICES) { (common::DEMO) }
        }
    }
}

/// Formats the TMDB average and its number of votes.
fn tmdb_rating(average: f32, votes: Option<u32>) -> String {
    numbers::tmdb_votes(average, votes.unwrap_or(0) as usize)
}

/// Renders the user's rating, or else the match, or else the TMDB average.
pub fn stars(movie: &MovieCard<'_>) -> Markup {
    let match_probability = movie.details.as_ref().and_then(|details| details.match_probability);
    let rating = movie.status.feedback.as_ref().and_then(|feedback| feedback.stars);
    html! {
        @if let Some(rating) = rating {
            p .stars { span aria-hidden="true" { "★ " } (rating.value()) span .of { " " (texts::YOUR_RATING) } }
        } @else if let Some(match_probability) = match_probability {
            p .stars title=(texts::MATCH_MEANING) { (numbers::percent(match_probability)) span .of { " " (texts::MATCH) } }
        } @else if let Some(average) = movie.item.vote_average.filter(|average| *average > 0.0) {
            p .stars { span .of { (tmdb_rating(average, movie.item.vote_count)) } }
        }
    }
}

/// Renders the sentence that explains a recommendation, collapsed.
pub fn explanation(details: &RecommendationDetails<'_>) -> Markup {
    html! {
        @if let Some(explanation) = &details.explanation {
            details .why {
                summary { (texts::WHY) }
                p { (explanation) }
            }
        }
    }
}

/// Renders the toggle buttons of a movie.
pub fn action_buttons(movie_id: u32, title: &str, status: &MovieStatus) -> Markup {
    let reaction = status.feedback.as_ref().and_then(|feedback| feedback.reaction);
    let has_seen = status.feedback.as_ref().is_some_and(|feedback| feedback.watched);
    let buttons = [
        ("like", texts::LIKE, reaction == Some(Reaction::Like)),
        ("dislike", texts::DISLIKE, reaction == Some(Reaction::Dislike)),
        ("not_interested", texts::NOT_INTERESTED, reaction == Some(Reaction::NotInterested)),
        ("seen", texts::SEEN, has_seen),
        ("list", texts::WATCHLIST, status.is_listed),
    ];
    html! {
        form .say id={ "say-" (movie_id) } method="post" action={ "/films/" (movie_id) "/say" } data-live {
            @for (name, label, is_pressed) in buttons {
                button name="say" class=(name) aria-pressed=(is_pressed)
                    value={ (if is_pressed { "no-" } else { "" }) (name) }
                    aria-label=(texts::button(label, title)) title=(label) {}
            }
        }
    }
}

/// Renders the SVG symbols of the generated posters. Every page includes them once.
pub fn poster_symbols() -> Markup {
    html! {
        svg .shapes width="0" height="0" aria-hidden="true" focusable="false" {
            symbol id="s0" viewBox="0 0 200 300" {
                path d="M0 300 120 0h80L60 300z" .a {} circle cx="150" cy="210" r="46" .b {}
            }
            symbol id="s1" viewBox="0 0 200 300" {
                circle cx="100" cy="110" r="78" .a {} path d="M0 200h200v100H0z" .b {}
            }
            symbol id="s2" viewBox="0 0 200 300" {
                path d="M0 0h100v150H0zM100 150h100v150H100z" .a {}
                path d="M100 0a100 150 0 0 1 100 150H100z" .b {}
            }
            symbol id="s3" viewBox="0 0 200 300" {
                path d="M-20 190 70 90l60 70 40-40 60 70v110H-20z" .a {} circle cx="146" cy="64" r="34" .b {}
            }
            symbol id="s4" viewBox="0 0 200 300" {
                path d="M0 60h200v36H0zM0 132h200v36H0zM0 204h200v36H0z" .a {}
                circle cx="60" cy="150" r="54" .b {}
            }
            symbol id="s5" viewBox="0 0 200 300" {
                path d="M100 20 200 300H0z" .a {} path d="M100 20 140 300H60z" .b {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_titles_in_text_and_attributes() {
        let hostile = "\"><script>alert(1)</script>";
        let html = action_buttons(6, hostile, &MovieStatus::default()).into_string();
        assert!(!html.contains("<script>") && !html.contains("\"><script"), "{html}");
        assert!(html.contains("aria-label=\"Like &quot;&gt;&lt;script&gt;"), "{html}");
    }
}
