//! `/welcome`: somebody new says where they watch and what they think of a few films, and sees their list
//! get better with every answer.
//!
//! What they have not seen or would rather not say is nobody's business but this page's: it stands in its
//! address and is kept nowhere.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::Answer;
use cinematch_store::{Profile, Reaction, Taste};
use maud::{Markup, html};

use super::actions::{Tap, tap};
use super::card::{facts, poster};
use super::choice::Choice;
use super::form::{Fields, Sent, address};
use super::layout::{Nav, Page, fragments, page};
use super::movie::halves;
use super::movies::{MovieCard, Viewing};
use super::names;
use super::note::{Note, leave};
use super::people::name_form;
use super::visitor::{User, Visitor, cookie};
use crate::config::AccessMode;
use crate::problem::Problem;
use crate::routes::preferences::{NewPreferences, save};
use crate::state::AppState;

/// So many answers make a good start.
const ENOUGH: usize = 5;
/// Films of the list beside the questions.
const LISTED: usize = 10;
/// Films passed over that an address can name.
const MOST_PASSED: usize = 200;
/// Carries them to the next visit, for a year.
const PASSED_COOKIE: &str = "cinematch_passed";
const PASSED_SECONDS: u32 = 365 * 24 * 3600;
/// What ticking a service does.
const HELP: &str = "Only films on these are recommended; with none ticked, all films are.";
/// Actors named in a question.
const CAST: usize = 3;

/// `GET /welcome`: who, and then where they watch.
pub async fn welcome(
    State(state): State<AppState>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Problem> {
    let Some(profile) = &visitor.profile else {
        if visitor.mode == AccessMode::Accounts {
            return Ok(Redirect::to(visitor.door()).into_response());
        }
        let main = html! {
            section .plain {
                (steps(0))
                h1 { "Welcome" }
                p { "CineMatch learns what you like and says why it shows what it shows. "
                    "All you tell it stays on this machine." }
                h2 { "What shall we call you?" }
                (name_form())
                p .later { a .quiet href="/people" { "I have been here before" } }
            }
        };
        return Ok(page(&visitor, &Page::new("Welcome", Nav::Elsewhere, main)));
    };
    let viewing = Viewing::of(&state, profile).await?;
    let main = html! {
        section .plain {
            (steps(1))
            h1 { "Where do you watch?" }
            (places(&viewing, &fields))
            p { "You rated films elsewhere? " a href="/import" { "Bring your ratings along" } "." }
        }
    };
    Ok(page(&visitor, &Page::new("Where do you watch?", Nav::Elsewhere, main)))
}

/// The way through, and where one is.
fn steps(here: usize) -> Markup {
    html! {
        ol .steps {
            @for (at, step) in ["You", "Where you watch", "Films you know"].into_iter().enumerate() {
                li aria-current=[(at == here).then_some("step")] { (step) }
            }
        }
    }
}

/// The form for country and services. Another country has other services: a button shows them.
fn places(viewing: &Viewing, fields: &Fields) -> Markup {
    let index = viewing.recommender().index();
    let regions = index.regions();
    let asked = fields.get("region").and_then(|code| index.find_region(code));
    let region = asked.or(viewing.region);
    let services = match region {
        Some(region) => &regions[region].services,
        None => &index.services,
    };
    // Ticked stays ticked, also where another country is looked at.
    let mut chosen = fields.list("service");
    for service in &viewing.taste.preferences.services {
        if asked.is_none() && !chosen.contains(service) {
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
                    label .above for="region" { "Your country" }
                    span .inline {
                        select #region name="region" {
                            option value="" { "As this server has it" }
                            @for (name, at) in named {
                                option value=(regions[at].code()) selected[region == Some(at)] { (name) }
                            }
                        }
                        button .quiet formmethod="get" formaction="/welcome" { "Show its services" }
                    }
                }
            }
            @if services.names().is_empty() {
                p { "Nothing is known of streaming services here, so films of all of them are shown." }
            } @else {
                (Choice::of(services, &chosen, |name| name)
                    .show("service", "Streaming services you have", Some(HELP)))
                @if region.is_none() && viewing.serving.bundle.has_mock_services() {
                    p .small { span .mock { "mock" } " Which films they have is invented." }
                }
            }
            p .inline { button .button { "Go on" } a href="/welcome/rate" { "Skip this" } }
        }
        @if let Some(attribution) = viewing.serving.bundle.attribution(region) {
            p .small { (attribution) }
        }
    }
}

/// `POST /welcome`: keeps country and services; what else is preferred stays.
pub async fn set_places(
    State(state): State<AppState>,
    User { visitor: _, profile }: User,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    let taste = state.taste(&profile.key()).await?;
    let before = taste.preferences.clone();
    let new = NewPreferences {
        services: fields.list("service"),
        region: fields.get("region").map(str::to_owned),
        preferred_genres: before.preferred_genres,
        original_languages: before.original_languages,
        runtime_min: before.runtime_min,
        runtime_max: before.runtime_max,
    };
    save(&state, &profile, new).await?;
    Ok(Redirect::to("/welcome/rate").into_response())
}

/// What stands in the address: films passed over, and the one answered last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Passed {
    not_seen: Vec<MovieId>,
    skipped: Vec<MovieId>,
    last: Option<MovieId>,
}

/// Numbers between dots; what is none is left out.
fn movies_of(text: &str) -> Vec<MovieId> {
    let movies = text.split('.').filter_map(|number| number.parse().ok()).map(MovieId);
    movies.take(MOST_PASSED).collect()
}

fn joined(movies: &[MovieId]) -> String {
    movies.iter().map(|movie| movie.0.to_string()).collect::<Vec<_>>().join(".")
}

impl Passed {
    fn of(fields: &Fields) -> Self {
        let movies = |name| movies_of(fields.get(name).unwrap_or_default());
        let last = fields.get("last").and_then(|number| number.parse().ok()).map(MovieId);
        Self { not_seen: movies("not_seen"), skipped: movies("skipped"), last }
    }

    /// What a browser remembers of a profile's, in `id_notseen_skipped`.
    fn remembered(headers: &HeaderMap, profile: &Profile) -> Self {
        let Some(value) = cookie(headers, PASSED_COOKIE) else { return Self::default() };
        let mut parts = value.splitn(3, '_');
        if parts.next() != Some(&profile.key()) {
            return Self::default();
        }
        let mut movies = || movies_of(parts.next().unwrap_or_default());
        Self { not_seen: movies(), skipped: movies(), last: None }
    }

    /// Has the browser remember it, so that whoever comes again is not asked the same.
    fn remember(&self, profile: &Profile, response: &mut Response) {
        let text = format!(
            "{PASSED_COOKIE}={}_{}_{}; Path=/welcome; HttpOnly; SameSite=Lax; Max-Age={PASSED_SECONDS}",
            profile.key(),
            joined(&self.not_seen),
            joined(&self.skipped)
        );
        if let Ok(text) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, text);
        }
    }

    /// The fields that are not empty.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let last = self.last.map(|movie| movie.0.to_string()).unwrap_or_default();
        let all = [
            ("not_seen", joined(&self.not_seen)),
            ("skipped", joined(&self.skipped)),
            ("last", last),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    fn address(&self) -> String {
        let fields = self.fields();
        address("/welcome/rate", fields.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// All answers: what is known of the person, and what they passed over here.
    fn answers(&self, viewing: &Viewing) -> Vec<(MovieIdx, Answer)> {
        let Taste { movies, listed, .. } = &*viewing.taste;
        let said = movies.iter().map(|movie| match movie.reaction {
            Some(Reaction::NotInterested) if movie.stars.is_none() => {
                (movie.movie_id, Answer::Skipped)
            }
            _ => (movie.movie_id, Answer::Seen),
        });
        let with = |movies: &[MovieId], answer| {
            movies.iter().map(move |movie| (*movie, answer)).collect::<Vec<_>>()
        };
        let passed = with(listed, Answer::NotSeen)
            .into_iter()
            .chain(with(&self.not_seen, Answer::NotSeen))
            .chain(with(&self.skipped, Answer::Skipped));
        said.chain(passed)
            .filter_map(|(movie, answer)| Some((viewing.find(movie)?, answer)))
            .collect()
    }
}

/// `GET /welcome/rate`: a film to rate, and the list as it is.
pub async fn questions(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let viewing = Viewing::of(&state, &profile).await?;
    let mut passed = Passed::of(&fields);
    if passed == Passed::default() {
        passed = Passed::remembered(&headers, &profile);
    }
    let (parts, _) = parts(&viewing, &passed)?;
    let main = html! {
        (steps(2))
        h1 { "Films you know" }
        p .lead { "Every answer makes your list better. Skip as many as you like." }
        (told(""))
        div .asking { (parts) }
    };
    Ok(page(&visitor, &Page::new("Films you know", Nav::Elsewhere, main)))
}

/// `POST /welcome/rate`: takes an answer in, and asks the next.
pub async fn answer(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    let mut passed = Passed::of(&fields);
    let movie = fields.number("film")?.map(MovieId);
    let movie = movie.ok_or_else(|| Problem::field("film", "is missing"))?;
    passed.last = None;
    let said = match fields.get("answer") {
        Some("not_seen") => {
            passed.not_seen.push(movie);
            "Not seen.".to_owned()
        }
        Some("skip") => {
            passed.skipped.push(movie);
            "Skipped.".to_owned()
        }
        Some("take_back") => tap(&state, &profile, movie, Tap::Rate(None)).await?.text,
        _ => {
            let stars = Tap::of(None, fields.get("stars"))?;
            passed.last = Some(movie);
            tap(&state, &profile, movie, stars).await?.text
        }
    };
    if !visitor.is_fragment {
        let mut response = leave(&passed.address(), &Note::plain(said));
        passed.remember(&profile, &mut response);
        return Ok(response);
    }
    let viewing = Viewing::of(&state, &profile).await?;
    let (parts, next) = parts(&viewing, &passed)?;
    let note = match next {
        Some(next) => format!("{said} Next: {next}"),
        None => said,
    };
    let mut response = fragments(&html! { (parts) (told(&note)) });
    passed.remember(&profile, &mut response);
    Ok(response)
}

/// What screen readers are told of an answer; the others see it.
fn told(note: &str) -> Markup {
    html! { p #told .unseen role="status" { (note) } }
}

/// The question, the progress and the list; and the title of the film asked about.
fn parts<'a>(viewing: &'a Viewing, passed: &Passed) -> Result<(Markup, Option<&'a str>), Problem> {
    let recommender = viewing.recommender();
    let request = viewing.resolve(&viewing.query(1))?;
    let next = recommender.next_question(&request.history, &passed.answers(viewing));
    let title = next.map(|movie| recommender.movie(movie).title.as_str());
    let markup = html! {
        section #question .question aria-labelledby="asked" data-address=(passed.address()) {
            @match next {
                Some(movie) => (question(viewing, movie, passed)),
                None => {
                    h2 #asked { "That is all we wanted to know" }
                    p { a .button href="/" { "See my films" } }
                },
            }
        }
        div #so-far { (progress(viewing, passed)) (list(viewing, passed)?) }
    };
    Ok((markup, title))
}

/// A film, and what can be said of it.
fn question(viewing: &Viewing, film: MovieIdx, passed: &Passed) -> Markup {
    let movie = viewing.recommender().movie(film);
    let shown = viewing.movie(film);
    html! {
        div .poster { (poster(&shown.item)) }
        div .about {
            h2 #asked { (movie.title) }
            (facts(&shown.item))
            @if !movie.directors.is_empty() { p .with { "By " (movie.directors.join(", ")) } }
            @if !movie.cast.is_empty() {
                p .with { "With " (movie.cast[..movie.cast.len().min(CAST)].join(", ")) }
            }
            form .rate method="post" action="/welcome/rate" data-live {
                input type="hidden" name="film" value=(movie.movie_id.0);
                (hidden(passed))
                fieldset {
                    legend { "How was it?" }
                    (halves(None))
                }
                p .inline {
                    button .quiet name="answer" value="not_seen" { "Haven’t seen it" }
                    button .quiet name="answer" value="skip" { "Skip" }
                }
            }
        }
    }
}

fn hidden(passed: &Passed) -> Markup {
    html! {
        @for (name, value) in passed.fields() { input type="hidden" name=(name) value=(value); }
    }
}

/// How many answers there are, and the last of them, which can be taken back.
fn progress(viewing: &Viewing, passed: &Passed) -> Markup {
    let taste = &viewing.taste;
    let n_answers =
        taste.movies.iter().filter(|film| film.stars.is_some() || film.reaction.is_some());
    let n_answers = n_answers.count();
    let last = passed.last.and_then(|last| {
        let stars = taste.rated().find_map(|(film, stars)| (film == last).then_some(stars))?;
        Some((last, viewing.recommender().movie(viewing.find(last)?), stars))
    });
    html! {
        div .progress {
            label for="answers" {
                @if n_answers < ENOUGH { (n_answers) " of " (ENOUGH) " films rated for a good start" }
                @else { (n_answers) " films rated: a good start. Go on as long as you like." }
            }
            progress #answers max=(ENOUGH) value=(n_answers.min(ENOUGH)) {}
            @if let Some((film, movie, stars)) = last {
                form .inline method="post" action="/welcome/rate" data-live {
                    input type="hidden" name="film" value=(film.0);
                    (hidden(passed))
                    span { "You gave " (movie.title) " " (stars.value()) "★" }
                    button .quiet name="answer" value="take_back" { "Take back" }
                }
            }
            p { a class=[(n_answers >= ENOUGH).then_some("button")] href="/" { "Go to my films" } }
        }
    }
}

/// The list as it is, and what the last answer moved in it.
fn list(viewing: &Viewing, passed: &Passed) -> Result<Markup, Problem> {
    let movies = viewing.list(&viewing.query(LISTED))?;
    let before = match passed.last {
        Some(last) => Some(list_without(viewing, last)?),
        None => None,
    };
    Ok(html! {
        section .so-far aria-labelledby="list" {
            h2 #list { "Your list so far" }
            ol {
                @for (at, movie) in movies.iter().enumerate() {
                    li {
                        span .poster { (poster(&movie.item)) }
                        span .what {
                            a href=(super::card::address(&movie.item)) { (movie.item.title) }
                            @if let Some(year) = movie.item.year { " " span .year { (year) } }
                            (because(movie))
                        }
                        @if let Some(before) = &before { (moved(before, movie.item.movie_id, at)) }
                    }
                }
            }
            @if movies.is_empty() { p { "No film is on the services you ticked." } }
        }
    })
}

/// The first of a film's reasons.
fn because(movie: &MovieCard<'_>) -> Markup {
    let line = movie.why.as_ref().and_then(|why| why.explanation.as_deref());
    html! {
        @if let Some(first) = line.and_then(|line| line.split(" • ").next()) {
            span .detail { (first) }
        }
    }
}

/// The numbers of the list as it was before something was said of a film.
fn list_without(viewing: &Viewing, last: MovieId) -> Result<Vec<MovieId>, Problem> {
    let mut query = viewing.query(LISTED);
    query.ratings.retain(|rating| rating.movie_id != last);
    query.seen.retain(|movie| *movie != last);
    let movies = viewing.list(&query)?;
    Ok(movies.into_iter().map(|movie| movie.item.movie_id).collect())
}

/// Where a film came from.
fn moved(before: &[MovieId], movie: MovieId, now: usize) -> Markup {
    let (class, sign, words) = match before.iter().position(|other| *other == movie) {
        None => ("up", "new".to_owned(), String::new()),
        Some(then) if then > now => {
            ("up", format!("▲ {}", then - now), format!("up {}", then - now))
        }
        Some(then) if then < now => {
            ("down", format!("▼ {}", now - then), format!("down {}", now - then))
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
    fn what_was_passed_over_survives_the_address() {
        let passed = Passed {
            not_seen: vec![MovieId(6), MovieId(47)],
            skipped: vec![MovieId(1)],
            last: Some(MovieId(110)),
        };
        assert_eq!(passed.address(), "/welcome/rate?not%5Fseen=6%2E47&skipped=1&last=110");
        let fields = passed.fields().into_iter().map(|(name, value)| (name.to_owned(), value));
        assert_eq!(Passed::of(&Fields::of(fields.collect())), passed);
        let odd = vec![("skipped".to_owned(), "x.7.-1.99999999999".to_owned())];
        assert_eq!(Passed::of(&Fields::of(odd)).skipped, [MovieId(7)]);
        assert_eq!(Passed::default().address(), "/welcome/rate");
    }

    #[test]
    fn moves_are_told_in_words() {
        let before = [1, 2, 3].map(MovieId);
        let told = |movie, now| moved(&before, MovieId(movie), now).into_string();
        assert!(told(3, 0).contains("up 2") && told(1, 2).contains("down 2"));
        assert!(told(9, 1).contains("new") && told(2, 1).is_empty());
    }
}
