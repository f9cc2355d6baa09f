//! `/me`: what is known of somebody, as a picture; what they would rather see; taking it all away, and being
//! forgotten.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cinematch::retrieval::RegionIndex;
use cinematch_store::{Preferences, Profile, UserHistory};
use maud::{Markup, html};

use super::choice::Choice;
use super::form::{Fields, Sent, in_words};
use super::layout::{Nav, Page, page};
use super::movies::{MovieCard, Viewing};
use super::names::{country, language, movies, thousands};
use super::note::{Note, leave};
use super::strip::strip;
use super::taste_charts::Picture;
use super::visitor::{PROFILE_COOKIE, User, Visitor};
use crate::access::random_name;
use crate::problem::Problem;
use crate::routes::now;
use crate::routes::people::{ExportFormat, taken_away};
use crate::routes::preferences::{NewPreferences, save, services_in};
use crate::state::AppState;

/// The films last spoken of that are shown.
const LAST: usize = 6;
/// Longer films than this are nobody's evening.
const LONGEST_RUNTIME: u32 = 1000;

/// `GET /me`.
pub async fn me(
    State(state): State<AppState>,
    User { visitor, profile }: User,
) -> Result<Response, Problem> {
    let viewing = Viewing::of(&state, &profile).await?;
    let shown = &viewing.taste.preferences;
    Ok(page(&visitor, &Page::new("You", Nav::Me, main(&viewing, &profile, shown, None))))
}

/// The page, with the form for preferences as it was sent and why it was refused, if it was.
fn main(
    viewing: &Viewing,
    profile: &Profile,
    shown: &Preferences,
    refusal: Option<&str>,
) -> Markup {
    let picture = Picture::of(&viewing.taste, viewing.recommender());
    html! {
        h1 { (profile.name) }
        p { (summary(&viewing.taste)) }
        @if picture.is_empty() {
            section .invitation {
                p { "Your taste is drawn here once you have said something of a few films." }
                p {
                    a .button href="/welcome/rate" { "Rate films you know" } " "
                    a href="/import" { "Bring your ratings along" }
                }
            }
        } @else {
            div .picture { (picture.show()) }
        }
        (last(viewing))
        (preferences_form(viewing, shown, refusal))
        (own_data(profile))
    }
}

/// How much is known.
fn summary(taste: &UserHistory) -> String {
    let (rated, liked) = (taste.rated().count(), taste.liked().count());
    let seen = taste.movies.iter().filter(|movie| movie.watched || movie.stars.is_some()).count();
    let parts =
        [(seen, "seen"), (rated, "with stars"), (liked, "liked"), (taste.listed.len(), "to watch")];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", thousands(count)))
        .collect();
    match told.as_slice() {
        [] => "You have said nothing of any film yet.".to_owned(),
        [one] => format!("Films: {one}."),
        several => format!("Films: {}.", several.join(", ")),
    }
}

/// The films that were last spoken of, to think again.
fn last(viewing: &Viewing) -> Markup {
    let mut said: Vec<_> = viewing.taste.movies.iter().collect();
    said.sort_by_key(|movie| (std::cmp::Reverse(movie.updated_at), movie.movie_id));
    let found = said.into_iter().filter_map(|movie| viewing.find(movie.movie_id));
    let movies: Vec<MovieCard<'_>> = found.take(LAST).map(|movie| viewing.movie(movie)).collect();
    html! {
        @if !movies.is_empty() {
            section aria-labelledby="last" {
                h2 #last { "What you said last" }
                ul .strips .kept { @for movie in &movies { li { (strip(movie, &html! {})) } } }
            }
        }
    }
}

/// What somebody would rather see.
fn preferences_form(viewing: &Viewing, shown: &Preferences, refusal: Option<&str>) -> Markup {
    let index = viewing.recommender().index();
    let Preferences {
        preferred_genres,
        services,
        original_languages,
        runtime_min,
        runtime_max,
        region,
        ..
    } = shown;
    let as_it_is = |name| name;
    let offered = services_in(index, region.as_deref());
    let mut regions: Vec<&str> = index.regions().iter().map(RegionIndex::code).collect();
    if let Some(own) = region.as_deref().filter(|own| !regions.contains(own)) {
        regions.push(own);
    }
    regions.sort_by_key(|code| country(code));
    html! {
        section #preferences aria-labelledby="preferences-title" {
            h2 #preferences-title { "What you would rather see" }
            form .preferences method="post" action="/me" {
                @if let Some(refusal) = refusal { p .refusal role="alert" { (refusal) } }
                (Choice::of(&index.genres, preferred_genres, as_it_is).show(
                    "genre", "Genres", Some("Films of these come first.")))
                @if !regions.is_empty() {
                    div {
                        label .above for="region" { "Country" }
                        select #region name="region" aria-describedby="region-help" {
                            option value="" selected[region.is_none()] { "As this server has it" }
                            @for code in regions {
                                option value=(code) selected[region.as_deref() == Some(code)] { (country(code)) }
                            }
                        }
                        p #region-help .small { "Its services are below once this is saved." }
                    }
                }
                (Choice::of(offered, services, as_it_is).show(
                    "service", "Services you have", Some("Only films on these are recommended. None ticked: all films.")))
                (Choice::of(&index.languages, original_languages, language).show(
                    "language", "Films made in", Some("Only films made in these are recommended. None ticked: all films.")))
                fieldset .inline {
                    legend { "Length in minutes" }
                    label for="runtime_min" { "From" }
                    input #runtime_min type="number" name="runtime_min" min="0" max=(LONGEST_RUNTIME) value=[runtime_min];
                    label for="runtime_max" { "to" }
                    input #runtime_max type="number" name="runtime_max" min="0" max=(LONGEST_RUNTIME) value=[runtime_max];
                }
                button .button { "Save" }
            }
        }
    }
}

/// What belongs to the person, and how to take it away.
fn own_data(profile: &Profile) -> Markup {
    html! {
        section aria-labelledby="data" {
            h2 #data { "Your data" }
            p { "It is kept on this server alone. No model learns from it." }
            ul .links {
                li { a href="/import" { "Bring your history along from elsewhere" } }
                li { a href="/me/export.json" download { "Take everything away" } " (JSON)" }
                li { a href="/me/export.csv" download { "Take your films away" } " (CSV, for a spreadsheet)" }
                li { a .danger href="/me/forget" { "Forget " (profile.name) "…" } }
            }
        }
    }
}

/// `POST /me`: new preferences.
pub async fn prefer(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    let saved = match preferences_of(&fields) {
        Ok(new) => save(&state, &profile, new).await.map(|_| ()),
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(()) => {
            Ok(leave(&back_to(&visitor), &Note::plain("Saved. Your films go by it from now on.")))
        }
        Err(problem) if problem.status().is_client_error() => {
            let viewing = Viewing::of(&state, &profile).await?;
            let main =
                main(&viewing, &profile, &as_sent(&fields), Some(&in_words(problem.detail())));
            let mut refused = page(&visitor, &Page::new("You", Nav::Me, main));
            *refused.status_mut() = problem.status();
            Ok(refused)
        }
        Err(problem) => Err(problem),
    }
}

/// What a form says, to be shown again whatever is wrong with it.
fn as_sent(fields: &Fields) -> Preferences {
    Preferences {
        preferred_genres: fields.list("genre"),
        services: fields.list("service"),
        original_languages: fields.list("language"),
        runtime_min: fields.number("runtime_min").unwrap_or_default(),
        runtime_max: fields.number("runtime_max").unwrap_or_default(),
        region: fields.get("region").map(str::to_owned),
        updated_at: None,
    }
}

/// The form is on `/me`, whatever else the browser says.
fn back_to(visitor: &Visitor) -> String {
    if visitor.back.starts_with("/me") { visitor.back.clone() } else { "/me".to_owned() }
}

/// What a form says of preferences.
fn preferences_of(fields: &Fields) -> Result<NewPreferences, Problem> {
    Ok(NewPreferences {
        preferred_genres: fields.list("genre"),
        services: fields.list("service"),
        original_languages: fields.list("language"),
        runtime_min: fields.number("runtime_min")?,
        runtime_max: fields.number("runtime_max")?,
        region: fields.get("region").map(str::to_owned),
    })
}

/// `GET /me/export.json`.
pub async fn export_json(
    State(state): State<AppState>,
    User { profile, .. }: User,
) -> Result<Response, Problem> {
    private(taken_away(&state, &profile, ExportFormat::Json).await)
}

/// `GET /me/export.csv`.
pub async fn export_csv(
    State(state): State<AppState>,
    User { profile, .. }: User,
) -> Result<Response, Problem> {
    private(taken_away(&state, &profile, ExportFormat::Csv).await)
}

/// What nobody on the way keeps.
fn private(export: Result<Response, Problem>) -> Result<Response, Problem> {
    let nowhere = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    export.map(|export| ([nowhere], export).into_response())
}

/// `GET /me/forget`: asks once more.
pub async fn ask(
    State(state): State<AppState>,
    User { visitor, profile }: User,
) -> Result<Response, Problem> {
    let taste = state.store().user_history(&profile.key()).await?;
    let main = html! {
        section .plain {
            h1 { "Forget " (profile.name) "?" }
            p {
                "The profile goes, with what was said of " (movies(taste.movies.len()))
                " and " (movies(taste.listed.len())) " on the watchlist. Nobody can bring it back."
            }
            p { a href="/me/export.json" download { "Take everything away first" } }
            form .inline method="post" action="/me/forget" {
                button .quiet .danger { "Forget everything" }
                a href="/me" { "Keep it" }
            }
        }
    };
    Ok(page(&visitor, &Page::new("Forget", Nav::Me, main)))
}

/// `POST /me/forget`: forgets, and gives a receipt.
pub async fn forget(
    State(state): State<AppState>,
    User { visitor, profile }: User,
) -> Result<Response, Problem> {
    let receipt = state.store().forget(&profile.key(), random_name()?, now()).await?;
    let receipt = receipt.ok_or_else(|| Problem::not_found("Nothing is known of you any more"))?;
    let told = [
        ("feedback", "films spoken of"),
        ("watchlist", "films on the watchlist"),
        ("preferences", "preferences"),
        ("imports", "imports"),
        ("sessions", "sessions"),
    ];
    let main = html! {
        section .plain {
            h1 { "Forgotten" }
            p { "Nothing of " (profile.name) " is left on this server." }
            table {
                caption .unseen { "What was deleted" }
                tbody {
                    @for (table, what) in told {
                        @if let Some(count) = receipt.deleted.get(table).filter(|count| **count > 0) {
                            tr { th scope="row" { (what) } td { (count) } }
                        }
                    }
                }
            }
            p { "Your receipt: " code { (receipt.receipt) } }
            p .small { "It names nobody. The server keeps it to be able to say that this was done." }
            p { a .button href=(visitor.door()) { "Go on" } }
        }
    };
    let nobody = Visitor { profile: None, note: None, ..visitor.clone() };
    let mut response = page(&nobody, &Page::new("Forgotten", Nav::Elsewhere, main));
    // Whoever had a session has it no more; in a household the browser remembers nobody.
    let gone = format!("{PROFILE_COOKIE}=0; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    Ok(response)
}
