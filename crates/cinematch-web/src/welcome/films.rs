//! `/welcome/rate`: a new user names films they love and taps covers on a wall, while their recommendations update.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use cinematch_store::{MovieFeedback, Profile, Reaction};
use maud::{Markup, html};

use super::state::WallState;
use super::steps;
use crate::actions::{parse, perform};
use crate::card::{address, poster};
use crate::form::{Fields, FormBody};
use crate::layout::{Nav, Page, page};
use crate::note::Note;
use crate::page_caller::PageUser;
use crate::rating::half_star_buttons;
use crate::responses::{fragments, redirect, redirect_with_note};
use crate::texts::{self as common, errors, search as search_texts, welcome as texts};
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::actions::Action;
use cinematch_service::catalog::find_movie;
use cinematch_service::onboarding::{list_without, next_wall};
use cinematch_service::user_view::{MovieCard, MovieStatus, UserView};

/// Path of the page.
const PATH: &str = "/welcome/rate";
/// Number of covers on a wall: full rows of 2, 3, 4, 6 or 8.
const WALL_LENGTH: usize = 24;
/// Number of films that suffice for useful recommendations.
const MIN_FILMS: usize = 5;
/// Number of recommendations beside the wall.
const LIST_LENGTH: usize = 10;
/// Maximum number of search results.
const MAX_RESULTS: usize = 12;
/// Maximum number of picked films that are listed.
const MAX_PICKED: usize = 20;
/// Maximum length of a search, in characters.
const MAX_SEARCH_LENGTH: usize = 200;

/// `GET /welcome/rate`: shows the search field, a wall and the current recommendations.
pub async fn show(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let view = UserView::load(&service, &profile).await?;
    let mut state = WallState::from_cookie(&headers, &profile);
    if !state.wall.iter().any(|movie| view.find(*movie).is_some()) {
        let wall = next_wall(&view, &state.passed, WALL_LENGTH)?;
        state.replace_wall(wall);
    }
    let last = fields.get("last").and_then(|number| number.parse().ok()).map(MovieId);
    let main = html! {
        (steps(2))
        h1 { (texts::FILMS_HEADING) }
        p .lead { (texts::FILMS_LEAD) }
        (announcement(""))
        div .picking {
            div {
                (search(&view, &fields))
                (wall(&view, &state.wall))
                (rating_bar(&view, last))
            }
            (summary(&view, last)?)
        }
    };
    let mut response = page(&caller, &Page::new(texts::FILMS_HEADING, Nav::Other, main));
    state.save(&caller, &profile, &mut response);
    Ok(response)
}

/// `POST /welcome/rate`: saves or removes feedback on a film, or shows the next wall.
pub async fn act(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    headers: HeaderMap,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    if fields.get("answer") == Some("more") {
        let view = UserView::load(&service, &profile).await?;
        let mut state = WallState::from_cookie(&headers, &profile);
        let shown = [&*state.passed, &*state.wall].concat();
        state.replace_wall(next_wall(&view, &shown, WALL_LENGTH)?);
        let mut response = if caller.is_fragment {
            let announced = announcement(texts::MORE_SHOWN);
            fragments(&html! { (wall(&view, &state.wall)) (rating_bar(&view, None)) (announced) })
        } else {
            redirect_with_note(&caller, &format!("{PATH}#wall"), &Note::plain(texts::MORE_SHOWN))
        };
        state.save(&caller, &profile, &mut response);
        return Ok(response);
    }
    let movie = fields.number("film")?.map(MovieId);
    let movie = movie.ok_or_else(|| Problem::field("film", errors::MISSING))?;
    let (notice, last) = match fields.get("answer") {
        Some("like") => {
            let like = Action::React(Reaction::Like);
            (perform(&service, &profile, movie, like).await?.text, Some(movie))
        }
        Some("remove") => (remove(&service, &profile, movie).await?, None),
        _ => {
            let stars = parse(None, fields.get("stars"))?;
            (perform(&service, &profile, movie, stars).await?.text, Some(movie))
        }
    };
    if !caller.is_fragment {
        let cover = cover_id("cover", movie);
        // A notice would hide the rating bar, which shows the same.
        return Ok(match last {
            Some(last) => redirect(&format!("{PATH}?last={}#{cover}", last.0)),
            None => redirect_with_note(&caller, &format!("{PATH}#{cover}"), &Note::plain(notice)),
        });
    }
    let view = UserView::load(&service, &profile).await?;
    let card = view.find(movie).map(|index| view.movie(index));
    Ok(fragments(&html! {
        @for id in ["cover", "found"] { @if let Some(card) = &card { (cover(id, card)) } }
        (rating_bar(&view, last))
        (picked(&view))
        (summary(&view, last)?)
        (announcement(&notice))
    }))
}

/// Removes the rating and the reaction. Returns the notice.
async fn remove(service: &Service, profile: &Profile, movie: MovieId) -> Result<String, Problem> {
    perform(service, profile, movie, Action::Rate(None)).await?;
    perform(service, profile, movie, Action::Unreact).await?;
    let bundle = service.bundle();
    let index = find_movie(&bundle.recommender, movie.0.into())?;
    Ok(texts::removed(&bundle.recommender.movie(index).title))
}

/// Renders the live region that announces changes to screen readers.
fn announcement(note: &str) -> Markup {
    html! { p #told .unseen role="status" { (note) } }
}

/// Renders the search field, its results if the browser sent the form, and the films picked so far. `search.js` turns
/// the field into a combobox that likes the chosen film by sending the form `like-found`.
fn search(view: &UserView, fields: &Fields) -> Markup {
    let words: String =
        fields.get("q").unwrap_or_default().chars().take(MAX_SEARCH_LENGTH).collect();
    let found = view.search(&words, MAX_RESULTS);
    html! {
        section .naming aria-labelledby="naming" {
            h2 #naming { (texts::NAMING_HEADING) }
            form .finder role="search" aria-labelledby="naming" action=(PATH) {
                label .unseen for="film-title" { (texts::TITLE_LABEL) }
                input #film-title type="search" name="q" value=(words) maxlength=(MAX_SEARCH_LENGTH)
                    autocomplete="off" spellcheck="false" placeholder=(texts::TITLE_PLACEHOLDER)
                    data-suggestions=(search_texts::SUGGESTIONS) data-sends="like-found";
                button .quiet .find aria-label=(texts::SEARCH) {}
            }
            form #like-found method="post" action=(PATH) data-live hidden {
                input type="hidden" name="film" value="";
                input type="hidden" name="answer" value="like";
            }
            @if !words.is_empty() {
                @if found.is_empty() { p { (search_texts::no_matches(&words)) "." } }
                (covers("found", found.into_iter()))
            }
            (picked(view))
        }
    }
}

/// Returns the films that the user liked or rated, the latest first.
fn picked_films(view: &UserView) -> Vec<&MovieFeedback> {
    let films = view.history.movies.iter().filter(|film| is_opinion(film));
    let mut films: Vec<&MovieFeedback> = films.collect();
    films.sort_by_key(|film| (std::cmp::Reverse(film.updated_at), film.movie_id));
    films
}

/// Renders the films picked so far, each with a button that removes it.
fn picked(view: &UserView) -> Markup {
    let films = picked_films(view);
    let listed = films.iter().filter_map(|film| Some((film, view.find(film.movie_id)?)));
    html! {
        div #picked {
            @if !films.is_empty() {
                h3 { (texts::PICKED) }
                ul .picked {
                    @for (film, index) in listed.take(MAX_PICKED) {
                        @let title = &view.recommender().movie(index).title;
                        li {
                            form method="post" action=(PATH) data-live {
                                input type="hidden" name="film" value=(film.movie_id.0);
                                button .quiet name="answer" value="remove" aria-label=(texts::remove(title)) {
                                    (title)
                                    @if let Some(stars) = film.stars { " ★ " (stars.value()) }
                                    span .cross { " ×" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Renders a wall of covers, and a button for the next one.
fn wall(view: &UserView, movies: &[MovieId]) -> Markup {
    let movies = movies.iter().filter_map(|movie| Some(view.movie(view.find(*movie)?)));
    let movies: Vec<MovieCard<'_>> = movies.collect();
    html! {
        section #wall .wall tabindex="-1" aria-labelledby="wall-heading" data-focus {
            h2 #wall-heading { (texts::WALL_HEADING) }
            @if movies.is_empty() { p { (texts::NO_MORE) } }
            @else {
                (covers("cover", movies.into_iter()))
                form method="post" action=(PATH) data-live {
                    button .button name="answer" value="more" { (texts::MORE) }
                }
            }
        }
    }
}

fn covers<'a>(id: &str, movies: impl Iterator<Item = MovieCard<'a>>) -> Markup {
    html! {
        ul .covers { @for movie in movies { li { (cover(id, &movie)) } } }
    }
}

fn cover_id(id: &str, movie: MovieId) -> String {
    format!("{id}-{}", movie.0)
}

/// Renders a cover: a button that likes the film, or removes the feedback on it.
fn cover(id: &str, movie: &MovieCard<'_>) -> Markup {
    let item = &movie.item;
    let is_picked = opinion(&movie.status).is_some();
    html! {
        form id=(cover_id(id, item.movie_id)) method="post" action=(PATH) data-live {
            input type="hidden" name="film" value=(item.movie_id.0);
            button .cover name="answer" value=(if is_picked { "remove" } else { "like" }) aria-pressed=(is_picked) {
                span .poster { (poster(item)) }
                span .name { (item.title) }
                @if let Some(year) = item.year { " " span .year { (year) } }
            }
        }
    }
}

/// Returns the user's feedback on a film if it is an opinion.
fn opinion(status: &MovieStatus) -> Option<&MovieFeedback> {
    status.feedback.as_ref().filter(|film| is_opinion(film))
}

/// Returns true if the user rated, liked or disliked the film.
fn is_opinion(film: &MovieFeedback) -> bool {
    film.stars.is_some() || matches!(film.reaction, Some(Reaction::Like | Reaction::Dislike))
}

/// Renders the rating control of the film that was picked last. It stays in view below the wall.
fn rating_bar(view: &UserView, last: Option<MovieId>) -> Markup {
    let film = last.and_then(|last| {
        let status = MovieStatus::from_history(&view.history, last);
        let stars: Option<Stars> = opinion(&status)?.stars;
        Some((last, &view.recommender().movie(view.find(last)?).title, stars))
    });
    html! {
        div #rating-bar .rating-bar {
            @if let Some((movie, title, stars)) = film {
                form .rate method="post" action=(PATH) data-live {
                    input type="hidden" name="film" value=(movie.0);
                    fieldset {
                        legend { (texts::how_was(title)) }
                        (half_star_buttons(stars))
                    }
                }
            }
        }
    }
}

/// Renders the number of films and the current recommendations.
fn summary(view: &UserView, last: Option<MovieId>) -> Result<Markup, Problem> {
    let n_films = picked_films(view).len();
    Ok(html! {
        div #so-far {
            div .progress {
                label for="films" { (texts::progress(n_films, MIN_FILMS)) }
                progress #films max=(MIN_FILMS) value=(n_films.min(MIN_FILMS)) {}
                p { a class=[(n_films >= MIN_FILMS).then_some("button")] href="/" { (common::SEE_RECOMMENDATIONS) } }
            }
            (list(view, last)?)
        }
    })
}

/// Renders the current recommendations, with their moves since the last pick.
fn list(view: &UserView, last: Option<MovieId>) -> Result<Markup, Problem> {
    let movies = view.list(&view.query(LIST_LENGTH))?;
    let previous = last.map(|last| list_without(view, last, LIST_LENGTH)).transpose()?;
    Ok(html! {
        section .so-far aria-labelledby="list" {
            h2 #list { (texts::LIST) }
            ol {
                @for (rank, movie) in movies.iter().enumerate() {
                    li {
                        span .poster { (poster(&movie.item)) }
                        span .what {
                            a href=(address(&movie.item)) { (movie.item.title) }
                            @if let Some(year) = movie.item.year { " " span .year { (year) } }
                            (reason(movie))
                        }
                        @if let Some(previous) = &previous { (moved(previous, movie.item.movie_id, rank)) }
                    }
                }
            }
            @if movies.is_empty() { p { (texts::EMPTY_LIST) } }
        }
    })
}

/// Renders the sentence that explains a recommendation.
fn reason(movie: &MovieCard<'_>) -> Markup {
    let explanation = movie.details.as_ref().and_then(|details| details.explanation.as_ref());
    html! {
        @if let Some(explanation) = explanation { span .detail { (explanation) } }
    }
}

/// Renders a movie's move in the list since the last pick.
fn moved(previous: &[MovieId], movie: MovieId, rank: usize) -> Markup {
    let (class, (sign, words)) = match previous.iter().position(|other| *other == movie) {
        None => ("up", (texts::NEW.to_owned(), String::new())),
        Some(previous_rank) if previous_rank > rank => {
            ("up", texts::moved_up(previous_rank - rank))
        }
        Some(previous_rank) if previous_rank < rank => {
            ("down", texts::moved_down(rank - previous_rank))
        }
        Some(_) => return html! {},
    };
    html! {
        span class={ "moved " (class) } {
            @if words.is_empty() { (sign) }
            @else { span aria-hidden="true" { (sign) } span .unseen { (words) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_changes_have_text_for_screen_readers() {
        let before = [1, 2, 3].map(MovieId);
        let text = |movie, now| moved(&before, MovieId(movie), now).into_string();
        assert!(text(3, 0).contains("up 2") && text(1, 2).contains("down 2"));
        assert!(text(9, 1).contains("new") && text(2, 1).is_empty());
    }
}
