//! `/import`: imports ratings from other services, shows a report, and asks about ambiguous titles.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use cinematch::catalog::{count_problems, title_with_year};
use cinematch::ids::MovieId;
use cinematch::imports::{CandidateMovie, Detail, MatchReport, Matched, RowReport};
use cinematch::rating::Stars;
use cinematch::sources::history::{EntryKind, ListMeaning};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::card::shelf;
use super::form::{Fields, FormBody};
use super::layout::{Nav, Page, page};
use super::note::Note;
use super::page_caller::PageUser;
use super::responses::redirect_with_note;
use super::texts::numbers::{thousands, title_case};
use super::texts::{self as common, errors, import as texts};
use cinematch_http::limits::Limits;
use cinematch_http::problem::Problem;
use cinematch_http::upload::{UploadNames, import_upload};
use cinematch_service::Service;
use cinematch_service::export::cell;
use cinematch_service::imports::{ImportOutcome, import_choices};
use cinematch_service::user_view::UserView;

/// Number of recommendations below a report.
const N_RECOMMENDED: usize = 12;
/// Maximum number of questions, and of rows in the report's lists.
const MAX_QUESTIONS: usize = 200;
const MAX_LISTED: usize = 500;

/// `GET /import`: shows the upload form.
pub async fn form(PageUser { caller, .. }: PageUser) -> Response {
    let main = html! {
        h1 { (texts::HEADING) }
        (file_form(None))
    };
    page(&caller, &Page::new(texts::TITLE, Nav::Other, main))
}

/// Renders the upload form. `import.js` accepts files dropped anywhere on it.
fn file_form(error_message: Option<&str>) -> Markup {
    html! {
        div .bring {
        form .drop method="post" action="/import" enctype="multipart/form-data" data-drop {
            label .above for="file" { (texts::file_label()) }
            input #file type="file" name="file" multiple required accept=".zip,.csv,.json"
                aria-describedby={ "file-help" (if error_message.is_some() { " refusal" } else { "" }) }
                aria-invalid=[error_message.map(|_| "true")];
            p #file-help .small { (texts::FILE_HELP) }
            @if let Some(error_message) = error_message { p #refusal .refusal role="alert" { (error_message) } }
            p {
                label for="list_as" { (texts::LISTS) } " "
                select #list_as name="list_as" {
                    @for (value, meaning) in texts::LIST_MEANINGS { option value=(value) { (meaning) } }
                }
            }
            button .button data-busy=(texts::READING) { (common::IMPORT_RATINGS) }
        }
        section aria-labelledby="how" {
            h2 #how { (texts::HOW_TO_EXPORT) }
            dl .sources {
                @for (name, how) in texts::SOURCES { dt { (name) } dd { (how) } }
            }
        }
        }
    }
}

/// `POST /import`: imports the uploaded files and shows the report.
pub async fn import(
    State(service): State<Service>,
    State(limits): State<Arc<Limits>>,
    PageUser { caller, profile }: PageUser,
    request: Request,
) -> Result<Response, Problem> {
    let serving = service.serving();
    let names = UploadNames::default();
    let outcome = match import_upload(&service, &limits, &serving, &profile, request, names).await {
        Ok(outcome) => outcome,
        Err(problem) if problem.status().is_client_error() => {
            let main = html! {
                h1 { (texts::HEADING) }
                (file_form(Some(problem.detail().trim_start_matches("file: "))))
            };
            let mut response = page(&caller, &Page::new(texts::TITLE, Nav::Other, main));
            *response.status_mut() = problem.status();
            return Ok(response);
        }
        Err(problem) => return Err(problem),
    };
    let view = UserView::load(&service, &profile).await?;
    let movies = view.list(&view.query(N_RECOMMENDED))?;
    let main = html! {
        h1 { (texts::DONE) }
        (report(&outcome, &view))
        (shelf("now", &html! { (texts::PICKED_NOW) }, &movies))
        p { a .button href="/" { (common::SEE_RECOMMENDATIONS) } " " a href="/import" { (texts::IMPORT_MORE) } }
    };
    Ok(page(&caller, &Page::new(texts::TITLE, Nav::Other, main)))
}

/// Renders the outcome of all rows.
fn report(ImportOutcome { report, changes }: &ImportOutcome, view: &UserView) -> Markup {
    let found = report.by_id + report.by_title;
    html! {
        section .report aria-labelledby="report" {
            h2 #report { (texts::rows_matched(found, report.rows as usize)) }
            (bars(report))
            p { (texts::changes(*changes)) }
            @if report.fuzzy > 0 {
                details {
                    summary { (texts::fuzzy(report.fuzzy)) }
                    ul .rows {
                        @for row in report.matches.iter().filter(|row| row.fuzzy).take(MAX_LISTED) {
                            li { (title_with_year(&row.title, row.year)) " → " (matched_title(view, row)) }
                        }
                    }
                }
            }
        }
        (lists(report))
        (questions(report))
        (not_found(report))
        @if !report.skipped_rows.is_empty() {
            details {
                summary { (texts::skipped(report.skipped)) }
                ul .rows {
                    @for row in report.skipped_rows.iter().take(MAX_LISTED) { li { (row.title) } }
                }
            }
        }
        @if !report.problems.is_empty() {
            details {
                summary { (texts::problems(report.problems.len())) }
                ul .rows {
                    @for problem in count_problems(&report.problems) {
                        li { (texts::problem(problem.file, problem.first_line, problem.first_reason, problem.count)) }
                    }
                }
            }
        }
    }
}

/// Renders the user-defined lists that were not imported.
fn lists(report: &MatchReport) -> Markup {
    html! {
        @if !report.lists.is_empty() {
            h3 { (texts::lists_left_out(report.lists.len())) }
            ul .rows {
                @for list in report.lists.iter().take(MAX_LISTED) {
                    li { (texts::list(&list.name, &list.file, list.rows)) }
                }
            }
            @if report.list_meaning == ListMeaning::Unknown { p { (texts::CHOOSE_LIST_MEANING) } }
        }
    }
}

/// Returns the title and year of a matched row's movie in the catalog.
fn matched_title(view: &UserView, row: &RowReport) -> String {
    let film = row.movie_id.and_then(|movie_id| view.find(movie_id));
    let movie = film.map(|film| view.recommender().movie(film));
    movie.map(|movie| title_with_year(&movie.title, movie.year)).unwrap_or_default()
}

/// Renders the outcome of all rows as a bar with a legend.
fn bars(report: &MatchReport) -> Markup {
    let counts = [
        ("good", report.by_id + report.by_title, texts::MATCHED),
        ("ask", report.ambiguous, texts::AMBIGUOUS),
        ("bad", report.unmatched, texts::UNMATCHED),
    ];
    // A matched row with an unreadable field counts once.
    let counted: usize = counts.iter().map(|part| part.1).sum();
    let rest = (report.rows as usize).saturating_sub(counted);
    let counts = counts.into_iter().chain([("rest", rest, texts::OTHER_ROWS)]);
    let counts: Vec<(&str, usize, &str)> = counts.collect();
    let total: usize = counts.iter().map(|part| part.1).sum();
    let mut offset = 0.0;
    let parts: Vec<(&str, f32, f32)> = counts
        .iter()
        .map(|(class, count, _)| {
            let (x, width) = (offset, 100.0 * *count as f32 / total.max(1) as f32);
            offset += width;
            (*class, x, width)
        })
        .collect();
    html! {
        svg .outcome viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @for (class, x, width) in parts {
                rect class=(class) x=(format!("{x:.2}")) width=(format!("{width:.2}")) height="6" {}
            }
        }
        ul .legend {
            @for (class, count, label) in counts {
                @if count > 0 { li class=(class) { (thousands(count as u64)) " " (label) } }
            }
        }
    }
}

/// Renders the form in which the user chooses a movie for each ambiguous title.
fn questions(report: &MatchReport) -> Markup {
    let ambiguous = report.ambiguous_titles();
    let services: Vec<&str> = report.services.iter().map(|service| service.name()).collect();
    html! {
        @if !ambiguous.is_empty() {
            section aria-labelledby="open" {
                h2 #open { (texts::WHICH_FILM) }
                form .questions method="post" action="/import/settle" {
                    input type="hidden" name="service" value=(services.first().copied().unwrap_or_default());
                    @for (at, question) in ambiguous.iter().take(MAX_QUESTIONS).enumerate() {
                        fieldset {
                            legend { (title_with_year(question.title, question.year)) }
                            p .small { (texts::in_your_file(&question.kinds)) }
                            @for kind in &question.kinds {
                                input type="hidden" name={ "said-" (at) } value=(form_value(*kind));
                            }
                            ul .choices {
                                @for candidate in question.candidates {
                                    li {
                                        label {
                                            input type="radio" name={ "film-" (at) } value=(candidate.movie_id.0);
                                            span { (candidate_label(candidate)) }
                                        }
                                    }
                                }
                                li { label { input type="radio" name={ "film-" (at) } value="" checked; span { (texts::NONE_OF_THESE) } } }
                            }
                        }
                    }
                    button .button { (texts::SAVE_CHOICES) }
                }
            }
        }
    }
}

/// Formats a candidate as its title and year and, if others share them, what sets it apart.
fn candidate_label(candidate: &CandidateMovie) -> String {
    let name = title_with_year(&candidate.title, candidate.year);
    let detail = candidate.detail.as_ref().map(|detail| match detail {
        Detail::Directors(names) => names.join(", "),
        Detail::Genres(genres) => {
            genres.iter().map(|genre| title_case(genre)).collect::<Vec<_>>().join(", ")
        }
        Detail::Id(id) => texts::movie_id(id.0),
    });
    detail.map_or(name.clone(), |detail| format!("{name} · {detail}"))
}

/// Formats a row's feedback as a form value.
fn form_value(kind: EntryKind) -> String {
    match kind {
        EntryKind::Rated(stars) => stars.value().to_string(),
        EntryKind::Liked => "liked".to_owned(),
        EntryKind::Watched => "watched".to_owned(),
        EntryKind::Watchlist => "watchlist".to_owned(),
    }
}

/// Renders the movies that aren't in the catalog, with a link that downloads their rows.
fn not_found(report: &MatchReport) -> Markup {
    let rows: Vec<&RowReport> = report.rows_by_match(Matched::Unmatched).collect();
    // A movie that is rated, seen and listed has three rows.
    let movies: BTreeSet<(&str, Option<u16>)> =
        rows.iter().map(|row| (row.title.as_str(), row.year)).collect();
    html! {
        @if !rows.is_empty() {
            details {
                summary { (texts::not_found(movies.len())) }
                ul .rows {
                    @for (title, year) in movies.iter().take(MAX_LISTED) {
                        li { (title_with_year(title, *year)) }
                    }
                }
                @if movies.len() > MAX_LISTED {
                    p .small { (texts::more_not_found(movies.len() - MAX_LISTED)) }
                }
                p { a href=(csv_data_url(&rows)) download="not-found.csv" { (texts::DOWNLOAD_ROWS) } }
            }
        }
    }
}

/// Formats rows as a CSV file in a `data:` URL.
fn csv_data_url(rows: &[&RowReport]) -> String {
    let mut text = "file,line,title,year,said\r\n".to_owned();
    for row in rows {
        let year = row.year.map(|year| year.to_string()).unwrap_or_default();
        let cells =
            [cell(&row.file), row.line.to_string(), cell(&row.title), year, form_value(row.kind)];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    format!("data:text/csv;charset=utf-8,{}", utf8_percent_encode(&text, NON_ALPHANUMERIC))
}

/// `POST /import/settle`: imports the movies that the user chose for ambiguous titles.
pub async fn save_choices(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    let chosen = chosen(&fields)?;
    if chosen.is_empty() {
        return Ok(redirect_with_note(&caller, "/", &Note::plain(texts::NOTHING_CHOSEN)));
    }
    let source = fields.get("service").unwrap_or("elsewhere");
    let changes = import_choices(&service, &profile, source, chosen).await?;
    Ok(redirect_with_note(&caller, "/", &Note::plain(texts::choices_saved(changes))))
}

/// Parses the choices for ambiguous titles: the chosen movies with the feedback in the rows of their titles.
fn chosen(fields: &Fields) -> Result<Vec<(MovieId, EntryKind)>, Problem> {
    let mut chosen = Vec::new();
    for question in 0..MAX_QUESTIONS {
        let field = format!("film-{question}");
        let Some(movie_id) = fields.number::<u32>(&field)?.map(MovieId) else { continue };
        let kind_field = format!("said-{question}");
        for value in fields.all(&kind_field) {
            let invalid = || Problem::field(&kind_field, errors::BAD_IMPORT_VALUE);
            chosen.push((movie_id, parse_form_value(value).ok_or_else(invalid)?));
        }
    }
    Ok(chosen)
}

/// Parses a value that [`form_value`] formatted.
fn parse_form_value(value: &str) -> Option<EntryKind> {
    Some(match value {
        "liked" => EntryKind::Liked,
        "watched" => EntryKind::Watched,
        "watchlist" => EntryKind::Watchlist,
        stars => EntryKind::Rated(stars.parse().ok().and_then(Stars::from_value)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields::from_pairs(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn chosen_movies_get_the_feedback_of_their_rows() {
        let form = fields(&[
            ("said-0", "4.5"),
            ("said-0", "watched"),
            ("film-0", "6"),
            ("said-1", "watchlist"),
            ("film-1", ""),
            ("said-2", "watchlist"),
            ("film-2", "7"),
            ("said-3", "liked"),
            ("film-3", "6"),
        ]);
        let rated = EntryKind::Rated(Stars::from_value(4.5).unwrap());
        let expected = [
            (MovieId(6), rated),
            (MovieId(6), EntryKind::Watched),
            (MovieId(7), EntryKind::Watchlist),
            (MovieId(6), EntryKind::Liked),
        ];
        assert_eq!(chosen(&form).unwrap(), expected);
        assert!(chosen(&fields(&[("said-0", "6 stars"), ("film-0", "6")])).is_err());
        assert!(chosen(&fields(&[("film-0", "heat")])).is_err());
    }

    #[test]
    fn exported_rows_contain_no_spreadsheet_formulas() {
        let row = RowReport {
            file: "ratings.csv".to_owned(),
            line: 3,
            title: "=1+1, \"x\"".to_owned(),
            year: None,
            kind: EntryKind::Liked,
            matched: Matched::Unmatched,
            fuzzy: false,
            movie_id: None,
            candidates: Vec::new(),
            candidate_movies: Vec::new(),
        };
        let file = csv_data_url(&[&row]);
        let text = percent_encoding::percent_decode_str(&file).decode_utf8().unwrap();
        assert!(text.ends_with("ratings.csv,3,\"'=1+1, \"\"x\"\"\",,liked\r\n"), "{text}");
    }
}

#[cfg(test)]
mod page_tests {
    use cinematch_testing::{PlainBrowser, Reply, Sample, World};
    use serde_json::json;

    use crate::testing::over;

    /// Uploads files as a multipart form.
    fn import(browser: &PlainBrowser<'_>, files: &[(&str, &str)]) -> Reply {
        let mut body = String::new();
        for (name, text) in files {
            body.extend([
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"",
                *name,
            ]);
            body.extend(["\"\r\nContent-Type: text/csv\r\n\r\n", *text, "\r\n"]);
        }
        body.push_str("--b--\r\n");
        let headers = [
            ("content-type", "multipart/form-data; boundary=b"),
            ("accept", "text/html"),
            ("cookie", browser.cookies.as_str()),
        ];
        browser.server.send(("POST", "/import"), &headers, Some(body.as_bytes()))
    }

    #[test]
    fn import_reports_matches_and_asks_about_ambiguous_titles() {
        // Two movies share a title.
        let twins = [
            (9001, "Twins of Us (1990)", "Drama"),
            (9002, "Twins of Us (2003)", "Comedy"),
            (9003, "Emma (1996)", "Comedy|Romance"),
            (9004, "Emma (1996)", "Drama"),
        ];
        let server = over(World::of(Sample::default().with_movies(&twins).serving()));
        let mut ada = PlainBrowser::new(&server, "Ada");
        assert!(ada.page("/import").contains("enctype=\"multipart/form-data\""));
        let ratings = "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,Heat,1995,u,4.5\n\
                       2024-01-02,Twins of Us,,u,5\n2024-01-02,=No <b>Such</b> Film,1996,u,1\n";
        let watched = "Date,Name,Year,Letterboxd URI\n2024-01-02,Twins of Us,,u\n";
        let reply = import(&ada, &[("ratings.csv", ratings), ("watched.csv", watched)]);
        assert_eq!(reply.status, 200, "{}", reply.text);
        let page = &reply.text;
        assert!(page.contains("1 of 4 rows matched") && page.contains("1 film added."), "{page}");
        assert!(page.contains("=No &lt;b&gt;Such&lt;/b&gt; Film (1996)"), "{page}");
        assert!(page.contains("download=\"not-found.csv\"") && page.contains("Picked for you now"));
        // Two rows with the same title produce one question.
        assert_eq!(page.matches("<legend>Twins of Us").count(), 1, "{page}");
        assert!(page.contains("name=\"film-0\" value=\"9001\"") && page.contains("value=\"9002\""));

        let form = "service=Letterboxd&said-0=5&said-0=watched&film-0=9002";
        let reply = ada.send("/import/settle", form, &[]);
        assert_eq!((reply.status, &reply.headers["location"]), (303, &"/".parse().unwrap()));
        assert!(ada.page("/").contains("Choices saved: 1 film added."));
        let feedback = server.as_user("1", ("GET", "/api/feedback"), None).json();
        let feedback_on = |id: u64| {
            feedback["feedback"]
                .as_array()
                .unwrap()
                .iter()
                .find(|movie| movie["movie_id"] == id)
                .cloned()
        };
        assert_eq!((&feedback_on(9002).unwrap()["rating"], feedback_on(9001)), (&json!(5.0), None));
        // Movies with the same title and year are told apart.
        let same = "Date,Name,Year,Letterboxd URI\n2024-01-02,Emma,1996,u\n";
        let page = import(&ada, &[("watched.csv", same)]).text;
        assert!(page.contains("Emma (1996) · Comedy, Romance"), "{page}");
        assert!(page.contains("Emma (1996) · Drama"), "{page}");
        // "None of these" is a valid answer.
        let none = ada.send("/import/settle", "service=Letterboxd&said-0=5&film-0=", &[]);
        assert_eq!(none.status, 303);

        let before = server.as_user("1", ("GET", "/api/export/me"), None).json();
        for (name, text) in [("x.csv", "a,b\n1,2\n"), ("empty.csv", "")] {
            let refused = import(&ada, &[(name, text)]);
            assert_eq!(refused.status, 422, "{}", refused.text);
            assert!(refused.text.contains("role=\"alert\"") && refused.text.contains(name));
        }
        assert_eq!(server.as_user("1", ("GET", "/api/export/me"), None).json(), before);
    }
}
