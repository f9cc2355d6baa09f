//! `GET /films/{id}`: a movie's facts, its fit with the user's taste, streaming services and similar movies.

use std::num::IntErrorKind::{NegOverflow, PosOverflow};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use cinematch::catalog::{Movie, ServicesSource, title_with_year};
use cinematch::models::biased_mf::Prediction;
use cinematch::ranking::Recommendation;
use maud::{Markup, html};

use super::card::{action_buttons, cards, marks, poster};
use super::form::address;
use super::layout::{Nav, Page, page};
use super::movie_fit;
use super::page_caller::{PageCaller, PageUser};
use super::rating::rating_form;
use super::texts::{self as common, card as card_texts, errors, movie as texts, names, numbers};
use cinematch_http::extract::PathParams;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::catalog::find_movie;
use cinematch_service::movie_fit::MovieFit;
use cinematch_service::user_view::{MovieCard, UserView};

/// Maximum number of similar movies.
const N_SIMILAR: usize = 12;
/// Maximum numbers of actors and keywords shown.
const MAX_CAST: usize = 10;
const MAX_KEYWORDS: usize = 20;
/// Maximum number of characters of an invalid address that the error page shows.
const MAX_WORDS: usize = 40;

/// Renders a movie's page, or a link to the search if the address contains no movie ID.
pub async fn movie(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    PathParams(text): PathParams<String>,
) -> Result<Response, Problem> {
    let movie_id = match text.parse::<i64>() {
        Ok(movie_id) => movie_id,
        Err(error) if matches!(error.kind(), PosOverflow | NegOverflow) => {
            return Err(Problem::not_found(texts::NUMBER_OUT_OF_RANGE));
        }
        Err(_) => return Ok(invalid_address(&caller, &text)),
    };
    let view = UserView::load(&service, &profile).await?;
    let index = find_movie(view.recommender(), movie_id)?;
    let movie = view.recommender().movie(index);
    let card = view.movie(index);
    let fit = MovieFit::new(&view, index)?;
    let has_stars = card.status.feedback.as_ref().is_some_and(|feedback| feedback.stars.is_some());
    let mut similar = view.similar(index, N_SIMILAR)?;
    if fit.is_known {
        view.assess(&mut similar)?;
    }
    let main = html! {
        article .film {
            div .poster { (poster(&card.item)) }
            div .about {
                h1 { (movie.title) }
                (facts(movie, &card))
                @if fit.is_known && !has_stars {
                    (match_line(&fit.recommendation))
                    (prediction(fit.recommendation.reliable_stars()))
                 }
                (name_links(texts::DIRECTED_BY, &movie.directors))
                @if let Some(overview) = &movie.overview { p .overview { (overview) } }
                (name_links(texts::STARRING, &movie.cast[..movie.cast.len().min(MAX_CAST)]))
                (action_buttons(movie.movie_id.0, &movie.title, &card.status))
                (rating_form(movie.movie_id.0, &card.status))
            }
        }
        div .sections {
            (movie_fit::section(&fit, &view, has_stars))
            (where_to_watch(&view, &card))
        }
        @if !similar.is_empty() {
            section .row aria-labelledby="similar" {
                h2 #similar { (texts::SIMILAR) }
                (cards(&similar))
            }
        }
        (keywords(movie))
        (external_links(movie))
    };
    let title = title_with_year(&movie.title, movie.year);
    Ok(page(&caller, &Page::new(title, Nav::Other, main)))
}

/// Renders the error page for an address whose last part, `text`, is not a movie ID.
fn invalid_address(caller: &PageCaller, text: &str) -> Response {
    let words: String = text.chars().take(MAX_WORDS).collect();
    let main = html! {
        section .plain {
            h1 { (errors::heading(StatusCode::NOT_FOUND)) }
            p { (texts::NO_NUMBER) }
            p {
                a .button href=(search_address(&words)) { (texts::search_for(&words)) } " "
                a .button href="/" { (errors::GO_HOME) }
            }
        }
    };
    let title = errors::heading(StatusCode::NOT_FOUND);
    let mut response = page(caller, &Page::new(title, Nav::Other, main));
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    response
}

/// Renders year, length, language, votes, marks and genres.
fn facts(movie: &Movie, card: &MovieCard<'_>) -> Markup {
    let votes = movie.vote_average.zip(movie.vote_count).filter(|(_, count)| *count > 0);
    html! {
        p .facts {
            @if let Some(year) = movie.year { span { (year) } }
            @if let Some(minutes) = movie.runtime { span { (numbers::duration(minutes)) } }
            @if let Some(code) = &movie.original_language { span { (names::language(code)) } }
            @if let Some((average, count)) = votes {
                span { (numbers::tmdb_votes(average, count as usize)) }
            }
            (marks(card))
        }
        @if !movie.genres.is_empty() {
            ul .tags aria-label=(common::GENRES) {
                @for genre in &movie.genres {
                    li { a href=(address("/browse", [("genre", genre.as_str())].into_iter())) { (numbers::title_case(genre)) } }
                }
            }
        }
    }
}

/// Renders people's names, each as a link to a search for the person's movies.
fn name_links(before: &str, names: &[String]) -> Markup {
    html! {
        @if !names.is_empty() {
            p .with {
                (before) " "
                @for (at, name) in names.iter().enumerate() {
                    @if at > 0 { ", " }
                    a href=(search_address(name)) { (name) }
                }
            }
        }
    }
}

fn search_address(words: &str) -> String {
    address("/search", [("q", words)].into_iter())
}

/// Renders the match and its meaning.
fn match_line(recommendation: &Recommendation<'_>) -> Markup {
    html! {
        @if let Some(share) = recommendation.match_probability {
            p .match { b { (numbers::percent(share)) " " (card_texts::MATCH) } span .of { (texts::MATCH_MEANING) } }
        }
    }
}

/// Renders the predicted rating and its interval, as text and as a drawing.
fn prediction(predicted: Option<Prediction>) -> Markup {
    let Some(Prediction { stars, low, high }) = predicted else { return html! {} };
    // The scale goes from 0.5 to 5 stars, with 20 units per star.
    let at = |stars: f32| format!("{:.1}", (stars - 0.5) * 20.0);
    let width = format!("{:.1}", (high - low) * 20.0);
    html! {
        div .predicted {
            p { b { "★ " (format!("{stars:.1}")) } (texts::predicted(low, high)) }
            svg viewBox="-2 0 94 8" aria-hidden="true" focusable="false" {
                rect x="0" y="3" width="90" height="2" rx="1" .all-stars {}
                rect x=(at(low)) y="2" width=(width) height="4" rx="2" .likely {}
                circle cx=(at(stars)) cy="4" r="3" .point {}
            }
        }
    }
}

/// Renders the streaming services, with the user's own services marked, and the source of the data.
fn where_to_watch(view: &UserView, movie: &MovieCard<'_>) -> Markup {
    let index = view.recommender().index();
    let region = view.region.map(|region| names::country(index.regions()[region].code()));
    let user_services = &view.history.preferences.services;
    let is_subscribed =
        |service: &str| user_services.iter().any(|name| name.eq_ignore_ascii_case(service));
    let services = &movie.item.services;
    html! {
        section .watch aria-labelledby="watch" {
            h2 #watch { (texts::where_to_watch(region)) }
            @if services.is_empty() {
                p { (texts::NO_SERVICES) }
            } @else {
                ul .tags {
                    @for service in services {
                        li { a href=(address("/browse", [("service", *service)].into_iter())) {
                            (service) @if is_subscribed(service) { " " b { (texts::YOURS) } }
                        } }
                    }
                }
                @if movie.item.services_source == Some(ServicesSource::Mock) {
                    p { span .mock { (common::DEMO) } " " (texts::DEMO_SERVICES) }
                } @else if let Some(attribution) = view.serving.bundle.attribution(view.region) {
                    p .small { (attribution) }
                }
            }
        }
    }
}

fn keywords(movie: &Movie) -> Markup {
    html! {
        @if !movie.keywords.is_empty() {
            section aria-labelledby="keywords" {
                h2 #keywords { (texts::KEYWORDS) }
                ul .tags {
                    @for keyword in movie.keywords.iter().take(MAX_KEYWORDS) {
                        li { a href=(search_address(keyword)) { (keyword) } }
                    }
                }
            }
        }
    }
}

/// Renders links to the movie on other sites.
fn external_links(movie: &Movie) -> Markup {
    html! {
        @if movie.tmdb_id.is_some() || movie.imdb_id.is_some() {
            p .small {
                (texts::VIEW_ON)
                @if let Some(tmdb) = movie.tmdb_id {
                    a href={ "https://www.themoviedb.org/movie/" (tmdb.0) } rel="noreferrer" { "TMDB" }
                }
                @if movie.tmdb_id.is_some() && movie.imdb_id.is_some() { " · " }
                @if let Some(imdb) = &movie.imdb_id {
                    a href={ "https://www.imdb.com/title/tt" (imdb) "/" } rel="noreferrer" { "IMDb" }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cinematch_testing::{PlainBrowser, movie_ids};
    use serde_json::json;

    use crate::testing::{between, movies, sample};

    /// Returns a genre in title case, as pages show it.
    fn title_case(genre: &str) -> String {
        let mut after_letter = false;
        let cased = genre.chars().map(|letter| {
            let cased = if after_letter { letter } else { letter.to_ascii_uppercase() };
            after_letter = letter.is_alphanumeric();
            cased
        });
        cased.collect()
    }

    #[test]
    fn movie_page_shows_facts_similar_movies_and_score_parts() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "Ada");
        let page = ada.page("/films/163");
        let heat = server.get("/api/movies/163").json();
        let texts = |field: &str| -> Vec<String> {
            let list = heat[field].as_array().unwrap().iter();
            list.map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let directors = heat["director"].as_str().unwrap().split(", ").map(str::to_owned).collect();
        let genres = texts("genres").iter().map(|genre| title_case(genre)).collect();
        for text in [genres, texts("services"), directors].concat() {
            assert!(page.contains(&format!(">{text}")), "{text}");
        }
        assert!(
            page.contains("<title>Heat (1995) · CineMatch</title>")
                && page.contains("<h1>Heat</h1>")
        );
        assert!(page.contains("Rate a few films to see") && !page.contains("Ranked <b>"));
        // Similar movies match the API's.
        let similar = server.get("/api/movies/163/similar?limit=12").json();
        let similar = movie_ids(similar["similar"].as_array().unwrap());
        assert_eq!(movies(&page), [&[163][..], &similar].concat());

        // Users with feedback see the parts of the score, which sum to the total.
        let body = json!({"movie_id": similar[0], "rating": 5.0});
        assert_eq!(server.as_user("1", ("POST", "/api/feedback"), Some(&body)).status, 200);
        let before = ada.page("/films/163");
        let fit = between(&before, "aria-labelledby=\"fit\">", "</section>");
        assert!(fit.contains("Ranked <b>") && fit.contains("You rated <a href="), "{fit}");
        let contributions = fit.split("<td class=\"number\">").skip(1).map(|cell| {
            cell.split("</td>").next().unwrap().replace('−', "-").parse::<f64>().unwrap()
        });
        let contributions: Vec<f64> = contributions.collect();
        let total: f64 = between(&fit, "Score: ", ".</p>").parse().unwrap();
        let rounding = 0.005 * (contributions.len() + 1) as f64;
        assert!((contributions.iter().sum::<f64>() - total).abs() <= rounding, "{fit}");

        // A rating given here is stored and shown, and does not affect the score of this movie. The match is hidden for
        // a movie that the user rated.
        assert!(before.contains(": how likely you are to give it 4 stars or more"));
        assert_eq!(ada.send("/films/163/say", "stars=4.5", &[]).status, 303);
        let after = ada.page("/films/163");
        assert!(after.contains("Your rating: 4.5") && after.matches("class=\"on\"").count() == 9);
        let parts = |fit: &str| between(fit, "<ul class=\"parts\">", "</ul>");
        let after_fit = between(&after, "aria-labelledby=\"fit\">", "</section>");
        assert_eq!(parts(&after_fit), parts(&fit));
        assert!(after_fit.contains("ignoring your rating") && !after_fit.contains("Ranked <b>"));
        assert!(!after.contains(": how likely you are to give it 4 stars or more"));
        let parts = ada.send("/films/163/say", "stars=none", &[("x-fragment", "1")]).text;
        assert!(parts.contains("id=\"rate-163\"") && !parts.contains("class=\"on\""), "{parts}");
        assert_eq!(ada.get("/films/999999999").status, 404);
        assert_eq!(ada.get("/films/99999999999").status, 404);
        for number in ["99999999999999999999", "-99999999999999999999"] {
            let reply = ada.get(&format!("/films/{number}"));
            assert_eq!(reply.status, 404);
            assert!(reply.text.contains("No film has this number"), "{}", reply.text);
        }
        assert_eq!(ada.get("/films/x").status, 422);
    }

    #[test]
    fn an_address_without_a_film_number_leads_to_the_search() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        let reply = ada.get("/films/blade%20runner%3Cb%3E");
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert!(reply.text.contains("This address doesn’t contain a film number."));
        let link = "href=\"/search?q=blade%20runner%3Cb%3E\">Search for “blade runner&lt;b&gt;”";
        assert!(reply.text.contains(link), "{}", reply.text);
        for jargon in ["movie_id", "4294967295", "whole number"] {
            assert!(!between(&reply.text, "<main", "</main>").contains(jargon), "{jargon}");
        }
    }
}
