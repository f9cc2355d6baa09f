//! Films as pages show them: what they are, why they are there, what the viewer said of them.

use std::sync::Arc;

use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::{Query, QueryError, Recommender, Request};
use cinematch_store::{MovieFeedback, Profile, UserHistory};

use crate::item::{Item, Why};
use crate::problem::Problem;
use crate::routes::listing::why;
use crate::routes::personal::known_of;
use crate::routes::preferences;
use crate::state::{AppState, Serving};

/// A film on a page.
#[derive(Debug)]
pub struct MovieCard<'a> {
    pub item: Item<'a>,
    /// Why it is there, where it was ranked.
    pub why: Option<Why<'a>>,
    pub standing: Standing,
}

/// What somebody said of a film, and whether it is on their watchlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub said: Option<MovieFeedback>,
    pub is_listed: bool,
}

impl Standing {
    /// O(log films spoken of).
    pub fn of(taste: &UserHistory, movie_id: MovieId) -> Self {
        let said = taste.movies.binary_search_by_key(&movie_id, |movie| movie.movie_id);
        Self {
            said: said.ok().map(|at| taste.movies[at].clone()),
            is_listed: taste.listed.binary_search(&movie_id).is_ok(),
        }
    }
}

/// One model and one person, for a whole page.
pub struct Viewing {
    pub serving: Arc<Serving>,
    pub taste: Arc<UserHistory>,
    /// The country whose services count, as the model numbers it; the operator's own, if `None`.
    pub region: Option<usize>,
}

impl Viewing {
    /// What a page for somebody needs.
    pub async fn of(state: &AppState, profile: &Profile) -> Result<Self, Problem> {
        let serving = state.serving();
        let taste = state.taste(&profile.key()).await?;
        let mut query = Query::default();
        preferences::apply(&taste.preferences, &serving.bundle.recommender, &mut query);
        let index = serving.bundle.recommender.index();
        let region = query.filters.region.as_deref().and_then(|code| index.find_region(code));
        Ok(Self { serving, taste, region })
    }

    pub fn recommender(&self) -> &Recommender {
        &self.serving.bundle.recommender
    }

    /// Everything that is known of the person, as a request for recommendations has it. What they have
    /// seen, spoken of or listed is not shown, and their preferences count.
    pub fn query(&self, limit: usize) -> Query {
        let mut query = known_of(&self.taste, false);
        preferences::apply(&self.taste.preferences, self.recommender(), &mut query);
        query.limit = limit;
        query
    }

    /// A query, checked.
    pub fn resolve(&self, query: &Query) -> Result<Request, Problem> {
        Ok(self.recommender().resolve(query)?.0)
    }

    /// The films that a query asks for.
    pub fn list(&self, query: &Query) -> Result<Vec<MovieCard<'_>>, Problem> {
        let request = self.resolve(query)?;
        let ranked = self.recommender().recommend(&request);
        let movies = ranked.items.into_iter().map(|recommended| {
            let movie = recommended.movie;
            MovieCard { why: Some(why(recommended)), ..self.movie(movie) }
        });
        Ok(movies.collect())
    }

    /// Predicts stars by all that is known of the person, where films were listed by a part of it.
    pub fn predict(&self, movies: &mut [MovieCard<'_>]) -> Result<(), Problem> {
        let rows: Vec<MovieIdx> =
            movies.iter().filter_map(|movie| self.find(movie.item.movie_id)).collect();
        let request = self.resolve(&Query { explain: false, ..self.query(1) })?;
        for (movie, assessed) in movies.iter_mut().zip(self.recommender().assess(&request, &rows)) {
            if let Some(why) = &mut movie.why {
                why.predicted_rating = assessed.predicted;
            }
        }
        Ok(())
    }

    /// Films with the stars that are expected of the person, where anything is known of them.
    pub fn predicted(&self, movies: &[MovieIdx]) -> Result<Vec<MovieCard<'_>>, QueryError> {
        let query = Query { explain: false, ..self.query(1) };
        let (request, _) = self.recommender().resolve(&query)?;
        if request.history.is_empty() {
            return Ok(movies.iter().map(|movie| self.movie(*movie)).collect());
        }
        let assessed = self.recommender().assess(&request, movies).into_iter();
        let movies = assessed.map(|recommended| {
            let movie = recommended.movie;
            MovieCard { why: Some(why(recommended)), ..self.movie(movie) }
        });
        Ok(movies.collect())
    }

    /// A film, and what the person said of it.
    pub fn movie(&self, film: MovieIdx) -> MovieCard<'_> {
        let recommender = self.recommender();
        let movie = recommender.movie(film);
        MovieCard {
            item: Item::of(recommender, film, self.region),
            why: None,
            standing: Standing::of(&self.taste, movie.movie_id),
        }
    }

    /// A film of the person's own, by its number; films that left the catalogue are not there.
    pub fn find(&self, movie_id: MovieId) -> Option<MovieIdx> {
        self.recommender().vocabulary().index_of(movie_id)
    }
}
