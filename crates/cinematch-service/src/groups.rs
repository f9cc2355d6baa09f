//! Recommendations for a group of users.

use cinematch::ranking::{
    DEFAULT_LIMIT, DEFAULT_VETO_SHARE, Filters, Group, GroupRanked, GroupRecommendation,
    MAX_MEMBERS, Query, Reason, Request, Shortfall, Strategy, explanation,
};
use cinematch_store::Profile;
use serde::{Deserialize, Serialize};

use crate::access::AccessMode;
use crate::error::{ServiceError, ServiceFuture};
use crate::item::Item;
use crate::names::UserName;
use crate::optional::or_default;
use crate::personal::base_query;
use crate::preferences::{self, strictest};
use crate::profile;
use crate::recommend::{FiltersBody, RatingBody, parse_ids, parse_ratings};
use crate::service::Service;
use crate::serving::Serving;
use crate::trace::span;

/// A request for group recommendations.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRequest {
    /// Members of the group, 1 to 20.
    #[schema(min_items = 1, max_items = 20)]
    pub members: Vec<MemberBody>,
    /// Strategy that aggregates the members' scores. Default: `average`.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<StrategyName>)]
    strategy: StrategyName,
    /// Fraction of each member's ranking, from the bottom, that counts as vetoed. Used only by the strategy `veto`.
    /// Default: 0.5.
    #[schema(minimum = 0, maximum = 1)]
    veto_below: Option<f32>,
    /// Filters that apply to the whole list.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<FiltersBody>)]
    filters: FiltersBody,
    /// Movies to exclude.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    exclude_movie_ids: Vec<i64>,
    /// True to allow movies on members' watchlists. Default: true.
    include_watchlist: Option<bool>,
    /// Maximum number of results, 1 to 100. Default: 20.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// Number of results to skip. Default: 0.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
    /// True to include reasons for each member. Default: false.
    explain: Option<bool>,
    /// Country (ISO 3166-1 alpha-2) whose streaming services are filtered on and returned. Default: the operator's
    /// region.
    region: Option<String>,
}

/// A member of the group: a user with stored data, a guest whose history is in the request, or a user with both.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemberBody {
    /// User whose likes, ratings and preferred genres are used; absent for a guest.
    #[schema(value_type = Option<UserName>)]
    pub user_id: Option<String>,
    /// Additional liked movies.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    pub liked_movie_ids: Vec<i64>,
    /// Additional disliked movies.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    pub disliked_movie_ids: Vec<i64>,
    /// Additional rated movies.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<RatingBody>>, max_items = 10_000)]
    pub ratings: Vec<RatingBody>,
    /// Additional preferred genres.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub preferred_genres: Vec<String>,
}

/// Strategy that aggregates the members' scores into the group's score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StrategyName {
    /// Mean of the members' scores.
    #[default]
    Average,
    /// Lowest of the members' scores.
    LeastMisery,
    /// Mean of the members' scores, over movies that no member vetoes.
    Veto,
}

impl StrategyName {
    /// Returns the name in requests and replies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::LeastMisery => "least_misery",
            Self::Veto => "veto",
        }
    }

    /// Returns the library's strategy. `veto_below` is the share that counts as vetoed, by default 0.5.
    pub fn strategy(self, veto_below: Option<f32>) -> Strategy {
        match self {
            Self::Average => Strategy::Average,
            Self::LeastMisery => Strategy::LeastMisery,
            Self::Veto => Strategy::Veto { below: veto_below.unwrap_or(DEFAULT_VETO_SHARE) },
        }
    }
}

/// Recommendations for a group, best first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct GroupReply<'a> {
    recommendations: Vec<GroupItem<'a>>,
    count: usize,
    strategy: StrategyName,
    members: Vec<MemberReply>,
    /// ID of the model that ranked the movies.
    model_id: &'a str,
    /// Attribution that clients must show next to the streaming services; absent if none is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    attribution: Option<&'static str>,
    /// IDs in the request that the catalog does not contain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    unknown_movie_ids: Vec<i64>,
    /// Reason why the list is shorter than the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    shortfall: Option<Shortfall>,
}

/// A member of the group in the reply.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MemberReply {
    /// ID of the user; `null` for a guest.
    user_id: Option<String>,
    /// Total score of the list for this member relative to the member's own best list; 1 is the maximum.
    /// `null` if no movie has a positive score for the member.
    satisfaction: Option<f32>,
}

/// A movie recommended to the group.
#[derive(Serialize, utoipa::ToSchema)]
pub struct GroupItem<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    /// Score for the group, aggregated from the members' scores.
    score: f32,
    /// Score for each member, in the order of the request.
    members: Vec<MemberScore<'a>>,
}

/// Score of a movie for one member.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MemberScore<'a> {
    user_id: Option<String>,
    score: f32,
    /// Match: probability from 0 to 1 that the member gives the movie at least 4 stars if they watch and rate it; absent
    /// if the member has no history or the model was trained without a holdout.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f32>, minimum = 0, maximum = 1, example = 0.82)]
    match_probability: Option<f32>,
    /// Sentence that names the most specific reason; absent if not requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    explanation: Option<String>,
    /// Contributions to the score; absent if not requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, value_type = Vec<Object>)]
    reasons: Vec<Reason<'a>>,
}

/// Recommends movies to a group. Movies that any member has seen are excluded, and the lowest age limit of the members
/// applies. Members' preferred services and languages do not filter the list, since one member with access to a service
/// is enough.
pub fn recommend<'a>(
    service: &'a Service,
    serving: &'a Serving,
    request: GroupRequest,
) -> ServiceFuture<'a, GroupReply<'a>> {
    Box::pin(async move {
        if request.veto_below.is_some_and(|below| !(0.0..=1.0).contains(&below)) {
            return Err(ServiceError::field("veto_below", "expected 0 to 1"));
        }
        let strategy = request.strategy.strategy(request.veto_below);
        let mut unknown = Vec::new();
        let explain = request.explain.unwrap_or(false);
        let group_query = GroupQuery {
            members: request.members,
            with_watchlist: request.include_watchlist.unwrap_or(true),
            strategy,
            query: Query {
                filters: request.filters.into_filters(request.region),
                exclude: parse_ids(request.exclude_movie_ids, &mut unknown),
                limit: request.limit.unwrap_or(DEFAULT_LIMIT),
                offset: request.offset.unwrap_or(0) as usize,
                explain,
                ..Query::default()
            },
        };
        let recommender = &serving.bundle.recommender;
        let result = rank(service, serving, group_query).await?;
        let GroupResult { names, ranked, region, unknown: unknown_ids, .. } = result;
        unknown.extend(unknown_ids);
        let recommendations: Vec<GroupItem<'_>> = ranked
            .items
            .into_iter()
            .map(|movie| GroupItem {
                item: Item::from_movie(recommender, movie.movie, region),
                score: movie.score,
                members: movie
                    .members
                    .into_iter()
                    .zip(&names)
                    .map(|(member, name)| MemberScore {
                        user_id: name.clone(),
                        score: member.score,
                        match_probability: member.match_probability,
                        explanation: explain.then(|| explanation(&member.reasons)),
                        reasons: member.reasons,
                    })
                    .collect(),
            })
            .collect();
        let members = names.iter().zip(ranked.satisfaction);
        let reply = GroupReply {
            count: recommendations.len(),
            recommendations,
            strategy: request.strategy,
            members: members
                .map(|(name, satisfaction)| MemberReply { user_id: name.clone(), satisfaction })
                .collect(),
            model_id: &serving.bundle.manifest.model_id,
            attribution: serving.bundle.attribution(region),
            unknown_movie_ids: unknown,
            shortfall: ranked.shortfall,
        };
        Ok(reply)
    })
}

/// Returns the profiles that a user may choose as members of a group: every profile in open mode, and only the
/// user's own in accounts mode.
pub fn possible_members<'a>(
    service: &'a Service,
    user: &'a Profile,
    mode: AccessMode,
) -> ServiceFuture<'a, Vec<Profile>> {
    Box::pin(async move {
        match mode {
            AccessMode::Open => profile::list(service).await,
            AccessMode::Accounts => Ok(vec![user.clone()]),
        }
    })
}

/// A validated group request, for members that the caller may act for.
pub struct GroupQuery {
    /// Members of the group.
    pub members: Vec<MemberBody>,
    /// True if movies on members' watchlists are allowed.
    pub with_watchlist: bool,
    /// Strategy that aggregates the members' scores.
    pub strategy: Strategy,
    /// Query for the whole list: filters, excluded movies, limit, offset and the flag for including reasons.
    pub query: Query,
}

/// A ranked list for a group.
pub struct GroupResult<'a> {
    /// User IDs of the members, in the order of the request; `None` for a guest.
    pub names: Vec<Option<String>>,
    /// Ranked movies and the satisfaction of each member.
    pub ranked: GroupRanked<'a>,
    /// Index of the region whose services are shown.
    pub region: Option<usize>,
    /// Age limit of the list: the lowest of the request and the members.
    pub max_age: Option<u8>,
    /// True if the generation has matches.
    pub has_matches: bool,
    /// IDs in the request that the catalog does not contain.
    pub unknown: Vec<i64>,
}

impl GroupResult<'_> {
    /// Returns the match of a pick for each member, or `None` for a member without a history. In a generation without
    /// matches, returns the score relative to the member's best score.
    pub fn matches(&self, pick: &GroupRecommendation<'_>) -> Vec<Option<f32>> {
        if self.has_matches {
            return pick.members.iter().map(|member| member.match_probability).collect();
        }
        let shares = self.ranked.score_shares(pick).into_iter().zip(&self.ranked.satisfaction);
        shares.map(|(share, satisfaction)| satisfaction.map(|_| share)).collect()
    }

    /// Returns each member's mean match over the picks, or `None` for a member without a history.
    pub fn mean_matches(&self) -> Vec<Option<f32>> {
        let picks: Vec<Vec<Option<f32>>> =
            self.ranked.items.iter().map(|pick| self.matches(pick)).collect();
        let mean = |member: usize| {
            let sum: Option<f32> = picks.iter().map(|matches| matches[member]).sum();
            sum.map(|sum| sum / picks.len().max(1) as f32)
        };
        (0..self.names.len()).map(mean).collect()
    }
}

/// Ranks movies for a group, using the members' current data.
pub fn rank<'a>(
    service: &'a Service,
    serving: &'a Serving,
    group_query: GroupQuery,
) -> ServiceFuture<'a, GroupResult<'a>> {
    Box::pin(async move {
        let recommender = &serving.bundle.recommender;
        if !(1..=MAX_MEMBERS).contains(&group_query.members.len()) {
            let message = format!("expected 1 to {MAX_MEMBERS}, got {}", group_query.members.len());
            return Err(ServiceError::field("members", message));
        }
        let (mut unknown, mut names, mut members) = (Vec::new(), Vec::new(), Vec::<Request>::new());
        let mut query = Query { today: Some(service.today()), ..group_query.query };
        let group_filters = &mut query.filters;
        for (index, member) in group_query.members.into_iter().enumerate() {
            let mut query = Query { limit: 1, ..Query::default() };
            if let Some(user_id) = &member.user_id {
                let history = service.user_history(user_id).await?;
                query = base_query(&history, group_query.with_watchlist);
                preferences::apply(&history.preferences, recommender, &mut query);
                let limits = [group_filters.max_age, history.preferences.max_age];
                group_filters.max_age = strictest(limits);
            }
            // Members' scores must have the same scale, so that none of them decides alone.
            query.novelty = 0.0;
            // The filters of the request decide which movies may be listed.
            query.filters =
                Filters { include_adult: true, include_unreleased: true, ..Filters::default() };
            query.liked.extend(parse_ids(member.liked_movie_ids, &mut unknown));
            query.disliked.extend(parse_ids(member.disliked_movie_ids, &mut unknown));
            let ratings = parse_ratings(member.ratings, &mut unknown);
            query.ratings.extend(ratings.map_err(|error| member_error(index, error))?);
            query.preferred_genres.extend(member.preferred_genres);
            let (request, not_in_catalog) =
                recommender.resolve(&query).map_err(|error| member_error(index, error.into()))?;
            unknown.extend(not_in_catalog.into_iter().map(|id| i64::from(id.0)));
            names.push(member.user_id);
            members.push(request);
        }
        let (request, not_in_catalog) = recommender.resolve(&query)?;
        unknown.extend(not_in_catalog.into_iter().map(|id| i64::from(id.0)));
        let (region, max_age) = (request.filter.region, request.filter.max_age);
        let group = Group::new(request, group_query.strategy);
        let ranked = span!("rank")
            .in_scope(|| recommender.recommend_group(&members, &group))
            .map_err(|error| ServiceError::field("veto_below", error.to_string()))?;
        let has_matches = recommender.has_matches();
        Ok(GroupResult { names, ranked, region, max_age, has_matches, unknown })
    })
}

/// Prefixes the field names of an error with `members[index]`, the member's position in the request.
pub fn member_error(index: usize, error: ServiceError) -> ServiceError {
    error.rename_fields(|field| format!("members[{index}].{field}"))
}
