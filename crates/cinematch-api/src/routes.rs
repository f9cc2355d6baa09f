//! The API's routers, grouped by the access they require.

use cinematch_http::state::RouteState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{
    auth, browse, catalog, feedback, groups, import, jobs, models, preferences, recommendations,
    search, similar, users, watchlist,
};

/// Returns the operations that don't require an identified caller.
pub fn public() -> OpenApiRouter<RouteState> {
    OpenApiRouter::new()
        .routes(routes!(auth::identify))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout))
}

/// Returns the operations that require an identified caller.
pub fn guarded() -> OpenApiRouter<RouteState> {
    OpenApiRouter::new()
        .routes(routes!(auth::me))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::retrain))
        .routes(routes!(jobs::update))
        .routes(routes!(models::list))
        .routes(routes!(models::show))
        .routes(routes!(models::promote))
        .routes(routes!(models::rollback))
        .routes(routes!(recommendations::recommend, recommendations::recommend_mine))
        .routes(routes!(catalog::genres))
        .routes(routes!(catalog::services))
        .routes(routes!(catalog::movie))
        .routes(routes!(browse::browse))
        .routes(routes!(similar::similar))
        .routes(routes!(search::search))
        .routes(routes!(watchlist::list_mine, watchlist::add_mine))
        .routes(routes!(watchlist::list, watchlist::add, watchlist::remove_mine))
        .routes(routes!(watchlist::set_watched_mine))
        .routes(routes!(watchlist::remove))
        .routes(routes!(watchlist::set_watched))
        .routes(routes!(preferences::read, preferences::write))
        .routes(routes!(feedback::list, feedback::record))
        .routes(routes!(feedback::delete))
        .routes(routes!(feedback::likes))
        .routes(routes!(feedback::dislikes))
        .routes(routes!(feedback::reset))
        .routes(routes!(groups::recommend))
        .routes(routes!(import::import))
        .routes(routes!(users::export))
        .routes(routes!(users::delete))
}
