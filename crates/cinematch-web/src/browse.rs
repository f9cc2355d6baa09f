//! `GET /browse`: the catalogue, filtered and sorted. All that is asked for stands in the address.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use cinematch::catalog::names::NameList;
use cinematch::ranking::{FieldError, Filters, GenreFilter, Query, QueryError, Request};
use cinematch::retrieval::{Cursor, Filter, Sort, Start};
use maud::{Markup, html};

use super::card::grid;
use super::choice::Choice;
use super::form::{Fields, in_words};
use super::layout::{Nav, Page, fragments, page};
use super::movies::{MovieCard, Viewing};
use super::names;
use super::visitor::User;
use cinematch_http::marks::IsPage;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::listing::why;

/// Films on a page: whole rows of two, three, four, six or eight.
const SHOWN: usize = 24;

/// What films are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// How well they fit who looks.
    You,
    /// Something of the films' own.
    Movies(Sort),
}

impl Order {
    const ALL: [(Self, &'static str); 6] = [
        (Self::You, "Best for you"),
        (Self::Movies(Sort::Popularity), "Popular now"),
        (Self::Movies(Sort::Votes), "Best known"),
        (Self::Movies(Sort::Rating), "Best rated"),
        (Self::Movies(Sort::Year), "Newest"),
        (Self::Movies(Sort::Title), "Title, A to Z"),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::Movies(sort) => sort.name(),
        }
    }

    fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(order, _)| (order.name() == name).then_some(order))
    }
}

/// What an address asks for.
#[derive(Debug)]
struct Asked {
    filters: Filters,
    order: Order,
    /// Where the page begins, as the one before said.
    from: Option<String>,
}

impl Asked {
    fn of(fields: &Fields) -> Result<Self, QueryError> {
        let genres = fields.list("genre");
        let none = fields.list("without");
        let (any, all) = match fields.get("match") {
            Some("all") => (Vec::new(), genres),
            _ => (genres, Vec::new()),
        };
        Ok(Self {
            filters: Filters {
                genres: GenreFilter { any, all, none },
                services: fields.list("service"),
                region: fields.get("region").map(str::to_owned),
                languages: fields.list("language"),
                year_min: number(fields, "year_min")?,
                year_max: number(fields, "year_max")?,
                runtime_min: number(fields, "runtime_min")?,
                runtime_max: number(fields, "runtime_max")?,
                min_votes: number(fields, "votes")?.unwrap_or(0),
                rating_min: number(fields, "rating")?,
            },
            order: match fields.get("sort") {
                None => Order::Movies(Sort::Popularity),
                Some(name) => Order::find(name).ok_or_else(|| wrong("sort", "is no such order"))?,
            },
            from: fields.get("from").map(str::to_owned),
        })
    }
}

fn number<T: std::str::FromStr>(fields: &Fields, name: &str) -> Result<Option<T>, QueryError> {
    fields.number(name).map_err(|problem| wrong(name, problem.detail()))
}

fn wrong(field: &str, message: &str) -> QueryError {
    let error = FieldError { field: field.to_owned(), message: message.to_owned() };
    QueryError { errors: vec![error] }
}

/// A page of the films asked for.
struct Found<'a> {
    movies: Vec<MovieCard<'a>>,
    /// How many there are on all pages.
    total: usize,
    /// Where the next page begins.
    next: Option<String>,
}

/// Films by what they are like.
pub async fn browse(
    State(state): State<Service>,
    User { visitor, profile }: User,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut viewing = Viewing::of(&state, &profile).await?;
    let asked = Asked::of(&fields).and_then(|asked| Ok((query(&viewing, &asked)?, asked)));
    if let Ok((request, _)) = &asked {
        viewing.region = request.filter.region;
    }
    let answer = asked.and_then(|(request, asked)| found(&viewing, request, &asked));
    let part = match &answer {
        Ok(found) => movies(&viewing, &fields, found),
        Err(error) => refused(error),
    };
    if visitor.is_fragment {
        return Ok(fragments(&part));
    }
    let main = html! {
        h1 { "Browse" }
        div .browse {
            (form(&viewing, &fields))
            div { (part) }
        }
    };
    let mut response = page(&visitor, &Page::new("Browse", Nav::Browse, main));
    if answer.is_err() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        response.extensions_mut().insert(IsPage);
    }
    Ok(response)
}

/// What is asked for, checked. A region that the address does not name is the viewer's.
fn query(viewing: &Viewing, asked: &Asked) -> Result<Request, QueryError> {
    let recommender = viewing.recommender();
    let own = viewing.region.map(|region| recommender.index().regions()[region].code().to_owned());
    let filters = Filters { region: asked.filters.region.clone().or(own), ..asked.filters.clone() };
    let query = match asked.order {
        Order::You => Query { filters, ..viewing.query(SHOWN) },
        Order::Movies(_) => Query { filters, limit: SHOWN, ..Query::default() },
    };
    Ok(recommender.resolve(&Query { diversity: Some(0.0), ..query })?.0)
}

fn found<'a>(
    viewing: &'a Viewing,
    request: Request,
    asked: &Asked,
) -> Result<Found<'a>, QueryError> {
    let recommender = viewing.recommender();
    let (index, movies) = (recommender.index(), recommender.movies());
    let page_of = |filter: Filter, start: &Start, limit| index.page(movies, start, filter, limit);
    match asked.order {
        Order::Movies(sort) => {
            let start = match &asked.from {
                None => Start::First(sort),
                Some(text) => Start::After(
                    Cursor::parse(text, sort).map_err(|error| wrong("from", &error.to_string()))?,
                ),
            };
            let found = page_of(request.filter, &start, SHOWN);
            let films = viewing.predicted(&found.movies)?;
            let next = found.next.map(|cursor| cursor.to_string());
            Ok(Found { movies: films, total: found.total, next })
        }
        Order::You => {
            let offset = asked.from.as_deref().map_or(Ok(0), str::parse);
            let offset = offset.map_err(|_| wrong("from", "expected where a page ended"))?;
            let request = Request { offset, ..request };
            let ranked = recommender.recommend(&request).items.into_iter();
            let films: Vec<MovieCard<'_>> = ranked
                .map(|recommended| {
                    let movie = recommended.movie;
                    MovieCard { why: Some(why(recommended)), ..viewing.movie(movie) }
                })
                .collect();
            let first = Start::First(Sort::default());
            let total = page_of(request.filter, &first, 0).total;
            let end = offset.saturating_add(films.len());
            Ok(Found { movies: films, total, next: (end < total).then(|| end.to_string()) })
        }
    }
}

/// The films, how many there are, and the way on.
fn movies(viewing: &Viewing, fields: &Fields, found: &Found<'_>) -> Markup {
    let more = |from: &str| {
        let same = fields.address("/browse", |name, _| name != "from");
        let joint = if same.contains('?') { '&' } else { '?' };
        format!("{same}{joint}from={from}")
    };
    html! {
        p #count role="status" {
            @if found.total == 0 { "No films" } @else { (names::movies(found.total)) }
        }
        div #found {
            (chosen(fields))
            h2 .unseen { "Films" }
            @if found.movies.is_empty() {
                p { "No film passes all of these. Take one of them away." }
            } @else {
                (grid(&found.movies))
            }
            nav .pages aria-label="Pages of films" {
                @if fields.get("from").is_some() {
                    a href=(fields.address("/browse", |name, _| name != "from")) { "Back to the first page" }
                }
                @if let Some(next) = &found.next { a .button href=(more(next)) { "More films" } }
            }
            @if let Some(attribution) = viewing.serving.bundle.attribution(viewing.region) {
                p .small { (attribution) }
            }
        }
    }
}

/// What cannot be asked for.
fn refused(error: &QueryError) -> Markup {
    html! {
        p #count role="status" {
            "Nothing was looked for: "
            @for error in &error.errors { (field_name(&error.field)) ": " (in_words(&error.message)) ". " }
        }
        div #found {
            ul .wrong {
                @for FieldError { field, message } in &error.errors {
                    li { b { (field_name(field)) ": " } (in_words(message)) }
                }
            }
        }
    }
}

/// What the form calls a field.
fn field_name(field: &str) -> &str {
    let field = field.strip_prefix("filters.").unwrap_or(field);
    let field = field.split('[').next().unwrap_or(field);
    match field {
        "genres.any" | "genres.all" => "Genres",
        "genres.none" => "None of these genres",
        "services" => "Streaming services",
        "languages" => "Language",
        "year_min" | "year_max" => "Years",
        "runtime_min" | "runtime_max" => "Minutes",
        "rating_min" | "rating" => "Rating",
        "votes" => "Votes",
        "sort" => "Sort by",
        "region" => "Country",
        other => other,
    }
}

/// The filters that are on, each a link to the same without it.
fn chosen(fields: &Fields) -> Markup {
    let mut on: Vec<(String, String)> = Vec::new();
    let mut add = |label: String, name: &str, value: &str| {
        let without = |field: &str, of: &str| field != "from" && (field != name || of != value);
        on.push((label, fields.address("/browse", without)));
    };
    for genre in fields.all("genre") {
        add(genre.to_owned(), "genre", genre);
    }
    for genre in fields.all("without") {
        add(format!("no {genre}"), "without", genre);
    }
    for service in fields.all("service") {
        add(format!("on {service}"), "service", service);
    }
    for code in fields.all("language") {
        add(format!("in {}", names::language(code)), "language", code);
    }
    for (name, before, behind) in [
        ("year_min", "from ", ""),
        ("year_max", "to ", ""),
        ("runtime_min", "from ", " min"),
        ("runtime_max", "to ", " min"),
        ("rating", "from ", " of 10"),
        ("votes", "from ", " votes"),
    ] {
        if let Some(value) = fields.get(name) {
            add(format!("{before}{value}{behind}"), name, value);
        }
    }
    html! {
        @if !on.is_empty() {
            ul .chosen aria-label="Filters that are on" {
                @for (label, address) in &on {
                    li { a href=(address) { span .unseen { "Do not filter by " } (label) span aria-hidden="true" { " ×" } } }
                }
                @if on.len() > 1 { li { a .all href="/browse" { "Clear all" } } }
            }
        }
    }
}

/// The form. Without scripts its button asks; `browse.js` asks whenever something changes.
fn form(viewing: &Viewing, fields: &Fields) -> Markup {
    let index = viewing.recommender().index();
    let asked = fields.get("region").and_then(|code| index.find_region(code));
    let services = match asked.or(viewing.region) {
        Some(region) => &index.regions()[region].services,
        None => &index.services,
    };
    let order = fields.get("sort").and_then(Order::find).unwrap_or(Order::Movies(Sort::Popularity));
    let of_all = fields.get("match") == Some("all");
    let genres = named(fields, "genre", &index.genres);
    let without = named(fields, "without", &index.genres);
    let on = named(fields, "service", services);
    html! {
        form #filters .filters action="/browse" {
            p {
                label .above for="sort" { "Sort by" }
                select #sort name="sort" {
                    @for (one, label) in Order::ALL {
                        option value=(one.name()) selected[one == order] { (label) }
                    }
                }
            }
            details {
                summary { "Filters" }
                (Choice::of(&index.genres, &genres, |name| name).show("genre", "Genres", None))
                fieldset .either {
                    legend .unseen { "Films with" }
                    label { input type="radio" name="match" value="any" checked[!of_all]; " any of these" }
                    label { input type="radio" name="match" value="all" checked[of_all]; " all of these" }
                }
                details open[fields.get("without").is_some()] {
                    summary { "None of these" }
                    (Choice::of(&index.genres, &without, |name| name).show("without", "None of these genres", None))
                }
                (range("Years", ("year_min", "year_max"), fields, ("1900", "2030")))
                (range("Minutes", ("runtime_min", "runtime_max"), fields, ("0", "600")))
                fieldset {
                    legend { "Rating at TMDB" }
                    div .range .rows {
                        label for="rating" { "from" }
                        input #rating name="rating" type="number" min="0" max="10" step="0.1"
                            inputmode="decimal" value=[fields.get("rating")];
                        label for="votes" { "votes from" }
                        input #votes name="votes" type="number" min="0" inputmode="numeric"
                            value=[fields.get("votes")];
                    }
                }
                (Choice::of(services, &on, |name| name).show("service", "Streaming services", None))
                @if let Some(region) = fields.get("region") { input type="hidden" name="region" value=(region); }
                @if !index.languages.names().is_empty() {
                    p {
                        label .above for="language" { "Language" }
                        (languages(index.languages.names(), fields))
                    }
                }
            }
            p { button .button { "Show films" } " " a href="/browse" { "Clear" } }
        }
    }
}

/// What an address names, as the catalogue spells it.
fn named(fields: &Fields, field: &str, catalogue: &NameList) -> Vec<String> {
    let spelled = |name: &str| match catalogue.find(name) {
        Some(at) => catalogue.names()[at].clone(),
        None => name.to_owned(),
    };
    fields.all(field).map(spelled).collect()
}

/// From … to ….
fn range(legend: &str, names: (&str, &str), fields: &Fields, bounds: (&str, &str)) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            div .range {
                @for (name, label) in [(names.0, "from"), (names.1, "to")] {
                    label for=(name) { (label) }
                    input id=(name) name=(name) type="number" min=(bounds.0) max=(bounds.1)
                        inputmode="numeric" value=[fields.get(name)];
                }
            }
        }
    }
}

/// One language to choose, by its name.
fn languages(codes: &[String], fields: &Fields) -> Markup {
    let mut named: Vec<(&str, &str)> =
        codes.iter().map(|code| (names::language(code), code.as_str())).collect();
    named.sort_unstable();
    html! {
        select #language name="language" {
            option value="" { "Any" }
            @for (name, code) in named {
                option value=(code) selected[fields.get("language") == Some(code)] { (name) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_found_by_its_name_and_has_a_label() {
        for (order, label) in Order::ALL {
            assert_eq!(Order::find(order.name()), Some(order));
            assert!(!label.is_empty());
        }
        assert_eq!(Sort::ALL.len() + 1, Order::ALL.len());
        assert_eq!(Order::find("best"), None);
    }
}
