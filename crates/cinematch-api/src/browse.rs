//! `GET /api/movies`: catalog movies, with filters, sorting and pagination.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::extract::{RawQuery, State};
use cinematch::ranking::{FieldError, Filters, QueryError};
use cinematch::retrieval::{Cursor, Sort, Start};
use cinematch_http::cached::Cached;
use cinematch_http::extract::QueryParams;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::browse::{self, BrowseReply, BrowseRequest};

/// Filters, sort order and pagination. Ranges are inclusive and exclude movies whose value is unknown. The genre
/// parameters, `service` and `language` can be repeated; a movie matches if it is on any of the services and in any
/// of the languages.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters that `parse` reads, some of them repeated")]
pub struct BrowseQuery {
    /// Genre or genre synonym, case-insensitive. If repeated, movies must have at least one of the genres.
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
    /// Streaming service that offers the movie.
    #[param(required = false, style = Form, explode)]
    service: Vec<String>,
    /// Two-letter code of the country whose streaming services are used for filtering and shown in the reply.
    /// Defaults to the operator's region.
    region: Option<String>,
    /// Original language, as an ISO 639-1 code.
    #[param(required = false, style = Form, explode)]
    language: Vec<String>,
    /// Minimum number of votes.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    min_votes: Option<u32>,
    /// Minimum average TMDB vote, from 0 to 10.
    #[param(minimum = 0, maximum = 10, example = 7.5)]
    rating_min: Option<f64>,
    /// Age of the youngest viewer: only movies whose minimum age is at most this.
    #[param(minimum = 0, maximum = 18)]
    max_age: Option<u8>,
    /// Sort order: `popularity` (on TMDB when it was fetched; the default), `votes`, `rating` and `year` sort in
    /// descending order, `title` in ascending order. Movies whose value is unknown come last.
    #[param(inline)]
    sort: Option<SortName>,
    /// Maximum number of movies per page, from 1 to 100. Defaults to 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// The `next_cursor` from the previous page, which must have been requested with the same `sort`.
    cursor: Option<String>,
}

/// Sort order for catalog movies.
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

/// Names of the documented parameters.
static PARAMETERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let documented = <BrowseQuery as utoipa::IntoParams>::into_params(|| None);
    documented.into_iter().map(|parameter| parameter.name).collect()
});

/// Parses the query parameters. Rejects parameters that [`BrowseQuery`] does not document.
fn parse(parameters: Vec<(String, String)>) -> Result<BrowseRequest, Problem> {
    let mut request = BrowseRequest {
        filters: Filters::default(),
        limit: None,
        start: Start::First(Sort::default()),
    };
    let (mut sort, mut cursor) = (Sort::default(), None);
    let mut seen = BTreeSet::new();
    let filters = &mut request.filters;
    for (field, value) in parameters {
        match field.as_str() {
            name if !PARAMETERS.iter().any(|it| it == name) => return Err(unknown_parameter(name)),
            "genre" => filters.genres.any.push(value),
            "genre_all" => filters.genres.all.push(value),
            "genre_none" => filters.genres.none.push(value),
            "service" => filters.services.push(value),
            "language" => filters.languages.push(value),
            _ if seen.contains(&field) => {
                return Err(Problem::field(field, "given more than once"));
            }
            "year_min" => filters.year_min = Some(number(&field, &value, u16::MAX.into())?),
            "year_max" => filters.year_max = Some(number(&field, &value, u16::MAX.into())?),
            "runtime_min" => filters.runtime_min = Some(number(&field, &value, u32::MAX)?),
            "runtime_max" => filters.runtime_max = Some(number(&field, &value, u32::MAX)?),
            "min_votes" => filters.min_votes = number(&field, &value, u32::MAX)?,
            "rating_min" => filters.rating_min = Some(vote(&field, &value)?),
            "max_age" => filters.max_age = Some(number(&field, &value, u8::MAX.into())?),
            "limit" => request.limit = Some(number(&field, &value, u32::MAX)?),
            "region" => filters.region = Some(value),
            "sort" => sort = Sort::find(&value).ok_or_else(unknown_sort)?,
            "cursor" => cursor = Some(value),
            _ => return Err(unknown_parameter(&field)),
        }
        seen.insert(field);
    }
    request.start = match cursor {
        None => Start::First(sort),
        Some(text) => Start::After(
            Cursor::parse(&text, sort)
                .map_err(|error| Problem::field("cursor", error.to_string()))?,
        ),
    };
    Ok(request)
}

/// Parses an unsigned integer no greater than `max`.
fn number<T: TryFrom<u32>>(field: &str, value: &str, max: u32) -> Result<T, Problem> {
    // Reject a leading `+`, which `u32::from_str` accepts.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse::<u32>().ok().filter(|number| digits && *number <= max);
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let value: String = value.chars().take(40).collect();
        let message = format!("expected a whole number from 0 to {max}, got `{value}`");
        Problem::field(field, message)
    })
}

/// Parses an average vote, which must be a valid JSON number.
fn vote(field: &str, value: &str) -> Result<f64, Problem> {
    serde_json::from_str(value).map_err(|_| {
        let value: String = value.chars().take(40).collect();
        Problem::field(field, format!("expected a number from 0 to 10, got `{value}`"))
    })
}

fn unknown_sort() -> Problem {
    let names = Sort::ALL.map(Sort::name).join(", ");
    Problem::field("sort", format!("expected one of {names}"))
}

fn unknown_parameter(field: &str) -> Problem {
    let field: String = field.chars().take(40).collect();
    let names = PARAMETERS.join(", ");
    Problem::field(field, format!("unknown parameter; expected one of {names}"))
}

/// Renames the fields in a query error to this route's parameter names.
fn rename_fields(error: QueryError) -> QueryError {
    let rename = |FieldError { field, message }| {
        let mut field: String = field;
        for (service_name, parameter) in [
            ("filters.genres.any", "genre"),
            ("filters.genres.all", "genre_all"),
            ("filters.genres.none", "genre_none"),
            ("filters.languages", "language"),
            ("filters.", ""),
            ("services", "service"),
        ] {
            if let Some(rest) = field.strip_prefix(service_name) {
                field = format!("{parameter}{rest}");
            }
        }
        FieldError { field, message }
    };
    QueryError { errors: error.errors.into_iter().map(rename).collect() }
}

/// Lists catalog movies, with filters, sorting and pagination.
///
/// Cursor-based pagination stays consistent even if the catalog changes between pages.
#[utoipa::path(get, path = "/api/movies", tag = "catalog", params(BrowseQuery),
    responses(
        (status = 200, body = BrowseReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn browse(
    State(service): State<Service>,
    RawQuery(query_string): RawQuery,
    QueryParams(parameters): QueryParams<Vec<(String, String)>>,
) -> Result<Cached, Problem> {
    let request = parse(parameters)?;
    Ok(Cached(browse::browse(&service, query_string.as_deref(), request, rename_fields).await?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cinematch_testing::{Client, Sample, movie_ids};
    use serde_json::{Value, json};

    use super::{PARAMETERS, parse};
    use crate::testing::{listed, sample};

    /// Returns the movies from all pages of a list, in order. Asserts that all pages except the last are full.
    fn pages(server: &Client, query: &str, limit: usize) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let reply = server.get(&format!("/api/movies?limit={limit}{query}{cursor}")).json();
            let page = listed(&reply, "movies");
            all.extend(page.iter().cloned());
            let Some(next) = reply["next_cursor"].as_str() else {
                assert_eq!(reply["total"], all.len(), "{query}");
                return all;
            };
            assert_eq!(page.len(), limit, "{query}");
            cursor = format!("&cursor={next}");
        }
    }

    /// Predicate that every movie in a filtered list must satisfy.
    type Passes<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

    #[test]
    fn pages_cover_the_catalog_under_every_sort_order() {
        let server = sample();
        let all_movies = pages(&server, "", 100);
        assert_eq!(all_movies.len(), 353);
        assert_eq!(movie_ids(&all_movies).into_iter().collect::<BTreeSet<_>>().len(), 353);
        assert_eq!(listed(&server.get("/api/movies").json(), "movies"), all_movies[..20]);
        assert_eq!(pages(&server, "", 7), all_movies);
        let number = |movie: &Value, field: &str| movie[field].as_f64().unwrap_or(-1.0);
        for (sort, field) in [
            ("popularity", "popularity"),
            ("votes", "vote_count"),
            ("rating", "vote_average"),
            ("year", "year"),
        ] {
            let sorted = pages(&server, &format!("&sort={sort}"), 50);
            assert_eq!(sorted.len(), 353, "{sort}");
            let in_order = |a: &Value, b: &Value| {
                let of =
                    |movie: &Value| (number(movie, field), movie["movie_id"].as_u64().unwrap());
                let (a, b) = (of(a), of(b));
                b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).is_lt()
            };
            assert!(sorted.is_sorted_by(in_order), "{sort}");
        }
        let titles = pages(&server, "&sort=title", 100);
        let title = |movie: &Value| movie["title"].as_str().unwrap().to_lowercase();
        let is_one_word =
            |movie: &&Value| title(movie).chars().all(|letter| letter.is_ascii_alphanumeric());
        let one_word_titles: Vec<String> = titles.iter().filter(is_one_word).map(title).collect();
        assert!(one_word_titles.len() > 50 && one_word_titles.is_sorted());
        // Identical requests return byte-identical replies.
        let again = || server.get("/api/movies?sort=rating&min_votes=10&limit=5").text;
        assert_eq!(again(), again());
    }

    #[test]
    fn filters_select_exactly_the_matching_movies_alone_and_combined() {
        let server = sample();
        let all_movies = pages(&server, "", 100);
        let has = |movie: &Value, list: &str, name: &str| {
            movie[list].as_array().unwrap().contains(&json!(name))
        };
        let between = |movie: &Value, field: &str, from: f64, to: f64| {
            movie[field].as_f64().is_some_and(|value| (from..=to).contains(&value))
        };
        let filters: Vec<(String, Passes<'_>)> = vec![
            (
                "&genre=science%20fiction".to_owned(),
                Box::new(|movie| has(movie, "genres", "sci-fi")),
            ),
            (
                "&genre=Crime&genre=western".to_owned(),
                Box::new(|movie| has(movie, "genres", "crime") || has(movie, "genres", "western")),
            ),
            (
                "&service=netflix&service=MUBI".to_owned(),
                Box::new(|movie| {
                    has(movie, "services", "Netflix") || has(movie, "services", "MUBI")
                }),
            ),
            (
                "&year_min=1980&year_max=1999".to_owned(),
                Box::new(|f| between(f, "year", 1980.0, 1999.0)),
            ),
            (
                "&runtime_min=90&runtime_max=120".to_owned(),
                Box::new(|movie| between(movie, "runtime", 90.0, 120.0)),
            ),
            (
                "&genre_all=crime&genre_all=Thriller".to_owned(),
                Box::new(|movie| has(movie, "genres", "crime") && has(movie, "genres", "thriller")),
            ),
            (
                "&genre_none=horror&genre_none=war".to_owned(),
                Box::new(|movie| !has(movie, "genres", "horror") && !has(movie, "genres", "war")),
            ),
            (
                "&min_votes=100".to_owned(),
                Box::new(|movie| between(movie, "vote_count", 100.0, 1e9)),
            ),
            ("&rating_min=6.5".to_owned(), Box::new(|f| between(f, "vote_average", 6.5, 10.0))),
        ];
        let mut combined = (String::new(), all_movies.clone());
        for (query, passes) in &filters {
            let expected: Vec<Value> =
                all_movies.iter().filter(|movie| passes(movie)).cloned().collect();
            assert!(!expected.is_empty(), "{query}");
            assert_eq!(pages(&server, query, 10), expected, "{query}");
            if !query.contains("science") {
                combined.0.push_str(query);
                combined.1.retain(|movie| passes(movie));
            }
        }
        assert_eq!(pages(&server, &combined.0, 3), combined.1);
        let none = server.get("/api/movies?year_min=2090").json();
        assert_eq!(none, json!({"movies": [], "count": 0, "total": 0, "next_cursor": null}));
    }

    #[test]
    fn rejects_invalid_browse_parameters_by_name() {
        let server = sample();
        for (query, field, message) in [
            ("genre=dramma", "genre[0]", "did you mean drama"),
            ("genre=drama&genre=qqq", "genre[1]", "unknown genre `qqq`"),
            ("genre=", "genre[0]", "unknown genre"),
            ("genre_all=drama&genre_all=qqq", "genre_all[1]", "unknown genre `qqq`"),
            ("genre_none=dramma", "genre_none[0]", "did you mean drama"),
            ("service=Netflux", "service[0]", "did you mean Netflix"),
            ("language=klingon", "language[0]", "unknown language"),
            ("region=QQ", "region", "no streaming data for region"),
            ("year_min=1990&year_max=1980", "year_min", "1990 is after year_max 1980"),
            ("runtime_min=90&runtime_max=80", "runtime_min", "90 is more than runtime_max 80"),
            ("year_min=70000", "year_min", "a whole number from 0 to 65535, got `70000`"),
            ("runtime_max=-1", "runtime_max", "a whole number"),
            ("min_votes=+1", "min_votes", "a whole number"),
            ("rating_min=10.5", "rating_min", "expected 0 to 10, got 10.5"),
            ("rating_min=NaN", "rating_min", "a number from 0 to 10, got `NaN`"),
            ("rating_min=6&rating_min=7", "rating_min", "given more than once"),
            ("limit=0", "limit", "expected 1 to 100, got 0"),
            ("limit=101", "limit", "expected 1 to 100, got 101"),
            ("limit=", "limit", "a whole number"),
            ("limit=5&limit=6", "limit", "given more than once"),
            ("sort=best", "sort", "popularity, votes, rating, year, title"),
            ("genres=drama", "genres", "unknown parameter; expected one of genre,"),
            ("cursor=", "cursor", "expected a next_cursor from an earlier reply"),
            ("cursor=0102", "cursor", "expected a next_cursor from an earlier reply"),
            ("cursor=%C3%A9%00", "cursor", "expected a next_cursor from an earlier reply"),
        ] {
            let problem = server.get(&format!("/api/movies?{query}")).problem(422);
            let error = &problem["errors"][0];
            assert_eq!(error["field"], field, "{query}: {error}");
            assert!(error["message"].as_str().unwrap().contains(message), "{query}: {error}");
        }
        let first = server.get("/api/movies?limit=2&sort=year").json();
        let cursor = first["next_cursor"].as_str().unwrap();
        let problem = server.get(&format!("/api/movies?sort=title&cursor={cursor}")).problem(422);
        assert_eq!(problem["errors"][0]["message"], "this cursor belongs to a list sorted by year");
    }

    #[test]
    fn parses_every_documented_parameter() {
        assert!(PARAMETERS.len() > 10, "{PARAMETERS:?}");
        for name in PARAMETERS.iter() {
            let error = parse(vec![(name.clone(), "1".to_owned())]).err();
            let detail = error.map(|problem| problem.detail().to_owned()).unwrap_or_default();
            assert!(!detail.contains("unknown parameter"), "{detail}");
        }
    }

    #[test]
    fn cursors_stay_valid_across_generations() {
        let server = sample();
        let all_movies = movie_ids(&pages(&server, "&sort=title", 100));
        let first = server.get("/api/movies?limit=30&sort=title").json();
        // Remove one movie from the first page, and the first movie on the second page.
        let removed = [all_movies[10], all_movies[30]];
        server.world().service().swap(Sample::default().without_movies(&removed).serving());
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = server.get(&format!("/api/movies?limit=30&sort=title&cursor={cursor}")).json();
        assert_eq!(movie_ids(&listed(&second, "movies")), all_movies[31..61]);
        assert_eq!(second["total"], 351);
    }
}
