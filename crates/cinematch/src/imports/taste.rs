//! What a person said of each film, in the end.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ids::MovieId;
use crate::ranking::{Query, Rating};
use crate::rating::Stars;
use crate::sources::history::{Entry, Said};

/// What a person said of one film.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TasteItem {
    /// The film.
    pub movie_id: MovieId,
    /// Their stars.
    pub rating: Option<Stars>,
    /// Whether they like it.
    pub liked: bool,
    /// Whether they have seen it: who gives stars has.
    pub watched: bool,
    /// Whether they want to see it and have not.
    pub listed: bool,
}

/// What a person said of films, one item a film: those seen or liked by number, behind them those to be
/// seen, in the order of the watchlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taste {
    pub(super) items: Vec<TasteItem>,
}

/// What was said of a film up to some row.
#[derive(Default)]
struct Sayings {
    /// The stars, and whether they are of one viewing.
    rating: Option<(Stars, bool)>,
    liked: bool,
    watched: bool,
    /// The row that put it on the watchlist.
    listed: Option<usize>,
}

/// The most films a [`Query`] can rate, and the most it can like.
const MOST_IN_QUERY: usize = 10_000;

impl Taste {
    /// Sums up rows. Of several stars for one film the last count, but those of the film itself before
    /// those of one viewing.
    pub(super) fn of<'a>(rows: impl Iterator<Item = (MovieId, &'a Entry)>) -> Self {
        let mut said: BTreeMap<MovieId, Sayings> = BTreeMap::new();
        for (at, (movie_id, entry)) in rows.enumerate() {
            let movie = said.entry(movie_id).or_default();
            match entry.said {
                Said::Rated(stars) => {
                    let stands = movie.rating.is_some_and(|(_, of_viewing)| !of_viewing);
                    if !(stands && entry.of_viewing) {
                        movie.rating = Some((stars, entry.of_viewing));
                    }
                }
                Said::Liked => movie.liked = true,
                Said::Watched => movie.watched = true,
                Said::Watchlist => movie.listed = movie.listed.or(Some(at)),
            }
        }
        let mut items: Vec<(Option<usize>, TasteItem)> = said
            .into_iter()
            .map(|(movie_id, movie)| {
                let watched = movie.watched || movie.rating.is_some();
                let listed = movie.listed.filter(|_| !watched);
                let (rating, liked) = (movie.rating.map(|(stars, _)| stars), movie.liked);
                let listed_too = listed.is_some();
                (listed, TasteItem { movie_id, rating, liked, watched, listed: listed_too })
            })
            .collect();
        // No row comes before the first one: `None` does.
        items.sort_by_key(|(listed, _)| *listed);
        Self { items: items.into_iter().map(|(_, item)| item).collect() }
    }

    /// The films, each once: those seen or liked by number, then the watchlist in its order.
    pub fn items(&self) -> &[TasteItem] {
        &self.items
    }

    /// Films with stars.
    pub fn rated(&self) -> impl Iterator<Item = (MovieId, Stars)> {
        self.items.iter().filter_map(|item| Some((item.movie_id, item.rating?)))
    }

    /// Films liked and not rated: stars say more.
    pub fn liked(&self) -> impl Iterator<Item = MovieId> {
        self.those(|item| item.liked && item.rating.is_none())
    }

    /// Films seen, of which no more is known.
    pub fn only_watched(&self) -> impl Iterator<Item = MovieId> {
        self.those(|item| item.watched && item.rating.is_none() && !item.liked)
    }

    /// The watchlist.
    pub fn listed(&self) -> impl Iterator<Item = MovieId> {
        self.those(|item| item.listed)
    }

    fn those(&self, wanted: fn(&TasteItem) -> bool) -> impl Iterator<Item = MovieId> {
        self.items.iter().filter(move |item| wanted(item)).map(|item| item.movie_id)
    }

    /// What to recommend for: neither films seen nor the watchlist are shown. Of more films than a query
    /// takes, those with the most decided stars speak, and the others are seen. The limit and all else is
    /// left to the caller.
    pub fn query(&self) -> Query {
        let mut query = self.query_with_watchlist();
        query.seen.extend(self.listed());
        query
    }

    /// The same with the films of the watchlist among those shown.
    pub fn query_with_watchlist(&self) -> Query {
        let mut rated: Vec<(MovieId, Stars)> = self.rated().collect();
        let decided = |stars: Stars| stars.halves().abs_diff(6);
        rated.sort_by_key(|(_, stars)| std::cmp::Reverse(decided(*stars)));
        let silent = rated.split_off(rated.len().min(MOST_IN_QUERY));
        rated.sort_unstable();
        let mut liked: Vec<MovieId> = self.liked().collect();
        let also_silent = liked.split_off(liked.len().min(MOST_IN_QUERY));
        let rating =
            |(movie_id, stars): (MovieId, Stars)| Rating { movie_id, rating: stars.value() };
        Query {
            ratings: rated.into_iter().map(rating).collect(),
            liked,
            seen: self
                .only_watched()
                .chain(silent.into_iter().map(|(movie_id, _)| movie_id))
                .chain(also_silent)
                .collect(),
            explain: true,
            ..Query::default()
        }
    }
}
