//! `GET /api/movies/{movie_id}/similar`: movies similar to a movie.

use axum::extract::{RawQuery, State};
use cinematch_http::cached::Cached;
use cinematch_http::extract::{PathOf, QueryOf};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::similar::{self, SimilarReply};
use serde::Deserialize;

/// Parameters of a request for similar movies.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SimilarQuery {
    /// Maximum number of movies, 1 to 100; the default is 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// Two-letter code of the country whose streaming services are shown; the default is the operator's region.
    region: Option<String>,
}

/// Lists the movies most similar to a movie, by content and by shared audience.
///
/// The result equals the recommendations for a user whose only feedback is a like of this movie.
#[utoipa::path(get, path = "/api/movies/{movie_id}/similar", tag = "catalogue",
    params(("movie_id" = i64, Path, description = "MovieLens id", minimum = 0, maximum = 4_294_967_295_u32), SimilarQuery),
    responses(
        (status = 200, body = SimilarReply),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn similar(
    State(service): State<Service>,
    PathOf(movie_id): PathOf<u32>,
    RawQuery(words): RawQuery,
    QueryOf(asked): QueryOf<SimilarQuery>,
) -> Result<Cached, Problem> {
    let SimilarQuery { limit, region } = asked;
    Ok(Cached(similar::similar(&service, movie_id, words.as_deref(), limit, region).await?))
}
