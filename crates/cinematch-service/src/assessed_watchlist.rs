//! A user's watchlist, assessed for the user and sorted.

use std::cmp::Reverse;

use cinematch::ids::MovieIdx;
use cinematch_store::{Profile, WatchlistItem};

use crate::error::{ServiceError, ServiceFuture};
use crate::item::RecommendationDetails;
use crate::listing::details;
use crate::service::Service;
use crate::user_view::{MovieCard, UserView};

/// Sort order of the movies to watch. Ties are ordered by most recent addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatchlistOrder {
    /// By match, then by score.
    #[default]
    Best,
    /// Shortest first; movies of unknown length last.
    Shortest,
    /// By [`Availability`], then as in [`WatchlistOrder::Best`].
    Available,
    /// Most recently added first.
    Added,
}

/// Streaming services that have a movie, from the best for the user to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Availability {
    /// On at least one of the user's services.
    UserServices,
    /// Only on services that the user does not have.
    OtherServices,
    /// On no known service.
    NoService,
    /// Unknown, because the movie is no longer in the catalog.
    NotInCatalog,
}

/// A movie on the watchlist, with its assessment for the user.
#[derive(Debug)]
pub struct AssessedEntry<'a> {
    /// The stored entry.
    pub listed: WatchlistItem,
    /// The movie, with a score and a match unless it was watched. `None` if the catalog no longer contains it.
    pub movie: Option<MovieCard<'a>>,
    /// Streaming services that have the movie.
    pub availability: Availability,
}

/// A user's watchlist, in two parts.
#[derive(Debug)]
pub struct AssessedWatchlist<'a> {
    /// Movies to watch, in the requested order.
    pub unwatched: Vec<AssessedEntry<'a>>,
    /// Movies that the user has watched, most recently added first.
    pub watched: Vec<AssessedEntry<'a>>,
}

impl<'a> AssessedWatchlist<'a> {
    /// Loads the watchlist of the profile that `view` belongs to, assesses its movies and sorts the movies to watch.
    pub fn load(
        service: &'a Service,
        profile: &'a Profile,
        view: &'a UserView,
        order: WatchlistOrder,
    ) -> ServiceFuture<'a, Self> {
        Box::pin(async move {
            let listed = service.store().watchlist(&profile.key()).await?;
            let entries = assess(view, listed)?;
            let (watched, mut unwatched): (Vec<_>, Vec<_>) =
                entries.into_iter().partition(|entry| entry.listed.watched);
            unwatched.sort_by_key(|entry| entry.sort_key(order));
            Ok(Self { unwatched, watched })
        })
    }

    /// Returns the total length of the movies to watch in minutes. Movies of unknown length count as 0.
    pub fn minutes_to_watch(&self) -> u32 {
        let movies = self.unwatched.iter().filter_map(|entry| entry.movie.as_ref());
        movies.filter_map(|movie| movie.item.runtime).sum()
    }

    /// Returns true if at least one movie to watch is on a streaming service.
    pub fn has_services(&self) -> bool {
        self.unwatched.iter().any(|entry| entry.availability <= Availability::OtherServices)
    }
}

impl AssessedEntry<'_> {
    fn sort_key(&self, order: WatchlistOrder) -> SortKey {
        let movie = self.movie.as_ref();
        let details = movie.and_then(|movie| movie.details.as_ref());
        let runtime = movie.and_then(|movie| movie.item.runtime);
        sort_key(order, runtime, self.availability, details.map(value))
    }
}

/// Entries with smaller keys come first.
type SortKey = (u32, Availability, Reverse<i64>);

fn sort_key(
    order: WatchlistOrder,
    runtime: Option<u32>,
    availability: Availability,
    value: Option<i64>,
) -> SortKey {
    let best = Reverse(value.unwrap_or(i64::MIN));
    // Components that an order ignores are equal for all entries.
    let (any_availability, any_value) = (Availability::UserServices, Reverse(0));
    match order {
        WatchlistOrder::Best => (0, any_availability, best),
        WatchlistOrder::Shortest => (runtime.unwrap_or(u32::MAX), any_availability, any_value),
        WatchlistOrder::Available => (0, availability, best),
        WatchlistOrder::Added => (0, any_availability, any_value),
    }
}

/// Returns a number that orders movies by match, then by score.
fn value(details: &RecommendationDetails<'_>) -> i64 {
    let probability = details.match_probability.unwrap_or(0.0);
    // Matches count in percent, as displayed; the score breaks ties.
    (f64::from(probability) * 100.0).round() as i64 * 1_000_000
        + (f64::from(details.score) * 100_000.0).round() as i64
}

/// Looks up the listed movies, and computes the match and score of each movie to watch.
fn assess(
    view: &UserView,
    listed: Vec<WatchlistItem>,
) -> Result<Vec<AssessedEntry<'_>>, ServiceError> {
    let found: Vec<Option<MovieIdx>> = listed.iter().map(|item| view.find(item.movie_id)).collect();
    let known: Vec<MovieIdx> = found.iter().flatten().copied().collect();
    let query = view.query(1);
    let user_services = &query.filters.services;
    let mut assessed = view.recommender().score_movies(&view.resolve(&query)?, &known).into_iter();
    let entries = listed.into_iter().zip(found).map(|(listed, found)| {
        let movie = found.map(|movie| {
            // Watched movies need no match.
            let details = assessed.next().map(details).filter(|_| !listed.watched);
            MovieCard { details, ..view.movie(movie) }
        });
        let availability = movie.as_ref().map_or(Availability::NotInCatalog, |movie| {
            Availability::new(&movie.item.services, user_services)
        });
        AssessedEntry { listed, movie, availability }
    });
    Ok(entries.collect())
}

impl Availability {
    fn new(services: &[&str], user_services: &[String]) -> Self {
        if services.iter().any(|service| user_services.iter().any(|own| own == service)) {
            Self::UserServices
        } else if services.is_empty() {
            Self::NoService
        } else {
            Self::OtherServices
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A movie's name, runtime, availability and value.
    type TestMovie = (&'static str, Option<u32>, Availability, Option<i64>);

    /// Movies to watch, most recently added first.
    const MOVIES: [TestMovie; 5] = [
        ("gone", None, Availability::NotInCatalog, None),
        ("long", Some(170), Availability::OtherServices, Some(30)),
        ("short", Some(80), Availability::NoService, Some(50)),
        ("mine", Some(120), Availability::UserServices, Some(10)),
        ("also mine", Some(120), Availability::UserServices, Some(20)),
    ];

    fn check(order: WatchlistOrder, expected: [&str; 5]) {
        let mut movies = MOVIES;
        movies.sort_by_key(|(_, runtime, availability, value)| {
            sort_key(order, *runtime, *availability, *value)
        });
        assert_eq!(movies.map(|movie| movie.0), expected, "{order:?}");
    }

    #[test]
    fn every_order_puts_its_best_movies_first_and_keeps_ties_in_place() {
        check(WatchlistOrder::Best, ["short", "long", "also mine", "mine", "gone"]);
        check(WatchlistOrder::Shortest, ["short", "mine", "also mine", "long", "gone"]);
        check(WatchlistOrder::Available, ["also mine", "mine", "long", "short", "gone"]);
        check(WatchlistOrder::Added, ["gone", "long", "short", "mine", "also mine"]);
    }

    #[test]
    fn a_movie_is_available_if_the_user_has_one_of_its_services() {
        let own = ["MUBI".to_owned(), "Netflix".to_owned()];
        assert_eq!(Availability::new(&["Hulu", "MUBI"], &own), Availability::UserServices);
        assert_eq!(Availability::new(&["Hulu"], &own), Availability::OtherServices);
        assert_eq!(Availability::new(&["Hulu"], &[]), Availability::OtherServices);
        assert_eq!(Availability::new(&[], &own), Availability::NoService);
    }
}
