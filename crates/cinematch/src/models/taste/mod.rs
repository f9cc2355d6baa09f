//! Taste: how well a movie's genres, decade and popularity match those of the movies that the user likes.
//!
//! Models trained on ratings favor popular movies, even for users who like others (Abdollahpouri, Mansoury,
//! Burke, Mobasher and Malthouse, "User-centered Evaluation of Popularity Bias in Recommender Systems", 2021).
//! Steck ("Calibrated Recommendations", 2018) corrects such shifts by reordering a finished list. This model
//! corrects them in the score, so it also acts on movies that would not have made the list.
//!
//! - **Scores**: a weighted sum of three terms, all 0 for a user without liked movies.
//!   - *Genres* and *decades*: Σ shareᵥ · ln(p(v | user) / p(v)). A movie's shares of its genres v add up to 1.
//!     p(v) is the distribution of all likes, and p(v | user) that of the user's likes plus 5 likes
//!     distributed as p(v).
//!     For a history of n ratings, the weights are multiplied by 3 − 2 · n² / (n² + 8²).
//!   - *Popularity*: −niche · (z(movie) − the mean z of the user's likes), where z is log₂(popularity + c)
//!     divided by its standard deviation over all likes. The user's *niche* degree is the share of training
//!     users who like more popular movies on average: 0 for the most mainstream taste, 1 for the most niche.
//!     A fifth of all likes go to movies with fewer than c likes, among which popularity hardly matters.
//! - **In a hybrid**: the scores are not normalized, because their size is meaningful. They are relative to the
//!   score of the user's best movie.
//! - **Time**: O(ratings + movies · log movies) to fit, O(movies) to score. **Memory**: 16 bytes per movie.
//! - **Seed**: none.
//!
//! The archive has the dense arrays `popularity` (one row per movie), `popularity_scale` (c, and the mean and standard
//! deviation of the logarithm) and `popularity_levels` (deciles of the users' mean log₂(popularity + c)). For `genre` and
//! `decade`, it has the arrays `…_pattern` (one row per movie: its row in the next array), `…_shares` and `…_likes` (p).

mod attribute;
mod entry;
mod model;
mod popularity;
mod terms;

pub use entry::TasteParams;
pub use model::Taste;
pub use terms::TasteTerms;

#[cfg(test)]
mod tests;
