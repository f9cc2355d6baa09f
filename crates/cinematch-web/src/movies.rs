//! Data of a page: the loaded bundle, the user's taste, and movies with reasons and feedback.

use std::sync::Arc;

use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::{Query, QueryError, Recommender, Request};
use cinematch_store::{MovieFeedback, Profile, UserHistory};

use cinematch_http::problem::Problem;
use cinematch_service::item::{Item, RecommendationDetails};
use cinematch_service::listing::details;
use cinematch_service::personal::base_query;
use cinematch_service::preferences;
use cinematch_service::{Service, Serving};

/// A movie as shown on a page, with the user's feedback on it.
#[derive(Debug)]
pub struct MovieCard<'a> {
    pub item: Item<'a>,
    /// Score, reasons and prediction; `None` if the movie wasn't ranked.
    pub details: Option<RecommendationDetails<'a>>,
    pub status: MovieStatus,
}

/// A user's feedback on a movie, and a flag for movies on the user's watchlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MovieStatus {
    pub feedback: Option<MovieFeedback>,
    pub is_listed: bool,
}

impl MovieStatus {
    /// Looks up a movie in O(log n), where n is the number of movies with feedback.
    pub fn from_history(history: &UserHistory, movie_id: MovieId) -> Self {
        let feedback = history.movies.binary_search_by_key(&movie_id, |movie| movie.movie_id);
        Self {
            feedback: feedback.ok().map(|index| history.movies[index].clone()),
            is_listed: history.watchlist.binary_search(&movie_id).is_ok(),
        }
    }
}

/// The bundle and the user's taste, loaded once per page so that all parts agree.
pub struct UserView {
    pub serving: Arc<Serving>,
    pub history: Arc<UserHistory>,
    /// Index of the region whose services are shown; `None` selects the server's default.
    pub region: Option<usize>,
}

impl UserView {
    /// Loads the bundle and the user's taste.
    pub async fn load(state: &Service, profile: &Profile) -> Result<Self, Problem> {
        let serving = state.serving();
        let history = state.user_history(&profile.key()).await?;
        let mut query = Query::default();
        preferences::apply(&history.preferences, &serving.bundle.recommender, &mut query);
        let index = serving.bundle.recommender.index();
        let region = query.filters.region.as_deref().and_then(|code| index.find_region(code));
        Ok(Self { serving, history, region })
    }

    pub fn recommender(&self) -> &Recommender {
        &self.serving.bundle.recommender
    }

    /// Builds a query from the user's taste and preferences. It excludes movies with feedback and movies on the
    /// watchlist.
    pub fn query(&self, limit: usize) -> Query {
        let mut query = base_query(&self.history, false);
        preferences::apply(&self.history.preferences, self.recommender(), &mut query);
        query.limit = limit;
        query
    }

    /// Validates a query and resolves its names and ids in the catalog.
    pub fn resolve(&self, query: &Query) -> Result<Request, Problem> {
        Ok(self.recommender().resolve(query)?.0)
    }

    /// Recommends movies for a query.
    pub fn list(&self, query: &Query) -> Result<Vec<MovieCard<'_>>, Problem> {
        let request = self.resolve(query)?;
        let ranked = self.recommender().recommend(&request);
        let movies = ranked.items.into_iter().map(|recommended| {
            let movie = recommended.movie;
            MovieCard { details: Some(details(recommended)), ..self.movie(movie) }
        });
        Ok(movies.collect())
    }

    /// Replaces predicted ratings with predictions from the user's whole history. Needed for lists that were ranked
    /// by a part of the history.
    pub fn predict(&self, movies: &mut [MovieCard<'_>]) -> Result<(), Problem> {
        let rows: Vec<MovieIdx> =
            movies.iter().filter_map(|movie| self.find(movie.item.movie_id)).collect();
        let request = self.resolve(&Query { explain: false, ..self.query(1) })?;
        for (movie, assessed) in
            movies.iter_mut().zip(self.recommender().score_movies(&request, &rows))
        {
            if let Some(details) = &mut movie.details {
                details.predicted_rating = assessed.predicted;
            }
        }
        Ok(())
    }

    /// Returns cards with predicted ratings, or without predictions if the user has no history.
    pub fn predicted_cards(&self, movies: &[MovieIdx]) -> Result<Vec<MovieCard<'_>>, QueryError> {
        let query = Query { explain: false, ..self.query(1) };
        let (request, _) = self.recommender().resolve(&query)?;
        if request.history.is_empty() {
            return Ok(movies.iter().map(|movie| self.movie(*movie)).collect());
        }
        let assessed = self.recommender().score_movies(&request, movies).into_iter();
        let movies = assessed.map(|recommended| {
            let movie = recommended.movie;
            MovieCard { details: Some(details(recommended)), ..self.movie(movie) }
        });
        Ok(movies.collect())
    }

    /// Returns a movie's card without reasons.
    pub fn movie(&self, index: MovieIdx) -> MovieCard<'_> {
        let recommender = self.recommender();
        let movie = recommender.movie(index);
        MovieCard {
            item: Item::from_movie(recommender, index, self.region),
            details: None,
            status: MovieStatus::from_history(&self.history, movie.movie_id),
        }
    }

    /// Looks up a movie by id; `None` if it is no longer in the catalog.
    pub fn find(&self, movie_id: MovieId) -> Option<MovieIdx> {
        self.recommender().vocabulary().index_of(movie_id)
    }
}
