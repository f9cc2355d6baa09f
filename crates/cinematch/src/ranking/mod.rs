//! Ranking: turns a user's query into a ranked list with explanations.
//!
//! A score is a sum of terms: affinity to the user's history, preferred genres and quality, minus a novelty
//! penalty for well-known movies. Affinity comes from the content model, or from a [`Blend`] of the content
//! model with models trained on ratings. With [`Order::Popularity`], a score is the movie's popularity alone.
//! Every term is reported as a [`Reason`], and the contributions of the reasons add up to the score.
//!
//! | to | call |
//! |---|---|
//! | validate a [`Query`] | [`Recommender::resolve`] |
//! | list movies for a user | [`Recommender::recommend`] |
//! | score given movies for a user | [`Recommender::score_movies`] |
//! | list movies for a group | [`Recommender::recommend_group`] |
//! | find a movie's rank without one movie in the history | [`Recommender::counterfactuals`] |
//! | choose movies for a new user to pick from | [`Recommender::taste_wall`] |
//! | put reasons into words | [`wording`] |

mod blend;
mod blending;
mod calibrate;
mod counterfactual;
mod diversify;
mod feedback;
mod group;
mod match_scale;
mod onboarding;
mod popularity;
mod quality;
mod query;
mod ranked;
mod reasons;
mod recommend;
mod recommender;
mod request;
mod resolve;
mod score_terms;
mod series_order;
mod wall;

pub use blend::{Blend, ModelChoice, UnknownModel, WeightedModel};
pub use counterfactual::Counterfactual;
pub use feedback::Feedback;
pub use group::{
    DEFAULT_VETO_SHARE, Group, GroupError, GroupRanked, GroupRecommendation, MAX_MEMBERS,
    MemberScore, Strategy,
};
pub use match_scale::{HistoryCounts, MATCH_BAND, MatchSample, MatchScale, UserMatchScale};
pub use popularity::{Order, PopularitySource};
pub use query::{DEFAULT_LIMIT, FieldError, Filters, GenreFilter, Query, QueryError, Rating};
pub use ranked::{Ranked, Recommendation, Shortfall};
pub use reasons::reason::Reason;
pub use reasons::wording;
pub use reasons::wording::explanation;
pub use recommender::{Recommender, Votes};
pub use request::{HistoryItem, Request};
pub use resolve::unknown_region_message;

#[cfg(test)]
mod tests;
