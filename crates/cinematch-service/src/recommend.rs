//! Recommendations for a history contained in the request.

use std::time::Duration;

use cinematch::ids::MovieId;
use cinematch::ranking::{DEFAULT_LIMIT, Filters, GenreFilter, Order, Query, Rating};
use cinematch::rating::is_rating;
use serde::{Deserialize, Serialize};

use crate::cache::{CachedReply, Key};
use crate::error::{ServiceError, ServiceFuture};
use crate::listing::{self, ListMetadata, UserId};
use crate::names::{UserName, check_user};
use crate::optional::or_default;
use crate::personal::known_movies;
use crate::preferences::strictest;
use crate::service::Service;

/// A request for recommendations. All fields are optional.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default)]
pub struct RecommendationRequest {
    /// User whose known movies (rated, liked, disliked, watched or on the watchlist) are excluded. Default:
    /// `default_user`.
    #[schema(value_type = Option<UserName>)]
    user_id: Option<String>,
    /// Liked movies.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000, example = json!([6, 47]))]
    liked_movie_ids: Vec<i64>,
    /// Disliked movies.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    disliked_movie_ids: Vec<i64>,
    /// Genres to prefer.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["crime"]))]
    preferred_genres: Vec<String>,
    /// Only movies on at least one of these streaming services.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    services: Vec<String>,
    /// Minimum runtime in minutes.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_min: Option<u32>,
    /// Maximum runtime in minutes.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_max: Option<u32>,
    /// Rated movies.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<RatingBody>>, max_items = 10_000)]
    ratings: Vec<RatingBody>,
    /// Additional filters.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<FiltersBody>)]
    filters: FiltersBody,
    /// Movies to exclude.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    exclude_movie_ids: Vec<i64>,
    /// Maximum number of results, 1 to 100. Default: 20.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// Number of results to skip. Default: 0.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
    /// Diversity of the list, from 0 (ranked by score alone) to 1 (most diverse).
    #[schema(minimum = 0, maximum = 1)]
    diversity: Option<f32>,
    /// Penalty for well-known movies, from -1 (favors them) to 1 (strongest penalty). Default: 0.
    #[schema(minimum = -1, maximum = 1)]
    novelty: Option<f32>,
    /// True to include reasons. Default: true.
    explain: Option<bool>,
    /// True to include, for each result, its rank without the history entry that contributes most to it. Each
    /// distinct entry costs one additional ranking. Default: false.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    counterfactual: bool,
    /// True to allow movies on the user's watchlist. Default: false.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    include_watchlist: bool,
    /// Country whose streaming services the filters and the reply use, ISO 3166-1 alpha-2. Default: the operator's
    /// region.
    #[schema(example = "DE")]
    region: Option<String>,
    /// Model to rank with. Default: the weighted blend of all models.
    #[schema(example = "hybrid")]
    model: Option<String>,
}

/// A user's rating of a movie.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingBody {
    movie_id: i64,
    /// Stars, 0.5 to 5.0 in steps of 0.5.
    #[schema(minimum = 0.5, maximum = 5.0, multiple_of = 0.5, example = 4.5)]
    rating: f32,
}

/// Filters on the catalog. Ranges are inclusive; a movie whose value is unknown does not match.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FiltersBody {
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<GenresBody>)]
    genres: GenresBody,
    #[serde(deserialize_with = "or_default")]
    /// Only movies on at least one of these streaming services.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    services: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// Original languages, ISO 639-1.
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
    /// Minimum average TMDB rating, 0 to 10.
    #[schema(minimum = 0, maximum = 10, example = 7.5)]
    rating_min: Option<f64>,
    /// Age of the youngest viewer: only movies whose minimum age is at most this, by their certificates in the requested
    /// region, or else in the United States, or else by the strictest one. Without certificates, children's movies have
    /// the minimum age 6, and other movies do not match.
    #[schema(minimum = 0, maximum = 18, example = 12)]
    max_age: Option<u8>,
    /// True to allow movies that TMDB marks as adult. Default: false.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    include_adult: bool,
    /// True to allow movies that have not been released. Default: false.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    include_unreleased: bool,
}

/// Genres that a movie must or must not have. All three lists apply.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GenresBody {
    #[serde(deserialize_with = "or_default")]
    /// The movie has at least one of these genres.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    any: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// The movie has all of these genres.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    all: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    /// The movie has none of these genres.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    none: Vec<String>,
}

const DEFAULT_USER: &str = "default_user";
/// Timeout of the database lookup for a request that names no user.
const LOOKUP_TIMEOUT: Duration = Duration::from_millis(250);

/// The user whose known movies are excluded from the list, before the check of the caller's access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListOwner {
    /// The request names this user.
    Named(String),
    /// The request names no user, so it is for the default user.
    Default,
}

impl ListOwner {
    /// Returns the key of the user's data.
    pub fn user_id(&self) -> &str {
        match self {
            Self::Named(user_id) => user_id,
            Self::Default => DEFAULT_USER,
        }
    }

    /// Applies the result of the access check. Without access, a named user is an error. The default user's data is
    /// left out instead, because callers restricted to their own profile cannot read it.
    pub fn authorize<E>(self, access: Result<(), E>) -> Result<AuthorizedOwner, E> {
        match self {
            Self::Named(user_id) => access.map(|()| AuthorizedOwner::Named(user_id)),
            Self::Default if access.is_ok() => Ok(AuthorizedOwner::Default),
            Self::Default => Ok(AuthorizedOwner::WithoutData),
        }
    }
}

/// A [`ListOwner`] after the check of the caller's access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizedOwner {
    /// A named user, whose data must be available.
    Named(String),
    /// The default user, whose data is used if the database responds.
    Default,
    /// The default user, whose data is not used.
    WithoutData,
}

/// Recommends movies for the history, preferences and filters in the request. The user's stored data only
/// determines which known movies are excluded, and the age limit.
pub fn recommend(
    service: &Service,
    owner: AuthorizedOwner,
    request: RecommendationRequest,
) -> ServiceFuture<'_, CachedReply> {
    Box::pin(async move {
        let serving = service.serving();
        let recommender = &serving.bundle.recommender;
        let (user_id, data_version) = match &owner {
            AuthorizedOwner::Named(user_id) => {
                (user_id.as_str(), Some(service.store().data_version(user_id).await?))
            }
            AuthorizedOwner::Default => {
                // A request that names no user succeeds even if the database does not respond.
                let lookup = service.store().data_version(DEFAULT_USER);
                let lookup = tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await;
                (DEFAULT_USER, lookup.ok().and_then(Result::ok))
            }
            AuthorizedOwner::WithoutData => (DEFAULT_USER, None),
        };
        let is_known = data_version.is_some();
        let data_version = data_version.flatten();
        let users = [(user_id, data_version)];
        let users = if is_known { &users[..] } else { &[] };
        let today = service.today();
        let key = Key::new(&serving, "recommendations", &(&request, today), users)?;
        let compute = async {
            let (with_watchlist, counterfactual) =
                (request.include_watchlist, request.counterfactual);
            let mut unknown = Vec::new();
            let mut query = Query { today: Some(today), ..request.into_query(&mut unknown)? };
            if is_known {
                let history = service.user_history(user_id).await?;
                query.seen = known_movies(&history, with_watchlist);
                let limits = [query.filters.max_age, history.preferences.max_age];
                query.filters.max_age = strictest(limits);
            }
            let (request, not_in_catalog) = recommender.resolve(&query)?;
            unknown.extend(not_in_catalog.into_iter().map(|id| i64::from(id.0)));
            let ranked_list = listing::rank(&serving, &request, counterfactual);
            let mut metadata =
                ListMetadata::new(&serving, UserId::Name(user_id), request.filter.region);
            metadata.unknown_movie_ids = unknown;
            listing::json(&serving, request.filter.region, ranked_list, metadata)
        };
        service.cache().get_or_compute(key, Box::pin(compute)).await
    })
}

impl RecommendationRequest {
    /// Returns the user named in the request, or the default user.
    pub fn owner(&self) -> Result<ListOwner, ServiceError> {
        match &self.user_id {
            Some(user_id) if user_id != DEFAULT_USER => {
                check_user(user_id)?;
                Ok(ListOwner::Named(user_id.clone()))
            }
            _ => Ok(ListOwner::Default),
        }
    }
}

impl RecommendationRequest {
    /// Converts the request to a library query. IDs out of range are appended to `unknown`.
    fn into_query(self, unknown: &mut Vec<i64>) -> Result<Query, ServiceError> {
        let filters = self.filters;
        let services = one_of("services", self.services, filters.services.clone(), Vec::is_empty)?;
        let runtime_min =
            one_of("runtime_min", self.runtime_min, filters.runtime_min, Option::is_none)?;
        let runtime_max =
            one_of("runtime_max", self.runtime_max, filters.runtime_max, Option::is_none)?;
        Ok(Query {
            liked: parse_ids(self.liked_movie_ids, unknown),
            disliked: parse_ids(self.disliked_movie_ids, unknown),
            exclude: parse_ids(self.exclude_movie_ids, unknown),
            only: Vec::new(),
            ratings: parse_ratings(self.ratings, unknown)?,
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
            today: None,
        })
    }
}

impl FiltersBody {
    /// Converts the filters to the library's type and adds a region.
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
            max_age: self.max_age,
            include_adult: self.include_adult,
            include_unreleased: self.include_unreleased,
        }
    }
}

/// Converts IDs to [`MovieId`]s. IDs out of range are appended to `unknown`.
pub fn parse_ids(ids: Vec<i64>, unknown: &mut Vec<i64>) -> Vec<MovieId> {
    let parse = |id: i64| {
        let movie_id = u32::try_from(id).ok().map(MovieId);
        if movie_id.is_none() {
            unknown.push(id);
        }
        movie_id
    };
    ids.into_iter().filter_map(parse).collect()
}

/// Validates and converts ratings. IDs out of range are appended to `unknown`; their stars are validated too.
pub fn parse_ratings(
    bodies: Vec<RatingBody>,
    unknown: &mut Vec<i64>,
) -> Result<Vec<Rating>, ServiceError> {
    let mut ratings = Vec::with_capacity(bodies.len());
    for (index, RatingBody { movie_id, rating }) in bodies.into_iter().enumerate() {
        if !is_rating(rating) {
            let message = format!("expected 0.5 to 5.0 in steps of 0.5, got {rating}");
            return Err(ServiceError::field(format!("ratings[{index}].rating"), message));
        }
        match u32::try_from(movie_id) {
            Ok(id) => ratings.push(Rating { movie_id: MovieId(id), rating }),
            Err(_) => unknown.push(movie_id),
        }
    }
    Ok(ratings)
}

/// Returns the value of a filter that a request may set in either of two places. Setting both is an error.
fn one_of<T>(field: &str, outer: T, inner: T, is_empty: fn(&T) -> bool) -> Result<T, ServiceError> {
    match (is_empty(&outer), is_empty(&inner)) {
        (false, false) => Err(ServiceError::field(
            field,
            format!("given here and in filters.{field}; give it in one place only"),
        )),
        (false, true) => Ok(outer),
        _ => Ok(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naming_a_user_requires_access_and_the_default_user_does_not() {
        let owner = |user_id: Option<&str>| {
            let user_id = user_id.map(str::to_owned);
            RecommendationRequest { user_id, ..RecommendationRequest::default() }.owner().unwrap()
        };
        let ada = || owner(Some("ada"));
        assert_eq!(ada().authorize(Ok::<_, ()>(())), Ok(AuthorizedOwner::Named("ada".to_owned())));
        assert_eq!(ada().authorize(Err("denied")), Err("denied"));
        for name in [None, Some(DEFAULT_USER)] {
            assert_eq!(owner(name).user_id(), DEFAULT_USER);
            assert_eq!(owner(name).authorize(Ok::<_, ()>(())), Ok(AuthorizedOwner::Default));
            assert_eq!(owner(name).authorize(Err("denied")), Ok(AuthorizedOwner::WithoutData));
        }
        let blank = RecommendationRequest {
            user_id: Some(" ".to_owned()),
            ..RecommendationRequest::default()
        };
        assert!(blank.owner().is_err());
    }
}
