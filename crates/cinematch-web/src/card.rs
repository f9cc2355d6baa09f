//! A film on a shelf: poster, facts, why it is there, and what can be said of it with one tap.

use cinematch::catalog::ServicesSource;
use cinematch_store::Reaction;
use maud::{Markup, html};

use super::movies::{MovieCard, Standing};
use cinematch_service::item::{Item, Why};

/// Colours and shapes of drawn posters.
const HUES: u32 = 12;
const SHAPES: u32 = 6;

/// A row of films under a heading, which is left out where there are none.
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

/// Films beside each other.
pub fn cards(movies: &[MovieCard<'_>]) -> Markup {
    html! {
        ul .shelf { @for movie in movies { li { (card(movie)) } } }
    }
}

/// Films in rows, as many as there are.
pub fn grid(movies: &[MovieCard<'_>]) -> Markup {
    html! {
        ul .shelf.wrap { @for movie in movies { li { (card(movie)) } } }
    }
}

/// A film.
pub fn card(movie: &MovieCard<'_>) -> Markup {
    let item = &movie.item;
    let address = address(item);
    html! {
        article .card {
            a .poster href=(address) tabindex="-1" aria-hidden="true" { (poster(item)) }
            h3 { a href=(address) { (item.title) } }
            (facts(item))
            (stars(movie))
            @if let Some(why) = &movie.why { (why_this(why)) }
            (say(item.movie_id.0, item.title, &movie.standing))
        }
    }
}

/// A film's page.
pub fn address(item: &Item<'_>) -> String {
    format!("/films/{}", item.movie_id.0)
}

/// The poster, before a drawn one, which is seen where there is none or it cannot be had.
pub fn poster(item: &Item<'_>) -> Markup {
    let number = item.movie_id.0;
    let initial = item.title.chars().find(|letter| letter.is_alphanumeric()).unwrap_or('·');
    html! {
        span class={ "art h" (number % HUES) } aria-hidden="true" {
            svg viewBox="0 0 200 300" { use href={ "#s" (number / HUES % SHAPES) }; }
            b { (initial.to_uppercase()) }
        }
        @if let Some(path) = item.poster_path {
            img src={ "https://image.tmdb.org/t/p/w342" (path) } alt="" width="342" height="513"
                loading="lazy" decoding="async" referrerpolicy="no-referrer";
        }
    }
}

/// Year, length, services.
pub fn facts(item: &Item<'_>) -> Markup {
    html! {
        p .facts {
            @if let Some(year) = item.year { span { (year) } }
            @if let Some(minutes) = item.runtime { span { (length(minutes)) } }
        }
        @if !item.services.is_empty() { p .services { (services(item)) } }
    }
}

/// Where a film can be watched; invented services are called so.
pub fn services(item: &Item<'_>) -> Markup {
    html! {
        (item.services.join(", "))
        @if item.services_source == Some(ServicesSource::Mock) {
            " " span .mock title="Invented for trying things out" { "mock" }
        }
    }
}

/// Minutes as people say them.
pub fn length(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

/// The stars that the viewer gave, or is expected to give, or what others gave where nobody can tell.
pub fn stars(movie: &MovieCard<'_>) -> Markup {
    let predicted = movie.why.as_ref().and_then(|why| why.predicted_rating);
    let given = movie.standing.said.as_ref().and_then(|said| said.stars);
    html! {
        @if let Some(given) = given {
            p .stars { span aria-hidden="true" { "★ " } (given.value()) span .of { " from you" } }
        } @else if let Some(predicted) = predicted {
            p .stars {
                span .unseen { "Predicted for you: " }
                span aria-hidden="true" { "★ " }
                (format!("{:.1}", predicted.stars)) span .unseen { " of 5 stars" }
                span aria-hidden="true" .of { " for you" }
            }
        } @else if let Some(average) = movie.item.vote_average.filter(|average| *average > 0.0) {
            p .stars { (format!("{average:.1}")) span .of { " / 10 on TMDB" } }
        }
    }
}

/// The reasons, folded.
pub fn why_this(why: &Why<'_>) -> Markup {
    html! {
        @if let Some(explanation) = &why.explanation {
            details .why {
                summary { "Why this?" }
                ul { @for part in explanation.split(" • ") { li { (part) } } }
            }
        }
    }
}

/// The buttons below a film. What is pressed is taken back by pressing it again.
pub fn say(movie_id: u32, title: &str, standing: &Standing) -> Markup {
    let reaction = standing.said.as_ref().and_then(|said| said.reaction);
    let has_seen = standing.said.as_ref().is_some_and(|said| said.watched);
    let buttons = [
        ("like", "Like", reaction == Some(Reaction::Like)),
        ("dislike", "Dislike", reaction == Some(Reaction::Dislike)),
        ("not_interested", "Not interested in", reaction == Some(Reaction::NotInterested)),
        ("seen", "Seen", has_seen),
        ("list", "Watchlist:", standing.is_listed),
    ];
    html! {
        form .say id={ "say-" (movie_id) } method="post" action={ "/films/" (movie_id) "/say" } data-live {
            @for (name, label, is_pressed) in buttons {
                button name="say" class=(name) aria-pressed=(is_pressed)
                    value={ (if is_pressed { "no-" } else { "" }) (name) }
                    aria-label={ (label) " " (title) } title=(label.trim_end_matches(':').trim_end_matches(" in")) {}
            }
        }
    }
}

/// The shapes that drawn posters are made of, once a page.
pub fn shapes() -> Markup {
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
    fn lengths_are_read_as_people_say_them() {
        assert_eq!([45, 60, 170].map(length), ["45 min", "1 h", "2 h 50 min"]);
    }

    #[test]
    fn a_title_is_text_wherever_it_stands() {
        let hostile = "\"><script>alert(1)</script>";
        let html = say(6, hostile, &Standing::default()).into_string();
        assert!(!html.contains("<script>") && !html.contains("\"><script"), "{html}");
        assert!(html.contains("aria-label=\"Like &quot;&gt;&lt;script&gt;"), "{html}");
    }
}
