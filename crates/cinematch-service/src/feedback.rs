//! A user's feedback on movies: reactions, ratings, and what was watched.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use cinematch_store::{FeedbackUpdate, MovieFeedback, Profile, Reaction, rfc3339};
use serde::{Deserialize, Serialize};

use crate::catalog::find_movie;
use crate::error::ServiceError;
use crate::service::Service;

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
pub enum ReactionName {
    /// More like this.
    Like,
    /// Less like this.
    Dislike,
    /// Do not recommend this again.
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

/// Returns all feedback of the profile, the latest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FeedbackList {
    feedback: Vec<FeedbackBody>,
    count: usize,
}

/// What a reset did.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ResetDone {
    success: bool,
    message: &'static str,
    /// Films.
    deleted_count: u64,
}

/// Records feedback on a movie. It affects the next request for recommendations.
pub async fn say(
    service: &Service,
    profile: &Profile,
    new: NewFeedback,
) -> Result<FeedbackDone, ServiceError> {
    let stars = match new.rating {
        Some(rating) => Some(Stars::from_value(rating).ok_or_else(|| {
            ServiceError::field("rating", format!("expected 0.5 to 5.0 in halves, got {rating}"))
        })?),
        None => None,
    };
    let said = FeedbackUpdate { reaction: new.signal, stars, watched: new.watched };
    if said == FeedbackUpdate::default() {
        let message = "is missing: send signal (like, dislike, not_interested), rating or watched";
        return Err(ServiceError::field("signal", message));
    }
    let bundle = service.bundle();
    let recommender = &bundle.recommender;
    let movie_id = recommender.movie(find_movie(recommender, new.movie_id)?).movie_id;
    let feedback = service.store().update_feedback(profile, movie_id, said, service.now()).await?;
    Ok(FeedbackDone {
        success: true,
        message: "Feedback saved",
        id: feedback.movie_id.0,
        created_at: rfc3339(feedback.updated_at),
        feedback: feedback.into(),
    })
}

/// Lists all feedback of a user, the latest first.
pub async fn list(service: &Service, profile: &Profile) -> Result<FeedbackList, ServiceError> {
    let movies = service.store().feedback(&profile.key()).await?;
    let feedback: Vec<FeedbackBody> = movies.into_iter().map(FeedbackBody::from).collect();
    Ok(FeedbackList { count: feedback.len(), feedback })
}

/// Deletes all feedback of a user on a movie.
pub async fn unsay(
    service: &Service,
    profile: &Profile,
    movie_id: u32,
) -> Result<(), ServiceError> {
    if service.store().delete_feedback(&profile.key(), MovieId(movie_id), service.now()).await? {
        return Ok(());
    }
    Err(ServiceError::not_found(format!("Nothing was said of movie {movie_id}")))
}

/// Returns the movies with a reaction that `is_wanted` accepts, the latest first.
pub async fn movies_with(
    service: &Service,
    profile: &Profile,
    is_wanted: fn(Reaction) -> bool,
) -> Result<Vec<u32>, ServiceError> {
    let movies = service.store().feedback(&profile.key()).await?.into_iter();
    let movies = movies.filter(|movie| movie.reaction.is_some_and(is_wanted));
    Ok(movies.map(|movie| movie.movie_id.0).collect())
}

/// Deletes all reactions and ratings of a user. Which movies were watched stays known.
pub async fn reset(service: &Service, profile: &Profile) -> Result<ResetDone, ServiceError> {
    let deleted_count = service.store().reset_feedback(&profile.key(), service.now()).await?;
    Ok(ResetDone { success: true, message: "Feedback reset", deleted_count })
}
