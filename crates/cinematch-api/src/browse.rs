//! `GET /api/movies`: the catalog, filtered, sorted and paginated.

use std::collections::BTreeSet;

use axum::extract::{RawQuery, State};
use cinematch::ranking::{FieldError, Filters, QueryError};
use cinematch::retrieval::{Cursor, Sort, Start};
use cinematch_http::cached::Cached;
use cinematch_http::extract::QueryOf;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::browse::{self, BrowseReply, BrowseRequest};

const DEFAULT_LIMIT: usize = 20;

/// Filters and sort order. Ranges are inclusive and exclude movies whose value is unknown. The genre parameters,
/// `service` and `language` may be repeated; a movie matches if it is on any of the services and in any of the
/// languages.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters that `parse` reads, some of them repeated")]
pub struct BrowseQuery {
    /// Genre or a synonym of one, case-insensitive. If repeated, movies must have at least one of the genres.
    #[param(required = false, style = Form, explode, example = json!(["crime"]))]
    genre: Vec<String>,
    /// Required genre. If repeated, movies must have all of the genres.
    #[param(required = false, style = Form, explode)]
    genre_all: Vec<String>,
    /// Excluded genre. If repeated, movies must have none of the genres.
    #[param(required = false, style = Form, explode)]
    genre_none: Vec<String>,
    /// Earliest release year.
    #[param(maximum = 65535)]
    year_min: Option<u16>,
    /// Latest release year.
    #[param(maximum = 65535)]
    year_max: Option<u16>,
    /// Minimum runtime in minutes.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_min: Option<u32>,
    /// Maximum runtime in minutes.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_max: Option<u32>,
    /// Streaming service that offers the movies.
    #[param(required = false, style = Form, explode)]
    service: Vec<String>,
    /// Two-letter code of the country whose streaming services the filters and the reply use; the default is the
    /// operator's region.
    region: Option<String>,
    /// Original language, as an ISO 639-1 code.
    #[param(required = false, style = Form, explode)]
    language: Vec<String>,
    /// Minimum number of votes.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    min_votes: Option<u32>,
    /// Minimum average TMDB vote, 0 to 10.
    #[param(minimum = 0, maximum = 10, example = 7.5)]
    rating_min: Option<f64>,
    /// Sort order: `popularity` (default), `votes`, `rating` or `year`, descending, or `title`, ascending. Movies
    /// whose value is unknown come last.
    #[param(inline)]
    sort: Option<SortName>,
    /// Maximum number of movies per page, 1 to 100; the default is 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next_cursor` of the previous page. `sort` must be the same as for that page.
    cursor: Option<String>,
}

/// Sort order of the catalog.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "documents the names that `Sort::find` accepts")]
enum SortName {
    Popularity,
    Votes,
    Rating,
    Year,
    Title,
}

/// Reads the parameters of a query string.
fn parse(parameters: Vec<(String, String)>) -> Result<BrowseRequest, Problem> {
    let mut asked = BrowseRequest {
        filters: Filters::default(),
        limit: DEFAULT_LIMIT,
        start: Start::First(Sort::default()),
    };
    let (mut sort, mut cursor) = (Sort::default(), None);
    let mut given = BTreeSet::new();
    let filters = &mut asked.filters;
    for (field, value) in parameters {
        match field.as_str() {
            "genre" => filters.genres.any.push(value),
            "genre_all" => filters.genres.all.push(value),
            "genre_none" => filters.genres.none.push(value),
            "service" => filters.services.push(value),
            "language" => filters.languages.push(value),
            _ if given.contains(&field) => {
                return Err(Problem::field(field, "given twice; give it once"));
            }
            "year_min" => filters.year_min = Some(number(&field, &value, u16::MAX.into())?),
            "year_max" => filters.year_max = Some(number(&field, &value, u16::MAX.into())?),
            "runtime_min" => filters.runtime_min = Some(number(&field, &value, u32::MAX)?),
            "runtime_max" => filters.runtime_max = Some(number(&field, &value, u32::MAX)?),
            "min_votes" => filters.min_votes = number(&field, &value, u32::MAX)?,
            "rating_min" => filters.rating_min = Some(vote(&field, &value)?),
            "limit" => asked.limit = number(&field, &value, u32::MAX)?,
            "region" => filters.region = Some(value),
            "sort" => sort = Sort::find(&value).ok_or_else(no_sort)?,
            "cursor" => cursor = Some(value),
            _ => return Err(unknown_parameter(&field)),
        }
        given.insert(field);
    }
    asked.start = match cursor {
        None => Start::First(sort),
        Some(text) => Start::After(
            Cursor::parse(&text, sort)
                .map_err(|error| Problem::field("cursor", error.to_string()))?,
        ),
    };
    Ok(asked)
}

/// Parses an unsigned integer of at most `most`.
fn number<T: TryFrom<u32>>(field: &str, value: &str, most: u32) -> Result<T, Problem> {
    // Rejects a leading `+`, which `u32::from_str` accepts.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse::<u32>().ok().filter(|number| digits && *number <= most);
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let value: String = value.chars().take(40).collect();
        let message = format!("expected a whole number from 0 to {most}, got `{value}`");
        Problem::field(field, message)
    })
}

/// Parses an average vote, written as a JSON number.
fn vote(field: &str, value: &str) -> Result<f64, Problem> {
    serde_json::from_str(value).map_err(|_| {
        let value: String = value.chars().take(40).collect();
        Problem::field(field, format!("expected a number from 0 to 10, got `{value}`"))
    })
}

fn no_sort() -> Problem {
    let names = Sort::ALL.map(Sort::name).join(", ");
    Problem::field("sort", format!("expected one of {names}"))
}

fn unknown_parameter(field: &str) -> Problem {
    let field: String = field.chars().take(40).collect();
    let message = "there is no such parameter; there are genre, genre_all, genre_none, year_min, \
                   year_max, runtime_min, runtime_max, service, region, language, min_votes, rating_min, \
                   sort, limit and cursor";
    Problem::field(field, message)
}

/// Renames the fields of a query error to this route's parameter names.
fn renamed(error: QueryError) -> QueryError {
    let rename = |FieldError { field, message }| {
        let mut field: String = field;
        for (theirs, ours) in [
            ("filters.genres.any", "genre"),
            ("filters.genres.all", "genre_all"),
            ("filters.genres.none", "genre_none"),
            ("filters.languages", "language"),
            ("filters.", ""),
            ("services", "service"),
        ] {
            if let Some(rest) = field.strip_prefix(theirs) {
                field = format!("{ours}{rest}");
            }
        }
        FieldError { field, message }
    };
    QueryError { errors: error.errors.into_iter().map(rename).collect() }
}

/// Lists the movies of the catalog, filtered, sorted and paginated.
///
/// Pagination by cursor stays consistent if the catalog changes between pages.
#[utoipa::path(get, path = "/api/movies", tag = "catalogue", params(BrowseQuery),
    responses(
        (status = 200, body = BrowseReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn browse(
    State(service): State<Service>,
    RawQuery(words): RawQuery,
    QueryOf(parameters): QueryOf<Vec<(String, String)>>,
) -> Result<Cached, Problem> {
    let asked = parse(parameters)?;
    Ok(Cached(browse::browse(&service, words.as_deref(), asked, renamed).await?))
}
