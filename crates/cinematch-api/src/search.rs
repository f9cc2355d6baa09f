//! `GET /api/search`.

use axum::extract::{RawQuery, State};
use cinematch_http::cached::Cached;
use cinematch_http::extract::QueryOf;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::search::{self, SearchReply};
use serde::Deserialize;

/// What to search for.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words of a title, a person or a keyword, the last one perhaps unfinished; a year is a hint.
    #[param(example = "godfater", max_length = 200)]
    q: String,
    /// How many films, 1 to 50; 10 if not given.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// Films by title, person or keyword, as people type: with typing errors, words in any order, the last
/// one unfinished.
#[utoipa::path(get, path = "/api/search", tag = "catalogue", params(SearchQuery),
    responses(
        (status = 200, body = SearchReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn search(
    State(service): State<Service>,
    RawQuery(words): RawQuery,
    QueryOf(query): QueryOf<SearchQuery>,
) -> Result<Cached, Problem> {
    Ok(Cached(search::search(&service, words.as_deref(), &query.q, query.limit).await?))
}
