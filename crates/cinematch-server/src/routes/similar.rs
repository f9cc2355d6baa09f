//! `GET /api/movies/{movie_id}/similar`.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use cinematch::ids::MovieId;
use cinematch::ranking::wording::similarity;
use cinematch::ranking::{Filters, Query, Recommendation};
use serde::{Deserialize, Serialize};

use super::find_movie;
use super::listing::{json_of, why};
use crate::cache::Key;
use crate::extract::{PathOf, QueryOf};
use crate::item::{Item, Why};
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;

const DEFAULT_LIMIT: usize = 20;

/// How many films, and whose services.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SimilarQuery {
    /// How many films, 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// The country whose streaming services are shown, as two letters; the operator's own, if not given.
    region: Option<String>,
}

/// Films like one.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SimilarReply<'a> {
    /// The film.
    movie_id: u32,
    /// Those like it, the most like it first.
    similar: Vec<SimilarItem<'a>>,
    /// How many.
    count: usize,
    /// The model that ranked them.
    model_id: &'a str,
    /// Who has to be named where the films' streaming services are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
}

/// A film like another, and why.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SimilarItem<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    #[serde(flatten)]
    why: Why<'a>,
}

/// Films like one, by what they are and by who likes both: those recommended to somebody of whom no
/// more is known than that they like this film.
#[utoipa::path(get, path = "/api/movies/{movie_id}/similar", tag = "catalogue",
    params(("movie_id" = i64, Path, description = "MovieLens' number", minimum = 0, maximum = 4_294_967_295_u32), SimilarQuery),
    responses(
        (status = 200, body = SimilarReply),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn similar(
    State(state): State<AppState>,
    PathOf(movie_id): PathOf<u32>,
    RawQuery(words): RawQuery,
    QueryOf(asked): QueryOf<SimilarQuery>,
) -> Result<Response, Problem> {
    let serving = state.serving();
    let bundle = &serving.bundle;
    let recommender = &bundle.recommender;
    find_movie(recommender, movie_id.into())?;
    let key = Key::new(&serving, "similar", &(movie_id, words), &[])?;
    let make = async {
        let (request, _) = recommender.resolve(&Query {
            liked: vec![MovieId(movie_id)],
            filters: Filters { region: asked.region, ..Filters::default() },
            limit: asked.limit.unwrap_or(DEFAULT_LIMIT),
            diversity: Some(0.0),
            explain: true,
            ..Query::default()
        })?;
        let region = request.filter.region;
        let mut similar = Vec::new();
        for recommended in recommender.recommend(&request).items {
            let movie = recommended.movie;
            let item = Item::of(recommender, movie, region);
            similar.push(SimilarItem { item, why: why_similar(recommended) });
        }
        let reply = SimilarReply {
            movie_id,
            count: similar.len(),
            similar,
            model_id: &bundle.manifest.model_id,
            attribution: bundle.attribution(region),
        };
        json_of(&reply)
    };
    state.cache().reply(key, make).await
}

/// Why a movie is similar to another: worded without a user, and without predicted stars.
pub fn why_similar(recommended: Recommendation<'_>) -> Why<'_> {
    let reasons = &recommended.reasons;
    let explanation = (!reasons.is_empty()).then(|| similarity(reasons));
    Why { explanation, predicted_rating: None, ..why(recommended) }
}
