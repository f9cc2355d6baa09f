//! The taste wall: the movies that onboarding can show, and the choice among them.
//!
//! Users recognize movies faster than they answer questions, so onboarding shows many covers at once, and the user taps
//! those that they like. A wall should contain something for every taste, even if a taste's best-known movie is known
//! to few. Tastes are genres, genres of an era, languages, genres and eras of movies in other
//! languages, and directors.
//!
//! Movies are chosen greedily, each by the product of the probability that the user knows it and
//!
//! - its *exploration*: Σ weightₜ · standing(movie, t) · Π (1 − κ · standing(shown, t)) over its tastes t, where the
//!   product is over all movies shown so far, or
//! - its *fit* to the user's history: the score of the blend.
//!
//! The first wall explores. Once there is a history, two of three movies fit it.
//!
//! The exploration is the gain of the coverage function of Agrawal, Gollapudi, Halverson and Ieong ("Diversifying
//! search results", 2009): the probability that a shown movie satisfies the user, summed over what they may want.
//! The function is submodular, so greedy choice comes within 1 − 1/e of its maximum (Nemhauser, Wolsey and Fisher
//! 1978). A movie that was shown but not tapped explores as well: the user does not seem to have its tastes.
//!
//! - **Time**: O(length of all overviews + movies · log movies) for the pool, O(n · tastes of the pool) for a wall,
//!   plus one ranking of the catalog with a history. **Memory**: about 1 MB.
//! - **Results**: `docs/onboarding.md`.

mod origin;
mod pool;
mod tastes;

pub(super) use pool::WallPool;
