//! Paginated browsing of the catalog, sorted and filtered.

use cinematch::ranking::{Filters, Query, QueryError};
use cinematch::retrieval::{Page, Start};
use serde::Serialize;

use crate::cache::{CachedReply, Key};
use crate::error::ServiceFuture;
use crate::item::Item;
use crate::listing::to_json;
use crate::service::Service;

/// A page of the catalog, as returned by `GET /api/movies`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BrowseReply<'a> {
    /// Movies on this page, in the requested order.
    movies: Vec<Item<'a>>,
    /// Number of movies on this page.
    count: usize,
    /// Number of movies that match the filters, over all pages.
    total: usize,
    /// Cursor of the next page; `null` on the last page.
    next_cursor: Option<String>,
    /// Attribution that clients must show next to the streaming services; absent if none is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
}

/// A request for a page of the catalog.
#[derive(Debug)]
pub struct BrowseRequest {
    /// Filters that movies must match.
    pub filters: Filters,
    /// Number of movies per page, 1 to 100.
    pub limit: usize,
    /// Sort order and start of the page.
    pub start: Start,
}

/// Returns a page of the catalog. `query_string` is the query string as sent by the client; it is part of the
/// reply's cache key. `map_error` converts field names in errors to the names that the client uses.
pub fn browse<'a>(
    service: &'a Service,
    query_string: Option<&'a str>,
    request: BrowseRequest,
    map_error: fn(QueryError) -> QueryError,
) -> ServiceFuture<'a, CachedReply> {
    Box::pin(async move {
        let BrowseRequest { filters, limit, start } = request;
        let serving = service.serving();
        let bundle = &serving.bundle;
        let recommender = &bundle.recommender;
        let compute = async {
            let query = Query { filters, limit, ..Query::default() };
            let (request, _) = recommender.resolve(&query).map_err(map_error)?;
            let region = request.filter.region;
            let page =
                recommender.index().page(recommender.movies(), &start, request.filter, limit);
            let Page { movies, total, next } = page;
            let item = |movie| Item::from_movie(recommender, movie, region);
            let movies: Vec<Item<'_>> = movies.into_iter().map(item).collect();
            let reply = BrowseReply {
                count: movies.len(),
                movies,
                total,
                next_cursor: next.map(|cursor| cursor.to_string()),
                attribution: bundle.attribution(region),
            };
            to_json(&reply)
        };
        service
            .cache()
            .get_or_compute(Key::new(&serving, "browse", &query_string, &[])?, Box::pin(compute))
            .await
    })
}
