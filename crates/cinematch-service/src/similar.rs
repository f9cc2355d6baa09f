//! Movies similar to one.

use cinematch::ids::MovieId;
use cinematch::ranking::wording::similarity;
use cinematch::ranking::{Filters, Query, Recommendation};
use serde::Serialize;

use crate::cache::{CachedReply, Key};
use crate::catalog::find_movie;
use crate::error::ServiceError;
use crate::item::{Item, Why};
use crate::listing::{json_of, why};
use crate::service::Service;

const DEFAULT_LIMIT: usize = 20;

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

/// Lists the movies similar to one: those recommended to a user who likes it and of whom nothing else is
/// known. `question` is the request as the client wrote it, which is part of the key of the cached reply.
pub async fn similar(
    service: &Service,
    movie_id: u32,
    question: Option<&str>,
    limit: Option<usize>,
    region: Option<String>,
) -> Result<CachedReply, ServiceError> {
    let serving = service.serving();
    let bundle = &serving.bundle;
    let recommender = &bundle.recommender;
    find_movie(recommender, movie_id.into())?;
    let key = Key::new(&serving, "similar", &(movie_id, question), &[])?;
    let make = async {
        let (request, _) = recommender.resolve(&Query {
            liked: vec![MovieId(movie_id)],
            filters: Filters { region, ..Filters::default() },
            limit: limit.unwrap_or(DEFAULT_LIMIT),
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
    service.cache().reply(key, make).await
}

/// Why a movie is similar to another: worded without a user, and without predicted stars.
pub fn why_similar(recommended: Recommendation<'_>) -> Why<'_> {
    let reasons = &recommended.reasons;
    let explanation = (!reasons.is_empty()).then(|| similarity(reasons));
    Why { explanation, predicted_rating: None, ..why(recommended) }
}
