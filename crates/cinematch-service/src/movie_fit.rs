//! How well a movie fits a user, with reasons.

use cinematch::ids::MovieIdx;
use cinematch::ranking::{Filters, Ranked, Recommendation, Request};

use crate::error::ServiceError;
use crate::user_view::UserView;

/// A movie's assessment for the user, without the user's own feedback on it.
#[derive(Clone, Debug)]
pub struct MovieFit<'a> {
    /// Score, reasons and predicted rating.
    pub recommendation: Recommendation<'a>,
    /// Rank among all movies that the user hasn't seen, from 1; `None` if the user has no history.
    pub place: Option<usize>,
    /// Sentence that names the movie in the user's history with the largest effect on this movie's rank.
    pub counterfactual: Option<String>,
    /// True if the user has a history.
    pub is_known: bool,
}

impl<'a> MovieFit<'a> {
    /// Scores the movie by the user's history without the movie itself. O(movies in the catalog).
    pub fn new(view: &'a UserView, movie: MovieIdx) -> Result<Self, ServiceError> {
        let recommender = view.recommender();
        let movie_id = recommender.movie(movie).movie_id;
        let mut query = view.query_without(movie_id, 1);
        // Ignores the preferred length and services, which the page shows elsewhere.
        query.filters =
            Filters { include_adult: true, include_unreleased: true, ..Filters::default() };
        let request = view.resolve(&query)?;
        let is_known = !request.history.is_empty();
        let recommendation = recommender.score_movies(&request, &[movie]).remove(0);
        let place = if is_known { recommender.place(&request, movie) } else { None };
        let counterfactual = place.and_then(|place| {
            let page = Request { offset: place - 1, ..request };
            // The list that starts at this rank begins with the movie.
            let ranked = Ranked { items: vec![recommendation.clone()], shortfall: None };
            recommender.counterfactuals(&page, &ranked).into_iter().flatten().next()
        });
        // Shown only if the movie would rank lower without it.
        let counterfactual =
            counterfactual.filter(|without| without.counterfactual_place > without.place);
        let counterfactual = counterfactual.map(|without| format!("{without}."));
        Ok(Self { recommendation, place, counterfactual, is_known })
    }
}
