//! Genres, streaming services and individual movies.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cinematch_http::extract::{PathParams, QueryParams};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::catalog::{self, Genres, MovieReply, Services};
use serde::Deserialize;

/// Lists the genres in the catalog, in lowercase.
#[utoipa::path(get, path = "/api/genres", tag = "catalog", responses((status = 200, body = Genres)))]
pub async fn genres(State(service): State<Service>) -> Json<Genres> {
    Json(catalog::genres(&service.bundle()))
}

/// Query parameter that selects the country for streaming services.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegionQuery {
    /// Two-letter country code. Defaults to the operator's region.
    #[param(example = "DE")]
    region: Option<String>,
}

/// Lists the streaming services in the catalog, or those available in a country.
#[utoipa::path(get, path = "/api/services", tag = "catalog", params(RegionQuery),
    responses(
        (status = 200, body = Services),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn services(
    State(service): State<Service>,
    QueryParams(query): QueryParams<RegionQuery>,
) -> Result<Json<Services>, Problem> {
    Ok(Json(catalog::services(&service.bundle(), query.region.as_deref())?))
}

/// Returns a movie, including its streaming services in a country.
#[utoipa::path(get, path = "/api/movies/{movie_id}", tag = "catalog",
    params(("movie_id" = i64, Path, description = "MovieLens ID", minimum = 0, maximum = 4_294_967_295_u32), RegionQuery),
    responses(
        (status = 200, body = MovieReply),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn movie(
    State(service): State<Service>,
    PathParams(movie_id): PathParams<u32>,
    QueryParams(query): QueryParams<RegionQuery>,
) -> Result<Response, Problem> {
    let bundle = service.bundle();
    let movie = catalog::movie(&bundle, movie_id, query.region.as_deref())?;
    Ok(Json(movie).into_response())
}

#[cfg(test)]
mod tests {
    use cinematch_testing::{SERVICES_OF_REGIONS, Sample, World};
    use serde_json::json;

    use crate::testing::{over, with_regions};

    #[test]
    fn regional_providers_are_not_marked_mock() {
        let world = Sample::default().with_providers(SERVICES_OF_REGIONS);
        let server = over(World::of(world.serving()));
        let regional = server.get("/api/movies/1?region=DE").json();
        assert_eq!(regional["services"], json!(["Netflix", "MUBI"]));
        assert_eq!(regional["services_source"], "tmdb");
        let lists = |body| server.recommend(&body)["recommendations"].as_array().unwrap().clone();
        let movies = lists(json!({"limit": 100}));
        let own = movies.iter().filter(|movie| movie["services"] != json!([]));
        assert!(own.into_iter().all(|movie| movie["services_source"] == "mock"));
        for movie in lists(json!({"limit": 100, "region": "DE"})) {
            let has_services = movie["services"] != json!([]);
            let source = if has_services { json!("tmdb") } else { json!(null) };
            assert_eq!(movie["services_source"], source, "{movie}");
        }
    }

    #[test]
    fn returns_services_of_the_users_region() {
        let server = with_regions();
        let services = server.get("/api/services").json();
        assert_eq!(services["regions"], json!(["DE", "US"]));
        assert_eq!((&services["services"], &services["attribution"]), (&json!([]), &json!(null)));
        let services = server.get("/api/services?region=de").json();
        assert_eq!(services["services"], json!(["MUBI", "Netflix", "arte"]));
        assert_eq!(services["services_source"], "tmdb");
        assert!(services["attribution"].as_str().unwrap().contains("JustWatch"));

        let post = |body: serde_json::Value| server.post("/api/recommendations", &body);
        let reply = post(json!({"region": "DE", "services": ["netflix"]})).json();
        let movies = reply["recommendations"].as_array().unwrap();
        assert_eq!(movies.len(), 2, "{reply}");
        for movie in movies {
            assert!(movie["services"].as_array().unwrap().contains(&json!("Netflix")), "{movie}");
            assert_eq!(movie["services_source"], "tmdb");
        }
        assert!(reply["attribution"].as_str().unwrap().contains("TMDB"));
        assert_eq!(reply["shortfall"]["removed_by"]["services"], 351);
        // Rentals don't count as subscriptions.
        assert_eq!(post(json!({"region": "US", "services": ["Apple TV"]})).json()["count"], 0);
        post(json!({"region": "US", "services": ["MUBI Amazon Channel"]})).problem(422);
        // Changing the region only affects which services are displayed.
        let movies = |body| -> Vec<serde_json::Value> {
            post(body).json()["recommendations"].as_array().unwrap().clone()
        };
        let (without_region, in_us) =
            (movies(json!({"limit": 50})), movies(json!({"limit": 50, "region": "US"})));
        let ids = |movies: &[serde_json::Value]| -> Vec<serde_json::Value> {
            movies.iter().map(|movie| movie["movie_id"].clone()).collect()
        };
        assert_eq!(ids(&without_region), ids(&in_us));
        assert!(without_region.iter().all(|movie| movie["services"] == json!([])));

        let problem = post(json!({"region": "FR"})).problem(422);
        assert_eq!(problem["errors"][0]["field"], "region");
        assert_eq!(
            problem["errors"][0]["message"],
            "no streaming data for region `FR`; available regions: DE, US"
        );
        server.get("/api/services?region=FR").problem(422);
        let movie = server.get("/api/movies/1?region=US").json();
        assert_eq!(movie["services"], json!(["Prime Video"]));
        assert!(movie["attribution"].as_str().unwrap().contains("JustWatch"));
    }
}
