//! Paginated browsing of the catalog, sorted and filtered.

use cinematch::ranking::{DEFAULT_LIMIT, Filters, Query, QueryError, Recommender};
use cinematch::retrieval::{Page, Sort, Start};
use serde::Serialize;

use crate::cache::{CachedReply, Key};
use crate::error::ServiceFuture;
use crate::item::Item;
use crate::listing::to_json;
use crate::preferences::strictest;
use crate::service::Service;
use crate::user_view::{MovieCard, UserView};

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
#[derive(Clone, Debug)]
pub struct BrowseRequest {
    /// Filters that movies must match.
    pub filters: Filters,
    /// Number of movies per page, from 1 to 100 and 20 by default.
    pub limit: Option<usize>,
    /// Sort order and start of the page.
    pub start: Start,
}

/// A page of the catalog and the region whose services it shows.
#[derive(Clone, Debug)]
pub struct CatalogPage {
    /// Movies on the page, number of matches on all pages, and cursor of the next page.
    pub page: Page,
    /// Index of the region; `None` for the operator's region.
    pub region: Option<usize>,
}

/// Returns a page of the catalog.
pub fn page(recommender: &Recommender, request: BrowseRequest) -> Result<CatalogPage, QueryError> {
    let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
    // The catalog has all movies; replies mark adult and unreleased ones.
    let filters = Filters { include_adult: true, include_unreleased: true, ..request.filters };
    let query = Query { filters, limit, ..Query::default() };
    let (resolved, _) = recommender.resolve(&query)?;
    let region = resolved.filter.region;
    let movies = recommender.movies();
    let page = recommender.index().page(movies, &request.start, resolved.filter, limit);
    Ok(CatalogPage { page, region })
}

/// Returns a page of the catalog as the API presents it. `query_string` is the query string as sent by the client; it
/// is part of the reply's cache key. `map_error` converts field names in errors to the names that the client uses.
pub fn browse<'a>(
    service: &'a Service,
    query_string: Option<&'a str>,
    request: BrowseRequest,
    map_error: fn(QueryError) -> QueryError,
) -> ServiceFuture<'a, CachedReply> {
    Box::pin(async move {
        let serving = service.serving();
        let bundle = &serving.bundle;
        let recommender = &bundle.recommender;
        let compute = async {
            let CatalogPage { page, region } = page(recommender, request).map_err(map_error)?;
            let item = |movie| Item::from_movie(recommender, movie, region);
            let movies: Vec<Item<'_>> = page.movies.into_iter().map(item).collect();
            let reply = BrowseReply {
                count: movies.len(),
                movies,
                total: page.total,
                next_cursor: page.next.map(|cursor| cursor.to_string()),
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

/// Order and start of a page for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserStart {
    /// By the user's taste, from this offset.
    Recommended(usize),
    /// Sorted by a property of the movies, such as their year.
    Sorted(Start),
}

/// A page of the catalog for a user.
#[derive(Debug)]
pub struct UserPage<'a> {
    /// Movies on the page, with the user's feedback and matches.
    pub movies: Vec<MovieCard<'a>>,
    /// Number of matches on all pages.
    pub total: usize,
    /// Start of the next page; `None` on the last page.
    pub next: Option<UserStart>,
}

/// Returns a page of up to `limit` movies for a user. The services are those of the region in the filters, or else
/// of the region of `view`. The user's age limit applies.
pub fn page_for_user(
    view: &UserView,
    filters: Filters,
    start: UserStart,
    limit: usize,
) -> Result<UserPage<'_>, QueryError> {
    let recommender = view.recommender();
    let region = filters.region.clone().or_else(|| view.region_code());
    let max_age = strictest([filters.max_age, view.max_age()]);
    let filters = Filters { region, max_age, ..filters };
    match start {
        UserStart::Sorted(start) => {
            let request = BrowseRequest { filters, limit: Some(limit), start };
            let Page { movies, total, next } = page(recommender, request)?.page;
            let next = next.map(|cursor| UserStart::Sorted(Start::After(cursor)));
            Ok(UserPage { movies: view.assessed_cards(&movies)?, total, next })
        }
        UserStart::Recommended(offset) => {
            let query = Query { filters, offset, diversity: Some(0.0), ..view.query(limit) };
            let (request, _) = recommender.resolve(&query)?;
            let movies = view.recommend(&request);
            let first = Start::First(Sort::default());
            let total =
                recommender.index().page(recommender.movies(), &first, request.filter, 0).total;
            let end = offset.saturating_add(movies.len());
            let next = (end < total).then_some(UserStart::Recommended(end));
            Ok(UserPage { movies, total, next })
        }
    }
}
