//! The catalog page by page, sorted and filtered.

use cinematch::ranking::{Filters, Query, QueryError};
use cinematch::retrieval::{Page, Start};
use serde::Serialize;

use crate::cache::{CachedReply, Key};
use crate::error::ServiceError;
use crate::item::Item;
use crate::listing::json_of;
use crate::service::Service;

/// A page of the catalogue.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BrowseReply<'a> {
    /// The films, in their order.
    movies: Vec<Item<'a>>,
    /// How many.
    count: usize,
    /// How many films pass the filters, on all pages.
    total: usize,
    /// What to ask for the next page with; `null` on the last one.
    next_cursor: Option<String>,
    /// Who has to be named where the films' streaming services are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
}

/// Which page of the catalog.
#[derive(Debug)]
pub struct BrowseRequest {
    /// The movies that pass.
    pub filters: Filters,
    /// Movies per page, 1 to 100.
    pub limit: usize,
    /// The order, and where the page begins.
    pub start: Start,
}

/// Returns a page of the catalog. `question` is the request as the client wrote it, which is the key of the
/// cached reply; `renamed` names the fields of an error as the client does.
pub async fn browse(
    service: &Service,
    question: Option<&str>,
    asked: BrowseRequest,
    renamed: impl Fn(QueryError) -> QueryError,
) -> Result<CachedReply, ServiceError> {
    let BrowseRequest { filters, limit, start } = asked;
    let serving = service.serving();
    let bundle = &serving.bundle;
    let recommender = &bundle.recommender;
    let make = async {
        let query = Query { filters, limit, ..Query::default() };
        let (request, _) = recommender.resolve(&query).map_err(renamed)?;
        let region = request.filter.region;
        let page = recommender.index().page(recommender.movies(), &start, request.filter, limit);
        let Page { movies, total, next } = page;
        let item = |movie| Item::of(recommender, movie, region);
        let movies: Vec<Item<'_>> = movies.into_iter().map(item).collect();
        let reply = BrowseReply {
            count: movies.len(),
            movies,
            total,
            next_cursor: next.map(|cursor| cursor.to_string()),
            attribution: bundle.attribution(region),
        };
        json_of(&reply)
    };
    service.cache().reply(Key::new(&serving, "browse", &question, &[])?, make).await
}
