//! `GET /`: rows of recommended movies.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use cinematch::ids::MovieId;
use cinematch::ranking::{Order, Query};
use cinematch_store::{MovieFeedback, Reaction};
use maud::{Markup, html};

use super::card::shelf;
use super::layout::{Nav, Page, page};
use super::movies::{MovieCard, UserView};
use super::page_caller::PageCaller;
use super::texts::{self as common, home as texts, layout};
use cinematch_http::config::AccessMode;
use cinematch_http::problem::Problem;
use cinematch_service::Service;

/// Maximum number of movies in a row.
const ROW_LENGTH: usize = 12;
/// Maximum number of "Because you loved …" rows.
const MAX_LOVED_ROWS: usize = 2;
/// Maximum number of rows for streaming services.
const MAX_SERVICE_ROWS: usize = 2;
/// Minimum rating of a loved movie.
const MIN_LOVED_STARS: f32 = 4.0;
/// Parameters of hidden gems: weight of novelty, minimum votes and minimum TMDB rating.
const GEM_NOVELTY: f32 = 1.0;
const MIN_GEM_VOTES: u32 = 20;
const MIN_GEM_RATING: f64 = 6.5;
/// Predicted rating below which movies move to the end of their row.
const DOUBTFUL_BELOW_STARS: f32 = 3.0;
/// Number of movies with feedback at which the page stops asking for ratings.
const MIN_FEEDBACK: usize = 5;

/// Renders the home page. Callers without a profile are redirected to choose or create one.
pub async fn home(State(state): State<Service>, caller: PageCaller) -> Result<Response, Problem> {
    let Some(profile) = &caller.profile else {
        let is_empty =
            caller.mode == AccessMode::Open && state.store().accounts().await?.is_empty();
        let entry_page = if is_empty { "/welcome" } else { caller.entry_page() };
        return Ok(Redirect::to(entry_page).into_response());
    };
    let view = UserView::load(&state, profile).await?;
    let rows = rows(&view)?;
    let main = html! {
        h1 .unseen { (texts::heading(&profile.name)) }
        (invitation(view.history.movies.len()))
        @for (at, row) in rows.iter().enumerate() {
            (shelf(&format!("row-{at}"), &row.heading, &row.movies))
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

/// A row of movies under a heading.
struct Row<'a> {
    heading: Markup,
    movies: Vec<MovieCard<'a>>,
}

/// Builds rows. Every movie is in at most one row.
struct Rows<'a> {
    view: &'a UserView,
    rows: Vec<Row<'a>>,
    shown: Vec<MovieId>,
}

impl Rows<'_> {
    /// Adds a row with the results of a query.
    fn add(&mut self, heading: Markup, mut query: Query) -> Result<(), Problem> {
        query.exclude.extend_from_slice(&self.shown);
        let mut movies = self.view.list(&query)?;
        // A row that is ranked by a single movie needs predictions from the whole history.
        self.view.predict(&mut movies)?;
        if movies.len() > ROW_LENGTH {
            movies.sort_by_key(|movie| is_doubtful(movie));
            movies.truncate(ROW_LENGTH);
        }
        self.shown.extend(movies.iter().map(|movie| movie.item.movie_id));
        self.rows.push(Row { heading, movies });
        Ok(())
    }
}

/// Returns true if the user would probably not like a movie, although it is similar to a movie that the user loves.
fn is_doubtful(movie: &MovieCard<'_>) -> bool {
    let predicted = movie.details.as_ref().and_then(|details| details.predicted_rating);
    predicted.is_some_and(|predicted| predicted.stars < DOUBTFUL_BELOW_STARS)
}

/// Builds the rows of the page.
fn rows(view: &UserView) -> Result<Vec<Row<'_>>, Problem> {
    let mut rows = Rows { view, rows: Vec::new(), shown: Vec::new() };
    let has_history =
        view.history.liked().next().is_some() || view.history.rated().next().is_some();
    let base_query = || view.query(ROW_LENGTH);
    let first = if has_history { texts::PICKED } else { texts::LOVED_BY_MANY };
    rows.add(html! { (first) }, base_query())?;
    for (loved, title) in loved(view) {
        // Ranks by this movie alone; the rest of the history only excludes movies.
        let mut query = base_query();
        query.liked.retain(|movie| *movie == loved);
        query.disliked.clear();
        query.ratings.retain(|rating| rating.movie_id == loved);
        query.preferred_genres.clear();
        query.limit = 2 * ROW_LENGTH;
        rows.add(html! { (texts::BECAUSE_YOU_LOVED) em { (title) } }, query)?;
    }
    if has_history {
        let mut query = Query { novelty: GEM_NOVELTY, ..base_query() };
        query.filters.min_votes = MIN_GEM_VOTES;
        query.filters.rating_min = Some(MIN_GEM_RATING);
        rows.add(html! { (texts::HIDDEN_GEMS) }, query)?;
    }
    let services = view.query(ROW_LENGTH).filters.services;
    for service in services.into_iter().take(MAX_SERVICE_ROWS) {
        let heading = html! { (texts::new_on(&service)) };
        let mut query = base_query();
        query.filters.services = vec![service];
        rows.add(heading, query)?;
    }
    rows.add(html! { (texts::TRENDING) }, Query { order: Order::Popularity, ..base_query() })?;
    Ok(rows.rows)
}

/// Returns the user's most loved movies. Ties are ordered by most recent feedback.
fn loved(view: &UserView) -> Vec<(MovieId, &str)> {
    let stars = |movie: &MovieFeedback| match (movie.stars, movie.reaction) {
        (Some(stars), _) => stars.value(),
        (None, Some(Reaction::Like)) => MIN_LOVED_STARS,
        (None, _) => 0.0,
    };
    let movies = view.history.movies.iter().filter(|movie| stars(movie) >= MIN_LOVED_STARS);
    let mut movies: Vec<&MovieFeedback> = movies.collect();
    movies.sort_by(|a, b| {
        let by_stars = stars(b).total_cmp(&stars(a));
        by_stars.then(b.updated_at.cmp(&a.updated_at)).then(a.movie_id.cmp(&b.movie_id))
    });
    let titled = movies.into_iter().filter_map(|feedback| {
        let movie = view.recommender().movie(view.find(feedback.movie_id)?);
        Some((feedback.movie_id, movie.title.as_str()))
    });
    titled.take(MAX_LOVED_ROWS).collect()
}

#[cfg(test)]
mod tests {
    use cinematch_testing::PlainBrowser;
    use serde_json::json;

    use crate::testing::sample;

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

    /// Returns the rows of the home page: each heading with its movie ids.
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
    fn rows_state_their_reason_and_never_repeat_a_movie() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        let without_ratings = rows(&ada.page("/"));
        let headings: Vec<&str> =
            without_ratings.iter().map(|(heading, _)| heading.as_str()).collect();
        assert_eq!(headings, ["Loved by many", "Trending"]);
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
            "Trending",
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
        // Cards show predicted stars and reasons, and mark mock services as a demo.
        assert!(
            page.contains("Predicted for you: ") && page.contains("You gave Heat 5★"),
            "{page}"
        );
        assert!(page.contains(">demo</span>"));
    }
}
