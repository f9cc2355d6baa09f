//! `/api/recommendations`: `POST` uses the history in the request, `GET` the caller's profile.

use axum::extract::{RawQuery, State};
use cinematch_http::access::{Caller, CurrentProfile};
use cinematch_http::cached::Cached;
use cinematch_http::extract::{JsonBody, QueryParams};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::listing::RecommendationReply;
use cinematch_service::personal::{self, PersonalQuery};
use cinematch_service::recommend::{self, RecommendationRequest};

/// Recommends movies based on the history, preferences and filters in the request.
///
/// The data stored for `user_id` is only used to exclude movies that the user already knows.
#[utoipa::path(post, path = "/api/recommendations", tag = "recommendations",
    request_body = RecommendationRequest,
    responses(
        (status = 200, body = RecommendationReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn recommend(
    State(service): State<Service>,
    caller: Caller,
    JsonBody(request): JsonBody<RecommendationRequest>,
) -> Result<Cached, Problem> {
    let owner = request.owner()?;
    let access = caller.may_act_for(owner.user_id());
    Ok(Cached(recommend::recommend(&service, owner.authorize(access)?, request).await?))
}

/// Recommends movies based on the caller's profile.
///
/// Uses the profile's current ratings, reactions and preferences.
#[utoipa::path(get, path = "/api/recommendations", tag = "recommendations", params(PersonalQuery),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = RecommendationReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn recommend_mine(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
    RawQuery(query_string): RawQuery,
    QueryParams(params): QueryParams<PersonalQuery>,
) -> Result<Cached, Problem> {
    Ok(Cached(personal::recommend(&service, &profile, query_string.as_deref(), params).await?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{ids, sample};

    #[test]
    fn recommendations_apply_filters_page_contiguously_and_report_short_lists() {
        let server = sample();
        let request = json!({
            "liked_movie_ids": [1, 2], "disliked_movie_ids": [3], "ratings": [{"movie_id": 4, "rating": 4.5}],
            "exclude_movie_ids": [5, 6], "limit": 50,
            "filters": {"genres": {"any": ["Science Fiction", "crime"], "none": ["horror"]},
                        "year_min": 1975, "runtime_max": 200},
        });
        let reply = server.recommend(&request);
        assert_eq!(ids(&reply).len(), 50);
        assert!(ids(&reply).iter().all(|id| *id > 6));
        for item in reply["recommendations"].as_array().unwrap() {
            let genres = item["genres"].as_array().unwrap();
            assert!(genres.contains(&json!("sci-fi")) || genres.contains(&json!("crime")));
            assert!(!genres.contains(&json!("horror")));
            assert!(
                item["year"].as_u64().unwrap() >= 1975 && item["runtime"].as_u64().unwrap() <= 200
            );
            let parts = item["reasons"].as_array().unwrap().iter();
            let sum: f64 = parts.map(|reason| reason["contribution"].as_f64().unwrap()).sum();
            assert!((sum - item["score"].as_f64().unwrap()).abs() < 1e-5, "{item}");
        }
        // Identical requests give byte-identical replies, and pages are contiguous.
        let again = || server.post("/api/recommendations", &request).text;
        assert_eq!(again(), again());
        let page = |offset: u64, limit: u64| {
            ids(&server
                .recommend(&json!({"liked_movie_ids": [1], "offset": offset, "limit": limit})))
        };
        assert_eq!([page(0, 7), page(7, 13)].concat(), page(0, 20));

        // A short list is reported, with the number of movies that each filter removed.
        let short = server.recommend(&json!({
            "liked_movie_ids": [1], "limit": 100, "filters": {"genres": {"all": ["western", "drama"]}},
        }));
        let shortfall = &short["shortfall"];
        let removed = shortfall["removed_by"].as_object().unwrap();
        let total: u64 = removed.values().map(|movies| movies.as_u64().unwrap()).sum();
        assert_eq!(shortfall["returned"], short["count"]);
        assert_eq!(total + short["count"].as_u64().unwrap(), 353);

        // `model` selects one component of the hybrid; the name `hybrid` selects all of them.
        let with_model = |model: Value| {
            ids(&server.recommend(&json!({"liked_movie_ids": [1], "limit": 30, "model": model})))
        };
        assert_eq!(with_model(json!("hybrid")), with_model(json!(null)));
        for model in ["edlae", "ials", "content", "popular"] {
            assert_ne!(with_model(json!(model)), with_model(json!(null)), "{model}");
        }

        // Movies on a user's watchlist are not recommended to that user.
        let first = ids(&server.recommend(&json!({"user_id": "eve"})))[0];
        server.post("/api/watchlist/eve", &json!({"movie_id": first}));
        assert!(!ids(&server.recommend(&json!({"user_id": "eve"}))).contains(&first));
        assert!(ids(&server.recommend(&json!({"user_id": "bob"}))).contains(&first));
    }

    #[test]
    fn errors_about_syntax_and_paths_contain_no_texts_of_parsers() {
        let server = sample();
        let syntax = |body: &str| {
            let reply = server.post_raw("/api/recommendations", "application/json", body);
            reply.problem(400)["detail"].as_str().unwrap().to_owned()
        };
        assert_eq!(syntax("{\"limit\": 1"), "The body is not valid JSON: it is incomplete");
        assert_eq!(syntax("{\n  x}"), "The body is not valid JSON at line 2, column 3");
        assert_eq!(syntax("{} {}"), "The body is not valid JSON at line 1, column 4");
        let path = |path| server.get(path).problem(422)["detail"].as_str().unwrap().to_owned();
        assert_eq!(
            path("/api/models/abc"),
            "generation: expected a whole number, 0 or more, got `abc`"
        );
        assert_eq!(path("/api/jobs/x"), "job_id: expected a whole number, got `x`");
        assert_eq!(path("/api/jobs/%ff"), "job_id: expected UTF-8 text");
    }

    #[test]
    fn malformed_requests_return_problem_documents() {
        let server = sample();
        let rejected_field = |body: &Value| {
            let problem = server.post("/api/recommendations", body).problem(422);
            problem["errors"][0]["field"].as_str().unwrap().to_owned()
        };
        assert_eq!(rejected_field(&json!({"liked_movie_ids": "1"})), "liked_movie_ids");
        assert_eq!(rejected_field(&json!({"liked_movie_ids": [1, "x"]})), "liked_movie_ids[1]");
        assert_eq!(rejected_field(&json!({"runtime_min": -5})), "runtime_min");
        assert_eq!(rejected_field(&json!({"runtime_min": 100, "runtime_max": 90})), "runtime_min");
        assert_eq!(rejected_field(&json!({"limit": 0})), "limit");
        assert_eq!(rejected_field(&json!({"model": "user-knn"})), "model");
        assert_eq!(rejected_field(&json!({"limit": 101})), "limit");
        assert_eq!(rejected_field(&json!({"filters": {"genre": ["drama"]}})), "filters.genre");
        assert_eq!(
            rejected_field(&json!({"preferred_genres": ["drama", "dramma"]})),
            "preferred_genres[1]"
        );
        assert_eq!(rejected_field(&json!({"services": ["Netflux"]})), "services[0]");
        assert_eq!(
            rejected_field(&json!({"ratings": [{"movie_id": 1, "rating": 4.3}]})),
            "ratings[0].rating"
        );
        assert_eq!(rejected_field(&json!([])), "body");
        assert_eq!(rejected_field(&json!({"user_id": "\u{0}"})), "user_id");
        assert_eq!(rejected_field(&json!({"user_id": "x".repeat(300)})), "user_id");
        assert_eq!(rejected_field(&json!({"ratings": [{"rating": 4.0}]})), "movie_id");
        assert_eq!(rejected_field(&json!({"liked_movie_ids": vec![7; 10_001]})), "liked_movie_ids");
        // Error replies are short regardless of the input.
        let many = json!({"preferred_genres": vec!["x".repeat(1000); 100]});
        assert!(server.post("/api/recommendations", &many).text.len() < 20_000);
        let problem =
            server.post("/api/recommendations", &json!({"liked_movie_ids": 1.5})).problem(422);
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message, "expected a list, got 1.5");
        // `null` is treated as absent at any depth.
        server.recommend(&json!({"liked_movie_ids": null, "filters": {"genres": {"any": null}}}));
        // Unknown movie IDs aren't an error.
        let reply =
            server.recommend(&json!({"liked_movie_ids": [1, -1, 99_999, 9_999_999_999_i64]}));
        assert_eq!(reply["unknown_movie_ids"], json!([-1, 9_999_999_999_i64, 99_999]));

        let raw = |kind: &str, body: &str| server.post_raw("/api/recommendations", kind, body);
        raw("application/json", "{\"limit\":").problem(400);
        raw("application/json", "{} {}").problem(400);
        raw("text/plain", "{}").problem(415);
        raw("application/json", &"x".repeat(5 << 20)).problem(413);
        server.get("/api/recommendations").problem(401);
        server.get("/api/movies/424242").problem(404);
        let problem = server.get("/api/movies/heat").problem(422);
        assert_eq!(problem["errors"][0]["field"], "movie_id");
    }
}
