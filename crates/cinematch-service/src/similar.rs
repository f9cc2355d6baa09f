//! Movies similar to a given movie.

use cinematch::date::Date;
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::wording::similarity_sentence;
use cinematch::ranking::{DEFAULT_LIMIT, Filters, Query, QueryError, Recommendation, Recommender};
use serde::Serialize;

use crate::cache::{CachedReply, Key};
use crate::catalog::find_movie;
use crate::error::ServiceFuture;
use crate::item::{Item, RecommendationDetails, RecommendedItem};
use crate::listing::{details, to_json};
use crate::service::Service;

/// Movies similar to a given movie, as returned by `GET /api/movies/{movie_id}/similar`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SimilarReply<'a> {
    /// ID of the given movie.
    movie_id: u32,
    /// Similar movies, most similar first.
    similar: Vec<RecommendedItem<'a>>,
    /// Number of similar movies.
    count: usize,
    /// ID of the model that ranked the movies.
    model_id: &'a str,
    /// Attribution that clients must show next to the streaming services; absent if none is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
}

/// Movies similar to a given movie, and the region whose services are shown.
#[derive(Debug)]
pub struct SimilarMovies<'a> {
    /// Similar movies with reasons, most similar first. The reasons do not mention a user, and the match and
    /// the predicted rating are `None`.
    pub movies: Vec<(MovieIdx, RecommendationDetails<'a>)>,
    /// Index of the region; `None` for the operator's region.
    pub region: Option<usize>,
}

/// Ranks the movies similar to a given movie: the recommendations for a user whose only feedback is a like of that
/// movie that pass `filters`. `limit` is from 1 to 100 and 20 by default. Movies that are adult or not released on the
/// date `today` are not listed.
pub fn similar_movies(
    recommender: &Recommender,
    movie_id: MovieId,
    limit: Option<usize>,
    filters: Filters,
    today: Date,
) -> Result<SimilarMovies<'_>, QueryError> {
    let (request, _) = recommender.resolve(&Query {
        liked: vec![movie_id],
        filters,
        limit: limit.unwrap_or(DEFAULT_LIMIT),
        diversity: Some(0.0),
        explain: true,
        today: Some(today),
        ..Query::default()
    })?;
    let items = recommender.recommend(&request).items.into_iter();
    let movies = items.map(|recommended| (recommended.movie, similar_details(recommended)));
    Ok(SimilarMovies { movies: movies.collect(), region: request.filter.region })
}

/// Returns the movies similar to a given movie as the API presents them. `query_string` is the query string as sent
/// by the client; it is part of the reply's cache key.
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
        let today = service.today();
        let key = Key::new(&serving, "similar", &(movie_id, query_string, today), &[])?;
        let compute = async {
            let filters = Filters { region, ..Filters::default() };
            let SimilarMovies { movies, region } =
                similar_movies(recommender, MovieId(movie_id), limit, filters, today)?;
            let item = |(movie, details)| RecommendedItem {
                item: Item::from_movie(recommender, movie, region),
                details,
            };
            let similar: Vec<RecommendedItem<'_>> = movies.into_iter().map(item).collect();
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

/// Returns the reasons why a movie is similar to another, worded without reference to a user, without a match and
/// without a predicted rating.
fn similar_details(recommended: Recommendation<'_>) -> RecommendationDetails<'_> {
    let reasons = &recommended.reasons;
    let explanation = (!reasons.is_empty()).then(|| similarity_sentence(reasons).to_string());
    RecommendationDetails {
        explanation,
        match_probability: None,
        predicted_rating: None,
        ..details(recommended)
    }
}
