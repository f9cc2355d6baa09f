//! `GET /api/search`.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::listing::json_of;
use crate::cache::Key;
use crate::extract::QueryOf;
use crate::item::Item;
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;
use crate::trace::span;

const DEFAULT_LIMIT: usize = 10;
const MOST: usize = 50;
const LONGEST: usize = 200;

/// What to search for.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words of a title, a person or a keyword, the last one perhaps unfinished; a year is a hint.
    #[param(example = "godfater", max_length = 200)]
    q: String,
    /// How many films, 1 to 50; 10 if not given.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// Films found.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SearchReply<'a> {
    /// The films, best first.
    results: Vec<FoundItem<'a>>,
    /// How many.
    count: usize,
}

/// A film found.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FoundItem<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    /// How well it fits; only its order means something.
    score: f32,
}

/// Films by title, person or keyword, as people type: with typing errors, words in any order, the last
/// one unfinished.
#[utoipa::path(get, path = "/api/search", tag = "catalogue", params(SearchQuery),
    responses(
        (status = 200, body = SearchReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn search(
    State(state): State<AppState>,
    RawQuery(words): RawQuery,
    QueryOf(query): QueryOf<SearchQuery>,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field("limit", format!("expected 1 to {MOST}, got {limit}")));
    }
    if query.q.chars().count() > LONGEST {
        return Err(Problem::field("q", format!("expected at most {LONGEST} characters")));
    }
    let serving = state.serving();
    let recommender = &serving.bundle.recommender;
    let make = async {
        let results: Vec<FoundItem<'_>> = span!("rank")
            .in_scope(|| serving.search.search(&query.q, limit))
            .into_iter()
            .map(|hit| FoundItem { item: Item::of(recommender, hit.movie, None), score: hit.score })
            .collect();
        json_of(&SearchReply { count: results.len(), results })
    };
    state.cache().reply(Key::new(&serving, "search", &words, &[])?, make).await
}
