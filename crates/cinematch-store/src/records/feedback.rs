//! Feedback on movies: reactions, star ratings and watched marks.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::rows::{damaged, movie_id, stars};

/// A user's reaction to a movie, given with one of the buttons below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// The user likes the movie and wants more like it.
    Like,
    /// The user dislikes the movie and wants fewer like it.
    Dislike,
    /// The user does not want to see the movie.
    NotInterested,
}

impl Reaction {
    /// Returns the name stored in the `signal` column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Dislike => "dislike",
            Self::NotInterested => "not_interested",
        }
    }

    fn from_name(name: Option<&str>) -> Result<Option<Self>, StoreError> {
        Ok(Some(match name {
            None => return Ok(None),
            Some("like") => Self::Like,
            Some("dislike") => Self::Dislike,
            Some("not_interested") => Self::NotInterested,
            Some(other) => return Err(damaged("signal", &other)),
        }))
    }

    /// Returns true if a rating of `stars` expresses the opposite opinion.
    fn contradicts(self, stars: Stars) -> bool {
        (self == Self::Like) != (stars.value() > 2.5)
    }
}

/// A user's feedback on one movie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovieFeedback {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// Reaction, if any.
    pub reaction: Option<Reaction>,
    /// Rating, if any.
    pub stars: Option<Stars>,
    /// True if the user has watched the movie.
    pub watched: bool,
    /// Time of the last change, in milliseconds since the Unix epoch.
    pub updated_at: i64,
    /// ID of the import the feedback came from; `None` if the user entered or changed it here.
    pub import_id: Option<i64>,
}

/// A change to a user's feedback on one movie. Fields that are `None` leave the current value
/// unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedbackUpdate {
    /// New reaction.
    pub reaction: Option<Reaction>,
    /// New rating.
    pub stars: Option<Stars>,
    /// New watched mark.
    pub watched: Option<bool>,
}

pub(crate) type FeedbackRow = (i64, Option<String>, Option<i64>, i64, i64, Option<i64>);

/// Columns to select for a [`FeedbackRow`].
pub(crate) const COLUMNS: &str =
    "movie_id, signal, half_stars, watched, feedback.updated_at, import_id";

impl MovieFeedback {
    /// Returns feedback without a reaction, a rating or a watched mark.
    pub(crate) fn empty(movie_id: MovieId, now: i64) -> Self {
        Self {
            movie_id,
            reaction: None,
            stars: None,
            watched: false,
            updated_at: now,
            import_id: None,
        }
    }

    pub(crate) fn from_row(row: FeedbackRow) -> Result<Self, StoreError> {
        let (id, signal, half_stars, watched, updated_at, import_id) = row;
        Ok(Self {
            movie_id: movie_id(id)?,
            reaction: Reaction::from_name(signal.as_deref())?,
            stars: stars(half_stars)?,
            watched: watched != 0,
            updated_at,
            import_id,
        })
    }

    /// Returns true if there is no reaction, no rating and no watched mark.
    pub(crate) fn is_empty(&self) -> bool {
        self.reaction.is_none() && self.stars.is_none() && !self.watched
    }

    /// Applies `update`. If a new reaction contradicts the rating, the rating is cleared, and vice
    /// versa.
    pub(crate) fn updated(mut self, update: FeedbackUpdate, now: i64) -> Self {
        let contradict = |reaction: Option<Reaction>, stars: Option<Stars>| {
            reaction.zip(stars).is_some_and(|(reaction, stars)| reaction.contradicts(stars))
        };
        if let Some(watched) = update.watched {
            self.watched = watched;
        }
        if update.stars.is_some() {
            self.stars = update.stars;
            if contradict(self.reaction, update.stars) {
                self.reaction = None;
            }
        }
        if update.reaction.is_some() {
            self.reaction = update.reaction;
            if contradict(update.reaction, self.stars) {
                self.stars = None;
            }
        }
        self.updated_at = now;
        self.import_id = None;
        self
    }
}
