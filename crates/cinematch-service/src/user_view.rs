//! A user's view of the catalog: the loaded bundle, the user's history, and movies with reasons and feedback.

use std::sync::Arc;

use cinematch::date::Date;
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::{Filters, Query, QueryError, Recommendation, Recommender, Request};
use cinematch_store::{MovieFeedback, Profile, UserHistory};

use crate::error::{ServiceError, ServiceFuture};
use crate::item::{Item, RecommendationDetails};
use crate::listing::details;
use crate::personal::base_query;
use crate::preferences;
use crate::search::hits;
use crate::service::Service;
use crate::serving::Serving;
use crate::similar::similar_movies;

/// A movie with the user's feedback on it.
#[derive(Debug)]
pub struct MovieCard<'a> {
    /// Facts about the movie.
    pub item: Item<'a>,
    /// Score, reasons and prediction; `None` if the movie wasn't ranked.
    pub details: Option<RecommendationDetails<'a>>,
    /// The user's feedback on the movie.
    pub status: MovieStatus,
    /// True if the movie has been released.
    pub is_released: bool,
}

/// A user's feedback on a movie, and whether it is on their watchlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MovieStatus {
    /// Rating, reaction and watched mark; `None` if the user has given no feedback.
    pub feedback: Option<MovieFeedback>,
    /// True if the movie is on the user's watchlist.
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

/// The bundle and the user's history, loaded once per page so that all parts of the page agree.
#[derive(Debug)]
pub struct UserView {
    /// The loaded generation.
    pub serving: Arc<Serving>,
    /// The user's feedback, watchlist and preferences.
    pub history: Arc<UserHistory>,
    /// Index of the region whose services are shown; `None` selects the server's default.
    pub region: Option<usize>,
    /// Date of the request, in UTC.
    pub today: Date,
}

impl UserView {
    /// Loads the bundle and the user's history.
    pub fn load<'a>(service: &'a Service, profile: &'a Profile) -> ServiceFuture<'a, Self> {
        Box::pin(async move {
            let serving = service.serving();
            let history = service.user_history(&profile.key()).await?;
            let mut query = Query::default();
            preferences::apply(&history.preferences, &serving.bundle.recommender, &mut query);
            let index = serving.bundle.recommender.index();
            let region = query.filters.region.as_deref().and_then(|code| index.find_region(code));
            Ok(Self { serving, history, region, today: service.today() })
        })
    }

    /// Returns the recommender of the loaded generation.
    pub fn recommender(&self) -> &Recommender {
        &self.serving.bundle.recommender
    }

    /// Returns the code of the region whose services are shown; `None` for the server's default.
    pub fn region_code(&self) -> Option<String> {
        let regions = self.recommender().index().regions();
        self.region.map(|region| regions[region].code().to_owned())
    }

    /// Returns the age limit of a child's profile.
    pub fn max_age(&self) -> Option<u8> {
        self.history.preferences.max_age
    }

    /// Builds a query from the user's history and preferences. It excludes movies with feedback and movies on the
    /// watchlist.
    pub fn query(&self, limit: usize) -> Query {
        let mut query = base_query(&self.history, false);
        preferences::apply(&self.history.preferences, self.recommender(), &mut query);
        query.limit = limit;
        query.today = Some(self.today);
        query
    }

    /// Builds a query like [`UserView::query`], but without the user's feedback on a movie, so that the movie can be
    /// listed.
    pub fn query_without(&self, movie_id: MovieId, limit: usize) -> Query {
        let is_other = |id: &MovieId| *id != movie_id;
        let mut query = self.query(limit);
        query.liked.retain(is_other);
        query.disliked.retain(is_other);
        query.ratings.retain(|rating| is_other(&rating.movie_id));
        query.seen.retain(is_other);
        query
    }

    /// Validates a query and resolves its names and IDs in the catalog.
    pub fn resolve(&self, query: &Query) -> Result<Request, ServiceError> {
        Ok(self.recommender().resolve(query)?.0)
    }

    /// Recommends movies for a query.
    pub fn list(&self, query: &Query) -> Result<Vec<MovieCard<'_>>, ServiceError> {
        Ok(self.recommend(&self.resolve(query)?))
    }

    /// Recommends movies for a resolved query.
    pub fn recommend(&self, request: &Request) -> Vec<MovieCard<'_>> {
        let items = self.recommender().recommend(request).items.into_iter();
        items.map(|recommended| self.recommended(recommended)).collect()
    }

    fn recommended<'a>(&'a self, recommended: Recommendation<'a>) -> MovieCard<'a> {
        let movie = recommended.movie;
        MovieCard { details: Some(details(recommended)), ..self.movie(movie) }
    }

    /// Replaces matches and predicted ratings with those by the user's whole history. Needed for lists that were ranked
    /// by a part of the history or by popularity.
    pub fn assess(&self, movies: &mut [MovieCard<'_>]) -> Result<(), ServiceError> {
        let rows: Vec<MovieIdx> =
            movies.iter().filter_map(|movie| self.find(movie.item.movie_id)).collect();
        let request = self.resolve(&Query { explain: false, ..self.query(1) })?;
        for (movie, assessed) in
            movies.iter_mut().zip(self.recommender().score_movies(&request, &rows))
        {
            if let Some(details) = &mut movie.details {
                details.match_probability = assessed.match_probability;
                details.predicted_rating = assessed.predicted;
            }
        }
        Ok(())
    }

    /// Returns cards with matches and predicted ratings, or without them if the user has no history.
    pub fn assessed_cards(&self, movies: &[MovieIdx]) -> Result<Vec<MovieCard<'_>>, QueryError> {
        let query = Query { explain: false, ..self.query(1) };
        let (request, _) = self.recommender().resolve(&query)?;
        if request.history.is_empty() {
            return Ok(movies.iter().map(|movie| self.movie(*movie)).collect());
        }
        let assessed = self.recommender().score_movies(&request, movies).into_iter();
        Ok(assessed.map(|recommended| self.recommended(recommended)).collect())
    }

    /// Returns up to `limit` movies similar to a movie, ranked independently of the user's history.
    pub fn similar(
        &self,
        index: MovieIdx,
        limit: usize,
    ) -> Result<Vec<MovieCard<'_>>, ServiceError> {
        let recommender = self.recommender();
        let movie_id = recommender.movie(index).movie_id;
        let (max_age, region) = (self.max_age(), self.region_code());
        let filters = Filters { max_age, region, ..Filters::default() };
        let similar = similar_movies(recommender, movie_id, Some(limit), filters, self.today)?;
        let similar = similar.movies.into_iter();
        let card = |(movie, details)| MovieCard { details: Some(details), ..self.movie(movie) };
        Ok(similar.map(card).collect())
    }

    /// Searches for up to `limit` movies within the user's age limit, best first.
    pub fn search(&self, words: &str, limit: usize) -> Vec<MovieCard<'_>> {
        let max_age = self.max_age();
        let n_movies = self.recommender().movies().len();
        let hits = hits(&self.serving, words, if max_age.is_some() { n_movies } else { limit });
        let index = self.recommender().index();
        let suitable =
            hits.into_iter().filter(|hit| index.is_suitable(hit.movie, max_age, self.region));
        suitable.take(limit).map(|hit| self.movie(hit.movie)).collect()
    }

    /// Returns a movie's card without reasons.
    pub fn movie(&self, index: MovieIdx) -> MovieCard<'_> {
        let recommender = self.recommender();
        let movie = recommender.movie(index);
        MovieCard {
            item: Item::from_movie(recommender, index, self.region),
            details: None,
            status: MovieStatus::from_history(&self.history, movie.movie_id),
            is_released: movie.release().is_released(Some(self.today)),
        }
    }

    /// Looks up a movie by ID; `None` if it is no longer in the catalog.
    pub fn find(&self, movie_id: MovieId) -> Option<MovieIdx> {
        self.recommender().vocabulary().index_of(movie_id)
    }
}
