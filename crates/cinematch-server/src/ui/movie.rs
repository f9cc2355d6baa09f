//! `GET /films/{id}`: all that is known of a film, and how it fits who looks.

use axum::extract::State;
use axum::response::Response;
use cinematch::catalog::{Movie, ServicesSource};
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::models::biased_mf::Prediction;
use cinematch::ranking::wording::{Description, NOTICEABLE, Segment, describe};
use cinematch::ranking::{Filters, Query, Ranked, Reason, Recommendation, Request};
use cinematch::sources::movielens::Stars;
use maud::{Markup, html};

use super::card::{cards, length, poster, say};
use super::form::address;
use super::layout::{Nav, Page, page};
use super::movies::{MovieCard, Standing, Viewing};
use super::names;
use super::visitor::User;
use crate::extract::PathOf;
use crate::problem::Problem;
use crate::routes::find_movie;
use crate::routes::similar::why_similar;
use crate::state::AppState;

/// Films like it.
const SIMILAR: usize = 12;
/// People and keywords shown.
const CAST: usize = 10;
const KEYWORDS: usize = 20;
/// Stars are given from a half to five.
const HALVES: u8 = 10;

/// A film.
pub async fn movie(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    PathOf(movie_id): PathOf<u32>,
) -> Result<Response, Problem> {
    let viewing = Viewing::of(&state, &profile).await?;
    let film = find_movie(viewing.recommender(), movie_id.into())?;
    let movie = viewing.recommender().movie(film);
    let shown = viewing.movie(film);
    let fit = Fit::of(&viewing, film)?;
    let has_stars = shown.standing.said.as_ref().is_some_and(|said| said.stars.is_some());
    let mut similar = similar(&viewing, film)?;
    if fit.is_known {
        viewing.predict(&mut similar)?;
    }
    let main = html! {
        article .film {
            div .poster { (poster(&shown.item)) }
            div .about {
                h1 { (movie.title) }
                (facts(movie))
                @if fit.is_known && !has_stars { (prediction(fit.assessed.predicted)) }
                (people("By", &movie.directors))
                @if let Some(overview) = &movie.overview { p .overview { (overview) } }
                (people("With", &movie.cast[..movie.cast.len().min(CAST)]))
                (say(movie_id, &movie.title, &shown.standing))
                (rate(movie_id, &shown.standing))
            }
        }
        div .sections {
            (fit.show(&viewing, has_stars))
            (where_to_watch(&viewing, &shown))
        }
        @if !similar.is_empty() {
            section .row aria-labelledby="similar" {
                h2 #similar { "More like this" }
                (cards(&similar))
            }
        }
        (keywords(movie))
        (elsewhere(movie))
    };
    let title = match movie.year {
        Some(year) => format!("{} ({year})", movie.title),
        None => movie.title.clone(),
    };
    Ok(page(&visitor, &Page::new(title, Nav::Elsewhere, main)))
}

/// Year, length, language, votes, genres.
fn facts(movie: &Movie) -> Markup {
    let votes = movie.vote_average.zip(movie.vote_count).filter(|(_, count)| *count > 0);
    html! {
        p .facts {
            @if let Some(year) = movie.year { span { (year) } }
            @if let Some(minutes) = movie.runtime { span { (length(minutes)) } }
            @if let Some(code) = &movie.original_language { span { (names::language(code)) } }
            @if let Some((average, count)) = votes {
                span {
                    (format!("{average:.1}")) " of 10 from " (names::thousands(count as usize))
                    @if count == 1 { " vote" } @else { " votes" } " at TMDB"
                }
            }
        }
        @if !movie.genres.is_empty() {
            ul .tags aria-label="Genres" {
                @for genre in &movie.genres {
                    li { a href=(address("/browse", [("genre", genre.as_str())].into_iter())) { (genre) } }
                }
            }
        }
    }
}

/// People, each a link to what else they made.
fn people(before: &str, names: &[String]) -> Markup {
    html! {
        @if !names.is_empty() {
            p .with {
                (before) " "
                @for (at, name) in names.iter().enumerate() {
                    @if at > 0 { ", " }
                    a href=(searched(name)) { (name) }
                }
            }
        }
    }
}

fn searched(words: &str) -> String {
    address("/search", [("q", words)].into_iter())
}

/// The stars that are expected of the viewer, and how sure that is, in words and drawn.
fn prediction(predicted: Option<Prediction>) -> Markup {
    let Some(Prediction { stars, low, high }) = predicted else { return html! {} };
    // The scale is drawn from a half star to five, 20 units a star.
    let at = |stars: f32| format!("{:.1}", (stars - 0.5) * 20.0);
    let width = format!("{:.1}", (high - low) * 20.0);
    html! {
        div .predicted {
            p { b { "★ " (format!("{stars:.1}")) } " for you, most likely between "
                (format!("{low:.1}")) " and " (format!("{high:.1}")) }
            svg viewBox="-2 0 94 8" aria-hidden="true" focusable="false" {
                rect x="0" y="3" width="90" height="2" rx="1" .all-stars {}
                rect x=(at(low)) y="2" width=(width) height="4" rx="2" .likely {}
                circle cx=(at(stars)) cy="4" r="3" .point {}
            }
        }
    }
}

/// Stars to give, in halves. A button gives them; the one pressed is what was given.
pub fn rate(movie_id: u32, standing: &Standing) -> Markup {
    let given = standing.said.as_ref().and_then(|said| said.stars);
    html! {
        form .rate id={ "rate-" (movie_id) } method="post" action={ "/films/" (movie_id) "/say" } data-live {
            fieldset {
                legend {
                    @match given {
                        Some(stars) => { "Your stars: " (stars.value()) },
                        None => "Your stars",
                    }
                }
                (halves(given))
                @if given.is_some() { button .quiet name="stars" value="none" { "Take back" } }
            }
        }
    }
}

/// Ten buttons that look like five stars.
pub fn halves(given: Option<Stars>) -> Markup {
    html! {
        div .halves {
            @for stars in (1..=HALVES).filter_map(Stars::from_halves) {
                button name="stars" value=(stars.value()) aria-pressed=(given == Some(stars))
                    class=[given.is_some_and(|given| stars.halves() <= given.halves()).then_some("on")]
                    aria-label=(stars_label(stars)) title=(stars_label(stars)) {}
            }
        }
    }
}

fn stars_label(stars: Stars) -> String {
    let value = stars.value();
    format!("{value} star{}", if value > 1.0 { "s" } else { "" })
}

/// How a film fits who looks: what would be said of it, had they said nothing of it themselves.
struct Fit<'a> {
    assessed: Recommendation<'a>,
    /// Its place among all films that they have not seen, from 1.
    place: Option<usize>,
    /// What it owes most to, in words.
    counterfactual: Option<String>,
    /// Whether anything is known of the person.
    is_known: bool,
}

impl<'a> Fit<'a> {
    fn of(viewing: &'a Viewing, movie: MovieIdx) -> Result<Self, Problem> {
        let recommender = viewing.recommender();
        let movie_id = recommender.movie(movie).movie_id;
        let is_other = |id: &MovieId| *id != movie_id;
        let mut query = viewing.query(1);
        query.liked.retain(is_other);
        query.disliked.retain(is_other);
        query.ratings.retain(|rating| is_other(&rating.movie_id));
        query.seen.retain(is_other);
        // Where it can be watched and how long it is the page says; here it is about taste.
        query.filters = Filters::default();
        let request = viewing.resolve(&query)?;
        let is_known = !request.history.is_empty();
        let assessed = recommender.assess(&request, &[movie]).remove(0);
        let place = if is_known { recommender.place(&request, movie) } else { None };
        let counterfactual = place.and_then(|place| {
            let page = Request { offset: place - 1, ..request };
            // Its list from there on begins with the film.
            let ranked = Ranked { items: vec![assessed.clone()], shortfall: None };
            recommender.counterfactuals(&page, &ranked).into_iter().flatten().next()
        });
        // What it owes most to is worth a word where it would be lost without.
        let counterfactual = counterfactual.filter(|without| without.would_be > without.place);
        let counterfactual = counterfactual.map(|without| format!("{without}."));
        Ok(Self { assessed, place, counterfactual, is_known })
    }

    fn show(&self, viewing: &Viewing, has_stars: bool) -> Markup {
        let n_movies = viewing.recommender().movies().len();
        let most = self.assessed.reasons.iter().map(|it| it.contribution().abs());
        let most = most.fold(f32::MIN_POSITIVE, f32::max);
        let (mut told, small): (Vec<&Reason<'_>>, Vec<&Reason<'_>>) =
            self.assessed.reasons.iter().partition(|it| it.contribution().abs() >= NOTICEABLE);
        // What is summed up tells least: it stands at the end.
        told.sort_by_key(|reason| matches!(reason, Reason::OtherMovies { .. }));
        let rest: f32 = small.iter().map(|it| it.contribution()).sum();
        html! {
            section .fit aria-labelledby="fit" {
                h2 #fit { "How it fits you" }
                @if has_stars { p { "What your other films say of it, had you not rated it:" } }
                @else if let Some(place) = self.place {
                    p { "Number " b { (names::thousands(place)) } " of " (names::movies(n_movies)) "." }
                }
                @if !self.is_known {
                    p { "Rate a few films you know, and this says how well it fits. "
                        a href="/welcome/rate" { "Rate films" } }
                }
                @if !told.is_empty() {
                    ul .parts {
                        @for reason in &told { li { (part(reason, most)) } }
                        @if !small.is_empty() {
                            li { (bar(rest, most)) span { "What is too small to tell" } }
                        }
                    }
                    p .small {
                        "Each part is what it adds to the score or takes from it. Together: "
                        (format!("{:.2}", self.assessed.score)) "."
                    }
                }
                @if let Some(line) = &self.counterfactual { p { (line) } }
            }
        }
    }
}

/// A part of a score: how much, and what.
fn part(reason: &Reason<'_>, most: f32) -> Markup {
    let Description { sentence, details } = describe(reason);
    html! {
        (bar(reason.contribution(), most))
        span {
            @for segment in sentence {
                @match segment {
                    Segment::Text(text) => (text),
                    Segment::Movie { movie_id, title } => {
                        a href={ "/films/" (movie_id.0) } { (title) }
                    },
                }
            }
            @for detail in details { span .detail { (detail) } }
        }
    }
}

/// A part's size, as a number and drawn.
fn bar(part: f32, most: f32) -> Markup {
    let width = format!("{:.1}", (part.abs() / most * 60.0).min(60.0));
    let side = if part < 0.0 { "against" } else { "for" };
    html! {
        span .size {
            svg viewBox="0 0 60 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                rect x="0" y="0" width=(width) height="8" class=(side) {}
            }
            span { (signed(part)) }
        }
    }
}

/// With its sign, and no minus before nothing.
fn signed(part: f32) -> String {
    let text = format!("{:.2}", part.abs());
    if part < 0.0 && text != "0.00" { format!("−{text}") } else { format!("+{text}") }
}

/// Services, those of the viewer marked, and who says so.
fn where_to_watch(viewing: &Viewing, movie: &MovieCard<'_>) -> Markup {
    let index = viewing.recommender().index();
    let region = viewing.region.map(|region| names::country(index.regions()[region].code()));
    let own = &viewing.taste.preferences.services;
    let is_own = |service: &str| own.iter().any(|name| name.eq_ignore_ascii_case(service));
    let services = &movie.item.services;
    html! {
        section .watch aria-labelledby="watch" {
            h2 #watch { "Where to watch" @if let Some(region) = region { " in " (region) } }
            @if services.is_empty() {
                p { "On no streaming service that we know of." }
            } @else {
                ul .tags {
                    @for service in services {
                        li { a href=(address("/browse", [("service", *service)].into_iter())) {
                            (service) @if is_own(service) { " " b { "yours" } }
                        } }
                    }
                }
                @if movie.item.services_source == Some(ServicesSource::Mock) {
                    p { span .mock { "mock" } " These services are invented, for trying things out." }
                } @else if let Some(attribution) = viewing.serving.bundle.attribution(viewing.region) {
                    p .small { (attribution) }
                }
            }
        }
    }
}

/// Films like it, whoever asks.
fn similar(viewing: &Viewing, film: MovieIdx) -> Result<Vec<MovieCard<'_>>, Problem> {
    let recommender = viewing.recommender();
    let movie = recommender.movie(film);
    let request = viewing.resolve(&Query {
        liked: vec![movie.movie_id],
        limit: SIMILAR,
        diversity: Some(0.0),
        explain: true,
        ..Query::default()
    })?;
    let movies = recommender.recommend(&request).items.into_iter().map(|recommended| {
        let film = recommended.movie;
        MovieCard { why: Some(why_similar(recommended)), ..viewing.movie(film) }
    });
    Ok(movies.collect())
}

fn keywords(movie: &Movie) -> Markup {
    html! {
        @if !movie.keywords.is_empty() {
            section aria-labelledby="keywords" {
                h2 #keywords { "Keywords" }
                ul .tags {
                    @for keyword in movie.keywords.iter().take(KEYWORDS) {
                        li { a href=(searched(keyword)) { (keyword) } }
                    }
                }
            }
        }
    }
}

/// The film at others.
fn elsewhere(movie: &Movie) -> Markup {
    html! {
        p .small {
            "MovieLens number " (movie.movie_id.0)
            @if let Some(tmdb) = movie.tmdb_id {
                " · " a href={ "https://www.themoviedb.org/movie/" (tmdb.0) } rel="noreferrer" { "at TMDB" }
            }
            @if let Some(imdb) = &movie.imdb_id {
                " · " a href={ "https://www.imdb.com/title/tt" (imdb) "/" } rel="noreferrer" { "at IMDb" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_ten_buttons_and_those_up_to_the_given_are_lit() {
        let lit = |given: Option<u8>| {
            let html = halves(given.and_then(Stars::from_halves)).into_string();
            let count = |what| html.matches(what).count();
            (count("<button"), count("class=\"on\""), count("aria-pressed=\"true\""))
        };
        assert_eq!(lit(None), (10, 0, 0));
        assert_eq!(lit(Some(7)), (10, 7, 1));
        assert_eq!(stars_label(Stars::from_halves(1).unwrap()), "0.5 star");
        assert_eq!(stars_label(Stars::from_halves(9).unwrap()), "4.5 stars");
    }

    #[test]
    fn parts_have_their_sign() {
        assert_eq!([0.314, -0.2, -0.001].map(signed), ["+0.31", "−0.20", "+0.00"]);
    }
}
