//! `/films/{id}/say` and `/films/{id}/undo`: what one tap says of a film, and taking it back.

use axum::extract::State;
use axum::response::Response;
use cinematch::ids::MovieId;
use cinematch::sources::movielens::Stars;
use cinematch_store::{FeedbackUpdate, MovieSnapshot, NewItem, Profile, Reaction};
use maud::{Markup, html};

use super::form::Sent;
use super::movies::{Standing, Viewing};
use super::note::{Note, Undo, done};
use super::visitor::User;
use super::{card, movie};
use crate::extract::PathOf;
use crate::problem::Problem;
use crate::routes::{find_movie, now};
use crate::state::AppState;

/// What a button says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tap {
    React(Reaction),
    /// A reaction taken back.
    Unreact,
    Seen(bool),
    List(bool),
    /// Stars, or none any more.
    Rate(Option<Stars>),
}

impl Tap {
    /// What a form's fields say: `say` is a button's, `stars` the stars'.
    pub fn of(say: Option<&str>, stars: Option<&str>) -> Result<Self, Problem> {
        Ok(match (say, stars) {
            (Some("like"), _) => Self::React(Reaction::Like),
            (Some("dislike"), _) => Self::React(Reaction::Dislike),
            (Some("not_interested"), _) => Self::React(Reaction::NotInterested),
            (Some("no-like" | "no-dislike" | "no-not_interested"), _) => Self::Unreact,
            (Some("seen"), _) => Self::Seen(true),
            (Some("no-seen"), _) => Self::Seen(false),
            (Some("list"), _) => Self::List(true),
            (Some("no-list"), _) => Self::List(false),
            (None, Some("none")) => Self::Rate(None),
            (None, Some(stars)) => {
                let value = stars.parse().ok().and_then(Stars::from_value);
                let wrong = || Problem::field("stars", "expected 0.5 to 5 in halves");
                Self::Rate(Some(value.ok_or_else(wrong)?))
            }
            _ => return Err(Problem::field("say", "is nothing that can be said of a film")),
        })
    }

    /// What was said, in a sentence.
    fn sentence(self, title: &str) -> String {
        match self {
            Self::React(Reaction::Like) => format!("You like {title}."),
            Self::React(Reaction::Dislike) => format!("You don’t like {title}."),
            Self::React(Reaction::NotInterested) => format!("{title} will not be shown again."),
            Self::Unreact => format!("Taken back for {title}."),
            Self::Seen(true) => format!("You have seen {title}."),
            Self::Seen(false) => format!("You have not seen {title}."),
            Self::List(true) => format!("{title} is on your watchlist."),
            Self::List(false) => format!("{title} is off your watchlist."),
            Self::Rate(None) => format!("Your stars for {title} are gone."),
            Self::Rate(Some(stars)) => format!("{} stars for {title}.", stars.value()),
        }
    }
}

/// Says something of a film, and what undoes it.
pub async fn tap(
    state: &AppState,
    profile: &Profile,
    movie_id: MovieId,
    tap: Tap,
) -> Result<Note, Problem> {
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    let movie = recommender.movie(find_movie(recommender, movie_id.0.into())?);
    let (store, key) = (state.store(), profile.key());
    let before = store.movie_snapshot(&key, movie_id).await?;
    let said = match tap {
        Tap::React(reaction) => {
            Some(FeedbackUpdate { reaction: Some(reaction), ..FeedbackUpdate::default() })
        }
        Tap::Seen(watched) => {
            Some(FeedbackUpdate { watched: Some(watched), ..FeedbackUpdate::default() })
        }
        Tap::Rate(Some(stars)) => {
            Some(FeedbackUpdate { stars: Some(stars), ..FeedbackUpdate::default() })
        }
        Tap::Rate(None) | Tap::Unreact | Tap::List(_) => None,
    };
    match tap {
        Tap::Unreact => {
            let without = MovieSnapshot { reaction: None, ..before.clone() };
            store.restore_movie(profile, movie_id, without, now()).await?;
        }
        Tap::Rate(None) => {
            let without = MovieSnapshot { stars: None, ..before.clone() };
            store.restore_movie(profile, movie_id, without, now()).await?;
        }
        Tap::List(true) => {
            let title = movie.title.clone();
            let item = NewItem { movie_id, title, year: movie.year, service: None };
            store.add_to_watchlist(profile, item, now()).await?;
        }
        Tap::List(false) => {
            store.remove_from_watchlist(&key, movie_id, now()).await?;
        }
        _ => {}
    }
    if let Some(said) = said {
        store.update_feedback(profile, movie_id, said, now()).await?;
    }
    let after = store.movie_snapshot(&key, movie_id).await?;
    let before = format!("{}.{before}", mark(&after));
    let undo = Undo { movie_id: movie_id.0, before };
    Ok(Note { text: tap.sentence(&movie.title), undo: Some(undo) })
}

/// Tells states of a film apart, so that what was said since is not undone with what was said before it.
fn mark(state: &MovieSnapshot) -> String {
    format!("{:08x}", crc32fast::hash(state.to_string().as_bytes()))
}

/// Puts a film back as it was, where nothing was said of it since.
pub async fn put_back(
    state: &AppState,
    profile: &Profile,
    movie_id: MovieId,
    before: &str,
) -> Result<Note, Problem> {
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    let title = &recommender.movie(find_movie(recommender, movie_id.0.into())?).title;
    let wrong =
        |error: cinematch_store::InvalidSnapshot| Problem::field("before", error.to_string());
    let (known, before) = before.split_once('.').unwrap_or_default();
    let before: MovieSnapshot = before.parse().map_err(wrong)?;
    if mark(&state.store().movie_snapshot(&profile.key(), movie_id).await?) != known {
        return Ok(Note::plain(format!("More was said of {title} since. Nothing was undone.")));
    }
    state.store().restore_movie(profile, movie_id, before, now()).await?;
    Ok(Note::plain(format!("{title} is as it was.")))
}

/// `POST /films/{id}/say`.
pub async fn say(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    PathOf(movie_id): PathOf<u32>,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    let what = Tap::of(fields.get("say"), fields.get("stars"))?;
    let note = tap(&state, &profile, MovieId(movie_id), what).await?;
    Ok(done(&visitor, &buttons(&state, &profile, movie_id).await?, &note))
}

/// `POST /films/{id}/undo`.
pub async fn undo(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    PathOf(movie_id): PathOf<u32>,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    let before = fields.get("before").unwrap_or_default();
    let note = put_back(&state, &profile, MovieId(movie_id), before).await?;
    Ok(done(&visitor, &buttons(&state, &profile, movie_id).await?, &note))
}

/// The film's buttons as they are now.
async fn buttons(state: &AppState, profile: &Profile, movie_id: u32) -> Result<Markup, Problem> {
    let viewing = Viewing::of(state, profile).await?;
    let movie = find_movie(viewing.recommender(), movie_id.into())?;
    let title = &viewing.recommender().movie(movie).title;
    let standing = Standing::of(&viewing.taste, MovieId(movie_id));
    // Pages without stars have no place for them.
    Ok(html! { (card::say(movie_id, title, &standing)) (movie::rate(movie_id, &standing)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_say_what_they_are_called() {
        assert_eq!(Tap::of(Some("like"), None).unwrap(), Tap::React(Reaction::Like));
        assert_eq!(Tap::of(Some("no-dislike"), None).unwrap(), Tap::Unreact);
        assert_eq!(Tap::of(None, Some("4.5")).unwrap(), Tap::Rate(Stars::from_value(4.5)));
        assert_eq!(Tap::of(None, Some("none")).unwrap(), Tap::Rate(None));
        for (say, stars) in
            [(Some("love"), None), (None, Some("6")), (None, Some("NaN")), (None, None)]
        {
            assert!(Tap::of(say, stars).is_err());
        }
    }
}
