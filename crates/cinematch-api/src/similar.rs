//! `GET /api/movies/{movie_id}/similar`: movies similar to a given movie.

use axum::extract::{RawQuery, State};
use cinematch_http::cached::Cached;
use cinematch_http::extract::{PathParams, QueryParams};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::similar::{self, SimilarReply};
use serde::Deserialize;

/// Query parameters for `GET /api/movies/{movie_id}/similar`.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SimilarQuery {
    /// Maximum number of movies, from 1 to 100. Defaults to 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// Two-letter code of the country whose streaming services are shown. Defaults to the operator's region.
    region: Option<String>,
}

/// Lists the movies most similar to a given movie, by content and by shared audience.
///
/// Equivalent to the recommendations for a user whose only feedback is a like for this movie.
#[utoipa::path(get, path = "/api/movies/{movie_id}/similar", tag = "catalog",
    params(("movie_id" = i64, Path, description = "MovieLens ID", minimum = 0, maximum = 4_294_967_295_u32), SimilarQuery),
    responses(
        (status = 200, body = SimilarReply),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn similar(
    State(service): State<Service>,
    PathParams(movie_id): PathParams<u32>,
    RawQuery(query_string): RawQuery,
    QueryParams(params): QueryParams<SimilarQuery>,
) -> Result<Cached, Problem> {
    let SimilarQuery { limit, region } = params;
    Ok(Cached(similar::similar(&service, movie_id, query_string.as_deref(), limit, region).await?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cinematch_testing::movie_ids;
    use serde_json::json;

    use crate::testing::{is_sorted_outside_series, listed, sample};

    #[test]
    fn similar_movies_match_recommendations_for_one_liked_movie() {
        let server = sample();
        for movie_id in [1, 2, 100, 353] {
            let title = server.get(&format!("/api/movies/{movie_id}")).json()["title"].clone();
            let title = title.as_str().unwrap();
            let reply = server.get(&format!("/api/movies/{movie_id}/similar?limit=30")).json();
            assert_eq!(reply["movie_id"], movie_id);
            let similar = listed(&reply, "similar");
            let recommended = server.recommend(&json!({
                "liked_movie_ids": [movie_id], "limit": 30, "diversity": 0.0,
            }));
            assert_eq!(reply["model_id"], recommended["model_id"]);
            let recommended = listed(&recommended, "recommendations");
            assert_eq!(movie_ids(&similar), movie_ids(&recommended));
            assert!(!movie_ids(&similar).contains(&movie_id));
            for (movie, expected) in similar.iter().zip(&recommended) {
                assert_eq!(
                    (&movie["score"], &movie["reasons"]),
                    (&expected["score"], &expected["reasons"])
                );
                let parts = movie["reasons"].as_array().unwrap().iter();
                let sum: f64 = parts.map(|reason| reason["contribution"].as_f64().unwrap()).sum();
                assert!((sum - movie["score"].as_f64().unwrap()).abs() < 1e-5, "{movie}");
            }
            assert!(is_sorted_outside_series(&similar));
            let explanation = similar[0]["explanation"].as_str().unwrap();
            assert!(explanation.contains(title) && !explanation.contains("you"), "{explanation}");
            // Both content similarity and co-ratings contribute.
            let sources: BTreeSet<&str> = similar
                .iter()
                .flat_map(|movie| movie["sources"].as_array().unwrap())
                .map(|source| source.as_str().unwrap())
                .collect();
            assert!(
                sources.contains("content") && sources.contains("collaborative"),
                "{sources:?}"
            );
        }
        assert_eq!(server.get("/api/movies/1/similar").json()["count"], 20);
        server.get("/api/movies/424242/similar").problem(404);
        for (path, field) in [
            ("heat/similar", "movie_id"),
            ("1/similar?limit=0", "limit"),
            ("1/similar?limit=101", "limit"),
            ("1/similar?limit=x", "limit"),
            ("1/similar?region=QQ", "region"),
            ("1/similar?genre=drama", "genre"),
        ] {
            let problem = server.get(&format!("/api/movies/{path}")).problem(422);
            assert_eq!(problem["errors"][0]["field"], field, "{path}");
        }
    }
}
