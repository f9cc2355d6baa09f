//! Lookups in the catalog: genres, streaming services and single movies.

use cinematch::bundle::Bundle;
use cinematch::catalog::ServicesSource;
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::{Recommender, unknown_region_message};
use serde::Serialize;

use crate::error::ServiceError;
use crate::item::Item;

/// Genres of the catalog, as returned by `GET /api/genres`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Genres {
    #[schema(example = json!(["comedy", "drama"]))]
    genres: Vec<String>,
}

/// Streaming services of the catalog, as returned by `GET /api/services`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Services {
    services: Vec<String>,
    /// Source of the services; `mock` services are generated.
    #[schema(value_type = Option<String>, example = "mock")]
    services_source: Option<ServicesSource>,
    /// Regions with known availability on streaming services, ISO 3166-1 alpha-2.
    regions: Vec<String>,
    /// Attribution that clients must show next to the services; `null` if none is required.
    attribution: Option<&'static str>,
}

/// A movie, with the attribution that its streaming services require.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = OneMovie)]
pub struct MovieReply<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    /// Attribution that clients must show next to the movie's services; absent if none is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
}

/// Returns the index of the movie with the given ID, or a [`ServiceError::NotFound`].
pub fn find_movie(recommender: &Recommender, movie_id: i64) -> Result<MovieIdx, ServiceError> {
    let id = u32::try_from(movie_id).ok();
    let index = id.and_then(|id| recommender.vocabulary().index_of(MovieId(id)));
    let detail = || format!("Movie {movie_id} is not in the catalog");
    index.ok_or_else(|| ServiceError::not_found(detail()))
}

/// Returns all IDs of the film that has `movie_id`, or just that ID if the catalog does not contain it.
pub(crate) fn all_ids(recommender: &Recommender, movie_id: u32) -> Vec<MovieId> {
    match recommender.vocabulary().index_of(MovieId(movie_id)) {
        Some(index) => recommender.movie(index).ids().collect(),
        None => vec![MovieId(movie_id)],
    }
}

/// Returns the genres of the catalog, in lower case.
pub fn genres(bundle: &Bundle) -> Genres {
    Genres { genres: bundle.recommender.index().genres.names().to_vec() }
}

/// Returns the streaming services of a region, or of the operator's region for `None`.
pub fn services(bundle: &Bundle, region: Option<&str>) -> Result<Services, ServiceError> {
    let index = bundle.recommender.index();
    let region = find_region(bundle, region)?;
    let source = match region {
        Some(_) => Some(ServicesSource::Tmdb),
        None => bundle.manifest.services_source,
    };
    Ok(Services {
        services: index.services_in(region).names().to_vec(),
        services_source: source,
        regions: index.regions().iter().map(|region| region.code().to_owned()).collect(),
        attribution: bundle.attribution(region),
    })
}

/// Returns a movie with its services in a region, or in the operator's region for `None`.
pub fn movie<'a>(
    bundle: &'a Bundle,
    movie_id: u32,
    region: Option<&str>,
) -> Result<MovieReply<'a>, ServiceError> {
    let region = find_region(bundle, region)?;
    let recommender = &bundle.recommender;
    let index = find_movie(recommender, movie_id.into())?;
    let item = Item::from_movie(recommender, index, region);
    Ok(MovieReply { item, attribution: bundle.attribution(region) })
}

fn find_region(bundle: &Bundle, code: Option<&str>) -> Result<Option<usize>, ServiceError> {
    let Some(code) = code else { return Ok(None) };
    let index = bundle.recommender.index();
    let unknown_region = || ServiceError::field("region", unknown_region_message(code, index));
    index.find_region(code).ok_or_else(unknown_region).map(Some)
}
