//! Ranking and serialization of recommendation lists.

use std::time::Instant;

use cinematch::ranking::{
    Counterfactual, Ranked, Reason, Recommendation, Request, Shortfall, explanation,
};
use metrics::histogram;
use serde::Serialize;

use crate::error::ServiceError;
use crate::item::{
    CounterfactualBody, Item, RecommendationDetails, RecommendedItem, write_recommendation,
};
use crate::selection::Mode;
use crate::serving::Serving;
use crate::trace::span;

/// A list of recommendations, as returned by `/api/recommendations`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents the JSON that `json` writes")]
pub struct RecommendationReply<'a> {
    /// Recommended movies, best first.
    recommendations: Vec<RecommendedItem<'a>>,
    #[serde(flatten)]
    metadata: ListMetadata<'a>,
}

/// Metadata of a list of recommendations.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = About)]
pub struct ListMetadata<'a> {
    /// Number of recommendations.
    count: usize,
    /// User that the list is for: the user ID in the request, or a profile ID.
    user_id: UserId<'a>,
    /// Requested mode; absent if the endpoint has no modes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub mode: Option<Mode>,
    /// ID of the model that ranked the movies.
    model_id: &'a str,
    /// Attribution that clients must show next to the streaming services; absent if none is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
    /// IDs in the request that the catalog does not contain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unknown_movie_ids: Vec<i64>,
    /// Names in the profile's preferences that the catalog does not contain; they were not applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub ignored_preferences: Vec<String>,
    /// Reason why the list is shorter than the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    shortfall: Option<Shortfall>,
}

impl<'a> ListMetadata<'a> {
    /// Creates the metadata of a list ranked by the model in service, with the streaming services of a region.
    pub fn new(serving: &'a Serving, user_id: UserId<'a>, region: Option<usize>) -> Self {
        Self {
            count: 0,
            user_id,
            mode: None,
            model_id: &serving.bundle.manifest.model_id,
            attribution: serving.bundle.attribution(region),
            unknown_movie_ids: Vec::new(),
            ignored_preferences: Vec::new(),
            shortfall: None,
        }
    }
}

/// The user that a list is for.
#[derive(Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum UserId<'a> {
    /// User ID from the request.
    Name(&'a str),
    /// ID of the caller's profile.
    Profile(i64),
}

/// Ranks movies for a request and, if requested, computes a counterfactual for each. Records the ranking time.
pub fn rank<'a>(
    serving: &'a Serving,
    request: &Request,
    with_counterfactuals: bool,
) -> RankedList<'a> {
    let _span = span!("rank").entered();
    let recommender = &serving.bundle.recommender;
    let started = Instant::now();
    let ranked = recommender.recommend(request);
    let model = serving.bundle.manifest.settings.model.model.name();
    histogram!("cinematch_rank_seconds", "model" => model).record(started.elapsed());
    let counterfactuals = if with_counterfactuals {
        recommender.counterfactuals(request, &ranked)
    } else {
        Vec::new()
    };
    RankedList { ranked, counterfactuals }
}

/// A ranked list, with one counterfactual per movie if requested.
pub struct RankedList<'a> {
    ranked: Ranked<'a>,
    counterfactuals: Vec<Option<Counterfactual<'a>>>,
}

/// Serializes a [`RecommendationReply`] as JSON.
pub fn json(
    serving: &Serving,
    region: Option<usize>,
    RankedList { ranked, counterfactuals }: RankedList<'_>,
    metadata: ListMetadata<'_>,
) -> Result<Vec<u8>, ServiceError> {
    let mut counterfactuals = counterfactuals.into_iter();
    let metadata =
        ListMetadata { count: ranked.items.len(), shortfall: ranked.shortfall, ..metadata };
    let mut json = Vec::with_capacity(64 << 10);
    json.extend_from_slice(b"{\"recommendations\":[");
    for (place, recommended) in ranked.items.into_iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        let (recommender, index) = (&serving.bundle.recommender, recommended.movie);
        let (movie, mut details) = (recommender.movie(index), details(recommended));
        details.counterfactual = counterfactuals.next().flatten().map(CounterfactualBody::from);
        if region.is_some() {
            let item = Item::from_movie(recommender, index, region);
            write_recommendation(&serde_json::to_vec(&item)?, &details, &mut json)?;
        } else {
            serving.items.write(&mut json, index, movie, &details)?;
        }
    }
    json.push(b']');
    let separator = json.len();
    serde_json::to_writer(&mut json, &metadata)?;
    json[separator] = b',';
    Ok(json)
}

/// Serializes a reply as JSON with its `Serialize` implementation.
pub fn to_json<T: Serialize>(reply: &T) -> Result<Vec<u8>, ServiceError> {
    Ok(serde_json::to_vec(reply)?)
}

/// Returns a recommendation's score, reasons, sources and predicted rating.
pub fn details(recommended: Recommendation<'_>) -> RecommendationDetails<'_> {
    let reasons = recommended.reasons;
    let mut sources = Vec::new();
    let mut add = |source, contribution: f32| {
        if contribution > 0.0 && !sources.contains(&source) {
            sources.push(source);
        }
    };
    for reason in &reasons {
        match reason {
            Reason::Movie { contribution, from_users, .. }
            | Reason::OtherMovies { contribution, from_users, .. } => {
                add("collaborative", *from_users);
                add("content", contribution - from_users);
            }
            Reason::Popularity { contribution }
            | Reason::Trend { contribution }
            | Reason::Trending { contribution, .. } => {
                add("popularity", *contribution);
            }
            Reason::Taste { contribution, .. } => add("taste", *contribution),
            Reason::Genre { contribution, .. } => add("genres", *contribution),
            Reason::Quality { contribution, .. } | Reason::Novelty { contribution } => {
                add("quality", *contribution);
            }
        }
    }
    RecommendationDetails {
        score: recommended.score,
        explanation: (!reasons.is_empty()).then(|| explanation(&reasons)),
        reasons,
        sources,
        match_probability: recommended.match_probability,
        predicted_rating: recommended.predicted,
        counterfactual: None,
    }
}
