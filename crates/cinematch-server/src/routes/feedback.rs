//! `/api/feedback`: what people say of films.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use cinematch_store::{FeedbackUpdate, MovieFeedback, Reaction, rfc3339};
use serde::{Deserialize, Serialize};

use super::{find_movie, now};
use crate::access::Me;
use crate::extract::{Body, PathOf};
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;

/// What to say of a film; at least one of the three.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewFeedback {
    #[schema(example = 6)]
    movie_id: i64,
    /// Of a button and of stars that contradict each other the later counts.
    #[schema(value_type = Option<ReactionName>)]
    signal: Option<Reaction>,
    /// Stars, 0.5 to 5.0 in halves.
    #[schema(minimum = 0.5, maximum = 5.0, multiple_of = 0.5, example = 4.5)]
    rating: Option<f32>,
    /// Whether they saw it.
    watched: Option<bool>,
}

/// The buttons below a film.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes `Reaction`, which knows nothing of documents")]
pub enum ReactionName {
    Like,
    Dislike,
    NotInterested,
}

/// What is known of a person and a film.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FeedbackBody {
    movie_id: u32,
    #[schema(value_type = Option<ReactionName>)]
    signal: Option<Reaction>,
    /// Stars.
    rating: Option<f32>,
    watched: bool,
    /// RFC 3339, UTC.
    updated_at: String,
}

impl From<MovieFeedback> for FeedbackBody {
    fn from(feedback: MovieFeedback) -> Self {
        Self {
            movie_id: feedback.movie_id.0,
            signal: feedback.reaction,
            rating: feedback.stars.map(Stars::value),
            watched: feedback.watched,
            updated_at: rfc3339(feedback.updated_at),
        }
    }
}

/// What was taken in.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FeedbackDone {
    success: bool,
    message: &'static str,
    /// The film's number once more, and the time: front ends look for both.
    id: u32,
    /// RFC 3339, UTC.
    created_at: String,
    #[serde(flatten)]
    feedback: FeedbackBody,
}

/// Says something of a film. It counts at the next request for recommendations.
#[utoipa::path(post, path = "/api/feedback", tag = "people", request_body = NewFeedback,
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = FeedbackDone),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn say(
    State(state): State<AppState>,
    Me(profile): Me,
    Body(new): Body<NewFeedback>,
) -> Result<Json<FeedbackDone>, Problem> {
    let stars = match new.rating {
        Some(rating) => Some(Stars::from_value(rating).ok_or_else(|| {
            Problem::field("rating", format!("expected 0.5 to 5.0 in halves, got {rating}"))
        })?),
        None => None,
    };
    let said = FeedbackUpdate { reaction: new.signal, stars, watched: new.watched };
    if said == FeedbackUpdate::default() {
        let message = "is missing: send signal (like, dislike, not_interested), rating or watched";
        return Err(Problem::field("signal", message));
    }
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    let movie_id = recommender.movie(find_movie(recommender, new.movie_id)?).movie_id;
    let feedback = state.store().update_feedback(&profile, movie_id, said, now()).await?;
    Ok(Json(FeedbackDone {
        success: true,
        message: "Feedback saved",
        id: feedback.movie_id.0,
        created_at: rfc3339(feedback.updated_at),
        feedback: feedback.into(),
    }))
}

/// Everything that the profile said of films, the last first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FeedbackList {
    feedback: Vec<FeedbackBody>,
    count: usize,
}

/// Everything that the profile said of films, the last first.
#[utoipa::path(get, path = "/api/feedback", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = FeedbackList),
    ))]
pub async fn list(
    State(state): State<AppState>,
    Me(profile): Me,
) -> Result<Json<FeedbackList>, Problem> {
    let movies = state.store().feedback(&profile.key()).await?;
    let feedback: Vec<FeedbackBody> = movies.into_iter().map(FeedbackBody::from).collect();
    Ok(Json(FeedbackList { count: feedback.len(), feedback }))
}

/// Takes back all that was said of a film.
#[utoipa::path(delete, path = "/api/feedback/{movie_id}", tag = "people",
    params(("movie_id" = i64, Path, minimum = 0, maximum = 4_294_967_295_u32, example = 6)),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 204, description = "Taken back"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn unsay(
    State(state): State<AppState>,
    Me(profile): Me,
    PathOf(movie_id): PathOf<u32>,
) -> Result<StatusCode, Problem> {
    if state.store().delete_feedback(&profile.key(), MovieId(movie_id), now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("Nothing was said of movie {movie_id}")))
    }
}

/// The films that the profile likes, the last first.
#[utoipa::path(get, path = "/api/feedback/my-likes", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Vec<u32>),
    ))]
pub async fn likes(
    State(state): State<AppState>,
    Me(profile): Me,
) -> Result<Json<Vec<u32>>, Problem> {
    pressed(&state, &profile.key(), |reaction| reaction == Reaction::Like).await
}

/// The films that the profile dislikes or is not interested in, the last first.
#[utoipa::path(get, path = "/api/feedback/my-dislikes", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Vec<u32>),
    ))]
pub async fn dislikes(
    State(state): State<AppState>,
    Me(profile): Me,
) -> Result<Json<Vec<u32>>, Problem> {
    pressed(&state, &profile.key(), |reaction| reaction != Reaction::Like).await
}

async fn pressed(
    state: &AppState,
    user: &str,
    wanted: fn(Reaction) -> bool,
) -> Result<Json<Vec<u32>>, Problem> {
    let movies = state.store().feedback(user).await?.into_iter();
    let movies = movies.filter(|movie| movie.reaction.is_some_and(wanted));
    Ok(Json(movies.map(|movie| movie.movie_id.0).collect()))
}

/// What a reset did.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ResetDone {
    success: bool,
    message: &'static str,
    /// Films.
    deleted_count: u64,
}

/// Forgets all likes, dislikes and stars of the profile; which films it saw stays known.
#[utoipa::path(post, path = "/api/feedback/reset", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = ResetDone),
    ))]
pub async fn reset(
    State(state): State<AppState>,
    Me(profile): Me,
) -> Result<Json<ResetDone>, Problem> {
    let deleted_count = state.store().reset_feedback(&profile.key(), now()).await?;
    Ok(Json(ResetDone { success: true, message: "Feedback reset", deleted_count }))
}
