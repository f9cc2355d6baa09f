//! Lists for several users at once.

use cinematch::ranking::{
    Filters, Group, GroupRanked, MOST_MEMBERS, Query, Reason, Request, Shortfall, Strategy,
    VETO_BELOW, explanation,
};
use serde::{Deserialize, Serialize};

use crate::error::ServiceError;
use crate::item::Item;
use crate::names::UserName;
use crate::optional::or_default;
use crate::personal::known_of;
use crate::preferences;
use crate::recommend::{DEFAULT_LIMIT, FiltersBody, RatingBody, known_ids, known_ratings};
use crate::service::Service;
use crate::serving::Serving;
use crate::trace::span;

/// Who is there and what may be shown.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct GroupRequest {
    /// The members, 1 to 20.
    #[schema(min_items = 1, max_items = 20)]
    pub members: Vec<MemberBody>,
    /// How their scores become the group's.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<StrategyName>)]
    strategy: StrategyName,
    /// `veto`: each stands against the films in this share of their own ranking, from its end; a half,
    /// if not given.
    #[schema(minimum = 0, maximum = 1)]
    veto_below: Option<f32>,
    /// Filters for all.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<FiltersBody>)]
    filters: FiltersBody,
    /// Films never to show.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    exclude_movie_ids: Vec<i64>,
    /// Whether films of somebody's watchlist may be shown: what they mean to watch, they may mean to
    /// watch together. Yes, if not given.
    include_watchlist: Option<bool>,
    /// How many, 1 to 100; 20 if not given.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// How many to pass over.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
    /// Whether each member's reasons are wanted; no, if not given.
    explain: Option<bool>,
    /// The country whose streaming services count and are shown, as two letters; the operator's own, if
    /// not given.
    region: Option<String>,
}

/// One of the group: somebody of whom something is known, or a guest who says what they like.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemberBody {
    /// Whose likes, ratings and preferred genres count.
    #[schema(value_type = Option<UserName>)]
    pub user_id: Option<String>,
    /// More films they like.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    pub liked_movie_ids: Vec<i64>,
    /// More films they do not like.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10_000)]
    pub disliked_movie_ids: Vec<i64>,
    /// More films with stars.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<RatingBody>>, max_items = 10_000)]
    pub ratings: Vec<RatingBody>,
    /// More genres they would rather see.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub preferred_genres: Vec<String>,
}

/// How members' scores become the group's.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum StrategyName {
    /// Their mean.
    #[default]
    Average,
    /// The lowest of them.
    LeastMisery,
    /// Their mean, of films that nobody stands against.
    Veto,
}

/// Films for the group, best first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct GroupReply<'a> {
    recommendations: Vec<GroupItem<'a>>,
    count: usize,
    strategy: StrategyName,
    members: Vec<MemberReply>,
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

/// One of the group.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MemberReply {
    /// `null` for a guest.
    user_id: Option<String>,
    /// How much of what they could have had alone is in the list: 1 is all of it; `null` where no film
    /// is worth anything to them.
    satisfaction: Option<f32>,
}

/// A film for the group.
#[derive(Serialize, utoipa::ToSchema)]
pub struct GroupItem<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    /// The group's.
    score: f32,
    /// What it is worth to each, in the order of the members.
    members: Vec<MemberScore<'a>>,
}

/// What a film is worth to one of the group.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MemberScore<'a> {
    user_id: Option<String>,
    score: f32,
    /// The reasons in one line, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    explanation: Option<String>,
    /// The score's parts, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, value_type = Vec<Object>)]
    reasons: Vec<Reason<'a>>,
}

/// Recommends movies to several users at once. A movie that a member has seen is not shown; services and
/// languages of their preferences do not filter, since one member who has them is enough.
pub async fn recommend<'a>(
    service: &Service,
    serving: &'a Serving,
    asked: GroupRequest,
) -> Result<GroupReply<'a>, ServiceError> {
    if asked.veto_below.is_some_and(|below| !(0.0..=1.0).contains(&below)) {
        return Err(ServiceError::field("veto_below", "expected 0 to 1"));
    }
    let strategy = match asked.strategy {
        StrategyName::Average => Strategy::Average,
        StrategyName::LeastMisery => Strategy::LeastMisery,
        StrategyName::Veto => Strategy::Veto { below: asked.veto_below.unwrap_or(VETO_BELOW) },
    };
    let mut unknown = Vec::new();
    let explain = asked.explain.unwrap_or(false);
    let question = GroupQuestion {
        members: asked.members,
        with_watchlist: asked.include_watchlist.unwrap_or(true),
        strategy,
        query: Query {
            filters: asked.filters.into_filters(asked.region),
            exclude: known_ids(asked.exclude_movie_ids, &mut unknown),
            limit: asked.limit.unwrap_or(DEFAULT_LIMIT),
            offset: asked.offset.unwrap_or(0) as usize,
            explain,
            ..Query::default()
        },
    };
    let recommender = &serving.bundle.recommender;
    let answer = rank(service, serving, question).await?;
    let GroupAnswer { names, ranked, region, unknown: more } = answer;
    unknown.extend(more);
    let recommendations: Vec<GroupItem<'_>> = ranked
        .items
        .into_iter()
        .map(|movie| GroupItem {
            item: Item::of(recommender, movie.movie, region),
            score: movie.score,
            members: movie
                .members
                .into_iter()
                .zip(&names)
                .map(|(member, name)| MemberScore {
                    user_id: name.clone(),
                    score: member.score,
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
        strategy: asked.strategy,
        members: members
            .map(|(name, satisfaction)| MemberReply { user_id: name.clone(), satisfaction })
            .collect(),
        model_id: &serving.bundle.manifest.model_id,
        attribution: serving.bundle.attribution(region),
        unknown_movie_ids: unknown,
        shortfall: ranked.shortfall,
    };
    Ok(reply)
}

/// What is asked for a group, of members whom the caller may act for.
pub struct GroupQuestion {
    /// Who is there.
    pub members: Vec<MemberBody>,
    /// Whether films of somebody's watchlist may be shown.
    pub with_watchlist: bool,
    /// How their scores become the group's.
    pub strategy: Strategy,
    /// Filters for all, films never to show, how many, whether with reasons.
    pub query: Query,
}

/// A group's list.
pub struct GroupAnswer<'a> {
    /// The members' names, in their order; `None`, of a guest.
    pub names: Vec<Option<String>>,
    /// The films, and how content each member can be with them.
    pub ranked: GroupRanked<'a>,
    /// The region whose services are shown.
    pub region: Option<usize>,
    /// Films of the question that the catalogue does not have.
    pub unknown: Vec<i64>,
}

/// Ranks films for a group, by what is known of its members now.
pub async fn rank<'a>(
    service: &Service,
    serving: &'a Serving,
    asked: GroupQuestion,
) -> Result<GroupAnswer<'a>, ServiceError> {
    let recommender = &serving.bundle.recommender;
    if !(1..=MOST_MEMBERS).contains(&asked.members.len()) {
        let message = format!("expected 1 to {MOST_MEMBERS}, got {}", asked.members.len());
        return Err(ServiceError::field("members", message));
    }
    let (mut unknown, mut names, mut members) = (Vec::new(), Vec::new(), Vec::<Request>::new());
    for (at, member) in asked.members.into_iter().enumerate() {
        let mut query = Query { limit: 1, ..Query::default() };
        if let Some(user_id) = &member.user_id {
            let taste = service.taste(user_id).await?;
            query = known_of(&taste, asked.with_watchlist);
            preferences::apply(&taste.preferences, recommender, &mut query);
            query.filters = Filters::default();
        }
        query.liked.extend(known_ids(member.liked_movie_ids, &mut unknown));
        query.disliked.extend(known_ids(member.disliked_movie_ids, &mut unknown));
        let ratings = known_ratings(member.ratings, &mut unknown);
        query.ratings.extend(ratings.map_err(|error| inside(at, error))?);
        query.preferred_genres.extend(member.preferred_genres);
        let (request, not_in_catalogue) =
            recommender.resolve(&query).map_err(|error| inside(at, error.into()))?;
        unknown.extend(not_in_catalogue.into_iter().map(|id| i64::from(id.0)));
        names.push(member.user_id);
        members.push(request);
    }
    let (request, not_in_catalogue) = recommender.resolve(&asked.query)?;
    unknown.extend(not_in_catalogue.into_iter().map(|id| i64::from(id.0)));
    let region = request.filter.region;
    let group = Group::new(request, asked.strategy);
    let ranked = span!("rank")
        .in_scope(|| recommender.recommend_group(&members, &group))
        .map_err(|error| ServiceError::field("veto_below", error.to_string()))?;
    Ok(GroupAnswer { names, ranked, region, unknown })
}

/// Names the member in an error about one of the members.
pub fn inside(at: usize, error: ServiceError) -> ServiceError {
    error.rename_fields(|field| format!("members[{at}].{field}"))
}
