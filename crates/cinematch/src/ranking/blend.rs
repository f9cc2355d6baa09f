//! Blends the content model with models trained on ratings.

use crate::models::biased_mf::BiasedMf;
use crate::models::{Fitted, Model as _, Scaling};
use crate::sources::excerpt;

/// The content model and models trained on ratings, with their weights.
#[derive(Clone, Debug)]
pub struct Blend {
    /// Name of the blend, such as `hybrid`.
    pub name: &'static str,
    /// The models trained on ratings.
    pub models: Vec<WeightedModel>,
    /// Weight of the content model, 0 or higher.
    pub content: f32,
}

/// A model trained on ratings, with its weight in a blend.
#[derive(Clone, Debug)]
pub struct WeightedModel {
    /// Name of the model, such as `ials`.
    pub name: &'static str,
    /// The base model. Never a content model or a hybrid.
    pub model: Fitted,
    /// Weight of the model, 0 or higher.
    pub weight: f32,
}

/// Selects which models in a blend are used for ranking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// All models, with their weights in the blend.
    #[default]
    All,
    /// The content model alone.
    Content,
    /// A single model trained on ratings, given by its index in [`Blend::models`].
    Only(usize),
}

/// Error returned when selecting a model that is not in the blend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown model `{name}`; available: {available}")]
pub struct UnknownModel {
    name: String,
    available: String,
}

const CONTENT: &str = "content";

impl Blend {
    /// A blend consisting of only the content model.
    pub const CONTENT: Self = Self { name: CONTENT, models: Vec::new(), content: 1.0 };

    /// Returns the model called `name`, or all models if `name` is the name of the blend.
    pub(super) fn find(&self, name: &str) -> Result<ModelChoice, UnknownModel> {
        let found =
            self.names().find_map(|(candidate, choice)| (candidate == name).then_some(choice));
        found.ok_or_else(|| {
            let available: Vec<&str> = self.names().map(|(name, _)| name).collect();
            UnknownModel { name: excerpt(name), available: available.join(", ") }
        })
    }

    /// Returns the names of the blend and its models. A blend of one model has a single name.
    fn names(&self) -> impl Iterator<Item = (&'static str, ModelChoice)> {
        let models = self.models.iter().enumerate();
        let models = models.map(|(index, model)| (model.name, ModelChoice::Only(index)));
        let content = (self.content > 0.0).then_some((CONTENT, ModelChoice::Content));
        let is_single =
            self.name == CONTENT || self.models.iter().any(|model| model.name == self.name);
        let single = models.chain(content).filter(move |_| !is_single);
        std::iter::once((self.name, ModelChoice::All)).chain(single)
    }

    /// Returns the content model's weight under `choice`.
    pub(super) fn content_weight(&self, choice: ModelChoice) -> f32 {
        match choice {
            ModelChoice::All => self.content,
            ModelChoice::Content => 1.0,
            ModelChoice::Only(_) => 0.0,
        }
    }

    /// Returns the models trained on ratings, with their weights under `choice`.
    pub(super) fn weighted(&self, choice: ModelChoice) -> impl Iterator<Item = (&Fitted, f32)> {
        self.models.iter().enumerate().map(move |(place, WeightedModel { model, weight, .. })| {
            let weight = match choice {
                ModelChoice::All => *weight,
                ModelChoice::Only(only) if only == place => 1.0,
                ModelChoice::Only(_) | ModelChoice::Content => 0.0,
            };
            (model, weight)
        })
    }

    /// Returns the positions and weights of the models with this `scaling` and a weight above 0.
    pub(super) fn ranking(
        &self,
        choice: ModelChoice,
        scaling: Scaling,
    ) -> impl Iterator<Item = (usize, f32)> {
        let weighted = self.weighted(choice).enumerate();
        let ranking = weighted
            .filter(move |(_, (model, weight))| *weight > 0.0 && model.scaling() == scaling);
        ranking.map(|(index, (_, weight))| (index, weight))
    }

    /// Returns the model that predicts ratings under `choice`. If all models are chosen, its weight may be 0.
    pub(super) fn star_model(&self, choice: ModelChoice) -> Option<&BiasedMf> {
        self.weighted(choice).find_map(|(model, weight)| match model {
            Fitted::BiasedMf(model) if weight > 0.0 || choice == ModelChoice::All => Some(model),
            _ => None,
        })
    }

    /// Returns the popularity model's scores, which count the training users who liked each movie. Returns
    /// `None` if the blend has no popularity model.
    pub(super) fn popularity_scores(&self) -> Option<Vec<f32>> {
        self.models.iter().find_map(|weighted| match &weighted.model {
            Fitted::Popular(model) => Some(model.scores().to_vec()),
            _ => None,
        })
    }

    /// Returns each movie's recent popularity among the training users. Returns `None` if the blend has no trend model.
    pub(super) fn recent_popularity(&self) -> Option<Vec<f32>> {
        self.models.iter().find_map(|weighted| match &weighted.model {
            Fitted::Trend(model) => Some(model.recent().to_vec()),
            _ => None,
        })
    }
}
