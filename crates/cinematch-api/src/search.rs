//! `GET /api/search`: search for movies by title, person or keyword.

use axum::extract::{RawQuery, State};
use cinematch_http::cached::Cached;
use cinematch_http::extract::QueryParams;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::search::{self, SearchReply};
use serde::Deserialize;

/// Query parameters for `GET /api/search`.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words from a title, a person's name or a keyword. The last word may be a prefix. Including a year favors
    /// movies from that year.
    #[param(example = "godfater", max_length = 200)]
    q: String,
    /// Maximum number of movies, from 1 to 50. Defaults to 10.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// Searches for movies by title, person or keyword.
///
/// Tolerates typos, accepts words in any order and matches the last word as a prefix.
#[utoipa::path(get, path = "/api/search", tag = "catalog", params(SearchQuery),
    responses(
        (status = 200, body = SearchReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn search(
    State(service): State<Service>,
    RawQuery(query_string): RawQuery,
    QueryParams(query): QueryParams<SearchQuery>,
) -> Result<Cached, Problem> {
    Ok(Cached(search::search(&service, query_string.as_deref(), &query.q, query.limit).await?))
}

#[cfg(test)]
mod tests {
    use crate::testing::sample;

    #[test]
    fn tolerates_typing_errors_and_names_invalid_parameters() {
        let server = sample();
        let reply = server.get("/api/search?q=the%20godfahter&limit=3").json();
        assert_eq!(reply["count"], 2, "{reply}");
        assert!(
            reply["results"][0]["title"].as_str().unwrap().starts_with("The Godfather"),
            "{reply}"
        );
        assert_eq!(server.get("/api/search?q=michael%20mann&limit=1").json()["count"], 1);
        assert_eq!(server.get("/api/search?q=").json()["count"], 0);
        for (query, field) in [
            ("/api/search", "q"),
            ("/api/search?q=a&limit=0", "limit"),
            ("/api/search?q=a&limit=51", "limit"),
            ("/api/search?q=a&sort=b", "sort"),
        ] {
            let problem = server.get(query).problem(422);
            assert_eq!(problem["errors"][0]["field"], field, "{query}");
        }
        let detail = |query| server.get(query).problem(422)["detail"].as_str().unwrap().to_owned();
        assert_eq!(detail("/api/search"), "q: is missing");
        let message = "limit: expected a whole number, got \"abc\"";
        assert_eq!(detail("/api/search?q=a&limit=abc"), message);
        server.get(&format!("/api/search?q={}", "x".repeat(201))).problem(422);
    }
}
