//! The part of a user's data that rankings are based on.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use serde::Serialize;

use super::feedback::{MovieFeedback, Reaction};
use super::preferences::Preferences;

/// Version of a user's data. Equal versions imply equal data.
///
/// The version increases with every change to the user's feedback, preferences, watchlist or imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct DataVersion {
    pub(crate) id: i64,
    pub(crate) version: i64,
}

/// A user's preferences, feedback and watchlist: the input of personal rankings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserHistory {
    /// Version of the data; `None` for an unknown user. The data may be newer than this version, but never
    /// older.
    pub data_version: Option<DataVersion>,
    /// Viewing preferences; the defaults if the user hasn't saved any.
    pub preferences: Preferences,
    /// Feedback, sorted by movie ID.
    pub movies: Vec<MovieFeedback>,
    /// Movies on the watchlist, sorted by ID.
    pub watchlist: Vec<MovieId>,
}

impl UserHistory {
    fn with_reaction(&self, matches: fn(Reaction) -> bool) -> impl Iterator<Item = MovieId> {
        let movies = self.movies.iter();
        movies.filter(move |movie| movie.reaction.is_some_and(matches)).map(|movie| movie.movie_id)
    }

    /// Returns the movies that the user liked.
    pub fn liked(&self) -> impl Iterator<Item = MovieId> {
        self.with_reaction(|reaction| reaction == Reaction::Like)
    }

    /// Returns the movies that the user disliked or is not interested in.
    pub fn disliked(&self) -> impl Iterator<Item = MovieId> {
        self.with_reaction(|reaction| reaction != Reaction::Like)
    }

    /// Returns the movies that the user rated, with their ratings.
    pub fn rated(&self) -> impl Iterator<Item = (MovieId, Stars)> {
        self.movies.iter().filter_map(|movie| Some((movie.movie_id, movie.stars?)))
    }

    /// Returns all movies with feedback, which recommendations exclude.
    pub fn movie_ids(&self) -> impl Iterator<Item = MovieId> {
        self.movies.iter().map(|movie| movie.movie_id)
    }
}
