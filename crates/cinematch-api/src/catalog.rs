//! Genres, streaming services and single movies of the catalog.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cinematch_http::extract::{PathOf, QueryOf};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::catalog::{self, Genres, OneMovie, Services};
use serde::Deserialize;

/// Lists the genres of the catalog, in lower case.
#[utoipa::path(get, path = "/api/genres", tag = "catalogue", responses((status = 200, body = Genres)))]
pub async fn genres(State(service): State<Service>) -> Json<Genres> {
    Json(catalog::genres(&service.bundle()))
}

/// Parameter that selects the country of the streaming services.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InRegion {
    /// Two-letter country code; the default is the operator's region.
    #[param(example = "DE")]
    region: Option<String>,
}

/// Lists the streaming services of the catalog, or of a country.
#[utoipa::path(get, path = "/api/services", tag = "catalogue", params(InRegion),
    responses(
        (status = 200, body = Services),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn services(
    State(service): State<Service>,
    QueryOf(place): QueryOf<InRegion>,
) -> Result<Json<Services>, Problem> {
    Ok(Json(catalog::services(&service.bundle(), place.region.as_deref())?))
}

/// Returns a movie with its streaming services in a country.
#[utoipa::path(get, path = "/api/movies/{movie_id}", tag = "catalogue",
    params(("movie_id" = i64, Path, description = "MovieLens id", minimum = 0, maximum = 4_294_967_295_u32), InRegion),
    responses(
        (status = 200, body = OneMovie),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn movie(
    State(service): State<Service>,
    PathOf(movie_id): PathOf<u32>,
    QueryOf(place): QueryOf<InRegion>,
) -> Result<Response, Problem> {
    let bundle = service.bundle();
    let movie = catalog::movie(&bundle, movie_id, place.region.as_deref())?;
    Ok(Json(movie).into_response())
}
