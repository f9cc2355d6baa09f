//! `GET /`: rows of recommended movies.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::adventure;
use super::card::shelf;
use super::layout::{Nav, Page, page};
use super::page_caller::PageCaller;
use super::texts::{self as common, home as texts, layout};
use cinematch_http::config::AccessMode;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::home::{RowKind, home_rows};
use cinematch_service::profile;
use cinematch_service::user_view::UserView;

/// Number of movies with feedback at which the page stops asking for ratings.
const MIN_FEEDBACK: usize = 5;

/// Renders the home page. Callers without a profile are redirected to choose or create one.
pub async fn home(State(service): State<Service>, caller: PageCaller) -> Result<Response, Problem> {
    let Some(user) = &caller.profile else {
        let is_empty =
            caller.mode() == AccessMode::Open && profile::list(&service).await?.is_empty();
        let entry_page = if is_empty { "/welcome" } else { caller.entry_page() };
        return Ok(Redirect::to(entry_page).into_response());
    };
    let view = UserView::load(&service, user).await?;
    let rows = home_rows(&view)?;
    let main = html! {
        h1 .unseen { (texts::heading(&user.name)) }
        (invitation(view.history.movies.len()))
        (adventure::dial(&view.history.preferences))
        @for (at, row) in rows.iter().enumerate() {
            (shelf(&format!("row-{at}"), &heading(&row.kind), &row.movies))
        }
        @if rows.iter().all(|row| row.movies.is_empty()) {
            section .plain {
                p { (texts::NO_MATCHES) }
                p { a .button href="/me" { (texts::CHANGE_PREFERENCES) } }
            }
        }
        @if let Some(attribution) = view.serving.bundle.attribution(view.region) {
            p .small { (attribution) }
        }
    };
    Ok(page(&caller, &Page::new(layout::HOME, Nav::Home, main)))
}

/// Renders the heading of a row.
fn heading(kind: &RowKind<'_>) -> Markup {
    html! {
        @match kind {
            RowKind::Picked => (texts::PICKED),
            RowKind::LovedByMany => (texts::LOVED_BY_MANY),
            RowKind::BecauseYouLoved(title) => { (texts::BECAUSE_YOU_LOVED) em { (title) } },
            RowKind::Interest(interest) => (texts::interest(*interest)),
            RowKind::HiddenGems => (texts::HIDDEN_GEMS),
            RowKind::OnService(service) => (texts::new_on(service)),
            RowKind::Popular(source) => (texts::popular(*source)),
        }
    }
}

/// Renders an invitation to rate movies for users with little feedback.
fn invitation(n_movies: usize) -> Markup {
    html! {
        @if n_movies < MIN_FEEDBACK {
            section .invitation {
                p {
                    @if n_movies == 0 { (texts::NEW_USER) }
                    @else { (texts::FEW_RATINGS) }
                }
                p {
                    a .button href="/welcome/rate" { (common::RATE_FILMS) } " "
                    a href="/import" { (common::IMPORT_RATINGS) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cinematch_testing::PlainBrowser;
    use serde_json::json;

    use crate::testing::{matches, sample};

    #[test]
    fn redirects_to_onboarding_or_the_profiles_without_a_profile() {
        let server = sample();
        let first = server.get_as("/", "text/html");
        assert_eq!((first.status, &first.headers["location"]), (303, &"/welcome".parse().unwrap()));
        let ada = PlainBrowser::new(&server, "Ada");
        assert!(ada.page("/").contains("Films for Ada"));
        // A second browser is redirected to the choice of profiles.
        let other = server.get_as("/", "text/html");
        assert_eq!(other.headers["location"], "/people");
        let people = server.get_as("/people", "text/html").text;
        assert!(people.contains(">Ada</span>"), "{people}");
    }

    /// Returns the rows of the home page: each heading with its movie IDs.
    fn rows(page: &str) -> Vec<(String, Vec<u32>)> {
        let row = |row: &str| {
            let heading = row.split("</h2>").next().unwrap().rsplit_once("\">").unwrap().1;
            let movies = row.split("id=\"say-").skip(1);
            let number = |movie: &str| movie.split('"').next().unwrap().parse().unwrap();
            (heading.replace("<em>", "").replace("</em>", ""), movies.map(number).collect())
        };
        page.split("<section class=\"row\"").skip(1).map(row).collect()
    }

    #[test]
    fn hidden_gems_have_few_votes_and_no_genre_that_the_user_dislikes() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        let rate = |movie_id: u64, rating: f32| {
            let body = json!({ "movie_id": movie_id, "rating": rating });
            assert_eq!(server.as_user("1", ("POST", "/api/feedback"), Some(&body)).status, 200);
        };
        let gems = || {
            let rows = rows(&ada.page("/"));
            let gems = rows.into_iter().find(|(heading, _)| heading == "Hidden gems for you");
            gems.map(|(_, movies)| movies).unwrap_or_default()
        };
        let movie = |id: u32| server.get(&format!("/api/movies/{id}")).json();
        rate(163, 5.0);
        let before = gems();
        assert!(!before.is_empty());
        let votes = |id: &u32| movie(*id)["vote_count"].as_u64().unwrap();
        assert!(before.iter().all(|id| (20..=2_000).contains(&votes(id))), "{before:?}");
        // Disliking two films of the first gem's genre removes the genre.
        let genre = movie(before[0])["genres"][0].clone();
        let of_genre = server.get(&format!("/api/movies?genre={}", genre.as_str().unwrap())).json();
        for disliked in of_genre["movies"].as_array().unwrap().iter().take(3) {
            rate(disliked["movie_id"].as_u64().unwrap(), 1.0);
        }
        let has_genre = |id: &u32| movie(*id)["genres"].as_array().unwrap().contains(&genre);
        let after = gems();
        assert!(!after.iter().any(has_genre), "{genre}: {after:?}");
    }

    #[test]
    fn interests_of_the_user_have_rows() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        // Rashomon, Seven Samurai and Pather Panchali, of the fifties.
        for movie_id in [18, 21, 24] {
            let body = json!({ "movie_id": movie_id, "rating": 5.0 });
            assert_eq!(server.as_user("1", ("POST", "/api/feedback"), Some(&body)).status, 200);
        }
        let rows = rows(&ada.page("/"));
        let (_, fifties) = rows.iter().find(|(heading, _)| heading == "From the 1950s").unwrap();
        assert!(fifties.len() >= 4 && fifties.iter().all(|id| (17..=34).contains(id)), "{rows:?}");
    }

    #[test]
    fn rows_state_their_reason_and_never_repeat_a_movie() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        let without_ratings = rows(&ada.page("/"));
        let headings: Vec<&str> =
            without_ratings.iter().map(|(heading, _)| heading.as_str()).collect();
        assert_eq!(headings, ["Loved by many", "Popular on MovieLens lately"]);
        for (movie_id, rating) in [(163, 5.0), (1, 4.5), (2, 2.0)] {
            let body = json!({ "movie_id": movie_id, "rating": rating });
            assert_eq!(server.as_user("1", ("POST", "/api/feedback"), Some(&body)).status, 200);
        }
        let body = json!({ "services": ["Netflix"] });
        assert_eq!(server.as_user("1", ("PUT", "/api/preferences/me"), Some(&body)).status, 200);
        let page = ada.page("/");
        let rows = rows(&page);
        let headings: Vec<&str> = rows.iter().map(|(heading, _)| heading.as_str()).collect();
        let allowed = [
            "Picked for you",
            "Because you loved Heat",
            "Because you loved Toy Story",
            "Hidden gems for you",
            "New to you on Netflix",
            "Popular on MovieLens lately",
        ];
        // A row without movies is omitted.
        assert!(headings.iter().all(|it| allowed.contains(it)), "{headings:?}");
        assert!(headings.len() >= 4 && headings[..2] == allowed[..2], "{headings:?}");
        let mut movies: Vec<u32> = rows.iter().flat_map(|(_, movies)| movies.clone()).collect();
        assert!([163, 1, 2].iter().all(|seen| !movies.contains(seen)));
        let (shown, first) = (movies.len(), rows[0].1.len());
        movies.sort_unstable();
        movies.dedup();
        assert_eq!((movies.len(), first), (shown, 12));
        // Within each row, only matches within 5 points of each other (6 after rounding) are out of order.
        for row in page.split("<section class=\"row\"").skip(1) {
            let matches = matches(row);
            let falls = |(place, share): (usize, &u32)| {
                matches[place..].iter().all(|later| *later <= share + 6)
            };
            assert!(!matches.is_empty() && matches.iter().enumerate().all(falls), "{matches:?}");
        }
        // Cards show matches and reasons, and mark mock services as a demo.
        assert!(!matches(&page).is_empty() && page.contains("Heat, which you gave 5★."), "{page}");
        assert!(page.contains(">demo</span>"));
    }
}
