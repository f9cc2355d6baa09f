//! Search for movies by title, person or keyword.

use cinematch::search::Hit;
use serde::Serialize;

use crate::cache::{CachedReply, Key};
use crate::error::{ServiceError, ServiceFuture};
use crate::item::Item;
use crate::listing::to_json;
use crate::service::Service;
use crate::serving::Serving;
use crate::trace::span;

const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 50;
const MAX_LENGTH: usize = 200;

/// Search results, as returned by `GET /api/search`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SearchReply<'a> {
    /// Matching movies, best first.
    results: Vec<SearchItem<'a>>,
    /// Number of results.
    count: usize,
}

/// A movie that matches a search.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = FoundItem)]
pub struct SearchItem<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    /// Relevance; comparable only within one search.
    score: f32,
}

/// Returns the `limit` best matches for `words`, best first, and records the time as a span.
pub fn hits(serving: &Serving, words: &str, limit: usize) -> Vec<Hit> {
    span!("rank").in_scope(|| serving.search.search(words, limit))
}

/// Searches for `words`; the last word may be a prefix. `query_string` is the query string as sent by the client; it
/// is part of the reply's cache key.
pub fn search<'a>(
    service: &'a Service,
    query_string: Option<&'a str>,
    words: &'a str,
    limit: Option<usize>,
) -> ServiceFuture<'a, CachedReply> {
    Box::pin(async move {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ServiceError::field(
                "limit",
                format!("expected 1 to {MAX_LIMIT}, got {limit}"),
            ));
        }
        if words.chars().count() > MAX_LENGTH {
            return Err(ServiceError::field(
                "q",
                format!("expected at most {MAX_LENGTH} characters"),
            ));
        }
        let serving = service.serving();
        let recommender = &serving.bundle.recommender;
        let compute = async {
            let results: Vec<SearchItem<'_>> = hits(&serving, words, limit)
                .into_iter()
                .map(|hit| SearchItem {
                    item: Item::from_movie(recommender, hit.movie, None),
                    score: hit.score,
                })
                .collect();
            to_json(&SearchReply { count: results.len(), results })
        };
        service
            .cache()
            .get_or_compute(Key::new(&serving, "search", &query_string, &[])?, Box::pin(compute))
            .await
    })
}
