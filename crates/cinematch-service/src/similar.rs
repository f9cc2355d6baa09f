//! Movies similar to a given movie.

use cinematch::ids::MovieId;
use cinematch::ranking::wording::similarity;
use cinematch::ranking::{Filters, Query, Recommendation};
use serde::Serialize;

use crate::cache::{CachedReply, Key};
use crate::catalog::find_movie;
use crate::error::ServiceFuture;
use crate::item::{Item, RecommendationDetails};
use crate::listing::{details, to_json};
use crate::service::Service;

const DEFAULT_LIMIT: usize = 20;

/// Movies similar to a given movie, as returned by `GET /api/movies/{movie_id}/similar`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SimilarReply<'a> {
    /// ID of the given movie.
    movie_id: u32,
    /// Similar movies, most similar first.
    similar: Vec<SimilarItem<'a>>,
    /// Number of similar movies.
    count: usize,
    /// ID of the model that ranked the movies.
    model_id: &'a str,
    /// Attribution that clients must show next to the streaming services; absent if none is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
}

/// A similar movie with the reasons for its similarity.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SimilarItem<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    #[serde(flatten)]
    details: RecommendationDetails<'a>,
}

/// Lists the movies similar to a given movie: the recommendations for a user whose only feedback is a like of that
/// movie. `query_string` is the query string as sent by the client; it is part of the reply's cache key.
pub fn similar<'a>(
    service: &'a Service,
    movie_id: u32,
    query_string: Option<&'a str>,
    limit: Option<usize>,
    region: Option<String>,
) -> ServiceFuture<'a, CachedReply> {
    Box::pin(async move {
        let serving = service.serving();
        let bundle = &serving.bundle;
        let recommender = &bundle.recommender;
        find_movie(recommender, movie_id.into())?;
        let key = Key::new(&serving, "similar", &(movie_id, query_string), &[])?;
        let compute = async {
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
                let item = Item::from_movie(recommender, movie, region);
                similar.push(SimilarItem { item, details: similar_details(recommended) });
            }
            let reply = SimilarReply {
                movie_id,
                count: similar.len(),
                similar,
                model_id: &bundle.manifest.model_id,
                attribution: bundle.attribution(region),
            };
            to_json(&reply)
        };
        service.cache().get_or_compute(key, Box::pin(compute)).await
    })
}

/// Returns the reasons why a movie is similar to another, worded without reference to a user and without a
/// predicted rating.
pub fn similar_details(recommended: Recommendation<'_>) -> RecommendationDetails<'_> {
    let reasons = &recommended.reasons;
    let explanation = (!reasons.is_empty()).then(|| similarity(reasons));
    RecommendationDetails { explanation, predicted_rating: None, ..details(recommended) }
}
