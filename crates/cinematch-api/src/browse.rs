//! `GET /api/movies`.

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

/// Which films, in which order. Ranges are inclusive; a film of which the value is not known does not
/// pass. Genres, `service` and `language` may be given again and again: films on any of the services and in
/// any of the languages pass.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `parse` reads: parameters given again and again")]
pub struct BrowseQuery {
    /// A genre that films have, in any case or a synonym; with several, at least one of them.
    #[param(required = false, style = Form, explode, example = json!(["crime"]))]
    genre: Vec<String>,
    /// A genre that films have; with several, all of them.
    #[param(required = false, style = Form, explode)]
    genre_all: Vec<String>,
    /// A genre that films do not have; with several, none of them.
    #[param(required = false, style = Form, explode)]
    genre_none: Vec<String>,
    /// From this year.
    #[param(maximum = 65535)]
    year_min: Option<u16>,
    /// To this year.
    #[param(maximum = 65535)]
    year_max: Option<u16>,
    /// From this many minutes.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_min: Option<u32>,
    /// To this many minutes.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_max: Option<u32>,
    /// A streaming service that has them.
    #[param(required = false, style = Form, explode)]
    service: Vec<String>,
    /// The country whose streaming services count and are shown, as two letters; the operator's own, if
    /// not given.
    region: Option<String>,
    /// The language they were made in, ISO 639-1.
    #[param(required = false, style = Form, explode)]
    language: Vec<String>,
    /// From this many votes.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    min_votes: Option<u32>,
    /// From this average of TMDB's votes, 0 to 10.
    #[param(minimum = 0, maximum = 10, example = 7.5)]
    rating_min: Option<f64>,
    /// `popularity` (if not given), `votes`, `rating` or `year`, the highest first, or `title`, A first.
    /// Films of which it is not known come last.
    #[param(inline)]
    sort: Option<SortName>,
    /// How many films, 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// The `next_cursor` of the page before, asked for with the same `sort`.
    cursor: Option<String>,
}

/// The names of sorts.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the names that `Sort::find` knows")]
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

fn number<T: TryFrom<u32>>(field: &str, value: &str, most: u32) -> Result<T, Problem> {
    // No sign, which Rust would take.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse::<u32>().ok().filter(|number| digits && *number <= most);
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let value: String = value.chars().take(40).collect();
        let message = format!("expected a whole number from 0 to {most}, got `{value}`");
        Problem::field(field, message)
    })
}

/// An average vote, written as JSON writes numbers.
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

/// The fields of a query as this route names them.
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

/// The catalogue page by page, sorted and filtered. Pages fit together also where the catalogue changes
/// between them.
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
