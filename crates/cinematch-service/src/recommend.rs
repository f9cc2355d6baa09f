//! Recommendations for a history that the request itself contains.

use std::time::Duration;

use cinematch::ids::MovieId;
use cinematch::ranking::{Filters, GenreFilter, Order, Query, Rating};
use cinematch::rating::is_rating;
use serde::{Deserialize, Serialize};

use crate::cache::{CachedReply, Key};
use crate::error::ServiceError;
use crate::listing::{self, About, UserId};
use crate::names::{UserName, check_user};
use crate::optional::or_default;
use crate::service::Service;

/// What to recommend for. Every field may be left out.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default)]
pub struct RecommendationRequest {
    /// Whose films are left out: rated, liked, disliked, watched, on the watchlist; `default_user` if not
    /// given.
    #[schema(value_type = Option<UserName>)]
    user_id: Option<String>,
    /// Films the viewer likes.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000, example = json!([6, 47]))]
    liked_movie_ids: Vec<i64>,
    /// Films the viewer does not like.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    disliked_movie_ids: Vec<i64>,
    /// Genres the viewer would rather see.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["crime"]))]
    preferred_genres: Vec<String>,
    /// Only films on one of these services.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    services: Vec<String>,
    /// Only films of at least this many minutes.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_min: Option<u32>,
    /// Only films of at most this many minutes.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_max: Option<u32>,
    /// Films with stars.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<RatingBody>>, max_items = 10_000)]
    ratings: Vec<RatingBody>,
    /// Further filters.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<FiltersBody>)]
    filters: FiltersBody,
    /// Films never to show.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    exclude_movie_ids: Vec<i64>,
    /// How many, 1 to 100; 20 if not given.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// How many to pass over.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
    /// 0 (by score alone) to 1 (as different as can be).
    #[schema(minimum = 0, maximum = 1)]
    diversity: Option<f32>,
    /// 0 to 1: how much being well known counts against a film.
    #[schema(minimum = 0, maximum = 1)]
    novelty: Option<f32>,
    /// Whether reasons are wanted; yes if not given.
    explain: Option<bool>,
    /// Whether every film is to say where it would stand without what it owes most to; each film of the
    /// history that is named costs another ranking.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    counterfactual: bool,
    /// Whether films of the person's watchlist may be shown.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    include_watchlist: bool,
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
pub struct RatingBody {
    movie_id: i64,
    /// 0.5 to 5.0 in halves.
    #[schema(minimum = 0.5, maximum = 5.0, multiple_of = 0.5, example = 4.5)]
    rating: f32,
}

/// Filters. Ranges are inclusive; a film of which the value is not known does not pass.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FiltersBody {
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<GenresBody>)]
    genres: GenresBody,
    #[serde(deserialize_with = "or_default")]
    /// On at least one of these services.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    services: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// ISO 639-1.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    languages: Vec<String>,
    #[schema(maximum = 65535)]
    year_min: Option<u16>,
    #[schema(maximum = 65535)]
    year_max: Option<u16>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_min: Option<u32>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_max: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    min_votes: u32,
    /// From this average of TMDB's votes.
    #[schema(minimum = 0, maximum = 10, example = 7.5)]
    rating_min: Option<f64>,
}

/// Genres a film must or must not have.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GenresBody {
    #[serde(deserialize_with = "or_default")]
    /// At least one of these.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    any: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// All of these.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    all: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// None of these.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    none: Vec<String>,
}

/// Films, where the request does not say how many.
pub const DEFAULT_LIMIT: usize = 20;
const DEFAULT_USER: &str = "default_user";
/// How long a database that does not answer may hold up who is nobody in particular.
const PATIENCE: Duration = Duration::from_millis(250);

/// The user whose movies are left out of the list.
pub struct Whose {
    /// The key of the user's data.
    pub user_id: String,
    /// True if the request names the user.
    pub is_named: bool,
    /// True if the caller may use the user's data.
    pub is_allowed: bool,
}

/// Recommends movies for a history, preferences and filters that are all in the request. Of the user's own
/// data only the known movies are used: they are left out of the list.
pub async fn recommend(
    service: &Service,
    whose: Whose,
    request: RecommendationRequest,
) -> Result<CachedReply, ServiceError> {
    let serving = service.serving();
    let recommender = &serving.bundle.recommender;
    let Whose { user_id, is_named, is_allowed } = whose;
    let stamp = if is_named {
        service.store().data_version(&user_id).await.map(Some)?
    } else if is_allowed {
        // A request that names no user is answered even if the database does not answer.
        let asked = tokio::time::timeout(PATIENCE, service.store().data_version(&user_id)).await;
        asked.ok().and_then(Result::ok)
    } else {
        None
    };
    let whose = stamp.is_some();
    let stamp = stamp.flatten();
    let people = [(user_id.as_str(), stamp)];
    let people = if whose { &people[..] } else { &[] };
    let key = Key::new(&serving, "recommendations", &request, people)?;
    let make = async {
        let (with_watchlist, counterfactual) = (request.include_watchlist, request.counterfactual);
        let mut unknown = Vec::new();
        let mut query = request.into_query(&mut unknown)?;
        if whose {
            let taste = service.taste(&user_id).await?;
            query.seen = taste.known().collect();
            if !with_watchlist {
                query.seen.extend_from_slice(&taste.listed);
            }
        }
        let (request, not_in_catalogue) = recommender.resolve(&query)?;
        unknown.extend(not_in_catalogue.into_iter().map(|id| i64::from(id.0)));
        let listed = listing::rank(&serving, &request, counterfactual);
        let mut about = About::new(&serving, UserId::Name(&user_id), request.filter.region);
        about.unknown_movie_ids = unknown;
        listing::json(&serving, request.filter.region, listed, about)
    };
    service.cache().reply(key, make).await
}

impl RecommendationRequest {
    /// Returns the user that the request names, or else the default one. The caller's right to use the
    /// data is still to be checked.
    pub fn whose(&self) -> Result<Whose, ServiceError> {
        let named = self.user_id.clone().filter(|user_id| user_id != DEFAULT_USER);
        let is_named = named.is_some();
        let user_id = named.unwrap_or_else(|| DEFAULT_USER.to_owned());
        check_user(&user_id)?;
        Ok(Whose { user_id, is_named, is_allowed: false })
    }
}

impl RecommendationRequest {
    /// In the library's words. Ids that no film can have go to `unknown`.
    fn into_query(self, unknown: &mut Vec<i64>) -> Result<Query, ServiceError> {
        let filters = self.filters;
        let services = one_of("services", self.services, filters.services.clone(), Vec::is_empty)?;
        let runtime_min =
            one_of("runtime_min", self.runtime_min, filters.runtime_min, Option::is_none)?;
        let runtime_max =
            one_of("runtime_max", self.runtime_max, filters.runtime_max, Option::is_none)?;
        Ok(Query {
            liked: known_ids(self.liked_movie_ids, unknown),
            disliked: known_ids(self.disliked_movie_ids, unknown),
            exclude: known_ids(self.exclude_movie_ids, unknown),
            ratings: known_ratings(self.ratings, unknown)?,
            preferred_genres: self.preferred_genres,
            filters: Filters {
                services,
                runtime_min,
                runtime_max,
                ..filters.into_filters(self.region)
            },
            seen: Vec::new(),
            limit: self.limit.unwrap_or(DEFAULT_LIMIT),
            offset: self.offset.unwrap_or(0) as usize,
            diversity: self.diversity,
            novelty: self.novelty.unwrap_or(0.0),
            explain: self.explain.unwrap_or(true),
            model: self.model,
            order: Order::Taste,
        })
    }
}

impl FiltersBody {
    /// In the library's words.
    pub fn into_filters(self, region: Option<String>) -> Filters {
        let GenresBody { any, all, none } = self.genres;
        Filters {
            genres: GenreFilter { any, all, none },
            services: self.services,
            region,
            languages: self.languages,
            year_min: self.year_min,
            year_max: self.year_max,
            runtime_min: self.runtime_min,
            runtime_max: self.runtime_max,
            min_votes: self.min_votes,
            rating_min: self.rating_min,
        }
    }
}

/// Ids as the library has them; those that no film can have go to `unknown`.
pub fn known_ids(ids: Vec<i64>, unknown: &mut Vec<i64>) -> Vec<MovieId> {
    let known = |id: i64| {
        let known = u32::try_from(id).ok().map(MovieId);
        if known.is_none() {
            unknown.push(id);
        }
        known
    };
    ids.into_iter().filter_map(known).collect()
}

/// Films with stars, likewise. The stars of films that cannot be are looked at too.
pub fn known_ratings(
    bodies: Vec<RatingBody>,
    unknown: &mut Vec<i64>,
) -> Result<Vec<Rating>, ServiceError> {
    let mut ratings = Vec::with_capacity(bodies.len());
    for (at, RatingBody { movie_id, rating }) in bodies.into_iter().enumerate() {
        if !is_rating(rating) {
            let message = format!("expected 0.5 to 5.0 in halves, got {rating}");
            return Err(ServiceError::field(format!("ratings[{at}].rating"), message));
        }
        match u32::try_from(movie_id) {
            Ok(id) => ratings.push(Rating { movie_id: MovieId(id), rating }),
            Err(_) => unknown.push(movie_id),
        }
    }
    Ok(ratings)
}

/// A filter that stands at two places may be given at one of them.
fn one_of<T>(field: &str, outer: T, inner: T, is_empty: fn(&T) -> bool) -> Result<T, ServiceError> {
    match (is_empty(&outer), is_empty(&inner)) {
        (false, false) => Err(ServiceError::field(
            field,
            format!("given here and in filters.{field}; give it once"),
        )),
        (false, true) => Ok(outer),
        _ => Ok(inner),
    }
}
