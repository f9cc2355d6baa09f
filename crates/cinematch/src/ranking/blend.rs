//! Blends of the content model with models trained on ratings.

use crate::models::Fitted;
use crate::models::biased_mf::BiasedMf;
use crate::sources::excerpt;

/// The content model and models trained on ratings, with their weights.
#[derive(Clone, Debug)]
pub struct Blend {
    /// Name of the blend.
    pub name: &'static str,
    /// Models trained on ratings.
    pub models: Vec<WeightedModel>,
    /// Weight of the content model.
    pub content: f32,
}

/// A model trained on ratings, with its weight in a blend.
#[derive(Clone, Debug)]
pub struct WeightedModel {
    /// Name of the model.
    pub name: &'static str,
    /// The model; neither the content model nor a hybrid.
    pub model: Fitted,
    /// Weight of the model.
    pub weight: f32,
}

/// Selects the models of a blend that rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// All models, by their weights.
    #[default]
    All,
    /// The content model only.
    Content,
    /// One model trained on ratings, by its position in [`Blend::models`].
    Only(usize),
}

/// The blend has no model with the requested name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown model `{name}`; available: {available}")]
pub struct UnknownModel {
    name: String,
    available: String,
}

const CONTENT: &str = "content";

impl Blend {
    /// The content model only.
    pub const CONTENT: Self = Self { name: CONTENT, models: Vec::new(), content: 1.0 };

    /// Returns the choice that a name stands for: one of the models, or the name of the blend for all.
    pub(super) fn find(&self, name: &str) -> Result<ModelChoice, UnknownModel> {
        let found = self.names().find_map(|(known, choice)| (known == name).then_some(choice));
        found.ok_or_else(|| {
            let available: Vec<&str> = self.names().map(|(name, _)| name).collect();
            UnknownModel { name: excerpt(name), available: available.join(", ") }
        })
    }

    /// Names of the blend and of its models. A blend of one model has one name.
    fn names(&self) -> impl Iterator<Item = (&'static str, ModelChoice)> {
        let models = self.models.iter().enumerate();
        let models = models.map(|(place, model)| (model.name, ModelChoice::Only(place)));
        let content = (self.content > 0.0).then_some((CONTENT, ModelChoice::Content));
        let is_single =
            self.name == CONTENT || self.models.iter().any(|model| model.name == self.name);
        let single = models.chain(content).filter(move |_| !is_single);
        std::iter::once((self.name, ModelChoice::All)).chain(single)
    }

    /// Weight of the content model under a choice.
    pub(super) fn content_weight(&self, choice: ModelChoice) -> f32 {
        match choice {
            ModelChoice::All => self.content,
            ModelChoice::Content => 1.0,
            ModelChoice::Only(_) => 0.0,
        }
    }

    /// Models trained on ratings with their weights under a choice.
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

    /// The model that predicts stars under a choice. As part of the whole blend its weight may be 0.
    pub(super) fn star_model(&self, choice: ModelChoice) -> Option<&BiasedMf> {
        self.weighted(choice).find_map(|(model, weight)| match model {
            Fitted::BiasedMf(model) if weight > 0.0 || choice == ModelChoice::All => Some(model),
            _ => None,
        })
    }

    /// Scores of the popularity model, by movie: how many training users liked each.
    pub(super) fn popularity_scores(&self) -> Option<Vec<f32>> {
        self.models.iter().find_map(|weighted| match &weighted.model {
            Fitted::Popular(model) => Some(model.scores().to_vec()),
            _ => None,
        })
    }
}
