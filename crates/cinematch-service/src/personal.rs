//! Recommendations for a profile, based on its stored data.

use cinematch::ids::MovieId;
use cinematch::ranking::{DEFAULT_LIMIT, Order, Query, Rating};
use cinematch_store::{Profile, UserHistory};
use serde::Deserialize;

use crate::cache::{CachedReply, Key};
use crate::error::{ServiceError, ServiceFuture};
use crate::listing::{self, ListMetadata, UserId};
use crate::preferences;
use crate::selection::{Mode, RuntimeBucket, YearBucket};
use crate::service::Service;

/// Query parameters of personal recommendations. Filters apply in every mode.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PersonalQuery {
    /// Maximum number of results, 1 to 100. Default: 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// Number of results to skip. Default: 0.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
    /// Kind of list. Default: `because_liked`.
    #[param(value_type = Option<Mode>)]
    mode: Option<Mode>,
    /// Only movies of this genre.
    #[param(example = "crime")]
    genre: Option<String>,
    /// Only movies on this streaming service.
    service: Option<String>,
    /// Only movies released in these years.
    #[param(value_type = Option<YearBucket>)]
    year_bucket: Option<YearBucket>,
    /// Only movies with a runtime in this range.
    #[param(value_type = Option<RuntimeBucket>)]
    runtime_bucket: Option<RuntimeBucket>,
    /// Country whose streaming services the filters and the reply use, ISO 3166-1 alpha-2. Default: the region in
    /// the preferences, or else the operator's region.
    region: Option<String>,
    /// True to allow movies on the watchlist. Default: false.
    include_watchlist: Option<bool>,
    /// True to allow movies that TMDB marks as adult. Default: false.
    include_adult: Option<bool>,
    /// True to allow movies that have not been released. Default: false.
    include_unreleased: Option<bool>,
    /// Diversity of the list, from 0 (ranked by score alone) to 1 (most diverse).
    #[param(minimum = 0, maximum = 1)]
    diversity: Option<f32>,
    /// Penalty for well-known movies, from -1 (favors them) to 1 (strongest penalty). Default: `novelty` of the user's
    /// preferences.
    #[param(minimum = -1, maximum = 1)]
    novelty: Option<f32>,
    /// True to include, for each result, its rank without the history entry that contributes most to it. Default:
    /// false.
    counterfactual: Option<bool>,
}

/// Recommends movies to a user based on the profile's ratings, reactions and preferences. `query_string` is the
/// query string as sent by the client; it is part of the reply's cache key.
pub fn recommend<'a>(
    service: &'a Service,
    profile: &'a Profile,
    query_string: Option<&'a str>,
    params: PersonalQuery,
) -> ServiceFuture<'a, CachedReply> {
    Box::pin(async move {
        let serving = service.serving();
        let recommender = &serving.bundle.recommender;
        let user = profile.key();
        let data_version = service.store().data_version(&user).await?;
        let today = service.today();
        let key = Key::new(&serving, "personal", &(query_string, today), &[(&user, data_version)])?;
        let compute = async {
            let history = service.user_history(&user).await?;
            let mode = params.mode.unwrap_or_default();
            let mut query = base_query(&history, params.include_watchlist.unwrap_or(false));
            query.today = Some(today);
            query.filters.region.clone_from(&params.region);
            let ignored = preferences::apply(&history.preferences, recommender, &mut query);
            let counterfactual = params.counterfactual.unwrap_or(false);
            params.apply_to(mode, &mut query);
            let (request, _) = recommender.resolve(&query).map_err(|error| {
                let rename = |field: &str| match field {
                    "filters.genres.any[0]" => "genre".to_owned(),
                    "services[0]" => "service".to_owned(),
                    other => other.to_owned(),
                };
                ServiceError::from(error).rename_fields(rename)
            })?;
            let ranked_list = listing::rank(&serving, &request, counterfactual);
            let region = request.filter.region;
            let mut metadata = ListMetadata::new(&serving, UserId::Profile(profile.id), region);
            metadata.mode = Some(mode);
            metadata.ignored_preferences = ignored;
            listing::json(&serving, region, ranked_list, metadata)
        };
        service.cache().get_or_compute(key, Box::pin(compute)).await
    })
}

/// Builds a query from a user's ratings, reactions and known movies. Watchlisted movies are excluded unless
/// `with_watchlist` is set.
pub fn base_query(history: &UserHistory, with_watchlist: bool) -> Query {
    Query {
        liked: history.liked().collect(),
        disliked: history.disliked().collect(),
        ratings: history
            .rated()
            .map(|(movie_id, stars)| Rating { movie_id, rating: stars.value() })
            .collect(),
        seen: known_movies(history, with_watchlist),
        limit: DEFAULT_LIMIT,
        explain: true,
        ..Query::default()
    }
}

/// Returns the movies excluded from a user's lists: those with feedback and, unless `with_watchlist` is set, those on
/// the watchlist.
pub fn known_movies(history: &UserHistory, with_watchlist: bool) -> Vec<MovieId> {
    let on_watchlist = history.watchlist.iter().copied().filter(|_| !with_watchlist);
    history.movie_ids().chain(on_watchlist).collect()
}

impl PersonalQuery {
    /// Applies the parameters to a query that already contains the preferences. If the parameter of a mode is
    /// absent, the preferences filter the list; clients send such requests before the user has chosen a value.
    fn apply_to(self, mode: Mode, query: &mut Query) {
        if mode == Mode::Trending {
            query.order = Order::Popularity;
        }
        if mode == Mode::Genre && self.genre.is_none() {
            query.filters.genres.any.clone_from(&query.preferred_genres);
        }
        if let Some(genre) = self.genre {
            query.filters.genres.any = vec![genre];
        }
        if let Some(service) = self.service {
            query.filters.services = vec![service];
        }
        if let Some(bucket) = self.year_bucket {
            (query.filters.year_min, query.filters.year_max) = bucket.range();
        }
        if let Some(bucket) = self.runtime_bucket {
            // A requested range overrides the preferred one.
            (query.filters.runtime_min, query.filters.runtime_max) = bucket.range();
        }
        query.filters.include_adult = self.include_adult.unwrap_or(false);
        query.filters.include_unreleased = self.include_unreleased.unwrap_or(false);
        query.limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        query.offset = self.offset.unwrap_or(0) as usize;
        query.diversity = self.diversity;
        query.novelty = self.novelty.unwrap_or(query.novelty);
    }
}
