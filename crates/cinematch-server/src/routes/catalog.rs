//! Genres, services, films.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cinematch::bundle::Bundle;
use cinematch::catalog::ServicesSource;
use cinematch::ranking::no_region;
use serde::{Deserialize, Serialize};

use super::find_movie;
use crate::extract::{PathOf, QueryOf};
use crate::item::Item;
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;

/// The genres of the catalogue.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Genres {
    #[schema(example = json!(["comedy", "drama"]))]
    genres: Vec<String>,
}

/// The genres of the catalogue, in lower case.
#[utoipa::path(get, path = "/api/genres", tag = "catalogue", responses((status = 200, body = Genres)))]
pub async fn genres(State(state): State<AppState>) -> Json<Genres> {
    let bundle = state.bundle();
    Json(Genres { genres: bundle.recommender.index().genres.names().to_vec() })
}

/// The streaming services of the catalogue.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Services {
    services: Vec<String>,
    /// Where they come from: `mock` ones are invented.
    #[schema(value_type = Option<String>, example = "mock")]
    services_source: Option<ServicesSource>,
    /// The regions of which it is known where films can be watched.
    regions: Vec<String>,
    /// Who has to be named where services are shown.
    attribution: Option<&'static str>,
}

/// A country.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InRegion {
    /// Its two letters; the operator's own, if not given.
    #[param(example = "DE")]
    region: Option<String>,
}

impl InRegion {
    fn find(&self, bundle: &Bundle) -> Result<Option<usize>, Problem> {
        let Some(code) = &self.region else { return Ok(None) };
        let index = bundle.recommender.index();
        let unknown = || Problem::field("region", no_region(code, index));
        index.find_region(code).ok_or_else(unknown).map(Some)
    }
}

/// The streaming services of the catalogue, or of a region.
#[utoipa::path(get, path = "/api/services", tag = "catalogue", params(InRegion),
    responses(
        (status = 200, body = Services),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn services(
    State(state): State<AppState>,
    QueryOf(place): QueryOf<InRegion>,
) -> Result<Json<Services>, Problem> {
    let bundle = state.bundle();
    let index = bundle.recommender.index();
    let region = place.find(&bundle)?;
    let (names, source) = match region {
        Some(region) => (&index.regions()[region].services, Some(ServicesSource::Tmdb)),
        None => (&index.services, bundle.manifest.services_source),
    };
    Ok(Json(Services {
        services: names.names().to_vec(),
        services_source: source,
        regions: index.regions().iter().map(|region| region.code().to_owned()).collect(),
        attribution: bundle.attribution(region),
    }))
}

/// One film.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OneMovie<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    /// Who has to be named where its services are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
}

/// One film.
#[utoipa::path(get, path = "/api/movies/{movie_id}", tag = "catalogue",
    params(("movie_id" = i64, Path, description = "MovieLens' number", minimum = 0, maximum = 4_294_967_295_u32), InRegion),
    responses(
        (status = 200, body = OneMovie),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn movie(
    State(state): State<AppState>,
    PathOf(movie_id): PathOf<u32>,
    QueryOf(place): QueryOf<InRegion>,
) -> Result<Response, Problem> {
    let bundle = state.bundle();
    let region = place.find(&bundle)?;
    let recommender = &bundle.recommender;
    let index = find_movie(recommender, movie_id.into())?;
    let item = Item::of(recommender, index, region);
    Ok(Json(OneMovie { item, attribution: bundle.attribution(region) }).into_response())
}
