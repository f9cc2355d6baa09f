//! A user's feedback on each movie, merged from all the rows of an import.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ids::MovieId;
use crate::ranking::{Query, Rating};
use crate::rating::Stars;
use crate::sources::history::{Entry, EntryKind};

/// A user's feedback on a movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TasteItem {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// The user's rating; `None` if they didn't rate the movie.
    pub rating: Option<Stars>,
    /// True if the user liked the movie or marked it as a favorite.
    pub liked: bool,
    /// True if the user has watched or rated the movie.
    pub watched: bool,
    /// True if the movie is on the user's watchlist and they haven't watched it.
    pub listed: bool,
}

/// A user's feedback, with one item per movie, sorted by ID. Movies on the watchlist come last, in watchlist
/// order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taste {
    pub(super) items: Vec<TasteItem>,
}

/// Feedback on a movie, accumulated over several rows.
#[derive(Default)]
struct MovieEntries {
    /// The rating, and whether it belongs to a single viewing.
    rating: Option<(Stars, bool)>,
    liked: bool,
    watched: bool,
    /// Index of the first row that puts the movie on the watchlist.
    listed: Option<usize>,
}

/// Maximum number of ratings, and of liked movies, in a [`Query`].
const MAX_IN_QUERY: usize = 10_000;

impl Taste {
    /// Merges `rows`. A movie's last rating is used, but a rating of the movie itself takes precedence
    /// over a rating of a single viewing.
    pub(super) fn from_entries<'a>(rows: impl Iterator<Item = (MovieId, &'a Entry)>) -> Self {
        Self::merge(rows.map(|(movie_id, entry)| (movie_id, entry.kind, entry.is_diary_rating)))
    }

    /// Merges feedback on movies. A movie's last rating is used. A rated movie counts as watched, and a
    /// watched movie is not on the watchlist.
    pub fn from_feedback(feedback: impl IntoIterator<Item = (MovieId, EntryKind)>) -> Self {
        Self::merge(feedback.into_iter().map(|(movie_id, kind)| (movie_id, kind, false)))
    }

    /// Merges feedback. The flag is true for a rating of a single viewing.
    fn merge(rows: impl Iterator<Item = (MovieId, EntryKind, bool)>) -> Self {
        let mut entries_by_movie: BTreeMap<MovieId, MovieEntries> = BTreeMap::new();
        for (index, (movie_id, kind, of_viewing)) in rows.enumerate() {
            let movie = entries_by_movie.entry(movie_id).or_default();
            match kind {
                EntryKind::Rated(stars) => {
                    let has_general_rating =
                        movie.rating.is_some_and(|(_, of_viewing)| !of_viewing);
                    if !(has_general_rating && of_viewing) {
                        movie.rating = Some((stars, of_viewing));
                    }
                }
                EntryKind::Liked => movie.liked = true,
                EntryKind::Watched => movie.watched = true,
                EntryKind::Watchlist => movie.listed = movie.listed.or(Some(index)),
            }
        }
        let mut items: Vec<(Option<usize>, TasteItem)> = entries_by_movie
            .into_iter()
            .map(|(movie_id, movie)| {
                let watched = movie.watched || movie.rating.is_some();
                let listed = movie.listed.filter(|_| !watched);
                let (rating, liked) = (movie.rating.map(|(stars, _)| stars), movie.liked);
                let listed_too = listed.is_some();
                (listed, TasteItem { movie_id, rating, liked, watched, listed: listed_too })
            })
            .collect();
        // `None` sorts first, so the watchlist comes last. The sort is stable.
        items.sort_by_key(|(listed, _)| *listed);
        Self { items: items.into_iter().map(|(_, item)| item).collect() }
    }

    /// Returns one item per movie, sorted by ID. Movies on the watchlist come last, in watchlist order.
    pub fn items(&self) -> &[TasteItem] {
        &self.items
    }

    /// Returns the rated movies and their ratings.
    pub fn rated(&self) -> impl Iterator<Item = (MovieId, Stars)> {
        self.items.iter().filter_map(|item| Some((item.movie_id, item.rating?)))
    }

    /// Returns the movies that the user liked but didn't rate. A rating takes precedence over a like.
    pub fn liked(&self) -> impl Iterator<Item = MovieId> {
        self.filtered(|item| item.liked && item.rating.is_none())
    }

    /// Returns the movies that the user watched but neither rated nor liked.
    pub fn only_watched(&self) -> impl Iterator<Item = MovieId> {
        self.filtered(|item| item.watched && item.rating.is_none() && !item.liked)
    }

    /// Returns the movies on the watchlist, in watchlist order.
    pub fn listed(&self) -> impl Iterator<Item = MovieId> {
        self.filtered(|item| item.listed)
    }

    fn filtered(&self, keep: fn(&TasteItem) -> bool) -> impl Iterator<Item = MovieId> {
        self.items.iter().filter(move |item| keep(item)).map(|item| item.movie_id)
    }

    /// Creates a query for recommendations that exclude watched movies and the watchlist.
    ///
    /// A query is limited to 10,000 ratings and 10,000 likes. If there are more ratings, those farthest
    /// from 3 stars are used. All remaining movies are still excluded from the recommendations. The
    /// caller sets the query's `limit` and other options.
    pub fn query(&self) -> Query {
        let mut query = self.query_with_watchlist();
        query.seen.extend(self.listed());
        query
    }

    /// Like [`query`](Self::query), but doesn't exclude the watchlist.
    pub fn query_with_watchlist(&self) -> Query {
        let mut rated: Vec<(MovieId, Stars)> = self.rated().collect();
        let distance_from_neutral = |stars: Stars| stars.halves().abs_diff(6);
        rated.sort_by_key(|(_, stars)| std::cmp::Reverse(distance_from_neutral(*stars)));
        let seen_ratings = rated.split_off(rated.len().min(MAX_IN_QUERY));
        rated.sort_unstable();
        let mut liked: Vec<MovieId> = self.liked().collect();
        let seen_likes = liked.split_off(liked.len().min(MAX_IN_QUERY));
        let rating =
            |(movie_id, stars): (MovieId, Stars)| Rating { movie_id, rating: stars.value() };
        Query {
            ratings: rated.into_iter().map(rating).collect(),
            liked,
            seen: self
                .only_watched()
                .chain(seen_ratings.into_iter().map(|(movie_id, _)| movie_id))
                .chain(seen_likes)
                .collect(),
            explain: true,
            ..Query::default()
        }
    }
}
