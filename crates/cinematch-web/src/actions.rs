//! `/films/{id}/say` and `/films/{id}/undo`: actions on a movie, and undo of the last action.

use axum::extract::State;
use axum::response::Response;
use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use cinematch_store::{Profile, Reaction};
use maud::{Markup, html};

use super::form::FormBody;
use super::note::{Note, Undo};
use super::page_caller::PageUser;
use super::responses::changed;
use super::texts::{actions as texts, errors};
use super::{card, rating};
use cinematch_http::extract::PathParams;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::actions::{self, Action};
use cinematch_service::catalog::find_movie;
use cinematch_service::user_view::{MovieStatus, UserView};

/// Parses the form fields `say` (the name of a button on the card) and `stars`.
pub fn parse(say: Option<&str>, stars: Option<&str>) -> Result<Action, Problem> {
    Ok(match (say, stars) {
        (Some("like"), _) => Action::React(Reaction::Like),
        (Some("dislike"), _) => Action::React(Reaction::Dislike),
        (Some("not_interested"), _) => Action::React(Reaction::NotInterested),
        (Some("no-like" | "no-dislike" | "no-not_interested"), _) => Action::Unreact,
        (Some("seen"), _) => Action::Seen(true),
        (Some("no-seen"), _) => Action::Seen(false),
        (Some("list"), _) => Action::List(true),
        (Some("no-list"), _) => Action::List(false),
        (None, Some("none")) => Action::Rate(None),
        (None, Some(stars)) => {
            let value = stars.parse().ok().and_then(Stars::from_value);
            let invalid = || Problem::field("stars", errors::BAD_STARS);
            Action::Rate(Some(value.ok_or_else(invalid)?))
        }
        _ => return Err(Problem::field("say", errors::BAD_ACTION)),
    })
}

/// Returns the notice that reports the action.
fn notice(action: Action, title: &str) -> String {
    match action {
        Action::React(Reaction::Like) => texts::liked(title),
        Action::React(Reaction::Dislike) => texts::disliked(title),
        Action::React(Reaction::NotInterested) => texts::not_interested(title),
        Action::Unreact => texts::reaction_removed(title),
        Action::Seen(true) => texts::seen(title),
        Action::Seen(false) => texts::not_seen(title),
        Action::List(true) => texts::listed(title),
        Action::List(false) => texts::unlisted(title),
        Action::Rate(None) => texts::rating_removed(title),
        Action::Rate(Some(stars)) => texts::rated(title, stars.value()),
    }
}

/// Performs an action and returns a notice with an Undo button.
pub async fn perform(
    service: &Service,
    profile: &Profile,
    movie_id: MovieId,
    action: Action,
) -> Result<Note, Problem> {
    let performed = actions::perform(service, profile, movie_id, action).await?;
    let undo = Undo { movie_id: movie_id.0, before: performed.undo };
    Ok(Note { text: notice(action, &performed.title), undo: Some(undo) })
}

/// `POST /films/{id}/say`: performs an action on a movie.
pub async fn act(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    PathParams(movie_id): PathParams<u32>,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    let action = parse(fields.get("say"), fields.get("stars"))?;
    let note = perform(&service, &profile, MovieId(movie_id), action).await?;
    Ok(changed(&caller, &buttons(&service, &profile, movie_id).await?, &note))
}

/// `POST /films/{id}/undo`: undoes the last action on a movie.
pub async fn undo(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    PathParams(movie_id): PathParams<u32>,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    let before = fields.get("before").unwrap_or_default();
    let undone = actions::undo(&service, &profile, MovieId(movie_id), before).await?;
    let text = if undone.is_restored { texts::undone } else { texts::changed_since };
    let note = Note::plain(text(&undone.title));
    Ok(changed(&caller, &buttons(&service, &profile, movie_id).await?, &note))
}

/// Renders the movie's buttons and rating control. Pages without a rating control ignore the latter.
async fn buttons(service: &Service, profile: &Profile, movie_id: u32) -> Result<Markup, Problem> {
    let view = UserView::load(service, profile).await?;
    let movie = find_movie(view.recommender(), movie_id.into())?;
    let title = &view.recommender().movie(movie).title;
    let status = MovieStatus::from_history(&view.history, MovieId(movie_id));
    Ok(
        html! { (card::action_buttons(movie_id, title, &status)) (rating::rating_form(movie_id, &status)) },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_values_of_all_buttons() {
        assert_eq!(parse(Some("like"), None).unwrap(), Action::React(Reaction::Like));
        assert_eq!(parse(Some("no-dislike"), None).unwrap(), Action::Unreact);
        assert_eq!(parse(None, Some("4.5")).unwrap(), Action::Rate(Stars::from_value(4.5)));
        assert_eq!(parse(None, Some("none")).unwrap(), Action::Rate(None));
        for (action, stars) in
            [(Some("love"), None), (None, Some("6")), (None, Some("NaN")), (None, None)]
        {
            assert!(parse(action, stars).is_err());
        }
    }
}

#[cfg(test)]
mod page_tests {
    use cinematch_testing::PlainBrowser;

    use crate::testing::sample;

    /// Returns the pressed state of a movie's button.
    fn is_pressed(page: &str, movie_id: u32, button: &str) -> bool {
        let form =
            page.split(&format!("id=\"say-{movie_id}\"")).nth(1).expect("the movie is on the page");
        let form = form.split("</form>").next().unwrap();
        let button = form.split("<button").find(|it| it.contains(&format!("class=\"{button}\"")));
        button.unwrap().contains("aria-pressed=\"true\"")
    }

    #[test]
    fn actions_without_scripts_are_saved_confirmed_and_undone() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "Ada");
        for (button, field) in [("like", "signal"), ("seen", "watched"), ("dislike", "signal")] {
            assert!(!is_pressed(&ada.page("/search?q=heat"), 163, button));
            let reply = ada.send("/films/163/say", &format!("say={button}"), &[]);
            assert_eq!(
                (reply.status, &reply.headers["location"]),
                (303, &"/browse?genre=crime".parse().unwrap())
            );
            let page = ada.page("/search?q=heat");
            assert!(is_pressed(&page, 163, button), "{button}");
            let feedback = server.as_user("1", ("GET", "/api/feedback"), None).json();
            assert!(!feedback["feedback"][0][field].is_null(), "{feedback}");
            let note = page.split("role=\"status\">").nth(1).unwrap();
            assert!(note.split("</div>").next().unwrap().contains("Heat"), "{note}");
            let before =
                note.split("name=\"before\" value=\"").nth(1).unwrap().split('"').next().unwrap();
            let before = before.replace("&quot;", "%22").replace('{', "%7B").replace('}', "%7D");
            assert_eq!(ada.send("/films/163/undo", &format!("before={before}"), &[]).status, 303);
            assert!(!is_pressed(&ada.page("/search?q=heat"), 163, button));
            assert_eq!(server.as_user("1", ("GET", "/api/feedback"), None).json()["count"], 0);
        }
        // Pressing a button again undoes that action and nothing else.
        ada.send("/films/163/say", "say=seen", &[]);
        ada.send("/films/163/say", "say=like", &[]);
        ada.send("/films/163/say", "say=no-like", &[]);
        let page = ada.page("/search?q=heat");
        assert!(is_pressed(&page, 163, "seen") && !is_pressed(&page, 163, "like"));
        ada.send("/films/163/say", "say=list", &[]);
        assert_eq!(server.get("/api/watchlist/1").json()["items"][0]["title"], "Heat");
    }

    #[test]
    fn scripts_receive_changed_fragments_and_readable_errors() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "Ada");
        let fragments = ada.send("/films/163/say", "say=like", &[("x-fragment", "1")]);
        assert_eq!(fragments.status, 200);
        assert!(
            fragments.text.starts_with("<form class=\"say\" id=\"say-163\""),
            "{}",
            fragments.text
        );
        assert!(fragments.text.contains("id=\"note\"") && !fragments.text.contains("<html"));
        ada.send("/films/163/say", "say=love", &[("x-fragment", "1")]).problem(422);
        ada.send("/films/999999999/say", "say=like", &[("x-fragment", "1")]).problem(404);
        let found = server.send(
            ("GET", "/search?q=god"),
            &[("cookie", &*ada.cookies), ("x-fragment", "1")],
            None,
        );
        assert!(
            found.text.starts_with("<ul class=\"suggestions\" role=\"listbox\""),
            "{}",
            found.text
        );
    }
}
