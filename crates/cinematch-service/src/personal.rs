//! Recommendations for a profile, from its recorded data.

use cinematch::ids::MovieId;
use cinematch::ranking::{Order, Query, Rating};
use cinematch_store::{Profile, UserHistory};
use serde::Deserialize;

use crate::cache::{CachedReply, Key};
use crate::error::ServiceError;
use crate::listing::{self, About, UserId};
use crate::preferences;
use crate::recommend::DEFAULT_LIMIT;
use crate::selection::{Mode, RuntimeBucket, YearBucket};
use crate::service::Service;

/// What to recommend. What is given narrows the list in every mode.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PersonalQuery {
    /// How many, 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// How many to pass over.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
    /// What the list is made by.
    #[param(value_type = Option<Mode>)]
    mode: Option<Mode>,
    /// Only films of this genre.
    #[param(example = "crime")]
    genre: Option<String>,
    /// Only films on this service.
    service: Option<String>,
    /// Only films of this time.
    #[param(value_type = Option<YearBucket>)]
    year_bucket: Option<YearBucket>,
    /// Only films of this length.
    #[param(value_type = Option<RuntimeBucket>)]
    runtime_bucket: Option<RuntimeBucket>,
    /// The country whose streaming services count and are shown; that of the preferences, or else the
    /// operator's own, if not given.
    region: Option<String>,
    /// Whether films of the watchlist may be shown.
    include_watchlist: Option<bool>,
    /// 0 (by score alone) to 1 (as different as can be).
    #[param(minimum = 0, maximum = 1)]
    diversity: Option<f32>,
    /// 0 to 1: how much being well known counts against a film.
    #[param(minimum = 0, maximum = 1)]
    novelty: Option<f32>,
    /// Whether every film is to say where it would stand without what it owes most to.
    counterfactual: Option<bool>,
}

/// Recommends movies to a user from the profile's ratings, reactions and preferences. `question` is the
/// request as the client wrote it, which is the key of the cached reply.
pub async fn recommend(
    service: &Service,
    profile: &Profile,
    question: Option<&str>,
    asked: PersonalQuery,
) -> Result<CachedReply, ServiceError> {
    let serving = service.serving();
    let recommender = &serving.bundle.recommender;
    let user = profile.key();
    let stamp = service.store().data_version(&user).await?;
    let key = Key::new(&serving, "personal", &question, &[(&user, stamp)])?;
    let make = async {
        let taste = service.taste(&user).await?;
        let mode = asked.mode.unwrap_or_default();
        let mut query = known_of(&taste, asked.include_watchlist.unwrap_or(false));
        query.filters.region.clone_from(&asked.region);
        let ignored = preferences::apply(&taste.preferences, recommender, &mut query);
        let counterfactual = asked.counterfactual.unwrap_or(false);
        asked.narrow(mode, &mut query);
        let (request, _) = recommender.resolve(&query).map_err(|error| {
            let named = |field: &str| match field {
                "filters.genres.any[0]" => "genre".to_owned(),
                "services[0]" => "service".to_owned(),
                other => other.to_owned(),
            };
            ServiceError::from(error).rename_fields(named)
        })?;
        let listed = listing::rank(&serving, &request, counterfactual);
        let region = request.filter.region;
        let mut about = About::new(&serving, UserId::Profile(profile.id), region);
        about.mode = Some(mode);
        about.ignored_preferences = ignored;
        listing::json(&serving, region, listed, about)
    };
    service.cache().reply(key, make).await
}

/// A query by what somebody said of films.
pub fn known_of(taste: &UserHistory, with_watchlist: bool) -> Query {
    let listed = taste.listed.iter().copied().filter(|_| !with_watchlist);
    let seen: Vec<MovieId> = taste.known().chain(listed).collect();
    Query {
        liked: taste.liked().collect(),
        disliked: taste.disliked().collect(),
        ratings: taste
            .rated()
            .map(|(movie_id, stars)| Rating { movie_id, rating: stars.value() })
            .collect(),
        seen,
        limit: DEFAULT_LIMIT,
        explain: true,
        ..Query::default()
    }
}

impl PersonalQuery {
    /// Narrows a query to what is asked for. A mode whose value is not given yet narrows by the
    /// preferences, or not at all: front ends ask so while nothing is chosen.
    fn narrow(self, mode: Mode, query: &mut Query) {
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
            // What is asked for now goes before what is preferred in general.
            (query.filters.runtime_min, query.filters.runtime_max) = bucket.range();
        }
        query.limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        query.offset = self.offset.unwrap_or(0) as usize;
        query.diversity = self.diversity;
        query.novelty = self.novelty.unwrap_or(0.0);
    }
}
