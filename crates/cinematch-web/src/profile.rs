//! `/me`: the user's taste charts, preferences, data export, and deletion of the profile.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cinematch::retrieval::RegionIndex;
use cinematch_store::{Preferences, Profile, UserHistory};
use maud::{Markup, html};

use super::adventure;
use super::choice::Choice;
use super::form::{Fields, FormBody};
use super::layout::{Nav, Page, page};
use super::note::Note;
use super::page_caller::{PageCaller, PageUser};
use super::responses::{redirect_with_note, set_cookie};
use super::strip::strip;
use super::taste_charts::charts;
use super::texts::errors::with_labels;
use super::texts::names::{country, language};
use super::texts::numbers::title_case;
use super::texts::{self as common, profile as texts, welcome};
use cinematch_http::attachment;
use cinematch_http::cookies::{NewCookie, PROFILE_COOKIE};
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::export::{self, ExportFormat};
use cinematch_service::preferences::{NewPreferences, save, services_in};
use cinematch_service::taste_summary::{FeedbackCounts, TasteSummary};
use cinematch_service::user_view::{MovieCard, UserView};

/// Maximum number of movies under "Recent activity".
const N_RECENT: usize = 6;
/// Maximum of the length fields, in minutes.
const MAX_RUNTIME: u32 = 1000;

/// `GET /me`: shows the profile page.
pub async fn profile(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
) -> Result<Response, Problem> {
    let view = UserView::load(&service, &profile).await?;
    let preferences = &view.history.preferences;
    Ok(page(&caller, &Page::new(texts::TITLE, Nav::Me, main(&view, &profile, preferences, None))))
}

/// Renders the page with the stored or the submitted preferences, and with the problem of a rejected form.
fn main(
    view: &UserView,
    profile: &Profile,
    preferences: &Preferences,
    error_message: Option<&str>,
) -> Markup {
    let taste = TasteSummary::new(&view.history, view.recommender());
    html! {
        h1 { (profile.name) }
        p { (summary(&view.history)) }
        @if taste.is_empty() {
            section .invitation {
                p { (texts::NO_CHARTS) }
                p {
                    a .button href="/welcome/rate" { (common::RATE_FILMS) } " "
                    a href="/import" { (common::IMPORT_RATINGS) }
                }
            }
        } @else {
            div .picture { (charts(&taste)) }
        }
        (recent(view))
        (preferences_form(view, preferences, error_message))
        (own_data())
    }
}

/// Formats the number of movies by kind of feedback.
fn summary(history: &UserHistory) -> String {
    let FeedbackCounts { seen, rated, liked, listed } = FeedbackCounts::new(history);
    texts::summary(seen, rated, liked, listed)
}

/// Renders the movies with the most recent feedback.
fn recent(view: &UserView) -> Markup {
    let mut feedback: Vec<_> = view.history.movies.iter().collect();
    feedback.sort_by_key(|movie| (std::cmp::Reverse(movie.updated_at), movie.movie_id));
    let found = feedback.into_iter().filter_map(|movie| view.find(movie.movie_id));
    let movies: Vec<MovieCard<'_>> = found.take(N_RECENT).map(|movie| view.movie(movie)).collect();
    html! {
        @if !movies.is_empty() {
            section aria-labelledby="last" {
                h2 #last { (texts::RECENT) }
                ul .strips .kept { @for movie in &movies { li { (strip(movie, &html! {})) } } }
            }
        }
    }
}

/// Renders the form for preferences.
fn preferences_form(
    view: &UserView,
    preferences: &Preferences,
    error_message: Option<&str>,
) -> Markup {
    let index = view.recommender().index();
    let Preferences {
        preferred_genres,
        services,
        original_languages,
        runtime_min,
        runtime_max,
        region,
        ..
    } = preferences;
    let offered = services_in(index, region.as_deref());
    let mut regions: Vec<&str> = index.regions().iter().map(RegionIndex::code).collect();
    if let Some(own) = region.as_deref().filter(|own| !regions.contains(own)) {
        regions.push(own);
    }
    regions.sort_by_key(|code| country(code));
    html! {
        section #preferences aria-labelledby="preferences-title" {
            h2 #preferences-title { (texts::PREFERENCES) }
            form .preferences method="post" action="/me" {
                @if let Some(error_message) = error_message { p .refusal role="alert" { (error_message) } }
                (Choice::new(&index.genres, preferred_genres, title_case).show(
                    "genre", common::GENRES, Some(texts::GENRES_HELP)))
                @if !regions.is_empty() {
                    div {
                        label .above for="region" { (texts::COUNTRY) }
                        select #region name="region" aria-describedby="region-help" {
                            option value="" selected[region.is_none()] { (common::SERVER_DEFAULT) }
                            @for code in regions {
                                option value=(code) selected[region.as_deref() == Some(code)] { (country(code)) }
                            }
                        }
                        p #region-help .small { (texts::COUNTRY_HELP) }
                    }
                }
                (Choice::new(offered, services, str::to_owned).show(
                    "service", texts::SERVICES, Some(welcome::SERVICES_HELP)))
                (Choice::new(&index.languages, original_languages, |code| language(code).to_owned()).show(
                    "language", texts::LANGUAGES, Some(texts::LANGUAGES_HELP)))
                (adventure::choice(preferences))
                (age_limit(preferences.max_age))
                fieldset .inline {
                    legend { (texts::LENGTH) }
                    label for="runtime_min" { (texts::FROM) }
                    input #runtime_min type="number" name="runtime_min" min="0" max=(MAX_RUNTIME) value=[runtime_min];
                    label for="runtime_max" { (texts::TO) }
                    input #runtime_max type="number" name="runtime_max" min="0" max=(MAX_RUNTIME) value=[runtime_max];
                }
                button .button { (texts::SAVE) }
            }
        }
    }
}

/// Renders the age limit of a child's profile as radio buttons. A limit that is not among the usual ones has its own
/// button.
fn age_limit(max_age: Option<u8>) -> Markup {
    let mut limits = texts::AGE_LIMITS.to_vec();
    limits.extend(max_age.filter(|age| !limits.contains(age)));
    html! {
        fieldset aria-describedby="max-age-help" {
            legend { (texts::AGE_LIMIT) }
            p #max-age-help .small { (texts::AGE_LIMIT_HELP) }
            div .chips {
                label {
                    input type="radio" name="max_age" value="" checked[max_age.is_none()];
                    (texts::NO_AGE_LIMIT)
                }
                @for age in limits {
                    label {
                        input type="radio" name="max_age" value=(age) checked[max_age == Some(age)];
                        (texts::age_limit(age))
                    }
                }
            }
        }
    }
}

/// Renders links to import, download and delete the user's data.
fn own_data() -> Markup {
    html! {
        section aria-labelledby="data" {
            h2 #data { (texts::DATA) }
            p { (texts::DATA_KEPT) }
            ul .links {
                li { a href="/import" { (common::IMPORT_RATINGS) } }
                li { a href="/me/export.json" download { (texts::DOWNLOAD_DATA) } (texts::DOWNLOAD_DATA_FORMAT) }
                li { a href="/me/export.csv" download { (texts::DOWNLOAD_FILMS) } (texts::DOWNLOAD_FILMS_FORMAT) }
                li { a .danger href="/me/forget" { (texts::DELETE) } }
            }
        }
    }
}

/// `POST /me`: saves preferences.
pub async fn save_preferences(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    let saved = match parse_preferences(&fields) {
        Ok(new) => save(&service, &profile, new).await.map(|_| ()).map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(()) => Ok(redirect_with_note(&caller, &back_to(&caller), &Note::plain(texts::SAVED))),
        Err(problem) if problem.status().is_client_error() => {
            let view = UserView::load(&service, &profile).await?;
            let main =
                main(&view, &profile, &submitted(&fields), Some(&with_labels(problem.detail())));
            let mut response = page(&caller, &Page::new(texts::TITLE, Nav::Me, main));
            *response.status_mut() = problem.status();
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}

/// Returns the submitted preferences, to show the form again with its problem.
fn submitted(fields: &Fields) -> Preferences {
    Preferences {
        preferred_genres: fields.list("genre"),
        services: fields.list("service"),
        original_languages: fields.list("language"),
        runtime_min: fields.number("runtime_min").unwrap_or_default(),
        runtime_max: fields.number("runtime_max").unwrap_or_default(),
        region: fields.get("region").map(str::to_owned),
        novelty_percent: adventure::submitted_percent(fields),
        max_age: fields.number("max_age").unwrap_or_default(),
        updated_at: None,
    }
}

/// Returns the page to redirect to: the referring page if it is the profile page, and `/me` otherwise.
fn back_to(caller: &PageCaller) -> String {
    if caller.back.starts_with("/me") { caller.back.clone() } else { "/me".to_owned() }
}

/// Parses the form for preferences.
fn parse_preferences(fields: &Fields) -> Result<NewPreferences, Problem> {
    Ok(NewPreferences {
        preferred_genres: fields.list("genre"),
        services: fields.list("service"),
        original_languages: fields.list("language"),
        runtime_min: fields.number("runtime_min")?,
        runtime_max: fields.number("runtime_max")?,
        region: fields.get("region").map(str::to_owned),
        novelty: adventure::parse(fields)?,
        max_age: fields.number("max_age")?,
    })
}

/// `GET /me/export.json`: downloads all data of the profile.
pub async fn export_json(
    State(service): State<Service>,
    PageUser { profile, .. }: PageUser,
) -> Result<Response, Problem> {
    without_cache(attachment::export(&service, &profile, ExportFormat::Json).await)
}

/// `GET /me/export.csv`: downloads the profile's movies as a table.
pub async fn export_csv(
    State(service): State<Service>,
    PageUser { profile, .. }: PageUser,
) -> Result<Response, Problem> {
    without_cache(attachment::export(&service, &profile, ExportFormat::Csv).await)
}

/// Adds a header that forbids caches to store an export.
fn without_cache(export: Result<Response, Problem>) -> Result<Response, Problem> {
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    export.map(|export| ([no_store], export).into_response())
}

/// `GET /me/forget`: asks for confirmation.
pub async fn confirm_delete(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
) -> Result<Response, Problem> {
    let history = UserView::load(&service, &profile).await?.history;
    let main = html! {
        section .plain {
            h1 { (texts::delete_heading(&profile.name)) }
            p { (texts::delete_warning(history.movies.len(), history.watchlist.len())) }
            p { a href="/me/export.json" download { (texts::DOWNLOAD_FIRST) } }
            form .inline method="post" action="/me/forget" {
                button .quiet .danger { (texts::DELETE) }
                a href="/me" { (common::CANCEL) }
            }
        }
    };
    Ok(page(&caller, &Page::new(texts::DELETE, Nav::Me, main)))
}

/// `POST /me/forget`: deletes the profile and shows the receipt.
pub async fn delete(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
) -> Result<Response, Problem> {
    let receipt = export::delete_user(&service, &profile.key()).await?;
    let receipt = receipt.ok_or_else(|| Problem::not_found(texts::NOT_FOUND))?;
    let main = html! {
        section .plain {
            h1 { (texts::DELETED) }
            p { (texts::deleted(&profile.name)) }
            table {
                caption .unseen { (texts::DELETED_DATA) }
                tbody {
                    @for (table, label) in texts::DELETED_TABLES {
                        @if let Some(count) = receipt.deleted.get(table).filter(|count| **count > 0) {
                            tr { th scope="row" { (label) } td { (count) } }
                        }
                    }
                }
            }
            p { (texts::RECEIPT) code { (receipt.receipt) } }
            p .small { (texts::RECEIPT_HELP) }
            p { a .button href=(caller.entry_page()) { (common::CONTINUE) } }
        }
    };
    let signed_out = PageCaller { profile: None, note: None, ..caller.clone() };
    let mut response = page(&signed_out, &Page::new(texts::DELETED, Nav::Other, main));
    // Deleting the profile ended its sessions; the profile cookie of open mode expires here.
    set_cookie(&mut response, &caller.access, &NewCookie::new(PROFILE_COOKIE, "0", 0));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use cinematch_testing::PlainBrowser;
    use std::collections::BTreeSet;

    use cinematch_testing::movie_ids;
    use serde_json::{Value, json};

    use crate::testing::{movies, sample};

    #[test]
    fn the_age_limit_of_a_childs_profile_applies_to_every_list_and_search() {
        let server = sample();
        let mut kim = PlainBrowser::new(&server, "Kim");
        let mut ada = PlainBrowser::new(&server, "Ada");
        let suitable = server.get("/api/movies?max_age=6&limit=100").json();
        let suitable: BTreeSet<u64> =
            movie_ids(suitable["movies"].as_array().unwrap()).into_iter().collect();
        let is_suitable =
            |ids: Vec<u64>| !ids.is_empty() && ids.iter().all(|id| suitable.contains(id));
        assert_eq!(kim.send("/me", "max_age=6", &[]).status, 303);
        assert!(kim.page("/me").contains("name=\"max_age\" value=\"6\" checked"));
        for browser in [&mut kim, &mut ada] {
            browser.send("/films/1/say", "stars=5", &[]);
        }
        for path in ["/", "/browse", "/browse?sort=you", "/search?q=the", "/films/1"] {
            assert!(is_suitable(movies(&kim.page(path))), "{path}");
            assert!(!is_suitable(movies(&ada.page(path))), "{path}");
        }
        let listed = |user: &str, (method, path): (&str, &str), body: Option<&Value>| {
            let reply = server.as_user(user, (method, path), body).json();
            movie_ids(reply["recommendations"].as_array().unwrap())
        };
        let personal = |user| listed(user, ("GET", "/api/recommendations"), None);
        assert!(is_suitable(personal("1")) && !is_suitable(personal("2")));
        let post = |path, body: Value| listed("1", ("POST", path), Some(&body));
        assert!(is_suitable(post("/api/recommendations", json!({"user_id": "1"}))));
        let group =
            |members: Value| post("/api/groups/recommendations", json!({"members": members}));
        assert!(is_suitable(group(json!([{"user_id": "2"}, {"user_id": "1"}]))));
        assert!(!is_suitable(group(json!([{"user_id": "2"}]))));
        let wall = kim.page("/welcome/rate");
        let shown = wall.split("name=\"film\" value=\"").skip(1);
        let shown = shown.filter_map(|part| part.split('"').next()?.parse().ok());
        assert!(is_suitable(shown.collect()), "{wall}");
        assert_eq!(kim.get("/me/export.json").json()["preferences"]["max_age"], 6);
        kim.send("/me/novelty", "novelty=0.5", &[]);
        assert_eq!(kim.get("/me/export.json").json()["preferences"]["max_age"], 6);
        let wrong = kim.send("/me", "max_age=19", &[]);
        assert!(
            wrong.status == 422 && wrong.text.contains("Age limit: expected"),
            "{}",
            wrong.text
        );
    }

    #[test]
    fn profile_shows_taste_saves_preferences_and_can_be_deleted() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "<i>Ada</i>");
        assert!(ada.page("/me").contains("Rate a few films to see charts"));
        for (id, stars) in
            [(1, "5"), (2, "4"), (3, "4.5"), (4, "3.5"), (5, "1"), (6, "5"), (7, "3")]
        {
            ada.send(&format!("/films/{id}/say"), &format!("stars={stars}"), &[]);
        }
        let page = ada.page("/me");
        assert!(page.contains("Films: 7 seen, 7 rated.") && !page.contains("<i>"), "{page}");
        for heading in ["Genres", "Decades", "Ratings", "Well known or niche"] {
            assert!(page.contains(&format!(">{heading}</h2>")), "{heading}");
        }
        assert!(!page.contains("style="), "the policy forbids inline styles");

        let form = "genre=crime&genre=drama&language=en&runtime_min=&runtime_max=150&region=";
        assert_eq!(ada.send("/me", form, &[]).headers["location"], "/me");
        let page = ada.page("/me");
        assert!(page.contains("name=\"max_age\" value=\"\" checked"), "no age limit");
        assert!(
            page.contains("Preferences saved.") && page.contains("value=\"crime\" checked"),
            "{page}"
        );
        let stored = server.as_user("1", ("GET", "/api/preferences/me"), None).json();
        assert_eq!(stored["preferred_genres"], json!(["crime", "drama"]));
        assert_eq!((&stored["runtime_min"], &stored["runtime_max"]), (&Value::Null, &json!(150)));
        // Invalid input is reported beside the form, which keeps its submitted values.
        let wrong = ada.send("/me", "genre=war&runtime_min=100&runtime_max=90", &[]);
        assert_eq!(wrong.status, 422, "{}", wrong.text);
        assert!(wrong.text.contains("role=\"alert\">Minimum length: "), "{}", wrong.text);
        assert!(
            wrong.text.contains("value=\"war\" checked") && wrong.text.contains("value=\"90\"")
        );
        assert_eq!(server.as_user("1", ("GET", "/api/preferences/me"), None).json(), stored);

        let export = ada.get("/me/export.json");
        assert_eq!(export.json()["feedback"].as_array().unwrap().len(), 7);
        let csv = ada.get("/me/export.csv");
        assert!(csv.headers["content-disposition"].to_str().unwrap().contains("cinematch.csv"));
        assert_eq!(csv.text.lines().count(), 8);

        let confirmation = ada.page("/me/forget");
        assert!(
            confirmation.contains("7 films") && confirmation.contains("action=\"/me/forget\""),
            "{confirmation}"
        );
        let deleted = ada.send("/me/forget", "", &[]);
        assert_eq!(deleted.status, 200, "{}", deleted.text);
        assert!(
            deleted.text.contains("Your deletion receipt")
                && deleted.text.contains("Films you rated or marked")
        );
        assert!(deleted.headers["set-cookie"].to_str().unwrap().starts_with("cinematch_profile=0"));
        assert_eq!(server.as_user("1", ("GET", "/api/feedback"), None).status, 401);
        let cookie = [("accept", "text/html"), ("cookie", ada.cookies.as_str())];
        assert_eq!(server.send(("GET", "/me"), &cookie, None).status, 303);
    }
}
