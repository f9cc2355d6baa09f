//! Genres, services, films.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cinematch::catalog::ServicesSource;
use cinematch::ids::MovieId;
use serde::Serialize;

use crate::extract::PathOf;
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
}

/// The streaming services of the catalogue.
#[utoipa::path(get, path = "/api/services", tag = "catalogue",
    responses((status = 200, body = Services)))]
pub async fn services(State(state): State<AppState>) -> Json<Services> {
    let bundle = state.bundle();
    Json(Services {
        services: bundle.recommender.index().services.names().to_vec(),
        services_source: bundle.manifest.services_source,
    })
}

/// One film.
#[utoipa::path(get, path = "/api/movies/{movie_id}", tag = "catalogue",
    params(("movie_id" = u32, Path, description = "MovieLens' number")),
    responses(
        (status = 200, body = Item),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn movie(
    State(state): State<AppState>,
    PathOf(movie_id): PathOf<u32>,
) -> Result<Response, Problem> {
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    let index = recommender.vocabulary().index_of(MovieId(movie_id)).ok_or_else(|| {
        Problem::not_found(format!("There is no movie {movie_id} in the catalogue"))
    })?;
    Ok(Json(Item::new(recommender.movie(index))).into_response())
}
