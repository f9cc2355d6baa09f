//! Rows of recommendations for the home page.

mod gems;
mod interests;
mod match_order;

use cinematch::catalog::Movie;
use cinematch::ids::MovieId;
use cinematch::ranking::{Order, PopularitySource, Query};
use cinematch_store::{MovieFeedback, Reaction};

pub use self::interests::Interest;
use self::interests::interests;
use self::match_order::{by_match, is_doubtful};
use crate::error::ServiceError;
use crate::user_view::{MovieCard, UserView};

/// Maximum number of movies in a row.
const ROW_LENGTH: usize = 12;
/// Maximum number of "Because you loved …" rows.
const MAX_LOVED_ROWS: usize = 2;
/// Maximum number of rows for interests, and minimum number of movies in such a row.
const MAX_INTEREST_ROWS: usize = 2;
const MIN_INTEREST_MOVIES: usize = 4;
/// Maximum number of rows for streaming services.
const MAX_SERVICE_ROWS: usize = 2;
/// Minimum rating of a loved movie.
const MIN_LOVED_STARS: f32 = 4.0;

/// A row of movies.
#[derive(Debug)]
pub struct Row<'a> {
    /// Property that the movies share.
    pub kind: RowKind<'a>,
    /// By match, apart from differences of up to 5 points; empty if no movie qualifies.
    pub movies: Vec<MovieCard<'a>>,
}

/// Property that the movies of a row share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind<'a> {
    /// Recommended by the user's history.
    Picked,
    /// Recommended to users without a history.
    LovedByMany,
    /// Similar to the movie with this title, which the user loves.
    BecauseYouLoved(&'a str),
    /// With a property that the user's likes share more often than other movies do.
    Interest(Interest<'a>),
    /// Well rated but little known.
    HiddenGems,
    /// On this streaming service.
    OnService(String),
    /// Most popular, as counted by this source.
    Popular(PopularitySource),
}

/// The rows so far, and the movies in them.
struct Rows<'a> {
    view: &'a UserView,
    rows: Vec<Row<'a>>,
    shown: Vec<MovieId>,
}

impl<'a> Rows<'a> {
    /// Adds a row with the results of a query.
    fn add(&mut self, kind: RowKind<'a>, query: Query) -> Result<(), ServiceError> {
        let movies = self.list(query)?;
        self.push(kind, movies);
        Ok(())
    }

    /// Lists movies that are in no row so far.
    fn list(&self, mut query: Query) -> Result<Vec<MovieCard<'a>>, ServiceError> {
        query.exclude.extend_from_slice(&self.shown);
        let mut movies = self.view.list(&query)?;
        // A row ranked by similarity to one movie or by popularity still needs matches by the whole history.
        self.view.assess(&mut movies)?;
        Ok(movies)
    }

    /// Adds a row with up to [`ROW_LENGTH`] of the movies, by match.
    fn push(&mut self, kind: RowKind<'a>, mut movies: Vec<MovieCard<'a>>) {
        if movies.len() > ROW_LENGTH {
            movies.sort_by_key(|movie| is_doubtful(movie));
            movies.truncate(ROW_LENGTH);
        }
        let movies = by_match(self.view, movies);
        self.shown.extend(movies.iter().map(|movie| movie.item.movie_id));
        self.rows.push(Row { kind, movies });
    }

    /// Adds a row of hidden gems.
    fn add_gems(&mut self) -> Result<(), ServiceError> {
        let mut movies = self.list(gems::candidates(self.view))?;
        gems::keep(self.view, &mut movies)?;
        self.push(RowKind::HiddenGems, movies);
        Ok(())
    }

    /// Adds rows for the user's strongest interests that have enough movies left to list.
    fn add_interests(&mut self) -> Result<(), ServiceError> {
        let view = self.view;
        let find = |feedback: &MovieFeedback| view.find(feedback.movie_id);
        let liked: Vec<&Movie> = loved(view)
            .into_iter()
            .filter_map(|loved| Some(view.recommender().movie(find(loved)?)))
            .collect();
        let mut n_rows = 0;
        for matches in interests(view.recommender().movies(), &liked) {
            // Ranks only if enough movies may be left.
            let feedback = &view.history.movies;
            let is_new = |id: &&MovieId| {
                feedback.binary_search_by_key(*id, |movie| movie.movie_id).is_err()
                    && !self.shown.contains(id)
            };
            let n_new = matches.movies.iter().filter(is_new).take(MIN_INTEREST_MOVIES).count();
            if n_new < MIN_INTEREST_MOVIES {
                continue;
            }
            let movies = self.list(Query { only: matches.movies, ..view.query(ROW_LENGTH) })?;
            if movies.len() < MIN_INTEREST_MOVIES {
                continue;
            }
            self.push(RowKind::Interest(matches.interest), movies);
            n_rows += 1;
            if n_rows == MAX_INTEREST_ROWS {
                break;
            }
        }
        Ok(())
    }
}

/// Builds the rows of the home page. Every movie is in at most one row.
pub fn home_rows(view: &UserView) -> Result<Vec<Row<'_>>, ServiceError> {
    let mut rows = Rows { view, rows: Vec::new(), shown: Vec::new() };
    let has_history =
        view.history.liked().next().is_some() || view.history.rated().next().is_some();
    let base_query = || view.query(ROW_LENGTH);
    let first = if has_history { RowKind::Picked } else { RowKind::LovedByMany };
    rows.add(first, base_query())?;
    for (loved, title) in most_loved(view) {
        // Ranks by this movie alone; the rest of the history only excludes movies.
        let mut query = base_query();
        query.liked.retain(|movie| *movie == loved);
        query.disliked.clear();
        query.ratings.retain(|rating| rating.movie_id == loved);
        query.preferred_genres.clear();
        query.limit = 2 * ROW_LENGTH;
        rows.add(RowKind::BecauseYouLoved(title), query)?;
    }
    rows.add_interests()?;
    if has_history {
        rows.add_gems()?;
    }
    let services = view.query(ROW_LENGTH).filters.services;
    for service in services.into_iter().take(MAX_SERVICE_ROWS) {
        let mut query = base_query();
        query.filters.services = vec![service.clone()];
        rows.add(RowKind::OnService(service), query)?;
    }
    let source = view.recommender().popularity_source(Some(view.today));
    rows.add(RowKind::Popular(source), Query { order: Order::Popularity, ..base_query() })?;
    Ok(rows.rows)
}

/// Returns the IDs and titles of the movies that the user loves most.
fn most_loved(view: &UserView) -> Vec<(MovieId, &str)> {
    let titled = loved(view).into_iter().filter_map(|feedback| {
        let movie = view.recommender().movie(view.find(feedback.movie_id)?);
        Some((feedback.movie_id, movie.title.as_str()))
    });
    titled.take(MAX_LOVED_ROWS).collect()
}

/// Returns the feedback on the movies that the user loves, in descending order of stars. Ties are ordered by most recent
/// feedback.
fn loved(view: &UserView) -> Vec<&MovieFeedback> {
    let stars = |movie: &MovieFeedback| match (movie.stars, movie.reaction) {
        (Some(stars), _) => stars.value(),
        (None, Some(Reaction::Like)) => MIN_LOVED_STARS,
        (None, _) => 0.0,
    };
    let movies = view.history.movies.iter().filter(|movie| stars(movie) >= MIN_LOVED_STARS);
    let mut movies: Vec<&MovieFeedback> = movies.collect();
    movies.sort_by(|a, b| {
        let by_stars = stars(b).total_cmp(&stars(a));
        by_stars.then(b.updated_at.cmp(&a.updated_at)).then(a.movie_id.cmp(&b.movie_id))
    });
    movies
}
