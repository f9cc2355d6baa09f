//! The taste wall: the movies that onboarding can show, and the choice among them.
//!
//! Users recognize a cover faster than they answer a question, so onboarding shows many covers at once, and
//! the user taps those that they like. A wall should contain something for every taste, even if few users
//! know the best-known movie of a taste. Tastes are genres, genres of an era, languages, genres and eras of
//! movies in other languages, and directors.
//!
//! Movies are chosen greedily, each by the product of the probability that the user knows it (its root, for
//! the fit) and
//!
//! - its *exploration*: Σ weightₜ · standing(movie, t) · Π (1 − κ · standing(shown, t)) over its tastes t,
//!   where the product is over all movies shown so far, or
//! - its *fit* to the user's history: the score of the blend.
//!
//! The first wall explores. Once there is a history, two of three movies fit it.
//!
//! The exploration is the gain of the coverage function of Agrawal, Gollapudi, Halverson and Ieong
//! ("Diversifying search results", 2009): the probability that a shown movie satisfies the user, summed over
//! the tastes that they may have. The function is submodular, so greedy choice comes within 1 − 1/e of its
//! maximum (Nemhauser, Wolsey and Fisher 1978). A movie that was shown but not tapped explores as well: the
//! user probably does not share its tastes.
//!
//! - **Time**: O(length of all overviews + movies · log movies) for the pool, O(n · tastes of the pool) for a
//!   wall, plus one ranking of the catalog with a history. **Memory**: about 1 MB.
//! - **Results**: `docs/onboarding.md`.

mod origin;
mod pool;
mod tastes;

pub(super) use pool::WallPool;
