//! The list of models. Everything that depends on a model's kind is derived from it.

use std::io;

use serde::{Deserialize, Serialize};

use super::archive::{Archive, ArchiveContext, ReadArchive};
use super::biased_mf::{BiasedMf, BiasedMfParams};
use super::cold_start::NewMovies;
use super::content::{ContentParams, StandaloneContent};
use super::contributions::Contributions;
use super::draw::Draw;
use super::ease::{Ease, EaseParams, Edlae};
use super::hybrid::Hybrid;
use super::ials::{Ials, IalsParams};
use super::implicit::Confidence;
use super::interface::{
    FitCause, FittedModel as _, ModelParams as _, ParameterError, SearchSpace, TrainingData,
    check_not_negative,
};
use super::item_item::ItemItem;
use super::knn::{ItemKnnParams, UserKnn, UserKnnParams};
use super::model::{Model, Scaling};
use super::popular::{Popular, PopularParams, PopularRecentParams, TopRatedParams};
use super::svd::{Svd, SvdParams};
use super::taste::{Taste, TasteParams};
use super::trend::{Trend, TrendParams};
use crate::catalog::Rated;
use crate::ids::MovieIdx;

/// Generates the dispatch code from lines of the form
/// `variant of Fitted (fitted model): variant of Kind (parameters) = "name", …;`.
macro_rules! registry {
    ($($fitted:ident($model:ty): $($kind:ident($params:ty) = $name:literal),+;)+) => {
        const N_MODELS: usize = 1 + [$($($name),+),+].len();

        /// Names of all models. The default model comes first.
        pub const NAMES: [&str; N_MODELS] = ["hybrid", $($($name),+),+];

        /// Name and parameters of a model. In JSON, `name` is a field alongside the parameters.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name")]
        pub enum Kind {
            /// Weighted sum of other models.
            #[serde(rename = "hybrid")]
            Hybrid {
                /// The models with their weights.
                parts: Vec<Weighted>,
            },
            $($(
                #[doc = concat!("Parameters of the `", $name, "` model.")]
                #[serde(rename = $name)]
                $kind($params),
            )+)+
        }

        /// A fitted model of any kind.
        #[derive(Clone, Debug)]
        pub enum Fitted {
            $(
                #[doc = concat!("Fitted form of the models", $(" `", $name, "`",)+ ".")]
                $fitted($model),
            )+
            /// Weighted sum of other models.
            Hybrid(Hybrid<Fitted>),
        }

        impl Kind {
            /// Returns the name of the model.
            pub fn name(&self) -> &'static str {
                match self {
                    Self::Hybrid { .. } => "hybrid",
                    $($(Self::$kind(_) => $name,)+)+
                }
            }

            /// Returns the model called `name` with recommended parameters, or `None` if the name is unknown.
            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    "hybrid" => Some(Self::recommended_hybrid()),
                    $($($name => Some(Self::$kind(<$params>::recommended())),)+)+
                    _ => None,
                }
            }

            /// Returns true if fitting requires ratings.
            pub fn learns_from_ratings(&self) -> bool {
                match self {
                    Self::Hybrid { .. } => true,
                    $($(Self::$kind(_) => <$params>::LEARNS_FROM_RATINGS,)+)+
                }
            }

            /// Returns true if the model has parameters for `cinematch tune` to search.
            pub(crate) fn is_tunable(&self) -> bool {
                match self {
                    Self::Hybrid { .. } => true,
                    $($(Self::$kind(_) => <$params>::SEARCH.is_some(),)+)+
                }
            }

            /// Draws parameters, and the weight of ratings of 3 and 3.5 stars, for a `cinematch tune` trial.
            pub(crate) fn draw(&mut self, confidence: &mut Confidence, draw: &mut Draw) {
                match self {
                    Self::Hybrid { parts } => draw_weights(parts, draw),
                    $($(Self::$kind(params) => {
                        let search: Option<SearchSpace<$params>> = <$params>::SEARCH;
                        if let Some(search) = search {
                            search(params, confidence, draw);
                        }
                    })+)+
                }
            }

            /// Returns the range of weights that `cinematch tune` tries for the model in a hybrid.
            fn hybrid_weights(&self) -> (f64, f64) {
                match self {
                    Self::Hybrid { .. } => (0.05, 8.0),
                    $($(Self::$kind(_) => <$params>::HYBRID_WEIGHTS,)+)+
                }
            }

            /// Checks the parameters of a model that is not a hybrid.
            pub(super) fn validate(&self) -> Result<(), FitCause> {
                match self {
                    Self::Hybrid { .. } => Err(FitCause::InvalidHybrid),
                    $($(Self::$kind(params) => Ok(params.validate()?),)+)+
                }
            }

            /// Sets the seed of every model that draws random numbers.
            pub(super) fn set_seed(&mut self, seed: u64) {
                match self {
                    Self::Hybrid { parts } => {
                        for part in parts {
                            part.model.set_seed(seed);
                        }
                    }
                    $($(Self::$kind(params) => params.set_seed(seed),)+)+
                }
            }

            /// Fits a model that is not a hybrid.
            pub(super) fn fit(
                &self,
                data: &TrainingData<'_>,
                progress: &mut dyn FnMut(f32),
            ) -> Result<Fitted, FitCause> {
                match self {
                    Self::Hybrid { .. } => Err(FitCause::InvalidHybrid),
                    $($(Self::$kind(params) => params.fit(data, progress).map(Fitted::$fitted),)+)+
                }
            }

            /// Returns the fitted model with the new movies appended. Replaces any rows that an earlier
            /// extension appended. Hybrids and the content model are returned unchanged: a hybrid's models
            /// are extended separately, and the content model is fitted again.
            pub fn extended(&self, model: &Fitted, new_movies: &NewMovies<'_>) -> Fitted {
                match (self, model) {
                    $($(
                        (Self::$kind(params), Fitted::$fitted(model)) => {
                            Fitted::$fitted(params.extended(model, new_movies))
                        }
                    )+)+
                    (_, other) => other.clone(),
                }
            }

            /// Restores a fitted model from its archive.
            pub(crate) fn restore(
                &self,
                context: ArchiveContext,
                archive: &dyn ReadArchive,
            ) -> io::Result<Fitted> {
                match self {
                    Self::Hybrid { .. } => Err(io::Error::other("a hybrid has no archive")),
                    $($(
                        Self::$kind(params) => {
                            params.restore(context, archive).map(Fitted::$fitted)
                        }
                    )+)+
                }
            }
        }

        impl Fitted {
            fn model(&self) -> &dyn Model {
                match self {
                    $(Self::$fitted(model) => model,)+
                    Self::Hybrid(model) => model,
                }
            }

            /// Returns true if ratings of `movie` influenced the model's parameters. Always returns false for
            /// hybrids, whose models must be checked instead.
            pub fn has_learned(&self, movie: MovieIdx) -> bool {
                match self {
                    $(Self::$fitted(model) => model.has_learned(movie),)+
                    Self::Hybrid(_) => false,
                }
            }

            /// Returns the arrays needed to restore the model, or `None` if it has no archive.
            pub(crate) fn archive(&self) -> Option<Archive<'_>> {
                match self {
                    $(Self::$fitted(model) => model.archive(),)+
                    Self::Hybrid(_) => None,
                }
            }
        }
    };
}

registry! {
    ItemItem(ItemItem): Edlae(Edlae) = "edlae", Ease(Ease) = "ease",
        ItemKnn(ItemKnnParams) = "item-knn";
    Ials(Ials): Ials(IalsParams) = "ials";
    Svd(Svd): Svd(SvdParams) = "svd";
    UserKnn(UserKnn): UserKnn(UserKnnParams) = "user-knn";
    BiasedMf(BiasedMf): BiasedMf(BiasedMfParams) = "biased-mf";
    Content(StandaloneContent): Content(ContentParams) = "content";
    Popular(Popular): Popular(PopularParams) = "popular",
        PopularRecent(PopularRecentParams) = "popular-recent", TopRated(TopRatedParams) = "top-rated";
    Taste(Taste): Taste(TasteParams) = "taste";
    Trend(Trend): Trend(TrendParams) = "trend";
}

/// A model in a hybrid, with its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    /// Weight of the model's scores, which are first divided by their root mean square.
    pub weight: f32,
    /// Name and parameters of the model, which must not be a hybrid.
    pub model: Kind,
}

impl Weighted {
    /// Checks that the weight is 0 or higher.
    pub(super) fn validate_weight(&self) -> Result<(), ParameterError> {
        check_not_negative("weight", self.weight)
    }
}

impl Kind {
    /// Returns the default hybrid. EDLAE models pairs of movies, with features where there are few ratings,
    /// iALS generalizes further, content covers movies without ratings, popularity covers users without a
    /// history, and taste corrects the other models' preference for popular movies. Most content scores are
    /// above 0, so their root mean square is large and content needs a large weight. The weights lie on a wide
    /// plateau on the validation split; see `docs/evaluation.md`.
    fn recommended_hybrid() -> Self {
        let part = |weight, model| Weighted { weight, model };
        Self::Hybrid {
            parts: vec![
                part(
                    1.0,
                    Self::Edlae(Edlae(EaseParams {
                        feature_weight: 200.0,
                        ..Edlae::recommended().0
                    })),
                ),
                part(1.15, Self::Ials(IalsParams::recommended())),
                part(1.55, Self::Content(ContentParams::recommended())),
                part(0.01, Self::Popular(PopularParams::recommended())),
                part(0.11, Self::Trend(TrendParams::recommended())),
                part(1.0, Self::Taste(TasteParams::recommended())),
            ],
        }
    }
}

/// Draws the weights of a hybrid's models relative to the first weight, which does not change.
fn draw_weights(parts: &mut [Weighted], draw: &mut Draw) {
    for part in parts.iter_mut().skip(1) {
        let (from, to) = part.model.hybrid_weights();
        part.weight = draw.log_uniform(from, to);
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

    fn uses_features(&self) -> bool {
        self.model().uses_features()
    }

    fn terms(&self, history: &[Rated]) -> Vec<Vec<f32>> {
        self.model().terms(history)
    }

    fn emphasis(&self, history: &[Rated]) -> f32 {
        self.model().emphasis(history)
    }

    fn scaling(&self) -> Scaling {
        self.model().scaling()
    }
}
