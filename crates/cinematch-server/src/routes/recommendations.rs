//! `POST /api/recommendations`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cinematch::ids::MovieId;
use cinematch::ranking::{
    Filters, GenreFilter, Order, Query, Ranked, Rating, Reason, Recommendation, Shortfall,
    explanation,
};
use serde::{Deserialize, Deserializer, Serialize};

use super::watchlist::check_user;
use crate::extract::Body;
use crate::item::{Item, RecommendedItem, Why, put_recommended};
use crate::problem::{INTERNAL, Problem, ProblemDocument};
use crate::state::{AppState, Serving};

/// What to recommend for. Every field may be left out.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default)]
pub struct RecommendationRequest {
    /// Whose watchlist is left out; `default_user` if not given.
    user_id: Option<String>,
    /// Films the viewer likes.
    #[serde(deserialize_with = "or_default")]
    #[schema(example = json!([6, 47]))]
    liked_movie_ids: Vec<i64>,
    /// Films the viewer does not like.
    #[serde(deserialize_with = "or_default")]
    disliked_movie_ids: Vec<i64>,
    /// Genres the viewer would rather see.
    #[serde(deserialize_with = "or_default")]
    #[schema(example = json!(["crime"]))]
    preferred_genres: Vec<String>,
    /// Only films on one of these services.
    #[serde(deserialize_with = "or_default")]
    services: Vec<String>,
    /// Only films of at least this many minutes.
    runtime_min: Option<u32>,
    /// Only films of at most this many minutes.
    runtime_max: Option<u32>,
    /// Films with stars.
    #[serde(deserialize_with = "or_default")]
    ratings: Vec<RatingBody>,
    /// Further filters.
    #[serde(deserialize_with = "or_default")]
    filters: FiltersBody,
    /// Films never to show.
    #[serde(deserialize_with = "or_default")]
    exclude_movie_ids: Vec<i64>,
    /// How many, 1 to 100; 20 if not given.
    limit: Option<usize>,
    /// How many to pass over.
    offset: Option<usize>,
    /// 0 (by score alone) to 1 (as different as can be).
    diversity: Option<f32>,
    /// 0 to 1: how much being well known counts against a film.
    novelty: Option<f32>,
    /// Whether reasons are wanted; yes if not given.
    explain: Option<bool>,
    /// The country whose streaming services count and are shown, as two letters; the operator's own, if
    /// not given.
    #[schema(example = "DE")]
    region: Option<String>,
    /// The model to rank by; all of them, by their weights, if not given.
    #[schema(example = "hybrid")]
    model: Option<String>,
}

/// A film with stars.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RatingBody {
    movie_id: i64,
    /// 0.5 to 5.0 in halves.
    #[schema(example = 4.5)]
    rating: f32,
}

/// Filters. Ranges are inclusive; a film of which the value is not known does not pass.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct FiltersBody {
    #[serde(deserialize_with = "or_default")]
    genres: GenresBody,
    #[serde(deserialize_with = "or_default")]
    /// On at least one of these services.
    services: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// ISO 639-1.
    languages: Vec<String>,
    year_min: Option<u16>,
    year_max: Option<u16>,
    runtime_min: Option<u32>,
    runtime_max: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    min_votes: u32,
}

/// Genres a film must or must not have.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct GenresBody {
    #[serde(deserialize_with = "or_default")]
    /// At least one of these.
    any: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// All of these.
    all: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// None of these.
    none: Vec<String>,
}

/// Front ends send `null` for what they have nothing for.
fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The recommendations.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `reply` writes")]
pub struct RecommendationReply<'a> {
    /// The films, best first.
    recommendations: Vec<RecommendedItem<'a>>,
    #[serde(flatten)]
    about: About<'a>,
}

/// What a reply says beside the films.
#[derive(Serialize, utoipa::ToSchema)]
pub struct About<'a> {
    /// How many.
    count: usize,
    user_id: &'a str,
    /// The model that ranked them.
    model_id: &'a str,
    /// Who has to be named where the films' streaming services are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
    /// Films of the request that the catalogue does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    unknown_movie_ids: Vec<i64>,
    /// Why there are fewer films than asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    shortfall: Option<Shortfall>,
}

const DEFAULT_LIMIT: usize = 20;
const DEFAULT_USER: &str = "default_user";

/// Recommends films for a history, preferences and filters.
#[utoipa::path(post, path = "/api/recommendations", tag = "recommendations",
    request_body = RecommendationRequest,
    responses(
        (status = 200, body = RecommendationReply),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn recommend(
    State(state): State<AppState>,
    Body(request): Body<RecommendationRequest>,
) -> Result<Response, Problem> {
    let serving = state.serving();
    let recommender = &serving.bundle.recommender;
    let user_id = request.user_id.clone().unwrap_or_else(|| DEFAULT_USER.to_owned());
    check_user(&user_id)?;
    let mut unknown = Vec::new();
    let mut query = request.into_query(&mut unknown)?;
    query.seen = state.store().listed(&user_id);
    let (request, not_in_catalogue) = recommender.resolve(&query)?;
    unknown.extend(not_in_catalogue.into_iter().map(|id| i64::from(id.0)));
    let ranked = recommender.recommend(&request);
    let region = request.filter.region;
    let body = reply(&serving, (&user_id, region), ranked, unknown).map_err(|error| {
        tracing::error!(%error, "a reply cannot be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL)
    })?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], body).into_response())
}

/// A [`RecommendationReply`].
fn reply(
    serving: &Serving,
    (user_id, region): (&str, Option<usize>),
    ranked: Ranked<'_>,
    unknown_movie_ids: Vec<i64>,
) -> serde_json::Result<Vec<u8>> {
    let about = About {
        count: ranked.items.len(),
        user_id,
        model_id: &serving.bundle.manifest.model_id,
        attribution: serving.bundle.attribution(region),
        unknown_movie_ids,
        shortfall: ranked.shortfall,
    };
    let mut json = Vec::with_capacity(64 << 10);
    json.extend_from_slice(b"{\"recommendations\":[");
    for (place, recommended) in ranked.items.into_iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        let (recommender, film) = (&serving.bundle.recommender, recommended.movie);
        let (movie, why) = (recommender.movie(film), why(recommended));
        if region.is_some() {
            let item = Item::new(movie, recommender.services_of(film, region));
            put_recommended(&serde_json::to_vec(&item)?, &why, &mut json)?;
        } else {
            serving.items.write(&mut json, film, movie, &why)?;
        }
    }
    json.push(b']');
    let joint = json.len();
    serde_json::to_writer(&mut json, &about)?;
    json[joint] = b',';
    Ok(json)
}

fn why(recommended: Recommendation<'_>) -> Why<'_> {
    let reasons = recommended.reasons;
    let mut sources = Vec::new();
    let mut add = |source, contribution: f32| {
        if contribution > 0.0 && !sources.contains(&source) {
            sources.push(source);
        }
    };
    for reason in &reasons {
        match reason {
            Reason::Film { contribution, from_viewers, .. }
            | Reason::OtherFilms { contribution, from_viewers, .. } => {
                add("collaborative", *from_viewers);
                add("content", contribution - from_viewers);
            }
            Reason::Popularity { contribution } | Reason::Trending { contribution, .. } => {
                add("popularity", *contribution);
            }
            Reason::Genre { contribution, .. } => add("genres", *contribution),
            Reason::Quality { contribution, .. } | Reason::Novelty { contribution } => {
                add("quality", *contribution);
            }
        }
    }
    Why {
        score: recommended.score,
        explanation: explanation(&reasons),
        reasons,
        sources,
        predicted_rating: recommended.predicted,
    }
}

impl RecommendationRequest {
    /// In the library's words. Ids that no film can have go to `unknown`.
    fn into_query(self, unknown: &mut Vec<i64>) -> Result<Query, Problem> {
        let filters = self.filters;
        let services = one_of("services", self.services, filters.services, Vec::is_empty)?;
        let runtime_min =
            one_of("runtime_min", self.runtime_min, filters.runtime_min, Option::is_none)?;
        let runtime_max =
            one_of("runtime_max", self.runtime_max, filters.runtime_max, Option::is_none)?;
        let mut id_of = |id: i64| {
            let known = u32::try_from(id).ok().map(MovieId);
            if known.is_none() {
                unknown.push(id);
            }
            known
        };
        let mut ids = |ids: Vec<i64>| ids.into_iter().filter_map(&mut id_of).collect();
        Ok(Query {
            liked: ids(self.liked_movie_ids),
            disliked: ids(self.disliked_movie_ids),
            exclude: ids(self.exclude_movie_ids),
            ratings: self
                .ratings
                .into_iter()
                .filter_map(|body| {
                    Some(Rating { movie_id: id_of(body.movie_id)?, rating: body.rating })
                })
                .collect(),
            preferred_genres: self.preferred_genres,
            filters: Filters {
                genres: GenreFilter {
                    any: filters.genres.any,
                    all: filters.genres.all,
                    none: filters.genres.none,
                },
                services,
                region: self.region,
                languages: filters.languages,
                year_min: filters.year_min,
                year_max: filters.year_max,
                runtime_min,
                runtime_max,
                min_votes: filters.min_votes,
            },
            seen: Vec::new(),
            limit: self.limit.unwrap_or(DEFAULT_LIMIT),
            offset: self.offset.unwrap_or(0),
            diversity: self.diversity,
            novelty: self.novelty.unwrap_or(0.0),
            explain: self.explain.unwrap_or(true),
            model: self.model,
            order: Order::Taste,
        })
    }
}

/// A filter that stands at two places may be given at one of them.
fn one_of<T>(field: &str, outer: T, inner: T, is_empty: fn(&T) -> bool) -> Result<T, Problem> {
    match (is_empty(&outer), is_empty(&inner)) {
        (false, false) => {
            Err(Problem::field(field, format!("given here and in filters.{field}; give it once")))
        }
        (false, true) => Ok(outer),
        _ => Ok(inner),
    }
}
