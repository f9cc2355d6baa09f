//! A user's feedback on movies: reactions, ratings and watched flags.

use cinematch::rating::Stars;
use cinematch_store::{FeedbackUpdate, MovieFeedback, Profile, Reaction, rfc3339};
use serde::{Deserialize, Serialize};

use crate::catalog::{all_ids, find_movie};
use crate::error::{ServiceError, ServiceFuture};
use crate::service::Service;

/// New feedback on a movie; at least one of `signal`, `rating` and `watched` is required.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
pub struct NewFeedback {
    #[schema(example = 6)]
    movie_id: i64,
    /// Reaction to the movie. If a reaction and a rating contradict each other, the later one counts.
    #[schema(value_type = Option<ReactionName>)]
    signal: Option<Reaction>,
    /// Rating in stars, 0.5 to 5.0 in steps of 0.5.
    #[schema(minimum = 0.5, maximum = 5.0, multiple_of = 0.5, example = 4.5)]
    rating: Option<f32>,
    /// True if the user has watched the movie.
    watched: Option<bool>,
}

/// A reaction to a movie.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ReactionName {
    /// Recommend more movies like this.
    Like,
    /// Recommend fewer movies like this.
    Dislike,
    /// Do not recommend this movie again.
    NotInterested,
}

/// A user's feedback on a movie.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FeedbackBody {
    movie_id: u32,
    #[schema(value_type = Option<ReactionName>)]
    signal: Option<Reaction>,
    /// Rating in stars.
    rating: Option<f32>,
    watched: bool,
    /// Time of the last change, RFC 3339 in UTC.
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

/// Confirmation of saved feedback.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = FeedbackDone)]
pub struct FeedbackReply {
    success: bool,
    message: &'static str,
    /// Equal to `movie_id`; some clients expect this name.
    id: u32,
    /// Time of the last change, RFC 3339 in UTC; equal to `updated_at`.
    created_at: String,
    #[serde(flatten)]
    feedback: FeedbackBody,
}

/// All feedback of a profile, most recent first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FeedbackList {
    feedback: Vec<FeedbackBody>,
    count: usize,
}

/// Result of a feedback reset.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ResetDone)]
pub struct ResetReply {
    success: bool,
    message: &'static str,
    /// Number of movies whose feedback was deleted.
    deleted_count: u64,
}

/// Records feedback on a movie. It affects the next recommendation request.
pub fn record<'a>(
    service: &'a Service,
    profile: &'a Profile,
    new: NewFeedback,
) -> ServiceFuture<'a, FeedbackReply> {
    Box::pin(async move {
        let stars = match new.rating {
            Some(rating) => Some(Stars::from_value(rating).ok_or_else(|| {
                ServiceError::field(
                    "rating",
                    format!("expected 0.5 to 5.0 in steps of 0.5, got {rating}"),
                )
            })?),
            None => None,
        };
        let update = FeedbackUpdate { reaction: new.signal, stars, watched: new.watched };
        if update == FeedbackUpdate::default() {
            let message =
                "is missing: send signal (like, dislike, not_interested), rating or watched";
            return Err(ServiceError::field("signal", message));
        }
        let bundle = service.bundle();
        let recommender = &bundle.recommender;
        let movie_id = recommender.movie(find_movie(recommender, new.movie_id)?).movie_id;
        let feedback = service
            .store()
            .update_feedback(profile.into(), movie_id, update, service.now())
            .await?;
        Ok(FeedbackReply {
            success: true,
            message: "Feedback saved",
            id: feedback.movie_id.0,
            created_at: rfc3339(feedback.updated_at),
            feedback: feedback.into(),
        })
    })
}

/// Lists all feedback of a user, most recent first.
pub fn list<'a>(service: &'a Service, profile: &'a Profile) -> ServiceFuture<'a, FeedbackList> {
    Box::pin(async move {
        let movies = service.store().feedback(&profile.key()).await?;
        let feedback: Vec<FeedbackBody> = movies.into_iter().map(FeedbackBody::from).collect();
        Ok(FeedbackList { count: feedback.len(), feedback })
    })
}

/// Deletes all feedback of a user on a movie.
pub fn delete<'a>(
    service: &'a Service,
    profile: &'a Profile,
    movie_id: u32,
) -> ServiceFuture<'a, ()> {
    Box::pin(async move {
        let mut is_deleted = false;
        for id in all_ids(&service.bundle().recommender, movie_id) {
            is_deleted |=
                service.store().delete_feedback(&profile.key(), id, service.now()).await?;
        }
        if is_deleted {
            return Ok(());
        }
        Err(ServiceError::not_found(format!("Movie {movie_id} has no feedback from this user")))
    })
}

/// Returns the IDs of movies with a reaction that `matches` accepts, most recent first.
pub fn movies_with<'a>(
    service: &'a Service,
    profile: &'a Profile,
    matches: fn(Reaction) -> bool,
) -> ServiceFuture<'a, Vec<u32>> {
    Box::pin(async move {
        let movies = service.store().feedback(&profile.key()).await?.into_iter();
        let movies = movies.filter(|movie| movie.reaction.is_some_and(matches));
        Ok(movies.map(|movie| movie.movie_id.0).collect())
    })
}

/// Deletes all reactions and ratings of a user, but not the watched flags.
pub fn reset<'a>(service: &'a Service, profile: &'a Profile) -> ServiceFuture<'a, ResetReply> {
    Box::pin(async move {
        let deleted_count = service.store().reset_feedback(&profile.key(), service.now()).await?;
        Ok(ResetReply { success: true, message: "Feedback reset", deleted_count })
    })
}
