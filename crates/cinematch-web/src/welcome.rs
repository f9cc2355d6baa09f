//! `/welcome`: onboarding. A new user chooses services and rates a few movies while their recommendations update.
//!
//! Movies that the user hasn't seen or has skipped are in the address and in a cookie; the server doesn't store them.

#[cfg(test)]
mod page_tests;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use cinematch::ids::{MovieId, MovieIdx};
use cinematch_store::Profile;
use maud::{Markup, html};

use super::actions::{parse, perform};
use super::card::{facts, poster};
use super::choice::Choice;
use super::form::{Fields, FormBody, address};
use super::layout::{Nav, Page, page};
use super::note::Note;
use super::page_caller::{PageCaller, PageUser};
use super::people::name_form;
use super::rating::half_star_buttons;
use super::responses::{fragments, redirect_with_note, set_cookie};
use super::texts::{self as common, errors, names, welcome as texts};
use cinematch_http::config::AccessMode;
use cinematch_http::cookies::{NewCookie, cookie};
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::actions::Action;
use cinematch_service::onboarding::{list_without, next_question};
use cinematch_service::preferences;
use cinematch_service::user_view::{MovieCard, UserView};

/// Number of answers that suffice for useful recommendations.
const MIN_ANSWERS: usize = 5;
/// Number of recommendations beside the questions.
const LIST_LENGTH: usize = 10;
/// Maximum number of movies per list in the address.
const MAX_IDS: usize = 200;
/// Cookie that stores the movies in the address for the next visit. Expires after one year.
const STATE_COOKIE: &str = "cinematch_passed";
const STATE_SECONDS: u32 = 365 * 24 * 3600;
/// Maximum number of actors named in a question.
const MAX_CAST: usize = 3;

/// `GET /welcome`: asks for a name, then for country and services.
pub async fn welcome(
    State(service): State<Service>,
    caller: PageCaller,
    fields: Fields,
) -> Result<Response, Problem> {
    let Some(profile) = &caller.profile else {
        if caller.mode() == AccessMode::Accounts {
            return Ok(Redirect::to(caller.entry_page()).into_response());
        }
        let main = html! {
            section .plain {
                (steps(0))
                h1 { (texts::TITLE) }
                p { (texts::INTRODUCTION) }
                h2 { (texts::NAME) }
                (name_form("", None))
                p .later { a .quiet href="/people" { (texts::EXISTING_PROFILE) } }
            }
        };
        return Ok(page(&caller, &Page::new(texts::TITLE, Nav::Other, main)));
    };
    let view = UserView::load(&service, profile).await?;
    let main = html! {
        section .plain {
            (steps(1))
            h1 { (texts::SERVICES_HEADING) }
            (services_form(&view, &fields))
            p { (texts::RATED_ELSEWHERE) a href="/import" { (common::IMPORT_RATINGS) } "." }
        }
    };
    Ok(page(&caller, &Page::new(texts::SERVICES_HEADING, Nav::Other, main)))
}

/// Renders the steps of onboarding, with the current step marked.
fn steps(here: usize) -> Markup {
    html! {
        ol .steps aria-label=(texts::STEPS_LABEL) {
            @for (at, step) in texts::STEPS.into_iter().enumerate() {
                li aria-current=[(at == here).then_some("step")] { (step) }
            }
        }
    }
}

/// Renders the form for country and services. A button shows the services of another country.
fn services_form(view: &UserView, fields: &Fields) -> Markup {
    let index = view.recommender().index();
    let regions = index.regions();
    let requested_region = fields.get("region").and_then(|code| index.find_region(code));
    let region = requested_region.or(view.region);
    let services = index.services_in(region);
    // Checked services remain checked when the user switches to another country.
    let mut chosen = fields.list("service");
    for service in &view.history.preferences.services {
        if requested_region.is_none() && !chosen.contains(service) {
            chosen.push(service.clone());
        }
    }
    let mut named: Vec<(&str, usize)> =
        (0..regions.len()).map(|at| (names::country(regions[at].code()), at)).collect();
    named.sort_unstable();
    html! {
        form method="post" action="/welcome" {
            @if !regions.is_empty() {
                p {
                    label .above for="region" { (texts::COUNTRY) }
                    span .inline {
                        select #region name="region" {
                            option value="" { (common::SERVER_DEFAULT) }
                            @for (name, at) in named {
                                option value=(regions[at].code()) selected[region == Some(at)] { (name) }
                            }
                        }
                        button .quiet formmethod="get" formaction="/welcome" { (texts::SHOW_SERVICES) }
                    }
                }
            }
            @if services.names().is_empty() {
                p { (texts::NO_SERVICES) }
            } @else {
                (Choice::new(services, &chosen, str::to_owned)
                    .show("service", texts::SERVICES, Some(texts::SERVICES_HELP)))
                @if region.is_none() && view.serving.bundle.has_mock_services() {
                    p .small { span .mock { (common::DEMO) } (texts::DEMO_SERVICES) }
                }
            }
            p .inline { button .button { (common::CONTINUE) } a href="/welcome/rate" { (texts::SKIP) } }
        }
        @if let Some(attribution) = view.serving.bundle.attribution(region) {
            p .small { (attribution) }
        }
    }
}

/// `POST /welcome`: saves country and services. Does not change other preferences.
pub async fn save_services(
    State(service): State<Service>,
    PageUser { profile, .. }: PageUser,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    preferences::save_services(&service, &profile, fields.list("service"), fields.get("region"))
        .await?;
    Ok(Redirect::to("/welcome/rate").into_response())
}

/// The state in the address: movies without a rating, and the movie rated last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OnboardingState {
    not_seen: Vec<MovieId>,
    skipped: Vec<MovieId>,
    last: Option<MovieId>,
}

/// Parses IDs separated by dots; skips invalid ones.
fn parse_ids(text: &str) -> Vec<MovieId> {
    let movies = text.split('.').filter_map(|number| number.parse().ok()).map(MovieId);
    movies.take(MAX_IDS).collect()
}

fn join_ids(movies: &[MovieId]) -> String {
    movies.iter().map(|movie| movie.0.to_string()).collect::<Vec<_>>().join(".")
}

impl OnboardingState {
    fn from_fields(fields: &Fields) -> Self {
        let movies = |name| parse_ids(fields.get(name).unwrap_or_default());
        let last = fields.get("last").and_then(|number| number.parse().ok()).map(MovieId);
        Self { not_seen: movies("not_seen"), skipped: movies("skipped"), last }
    }

    /// Reads the profile's state from the cookie `id_notseen_skipped`.
    fn from_cookie(headers: &HeaderMap, profile: &Profile) -> Self {
        let Some(value) = cookie(headers, STATE_COOKIE) else { return Self::default() };
        let mut parts = value.splitn(3, '_');
        if parts.next() != Some(&profile.key()) {
            return Self::default();
        }
        let mut movies = || parse_ids(parts.next().unwrap_or_default());
        Self { not_seen: movies(), skipped: movies(), last: None }
    }

    /// Saves the state in a cookie, so that the next visit doesn't repeat questions.
    fn save_to_cookie(&self, caller: &PageCaller, profile: &Profile, response: &mut Response) {
        let (not_seen, skipped) = (join_ids(&self.not_seen), join_ids(&self.skipped));
        let value = format!("{}_{not_seen}_{skipped}", profile.key());
        let cookie =
            NewCookie { path: "/welcome", ..NewCookie::new(STATE_COOKIE, &value, STATE_SECONDS) };
        set_cookie(response, &caller.access, &cookie);
    }

    /// Returns the non-empty form fields of the state.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let last = self.last.map(|movie| movie.0.to_string()).unwrap_or_default();
        let all = [
            ("not_seen", join_ids(&self.not_seen)),
            ("skipped", join_ids(&self.skipped)),
            ("last", last),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    fn address(&self) -> String {
        let fields = self.fields();
        address("/welcome/rate", fields.iter().map(|(name, value)| (*name, value.as_str())))
    }
}

/// `GET /welcome/rate`: shows a movie to rate and the current recommendations.
pub async fn questions(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let view = UserView::load(&service, &profile).await?;
    let mut onboarding = OnboardingState::from_fields(&fields);
    if onboarding == OnboardingState::default() {
        onboarding = OnboardingState::from_cookie(&headers, &profile);
    }
    let (parts, _) = parts(&view, &onboarding)?;
    let main = html! {
        (steps(2))
        h1 { (texts::RATE_HEADING) }
        p .lead { (texts::RATE_LEAD) }
        (announcement(""))
        div .asking { (parts) }
    };
    Ok(page(&caller, &Page::new(texts::RATE_HEADING, Nav::Other, main)))
}

/// `POST /welcome/rate`: saves an answer and shows the next question.
pub async fn answer(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    let mut onboarding = OnboardingState::from_fields(&fields);
    let movie = fields.number("film")?.map(MovieId);
    let movie = movie.ok_or_else(|| Problem::field("film", errors::MISSING))?;
    onboarding.last = None;
    let notice = match fields.get("answer") {
        Some("not_seen") => {
            onboarding.not_seen.push(movie);
            texts::NOT_SEEN_NOTICE.to_owned()
        }
        Some("skip") => {
            onboarding.skipped.push(movie);
            texts::SKIPPED_NOTICE.to_owned()
        }
        Some("take_back") => perform(&service, &profile, movie, Action::Rate(None)).await?.text,
        _ => {
            let stars = parse(None, fields.get("stars"))?;
            onboarding.last = Some(movie);
            perform(&service, &profile, movie, stars).await?.text
        }
    };
    if !caller.is_fragment {
        let mut response = redirect_with_note(&caller, &onboarding.address(), &Note::plain(notice));
        onboarding.save_to_cookie(&caller, &profile, &mut response);
        return Ok(response);
    }
    let view = UserView::load(&service, &profile).await?;
    let (parts, next) = parts(&view, &onboarding)?;
    let note = match next {
        Some(next) => texts::next(&notice, next),
        None => notice,
    };
    let mut response = fragments(&html! { (parts) (announcement(&note)) });
    onboarding.save_to_cookie(&caller, &profile, &mut response);
    Ok(response)
}

/// Renders the live region that announces an answer to screen readers.
fn announcement(note: &str) -> Markup {
    html! { p #told .unseen role="status" { (note) } }
}

/// Renders the question, the progress and the list, and returns the title of the movie in question.
fn parts<'a>(
    view: &'a UserView,
    onboarding: &OnboardingState,
) -> Result<(Markup, Option<&'a str>), Problem> {
    let recommender = view.recommender();
    let next = next_question(view, &onboarding.not_seen, &onboarding.skipped)?;
    let title = next.map(|movie| recommender.movie(movie).title.as_str());
    let markup = html! {
        section #question .question aria-labelledby="asked" data-address=(onboarding.address()) {
            @match next {
                Some(movie) => (question(view, movie, onboarding)),
                None => {
                    h2 #asked { (texts::DONE) }
                    p { a .button href="/" { (common::SEE_RECOMMENDATIONS) } }
                },
            }
        }
        div #so-far { (progress(view, onboarding)) (list(view, onboarding)?) }
    };
    Ok((markup, title))
}

/// Renders a movie with a rating form.
fn question(view: &UserView, index: MovieIdx, onboarding: &OnboardingState) -> Markup {
    let movie = view.recommender().movie(index);
    let card = view.movie(index);
    html! {
        div .poster { (poster(&card.item)) }
        div .about {
            h2 #asked { (movie.title) }
            (facts(&card))
            @if !movie.directors.is_empty() { p .with { (texts::directed_by(&movie.directors.join(", "))) } }
            @if !movie.cast.is_empty() {
                p .with { (texts::starring(&movie.cast[..movie.cast.len().min(MAX_CAST)].join(", "))) }
            }
            form .rate method="post" action="/welcome/rate" data-live {
                input type="hidden" name="film" value=(movie.movie_id.0);
                (hidden(onboarding))
                fieldset {
                    legend { (texts::HOW_WAS_IT) }
                    (half_star_buttons(None))
                }
                p .inline {
                    button .quiet name="answer" value="not_seen" { (texts::NOT_SEEN) }
                    button .quiet name="answer" value="skip" { (texts::SKIP) }
                }
            }
        }
    }
}

fn hidden(onboarding: &OnboardingState) -> Markup {
    html! {
        @for (name, value) in onboarding.fields() { input type="hidden" name=(name) value=(value); }
    }
}

/// Renders the number of answers, and the last rating with a button that removes it.
fn progress(view: &UserView, onboarding: &OnboardingState) -> Markup {
    let history = &view.history;
    let n_answers =
        history.movies.iter().filter(|movie| movie.stars.is_some() || movie.reaction.is_some());
    let n_answers = n_answers.count();
    let last = onboarding.last.and_then(|last| {
        let stars = history.rated().find_map(|(index, stars)| (index == last).then_some(stars))?;
        Some((last, view.recommender().movie(view.find(last)?), stars))
    });
    html! {
        div .progress {
            label for="answers" {
                (texts::progress(n_answers, MIN_ANSWERS))
            }
            progress #answers max=(MIN_ANSWERS) value=(n_answers.min(MIN_ANSWERS)) {}
            @if let Some((index, movie, stars)) = last {
                form .inline method="post" action="/welcome/rate" data-live {
                    input type="hidden" name="film" value=(index.0);
                    (hidden(onboarding))
                    span { (texts::last_rating(&movie.title, stars.value())) }
                    button .quiet name="answer" value="take_back" { (texts::UNDO_RATING) }
                }
            }
            p { a class=[(n_answers >= MIN_ANSWERS).then_some("button")] href="/" { (common::SEE_RECOMMENDATIONS) } }
        }
    }
}

/// Renders the current recommendations, with their moves since the last answer.
fn list(view: &UserView, onboarding: &OnboardingState) -> Result<Markup, Problem> {
    let movies = view.list(&view.query(LIST_LENGTH))?;
    let previous = match onboarding.last {
        Some(last) => Some(list_without(view, last, LIST_LENGTH)?),
        None => None,
    };
    Ok(html! {
        section .so-far aria-labelledby="list" {
            h2 #list { (texts::LIST) }
            ol {
                @for (rank, movie) in movies.iter().enumerate() {
                    li {
                        span .poster { (poster(&movie.item)) }
                        span .what {
                            a href=(super::card::address(&movie.item)) { (movie.item.title) }
                            @if let Some(year) = movie.item.year { " " span .year { (year) } }
                            (first_reason(movie))
                        }
                        @if let Some(previous) = &previous { (moved(previous, movie.item.movie_id, rank)) }
                    }
                }
            }
            @if movies.is_empty() { p { (texts::EMPTY_LIST) } }
        }
    })
}

/// Renders the first reason for a movie.
fn first_reason(movie: &MovieCard<'_>) -> Markup {
    let explanation = movie.details.as_ref().and_then(|details| details.explanation.as_ref());
    html! {
        @if let Some(first) = explanation.and_then(|explanation| explanation.0.first()) {
            span .detail { (first) }
        }
    }
}

/// Renders a movie's move in the list since the last answer.
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
    fn state_round_trips_through_the_address() {
        let onboarding = OnboardingState {
            not_seen: vec![MovieId(6), MovieId(47)],
            skipped: vec![MovieId(1)],
            last: Some(MovieId(110)),
        };
        assert_eq!(onboarding.address(), "/welcome/rate?not%5Fseen=6%2E47&skipped=1&last=110");
        let fields = onboarding.fields().into_iter().map(|(name, value)| (name.to_owned(), value));
        assert_eq!(OnboardingState::from_fields(&Fields::from_pairs(fields.collect())), onboarding);
        let malformed = vec![("skipped".to_owned(), "x.7.-1.99999999999".to_owned())];
        assert_eq!(
            OnboardingState::from_fields(&Fields::from_pairs(malformed)).skipped,
            [MovieId(7)]
        );
        assert_eq!(OnboardingState::default().address(), "/welcome/rate");
    }

    #[test]
    fn position_changes_have_text_for_screen_readers() {
        let before = [1, 2, 3].map(MovieId);
        let text = |movie, now| moved(&before, MovieId(movie), now).into_string();
        assert!(text(3, 0).contains("up 2") && text(1, 2).contains("down 2"));
        assert!(text(9, 1).contains("new") && text(2, 1).is_empty());
    }
}
