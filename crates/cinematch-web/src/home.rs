//! `GET /`: rows of films, each with why it is there.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use cinematch::ids::MovieId;
use cinematch::ranking::{Order, Query};
use cinematch_store::{MovieFeedback, Reaction};
use maud::{Markup, html};

use super::card::shelf;
use super::layout::{Nav, Page, page};
use super::movies::{MovieCard, Viewing};
use super::visitor::Visitor;
use cinematch_http::config::AccessMode;
use cinematch_http::problem::Problem;
use cinematch_service::Service;

/// Films in a row.
const ROW: usize = 12;
/// Films that have a row of their own: "Because you loved …".
const LOVED: usize = 2;
/// Services that have one.
const SERVICES: usize = 2;
/// From so many stars on a film is loved.
const LOVED_FROM: f32 = 4.0;
/// What a gem is: so much counts being little known, and so good and so sure of it are its votes.
const GEM_NOVELTY: f32 = 1.0;
const GEM_VOTES: u32 = 20;
const GEM_RATING: f64 = 6.5;
/// Of films like a loved one those come last that would probably get fewer stars.
const DOUBTFUL_BELOW: f32 = 3.0;
/// So many films spoken of make a taste.
const ENOUGH: usize = 5;

/// The first page; whoever is nobody yet is asked who they are.
pub async fn home(State(state): State<Service>, visitor: Visitor) -> Result<Response, Problem> {
    let Some(profile) = &visitor.profile else {
        let is_empty =
            visitor.mode == AccessMode::Open && state.store().accounts().await?.is_empty();
        let door = if is_empty { "/welcome" } else { visitor.door() };
        return Ok(Redirect::to(door).into_response());
    };
    let viewing = Viewing::of(&state, profile).await?;
    let rows = rows(&viewing)?;
    let main = html! {
        h1 .unseen { "Films for " (profile.name) }
        (invitation(viewing.taste.movies.len()))
        @for (at, row) in rows.iter().enumerate() {
            (shelf(&format!("row-{at}"), &row.heading, &row.movies))
        }
        @if rows.iter().all(|row| row.movies.is_empty()) {
            section .plain {
                p { "No film passes your preferences any more." }
                p { a .button href="/me" { "Change them" } }
            }
        }
        @if let Some(attribution) = viewing.serving.bundle.attribution(viewing.region) {
            p .small { (attribution) }
        }
    };
    Ok(page(&visitor, &Page::new("Home", Nav::Home, main)))
}

/// Somebody of whom little is known is asked for more.
fn invitation(n_movies: usize) -> Markup {
    html! {
        @if n_movies < ENOUGH {
            section .invitation {
                p {
                    @if n_movies == 0 { "These are films that many love. A few answers make them yours." }
                    @else { "A few more answers make this list yours." }
                }
                p {
                    a .button href="/welcome/rate" { "Rate films you know" } " "
                    a href="/import" { "Bring your ratings along" }
                }
            }
        }
    }
}

/// A row of films under what they have in common.
struct Row<'a> {
    heading: Markup,
    movies: Vec<MovieCard<'a>>,
}

/// Rows in the making: no film stands in two of them.
struct Rows<'a> {
    viewing: &'a Viewing,
    rows: Vec<Row<'a>>,
    shown: Vec<MovieId>,
}

impl Rows<'_> {
    /// Adds what a query finds.
    fn add(&mut self, heading: Markup, mut query: Query) -> Result<(), Problem> {
        query.exclude.extend_from_slice(&self.shown);
        let mut movies = self.viewing.list(&query)?;
        // A row by one film knows less of its viewer than can be known.
        self.viewing.predict(&mut movies)?;
        if movies.len() > ROW {
            movies.sort_by_key(|movie| is_doubtful(movie));
            movies.truncate(ROW);
        }
        self.shown.extend(movies.iter().map(|movie| movie.item.movie_id));
        self.rows.push(Row { heading, movies });
        Ok(())
    }
}

/// Whether a viewer would probably not like a film, however like one they love it is.
fn is_doubtful(movie: &MovieCard<'_>) -> bool {
    let predicted = movie.why.as_ref().and_then(|why| why.predicted_rating);
    predicted.is_some_and(|predicted| predicted.stars < DOUBTFUL_BELOW)
}

/// The rows of a page.
fn rows(viewing: &Viewing) -> Result<Vec<Row<'_>>, Problem> {
    let mut rows = Rows { viewing, rows: Vec::new(), shown: Vec::new() };
    let is_known = viewing.taste.liked().next().is_some() || viewing.taste.rated().next().is_some();
    let whole = || viewing.query(ROW);
    let first = if is_known { "Picked for you" } else { "Loved by many" };
    rows.add(html! { (first) }, whole())?;
    for (loved, title) in loved(viewing) {
        // By this film alone; what is known beside it says only what not to show.
        let mut query = whole();
        query.liked.retain(|movie| *movie == loved);
        query.disliked.clear();
        query.ratings.retain(|rating| rating.movie_id == loved);
        query.preferred_genres.clear();
        query.limit = 2 * ROW;
        rows.add(html! { "Because you loved " em { (title) } }, query)?;
    }
    if is_known {
        let mut query = Query { novelty: GEM_NOVELTY, ..whole() };
        query.filters.min_votes = GEM_VOTES;
        query.filters.rating_min = Some(GEM_RATING);
        rows.add(html! { "Hidden gems in your taste" }, query)?;
    }
    let services = viewing.query(ROW).filters.services;
    for service in services.into_iter().take(SERVICES) {
        let heading = html! { "New to you on " (service) };
        let mut query = whole();
        query.filters.services = vec![service];
        rows.add(heading, query)?;
    }
    rows.add(html! { "Trending" }, Query { order: Order::Popularity, ..whole() })?;
    Ok(rows.rows)
}

/// The films that somebody loves most, of equals the last spoken of.
fn loved(viewing: &Viewing) -> Vec<(MovieId, &str)> {
    let stars = |film: &MovieFeedback| match (film.stars, film.reaction) {
        (Some(stars), _) => stars.value(),
        (None, Some(Reaction::Like)) => LOVED_FROM,
        (None, _) => 0.0,
    };
    let movies = viewing.taste.movies.iter().filter(|film| stars(film) >= LOVED_FROM);
    let mut movies: Vec<&MovieFeedback> = movies.collect();
    movies.sort_by(|a, b| {
        let by_stars = stars(b).total_cmp(&stars(a));
        by_stars.then(b.updated_at.cmp(&a.updated_at)).then(a.movie_id.cmp(&b.movie_id))
    });
    let titled = movies.into_iter().filter_map(|film| {
        let movie = viewing.recommender().movie(viewing.find(film.movie_id)?);
        Some((film.movie_id, movie.title.as_str()))
    });
    titled.take(LOVED).collect()
}
