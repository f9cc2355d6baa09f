//! `/import`: what somebody rated elsewhere; what was found of it, what needs a word, what is recommended now.

use std::collections::BTreeSet;

use axum::extract::{Request, State};
use axum::response::Response;
use cinematch::catalog::count_problems;
use cinematch::ids::MovieId;
use cinematch::imports::{CandidateMovie, MatchReport, Matched, RowReport, TasteItem};
use cinematch::sources::history::Said;
use cinematch::sources::movielens::Stars;
use cinematch_store::{ImportChanges, ImportRecord};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::card::shelf;
use super::form::{Fields, Sent};
use super::layout::{Nav, Page, page};
use super::movies::Viewing;
use super::names::{self, thousands};
use super::note::{Note, leave};
use super::visitor::User;
use crate::problem::Problem;
use crate::routes::import::{TakenIn, movie_of, take_in};
use crate::routes::now;
use crate::routes::people::cell;
use crate::routes::person::check_text;
use crate::state::AppState;

/// Films recommended below a report.
const RECOMMENDED: usize = 12;
/// Films asked about at once, and listed of those that were not found.
const MOST_QUESTIONS: usize = 200;
const MOST_LISTED: usize = 500;
const LONGEST_NAME: usize = 255;

/// Where people's histories are, and how to get them out.
const SOURCES: [(&str, &str); 4] = [
    ("Letterboxd", "Settings → Data → Export your data. Bring the ZIP file as it comes."),
    ("IMDb", "Your ratings or a list → ⋮ → Export. Bring the CSV file."),
    ("Trakt", "Settings → Data → Export. Bring the ZIP file, or its JSON files."),
    ("MovieLens.org", "Your profile → Settings → Import/Export. Bring the CSV file."),
];

/// `GET /import`.
pub async fn ask(User { visitor, .. }: User) -> Response {
    let main = html! {
        h1 { "Bring your history along" }
        (file_form(None))
    };
    page(&visitor, &Page::new("Import", Nav::Elsewhere, main))
}

/// The form for files; `import.js` makes the whole of it a place to drop them.
fn file_form(refusal: Option<&str>) -> Markup {
    html! {
        div .bring {
        form .drop method="post" action="/import" enctype="multipart/form-data" data-drop {
            label .above for="file" { "Files from Letterboxd, IMDb, Trakt or MovieLens.org" }
            input #file type="file" name="file" multiple required accept=".zip,.csv,.json"
                aria-describedby={ "file-help" (if refusal.is_some() { " refusal" } else { "" }) }
                aria-invalid=[refusal.map(|_| "true")];
            p #file-help .small { "Drop them here or choose them. All they say counts at once; the same file twice changes nothing." }
            @if let Some(refusal) = refusal { p #refusal .refusal role="alert" { (refusal) } }
            button .button { "Import" }
        }
        section aria-labelledby="how" {
            h2 #how { "Where your file is" }
            dl .sources {
                @for (name, how) in SOURCES { dt { (name) } dd { (how) } }
            }
        }
        }
    }
}

/// `POST /import`.
pub async fn import(
    State(state): State<AppState>,
    User { visitor, profile }: User,
    request: Request,
) -> Result<Response, Problem> {
    let serving = state.serving();
    let taken = match take_in(&state, &serving, &profile, request, None).await {
        Ok(taken) => taken,
        Err(problem) if problem.status().is_client_error() => {
            let main = html! {
                h1 { "Bring your history along" }
                (file_form(Some(problem.detail().trim_start_matches("file: "))))
            };
            let mut refused = page(&visitor, &Page::new("Import", Nav::Elsewhere, main));
            *refused.status_mut() = problem.status();
            return Ok(refused);
        }
        Err(problem) => return Err(problem),
    };
    let viewing = Viewing::of(&state, &profile).await?;
    let movies = viewing.list(&viewing.query(RECOMMENDED))?;
    let main = html! {
        h1 { "Your history is here" }
        (report(&taken, &viewing))
        (shelf("now", &html! { "Picked for you now" }, &movies))
        p { a .button href="/" { "Go to the films" } " " a href="/import" { "Import more" } }
    };
    Ok(page(&visitor, &Page::new("Import", Nav::Elsewhere, main)))
}

/// What became of every row.
fn report(TakenIn { report, changes }: &TakenIn, viewing: &Viewing) -> Markup {
    let found = report.by_id + report.by_title;
    html! {
        section .report aria-labelledby="report" {
            h2 #report { (thousands(found)) " of " (thousands(report.rows as usize)) " rows found" }
            (bars(report))
            p { (told(*changes)) }
            @if report.fuzzy > 0 {
                details {
                    summary { (thousands(report.fuzzy)) " of them by a year that is off by one or not given" }
                    ul .rows {
                        @for row in report.matches.iter().filter(|row| row.fuzzy).take(MOST_LISTED) {
                            li { (titled(&row.title, row.year)) " → " (found_as(viewing, row)) }
                        }
                    }
                }
            }
        }
        (questions(report))
        (not_found(report))
        @if !report.skipped_rows.is_empty() {
            details {
                summary { (count(report.skipped, "row")) " not about films" }
                ul .rows {
                    @for row in report.skipped_rows.iter().take(MOST_LISTED) { li { (row.title) } }
                }
            }
        }
        @if !report.problems.is_empty() {
            details {
                summary { (count(report.problems.len(), "thing")) " could not be read" }
                ul .rows {
                    @for problem in count_problems(&report.problems) {
                        li {
                            (problem.file) ", line " (problem.first_line) ": " (problem.first_reason)
                            @if problem.count > 1 { " (and " (problem.count - 1) " more)" }
                        }
                    }
                }
            }
        }
    }
}

/// A film's name as a file has it.
fn titled(title: &str, year: Option<u16>) -> String {
    year.map_or_else(|| title.to_owned(), |year| format!("{title} ({year})"))
}

/// What a row's film is called here.
fn found_as(viewing: &Viewing, row: &RowReport) -> String {
    let film = row.movie_id.and_then(|movie_id| viewing.find(movie_id));
    let movie = film.map(|film| viewing.recommender().movie(film));
    movie.map(|movie| titled(&movie.title, movie.year)).unwrap_or_default()
}

/// `1 row`, `2 rows`.
fn count(number: usize, thing: &str) -> String {
    format!("{} {thing}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// What became of the rows, as one bar. The same stands in words around it.
fn bars(report: &MatchReport) -> Markup {
    let counts = [
        ("good", report.by_id + report.by_title, "found"),
        ("ask", report.ambiguous, "could be several films"),
        ("bad", report.unmatched, "not in the catalogue"),
    ];
    // A row may be found although a field of it cannot be read: it stands in the bar once.
    let known: usize = counts.iter().map(|part| part.1).sum();
    let rest = (report.rows as usize).saturating_sub(known);
    let counts = counts.into_iter().chain([("rest", rest, "no films, or not to be read")]);
    let counts: Vec<(&str, usize, &str)> = counts.collect();
    let all: usize = counts.iter().map(|part| part.1).sum();
    let mut from = 0.0;
    let parts: Vec<(&str, f32, f32)> = counts
        .iter()
        .map(|(class, count, _)| {
            let (x, width) = (from, 100.0 * *count as f32 / all.max(1) as f32);
            from += width;
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
            @for (class, count, what) in counts {
                @if count > 0 { li class=(class) { (thousands(count)) " " (what) } }
            }
        }
    }
}

/// What changed, in films.
fn told(changes: ImportChanges) -> String {
    let count = |n: u64, what: &str| {
        let movies = if n == 1 { "film" } else { "films" };
        (n > 0).then(|| format!("{} {movies} {what}", thousands(n as usize)))
    };
    let parts = [
        count(changes.added, "new to us"),
        count(changes.listed, "put on your watchlist"),
        count(changes.changed, "changed"),
        count(changes.kept, "kept as you said here"),
        count(changes.unchanged, "known already"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "Nothing changed.".to_owned() } else { format!("{}.", parts.join(", ")) }
}

/// Rows that may be about the same several films: one question.
struct Question<'a> {
    title: &'a str,
    year: Option<u16>,
    candidates: &'a [CandidateMovie],
    said: Vec<Said>,
}

/// The questions that a report leaves open, each title once.
fn open(report: &MatchReport) -> Vec<Question<'_>> {
    let mut open: Vec<Question<'_>> = Vec::new();
    for row in report.rows_that_are(Matched::Ambiguous) {
        let RowReport { title, year, candidate_movies, said, .. } = row;
        let same = open.iter_mut().find(|question| {
            question.title == title
                && question.year == *year
                && question.candidates == candidate_movies
        });
        match same {
            Some(question) => question.said.push(*said),
            None => open.push(Question {
                title,
                year: *year,
                candidates: candidate_movies,
                said: vec![*said],
            }),
        }
    }
    open
}

/// Asks which film is meant.
fn questions(report: &MatchReport) -> Markup {
    let open = open(report);
    let services: Vec<&str> = report.services.iter().map(|service| service.name()).collect();
    html! {
        @if !open.is_empty() {
            section aria-labelledby="open" {
                h2 #open { "Which film do you mean?" }
                form .questions method="post" action="/import/settle" {
                    input type="hidden" name="service" value=(services.first().copied().unwrap_or_default());
                    @for (at, question) in open.iter().take(MOST_QUESTIONS).enumerate() {
                        fieldset {
                            legend {
                                (question.title)
                                @if let Some(year) = question.year { " (" (year) ")" }
                            }
                            p .small { "You: " (question.said.iter().map(|said| in_words(*said)).collect::<Vec<_>>().join(", ")) }
                            @for said in &question.said {
                                input type="hidden" name={ "said-" (at) } value=(as_value(*said));
                            }
                            ul .choices {
                                @for movie in question.candidates {
                                    li {
                                        label {
                                            input type="radio" name={ "film-" (at) } value=(movie.movie_id.0);
                                            span {
                                                (movie.title)
                                                @if let Some(year) = movie.year { " (" (year) ")" }
                                            }
                                        }
                                    }
                                }
                                li { label { input type="radio" name={ "film-" (at) } value="" checked; span { "None of these" } } }
                            }
                        }
                    }
                    button .button { "Settle these" }
                }
            }
        }
    }
}

/// What was said, as people read it.
fn in_words(said: Said) -> String {
    match said {
        Said::Rated(stars) => format!("{} stars", stars.value()),
        Said::Liked => "liked".to_owned(),
        Said::Watched => "seen".to_owned(),
        Said::Watchlist => "to watch".to_owned(),
    }
}

/// What was said, as the form keeps it.
fn as_value(said: Said) -> String {
    match said {
        Said::Rated(stars) => stars.value().to_string(),
        Said::Liked => "liked".to_owned(),
        Said::Watched => "watched".to_owned(),
        Said::Watchlist => "watchlist".to_owned(),
    }
}

/// The films that the catalogue does not have, to be read and to be taken along.
fn not_found(report: &MatchReport) -> Markup {
    let rows: Vec<&RowReport> = report.rows_that_are(Matched::Unmatched).collect();
    // Rated, seen and listed is one film in three rows.
    let movies: BTreeSet<(&str, Option<u16>)> =
        rows.iter().map(|row| (row.title.as_str(), row.year)).collect();
    html! {
        @if !rows.is_empty() {
            details {
                summary { (names::movies(movies.len())) " that the catalogue does not have" }
                ul .rows {
                    @for (title, year) in movies.iter().take(MOST_LISTED) {
                        li { (title) @if let Some(year) = year { " (" (year) ")" } }
                    }
                }
                @if movies.len() > MOST_LISTED {
                    p .small { "And " (thousands(movies.len() - MOST_LISTED)) " more, which are in the file." }
                }
                p { a href=(as_file(&rows)) download="not-found.csv" { "Save these rows as a file" } }
            }
        }
    }
}

/// Rows as a file that the page itself holds.
fn as_file(rows: &[&RowReport]) -> String {
    let mut text = "file,line,title,year,said\r\n".to_owned();
    for row in rows {
        let year = row.year.map(|year| year.to_string()).unwrap_or_default();
        let cells =
            [cell(&row.file), row.line.to_string(), cell(&row.title), year, as_value(row.said)];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    format!("data:text/csv;charset=utf-8,{}", utf8_percent_encode(&text, NON_ALPHANUMERIC))
}

/// `POST /import/settle`: the films that somebody named for rows that could be about several.
pub async fn settle(
    State(state): State<AppState>,
    User { profile, .. }: User,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    let settled = settled(&fields)?;
    if settled.is_empty() {
        return Ok(leave("/", &Note::plain("None of these: nothing was changed.")));
    }
    let service = fields.get("service").unwrap_or("elsewhere");
    check_text("service", service, LONGEST_NAME)?;
    let bundle = state.bundle();
    let wanted = settled.iter().filter_map(|item| movie_of(&bundle.recommender, item)).collect();
    let record = ImportRecord {
        service: service.to_owned(),
        file: "settled by hand".to_owned(),
        rows: settled.len() as u64,
        matched: settled.len() as u64,
    };
    let changes = state.store().import(&profile, wanted, record, now()).await?;
    Ok(leave("/", &Note::plain(format!("Settled: {}", told(changes)))))
}

/// The answers of a form. Who names one film for two rows says both of it.
fn settled(fields: &Fields) -> Result<Vec<TasteItem>, Problem> {
    let mut items: Vec<TasteItem> = Vec::new();
    for at in 0..MOST_QUESTIONS {
        let field = format!("film-{at}");
        let Some(movie_id) = fields.number::<u32>(&field)?.map(MovieId) else { continue };
        let known = items.iter().position(|item| item.movie_id == movie_id);
        let place = known.unwrap_or_else(|| {
            let item =
                TasteItem { movie_id, rating: None, liked: false, watched: false, listed: false };
            items.push(item);
            items.len() - 1
        });
        let item = &mut items[place];
        let said = format!("said-{at}");
        for value in fields.all(&said) {
            match value {
                "liked" => item.liked = true,
                "watched" => item.watched = true,
                "watchlist" => item.listed = true,
                stars => {
                    let stars = stars.parse().ok().and_then(Stars::from_value);
                    let wrong =
                        || Problem::field(&said, "is nothing that an export says of a film");
                    item.rating = Some(stars.ok_or_else(wrong)?);
                }
            }
        }
        item.watched |= item.rating.is_some();
        item.listed &= !item.watched;
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields::of(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn what_was_settled_is_what_the_rows_said() {
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
        let items = settled(&form).unwrap();
        let heat = TasteItem {
            movie_id: MovieId(6),
            rating: Stars::from_value(4.5),
            liked: true,
            watched: true,
            listed: false,
        };
        let listed = TasteItem {
            movie_id: MovieId(7),
            rating: None,
            liked: false,
            watched: false,
            listed: true,
        };
        assert_eq!(items, [heat, listed]);
        assert!(settled(&fields(&[("said-0", "6 stars"), ("film-0", "6")])).is_err());
        assert!(settled(&fields(&[("film-0", "heat")])).is_err());
    }

    #[test]
    fn changes_are_told_in_movies() {
        let changes = ImportChanges { added: 1, changed: 0, kept: 0, unchanged: 1200, listed: 2 };
        assert_eq!(
            told(changes),
            "1 film new to us, 2 films put on your watchlist, 1,200 films known already."
        );
        assert_eq!(told(ImportChanges::default()), "Nothing changed.");
    }

    #[test]
    fn rows_that_were_not_found_are_a_file_and_no_formula() {
        let row = RowReport {
            file: "ratings.csv".to_owned(),
            line: 3,
            title: "=1+1, \"x\"".to_owned(),
            year: None,
            said: Said::Liked,
            matched: Matched::Unmatched,
            fuzzy: false,
            movie_id: None,
            candidates: Vec::new(),
            candidate_movies: Vec::new(),
        };
        let file = as_file(&[&row]);
        let text = percent_encoding::percent_decode_str(&file).decode_utf8().unwrap();
        assert!(text.ends_with("ratings.csv,3,\"'=1+1, \"\"x\"\"\",,liked\r\n"), "{text}");
    }
}
