//! `GET /browse`: the catalog, filtered and sorted. All filters are in the query string.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use cinematch::catalog::names::NameList;
use cinematch::ranking::{FieldError, Filters, GenreFilter, PopularitySource, QueryError};
use cinematch::retrieval::{Cursor, Sort, Start};
use maud::{Markup, html};

use super::card::grid;
use super::choice::Choice;
use super::form::Fields;
use super::layout::{Nav, Page, page};
use super::page_caller::PageUser;
use super::responses::fragments;
use super::texts::errors::{field_label, with_labels};
use super::texts::{self as common, browse as texts, names, numbers::title_case};
use cinematch_http::extensions::IsPage;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::browse::{UserPage, UserStart, page_for_user};
use cinematch_service::user_view::UserView;

/// Number of movies on a page; divisible by 2, 3, 4, 6 and 8 columns.
const PAGE_SIZE: usize = 24;

/// Sort order of the catalog page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// By the user's taste.
    Recommended,
    /// Sorted by a property of the movies, such as their year.
    Sorted(Sort),
}

impl Order {
    const ALL: [Self; 6] = [
        Self::Recommended,
        Self::Sorted(Sort::Popularity),
        Self::Sorted(Sort::Votes),
        Self::Sorted(Sort::Rating),
        Self::Sorted(Sort::Year),
        Self::Sorted(Sort::Title),
    ];

    /// Returns the order for requests that name none. TMDB's popularity shows what is popular now only while it is
    /// fresh.
    fn default_for(view: &UserView) -> Self {
        Self::Sorted(if is_popularity_fresh(view) { Sort::Popularity } else { Sort::Votes })
    }

    fn label(self, view: &UserView) -> &'static str {
        match self {
            Self::Recommended => texts::BEST_FOR_YOU,
            Self::Sorted(Sort::Popularity) if is_popularity_fresh(view) => texts::POPULAR_NOW,
            Self::Sorted(Sort::Popularity) => texts::TMDB_POPULARITY,
            Self::Sorted(Sort::Votes) => texts::MOST_VOTES,
            Self::Sorted(Sort::Rating) => texts::HIGHEST_RATED,
            Self::Sorted(Sort::Year) => texts::NEWEST,
            Self::Sorted(Sort::Title) => texts::BY_TITLE,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Recommended => "you",
            Self::Sorted(sort) => sort.name(),
        }
    }

    fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }
}

/// Returns true if TMDB's popularity was fetched within the last 30 days.
fn is_popularity_fresh(view: &UserView) -> bool {
    view.recommender().popularity_source(Some(view.today)) == PopularitySource::Tmdb
}

/// Filters and sort order in the query string.
#[derive(Debug)]
struct BrowseParams {
    filters: Filters,
    start: UserStart,
}

impl BrowseParams {
    fn from_fields(fields: &Fields, default: Order) -> Result<Self, QueryError> {
        let genres = fields.list("genre");
        let none = fields.list("without");
        let order = match fields.get("sort") {
            None => default,
            Some(name) => {
                Order::find(name).ok_or_else(|| field_error("sort", texts::UNKNOWN_ORDER))?
            }
        };
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
                ..Filters::default()
            },
            start: parse_start(order, fields.get("from"))?,
        })
    }
}

fn number<T: std::str::FromStr>(fields: &Fields, name: &str) -> Result<Option<T>, QueryError> {
    fields.number(name).map_err(|problem| field_error(name, problem.detail()))
}

fn field_error(field: &str, message: &str) -> QueryError {
    let error = FieldError { field: field.to_owned(), message: message.to_owned() };
    QueryError { errors: vec![error] }
}

/// Renders the catalog page.
pub async fn browse(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut view = UserView::load(&service, &profile).await?;
    let requested =
        fields.get("region").and_then(|code| view.recommender().index().find_region(code));
    view.region = requested.or(view.region);
    let result = BrowseParams::from_fields(&fields, Order::default_for(&view))
        .and_then(|params| page_for_user(&view, params.filters, params.start, PAGE_SIZE));
    let results = match &result {
        Ok(page) => movies(&view, &fields, page),
        Err(error) => invalid_request(error),
    };
    if caller.is_fragment {
        return Ok(fragments(&results));
    }
    let main = html! {
        h1 { (texts::TITLE) }
        div .browse {
            (form(&view, &fields))
            div { (results) }
        }
    };
    let mut response = page(&caller, &Page::new(texts::TITLE, Nav::Browse, main));
    if result.is_err() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        response.extensions_mut().insert(IsPage);
    }
    Ok(response)
}

/// Returns the start of a page as the field `from` names it: a cursor or an offset.
fn start_value(start: &UserStart) -> Option<String> {
    match start {
        UserStart::Recommended(offset) => Some(offset.to_string()),
        UserStart::Sorted(Start::After(cursor)) => Some(cursor.to_string()),
        UserStart::Sorted(Start::First(_)) => None,
    }
}

/// Parses the field `from`.
fn parse_start(order: Order, from: Option<&str>) -> Result<UserStart, QueryError> {
    match (order, from) {
        (Order::Recommended, None) => Ok(UserStart::Recommended(0)),
        (Order::Recommended, Some(text)) => {
            let offset = text.parse().map_err(|_| field_error("from", texts::BAD_POSITION))?;
            Ok(UserStart::Recommended(offset))
        }
        (Order::Sorted(sort), None) => Ok(UserStart::Sorted(Start::First(sort))),
        (Order::Sorted(sort), Some(text)) => {
            let cursor = Cursor::parse(text, sort);
            let cursor = cursor.map_err(|error| field_error("from", &error.to_string()))?;
            Ok(UserStart::Sorted(Start::After(cursor)))
        }
    }
}

/// Renders the number of matches, the movies, and links to other pages.
fn movies(view: &UserView, fields: &Fields, page: &UserPage<'_>) -> Markup {
    let page_address = |from: &str| {
        let same = fields.address("/browse", |name, _| name != "from");
        let separator = if same.contains('?') { '&' } else { '?' };
        format!("{same}{separator}from={from}")
    };
    html! {
        p #count role="status" {
            (texts::total(page.total))
        }
        div #found {
            (active_filters(fields))
            h2 .unseen { (texts::FILMS) }
            @if page.movies.is_empty() {
                p { (texts::NO_MATCHES) }
            } @else {
                (grid(&page.movies))
            }
            nav .pages aria-label=(texts::PAGES) {
                @if fields.get("from").is_some() {
                    a href=(fields.address("/browse", |name, _| name != "from")) { (texts::FIRST_PAGE) }
                }
                @if let Some(next) = page.next.as_ref().and_then(start_value) { a .button href=(page_address(&next)) { (texts::NEXT_PAGE) } }
            }
            @if let Some(attribution) = view.serving.bundle.attribution(view.region) {
                p .small { (attribution) }
            }
        }
    }
}

/// Renders the problems of an invalid request.
fn invalid_request(error: &QueryError) -> Markup {
    html! {
        p #count role="status" {
            (texts::CHECK_FILTERS)
            @for error in &error.errors { (field_label(&error.field)) ": " (with_labels(&error.message)) ". " }
        }
        div #found {
            ul .wrong {
                @for FieldError { field, message } in &error.errors {
                    li { b { (field_label(field)) ": " } (with_labels(message)) }
                }
            }
        }
    }
}

/// Renders the active filters, each as a link that removes it.
fn active_filters(fields: &Fields) -> Markup {
    let mut active: Vec<(String, String)> = Vec::new();
    let mut add = |label: String, name: &str, value: &str| {
        let without = |field: &str, field_value: &str| {
            field != "from" && (field != name || field_value != value)
        };
        active.push((label, fields.address("/browse", without)));
    };
    for genre in fields.all("genre") {
        add(title_case(genre), "genre", genre);
    }
    for genre in fields.all("without") {
        add(texts::genre_excluded(genre), "without", genre);
    }
    for service in fields.all("service") {
        add(texts::on_service(service), "service", service);
    }
    for code in fields.all("language") {
        add(texts::in_language(names::language(code)), "language", code);
    }
    for name in ["year_min", "year_max", "runtime_min", "runtime_max", "rating", "votes"] {
        if let Some(value) = fields.get(name) {
            add(texts::bound(name, value), name, value);
        }
    }
    html! {
        @if !active.is_empty() {
            ul .chosen aria-label=(texts::ACTIVE_FILTERS) {
                @for (label, address) in &active {
                    li { a href=(address) { span .unseen { (texts::REMOVE_FILTER) } (label) span aria-hidden="true" { " ×" } } }
                }
                @if active.len() > 1 { li { a .all href="/browse" { (texts::CLEAR_ALL) } } }
            }
        }
    }
}

/// Renders the filters. `browse.js` applies every change; without scripts, the button applies the filters.
fn form(view: &UserView, fields: &Fields) -> Markup {
    let index = view.recommender().index();
    let services = index.services_in(view.region);
    let order = fields.get("sort").and_then(Order::find);
    let order = order.unwrap_or_else(|| Order::default_for(view));
    let is_match_all = fields.get("match") == Some("all");
    let genres = canonical_values(fields, "genre", &index.genres);
    let without = canonical_values(fields, "without", &index.genres);
    let on = canonical_values(fields, "service", services);
    html! {
        form #filters .filters action="/browse" {
            p {
                label .above for="sort" { (texts::SORT_BY) }
                select #sort name="sort" {
                    @for option in Order::ALL {
                        option value=(option.name()) selected[option == order] { (option.label(view)) }
                    }
                }
            }
            details {
                summary { (texts::FILTERS) }
                (Choice::new(&index.genres, &genres, title_case).show("genre", common::GENRES, None))
                fieldset .either {
                    legend .unseen { (texts::MATCH) }
                    label { input type="radio" name="match" value="any" checked[!is_match_all]; " " (texts::ANY_OF_THESE) }
                    label { input type="radio" name="match" value="all" checked[is_match_all]; " " (texts::ALL_OF_THESE) }
                }
                details open[fields.get("without").is_some()] {
                    summary { (texts::EXCLUDE) }
                    (Choice::new(&index.genres, &without, title_case).show("without", texts::EXCLUDED, None))
                }
                (range(texts::YEAR, ("year_min", "year_max"), fields, ("1900", "2030")))
                (range(texts::LENGTH, ("runtime_min", "runtime_max"), fields, ("0", "600")))
                fieldset {
                    legend { (texts::TMDB_RATING) }
                    div .range .rows {
                        label for="rating" { (texts::AT_LEAST) }
                        input #rating name="rating" type="number" min="0" max="10" step="0.1"
                            inputmode="decimal" value=[fields.get("rating")];
                        label for="votes" { (texts::MINIMUM_VOTES) }
                        input #votes name="votes" type="number" min="0" inputmode="numeric"
                            value=[fields.get("votes")];
                    }
                }
                (Choice::new(services, &on, str::to_owned).show("service", texts::SERVICES, None))
                @if let Some(region) = fields.get("region") { input type="hidden" name="region" value=(region); }
                @if !index.languages.names().is_empty() {
                    p {
                        label .above for="language" { (texts::LANGUAGE) }
                        (languages(index.languages.names(), fields))
                    }
                }
            }
            p { button .button { (texts::APPLY) } " " a href="/browse" { (texts::CLEAR) } }
        }
    }
}

/// Returns the values of a field, spelled as in the catalog.
fn canonical_values(fields: &Fields, field: &str, catalog: &NameList) -> Vec<String> {
    fields.all(field).map(|name| catalog.canonical(name).to_owned()).collect()
}

/// Renders two number fields for a range.
fn range(legend: &str, names: (&str, &str), fields: &Fields, bounds: (&str, &str)) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            div .range {
                @for (name, label) in [(names.0, texts::FROM), (names.1, texts::TO)] {
                    label for=(name) { (label) }
                    input id=(name) name=(name) type="number" min=(bounds.0) max=(bounds.1)
                        inputmode="numeric" value=[fields.get(name)];
                }
            }
        }
    }
}

/// Renders the language field, with the languages ordered by name.
fn languages(codes: &[String], fields: &Fields) -> Markup {
    let mut by_name: Vec<(&str, &str)> =
        codes.iter().map(|code| (names::language(code), code.as_str())).collect();
    by_name.sort_unstable();
    html! {
        select #language name="language" {
            option value="" { (texts::ANY) }
            @for (name, code) in by_name {
                option value=(code) selected[fields.get("language") == Some(code)] { (name) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_found_by_its_name() {
        for order in Order::ALL {
            assert_eq!(Order::find(order.name()), Some(order));
        }
        assert_eq!(Sort::ALL.len() + 1, Order::ALL.len());
        assert_eq!(Order::find("best"), None);
    }
}

#[cfg(test)]
mod page_tests {
    use cinematch_testing::{PlainBrowser, movie_ids};
    use serde_json::json;

    use crate::testing::{between, count, movies, sample};

    #[test]
    fn browse_page_matches_the_api_for_equal_filters() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        for (address, api) in [
            ("", "sort=votes"),
            ("?genre=crime&genre=western&match=any", "genre=crime&genre=western&sort=votes"),
            (
                "?genre=crime&genre=drama&match=all&sort=year",
                "genre_all=crime&genre_all=drama&sort=year",
            ),
            ("?without=drama&sort=title", "genre_none=drama&sort=title"),
            (
                "?year_min=1980&year_max=1999&runtime_min=&runtime_max=120&sort=votes",
                "year_min=1980&year_max=1999&runtime_max=120&sort=votes",
            ),
            (
                "?service=Netflix&rating=7.5&votes=100&sort=rating",
                "service=Netflix&rating_min=7.5&min_votes=100&sort=rating",
            ),
        ] {
            let mut page = ada.page(&format!("/browse{address}"));
            let all = server.get(&format!("/api/movies?limit=100&{api}")).json();
            let total = all["total"].as_u64().unwrap();
            let label = if total == 1 { "1 film".to_owned() } else { format!("{total} films") };
            assert_eq!(count(&page), label, "{address}");
            let expected = movie_ids(all["movies"].as_array().unwrap());
            let mut shown = movies(&page);
            // The next link leads to the following page of this list.
            while shown.len() < expected.len() {
                let next = between(&page, "<a class=\"button\" href=\"", "\"");
                page = ada.page(&next);
                assert_eq!(count(&page), label);
                shown.extend(movies(&page));
            }
            assert_eq!(shown[..expected.len()], expected, "{address}");
        }
        let none = ada.page("/browse?year_min=2029");
        assert!(count(&none) == "No films" && none.contains("Remove a filter"));
    }

    #[test]
    fn browse_form_and_links_preserve_filters() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        let page = ada.page("/browse?genre=crime&without=war&match=all&rating=7.5&sort=year");
        for fragment in [
            "name=\"genre\" value=\"crime\" checked",
            "name=\"without\" value=\"war\" checked",
            "name=\"match\" value=\"all\" checked",
            "<option value=\"year\" selected",
            "value=\"7.5\"",
        ] {
            assert!(page.contains(fragment), "{fragment}");
        }
        assert!(!page.contains("name=\"genre\" value=\"war\" checked"));
        // Every active filter links to the list without that filter.
        let chosen = between(&page, "<ul class=\"chosen\"", "</ul>");
        let without_war = "/browse?genre=crime&match=all&rating=7%2E5&sort=year";
        assert!(chosen.contains(&format!("href=\"{without_war}\"")), "{chosen}");
        // Invalid values are reported next to the form, which still contains them.
        let reply = ada.get("/browse?year_min=1999&year_max=1990&genre=dramma");
        assert_eq!(reply.status, 422);
        assert!(
            reply.text.contains("value=\"1999\"")
                && count(&reply.text).starts_with("Check your filters")
        );
        assert!(
            reply.text.contains("did you mean drama?")
                && reply.text.contains("<b>Earliest year: </b>")
        );
        for query in ["year_min=x", "sort=best", "from=zz", "rating=11", "sort=you&from=-1"] {
            let reply = ada.get(&format!("/browse?{query}"));
            assert!(reply.status == 422 && reply.text.contains("class=\"wrong\""), "{query}");
        }
    }

    #[test]
    fn browse_sorts_by_predicted_fit() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        let rated = json!({"movie_id": 163, "rating": 5.0});
        assert_eq!(server.as_user("1", ("POST", "/api/feedback"), Some(&rated)).status, 200);
        let page = ada.page("/browse?sort=you&genre=crime");
        let body = json!({"ratings": [{"movie_id": 163, "rating": 5.0}], "filters": {"genres": {"any": ["crime"]}},
            "diversity": 0.0, "limit": 50});
        let list = server.post("/api/recommendations", &body).json();
        let expected = movie_ids(list["recommendations"].as_array().unwrap());
        assert_eq!(movies(&page), expected[..24]);
        assert!(page.contains("Why this?"));
        let next = ada.page(&between(&page, "<a class=\"button\" href=\"", "\""));
        assert_eq!(movies(&next)[..], expected[24..48.min(expected.len())]);
    }
}
