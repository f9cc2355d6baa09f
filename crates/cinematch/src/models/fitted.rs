//! Any fitted model.

use super::biased_mf::BiasedMf;
use super::content::ContentAlone;
use super::hybrid::Hybrid;
use super::ials::Ials;
use super::knn::UserKnn;
use super::popular::Popular;
use super::{Contributions, ItemItem, Model};
use crate::catalog::Rated;
use crate::ids::MovieIdx;

/// A fitted model of any kind: what a [`Spec`](super::Spec) makes and files keep.
#[derive(Clone, Debug)]
pub enum Fitted {
    /// Popularity of any kind.
    Popular(Popular),
    /// EASE, EDLAE, item-knn.
    ItemItem(ItemItem),
    /// user-knn.
    UserKnn(UserKnn),
    /// iALS.
    Ials(Ials),
    /// Predicted stars.
    BiasedMf(BiasedMf),
    /// Content.
    Content(ContentAlone),
    /// A weighted sum.
    Hybrid(Hybrid),
}

impl Fitted {
    fn model(&self) -> &dyn Model {
        match self {
            Self::Popular(model) => model,
            Self::ItemItem(model) => model,
            Self::UserKnn(model) => model,
            Self::Ials(model) => model,
            Self::BiasedMf(model) => model,
            Self::Content(model) => model,
            Self::Hybrid(model) => model,
        }
    }
}

impl Model for Fitted {
    fn n_movies(&self) -> usize {
        self.model().n_movies()
    }

    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        self.model().score(history, scores);
    }

    fn score_many(&self, histories: &[&[Rated]], scores: &mut [&mut [f32]]) {
        self.model().score_many(histories, scores);
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        self.model().contributions(history, movies)
    }
}
