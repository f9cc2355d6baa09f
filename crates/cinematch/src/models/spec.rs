//! Model specifications: name, parameters, and rating weights. Specifications are tuned, fitted, evaluated,
//! and stored in manifests.

use serde::{Deserialize, Serialize};

use super::biased_mf::BiasedMfParams;
use super::content::ContentParams;
use super::hybrid::Hybrid;
use super::implicit::Confidence;
use super::interface::{FitCause, ParameterError, TrainingData, TrainingSet, check};
use super::registry::Fitted;
use super::taste::TasteParams;

pub use super::registry::{Kind, NAMES, Weighted};

/// Model specification: everything that determines a fit, except the training data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Rating weights for implicit feedback.
    #[serde(default)]
    pub confidence: Confidence,
    /// Name and parameters of the model.
    pub model: Kind,
}

/// Error returned when a model can't be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{model}: {cause}")]
pub struct FitError {
    /// Name of the model.
    pub model: &'static str,
    /// The reason the model can't be fitted.
    pub cause: FitCause,
}

impl FitError {
    fn of<E: Into<FitCause>>(model: &Kind) -> impl FnOnce(E) -> Self {
        let model = model.name();
        move |cause| Self { model, cause: cause.into() }
    }
}

impl Default for Spec {
    /// Returns the recommended hybrid.
    fn default() -> Self {
        Self::named(NAMES[0]).unwrap_or_else(Self::content)
    }
}

impl Spec {
    /// Returns the content model, which requires no ratings.
    pub fn content() -> Self {
        Self { confidence: Confidence::default(), model: Kind::Content(ContentParams {}) }
    }

    /// Returns the model called `name` with recommended parameters, or `None` if the name is unknown.
    pub fn named(name: &str) -> Option<Self> {
        Some(Self { confidence: Confidence::default(), model: Kind::named(name)? })
    }

    /// Sets the seed of every model that draws random numbers.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.model.set_seed(seed);
        self
    }

    /// Adds a model that predicts ratings to a hybrid that lacks one. Its weight is 0, so it does not affect
    /// the ranking.
    #[must_use]
    pub fn with_predictions(mut self) -> Self {
        if let Kind::Hybrid { parts } = &mut self.model
            && !parts.iter().any(|part| matches!(part.model, Kind::BiasedMf(_)))
        {
            let model = Kind::BiasedMf(BiasedMfParams::default());
            parts.push(Weighted { weight: 0.0, model });
        }
        self
    }

    /// Returns the names and values of the weights of a hybrid's terms: one per model with a weight above 0, but for
    /// `taste` those of its three terms. Other models have none.
    pub fn blend_weights(&mut self) -> Vec<(String, &mut f32)> {
        let Kind::Hybrid { parts } = &mut self.model else { return Vec::new() };
        let mut weights = Vec::new();
        for Weighted { weight, model } in parts.iter_mut().filter(|part| part.weight > 0.0) {
            match model {
                Kind::Taste(TasteParams { genres, decades, popularity }) => weights.extend([
                    ("taste.genres".to_owned(), genres),
                    ("taste.decades".to_owned(), decades),
                    ("taste.popularity".to_owned(), popularity),
                ]),
                _ => weights.push((model.name().to_owned(), weight)),
            }
        }
        weights
    }

    /// Checks that every parameter is within its range.
    pub fn check(&self) -> Result<(), FitError> {
        self.check_confidence().map_err(FitError::of(&self.model))?;
        let Kind::Hybrid { parts } = &self.model else {
            return self.model.validate().map_err(FitError::of(&self.model));
        };
        let mut names: Vec<&str> = parts.iter().map(|part| part.model.name()).collect();
        names.sort_unstable();
        let repeated = names.windows(2).any(|pair| pair[0] == pair[1]);
        if parts.is_empty() || repeated || names.contains(&self.model.name()) {
            return Err(FitError::of(&self.model)(FitCause::InvalidHybrid));
        }
        for part in parts {
            part.validate_weight().map_err(FitError::of(&part.model))?;
            part.model.validate().map_err(FitError::of(&part.model))?;
        }
        Ok(())
    }

    fn check_confidence(&self) -> Result<(), ParameterError> {
        let Confidence { liked, neutral: middling } = self.confidence;
        let is_share = |value| (0.0..=1.0).contains(&value);
        check("liked", liked, liked > 0.0 && is_share(liked), "above 0, at most 1")?;
        check("middling", middling, is_share(middling), "0 to 1")
    }

    /// Fits the model. Calls `progress` with the name of the model being fitted and the fraction of its
    /// training completed, from 0 to 1.
    pub fn fit(
        &self,
        data: TrainingSet<'_>,
        progress: &mut dyn FnMut(&'static str, f32),
    ) -> Result<Fitted, FitError> {
        self.check()?;
        let data = TrainingData::new(data, self.confidence);
        let mut fit = |model: &Kind| {
            let progress = &mut |share| progress(model.name(), share);
            progress(0.0);
            model.fit(&data, progress).map_err(FitError::of(model))
        };
        match &self.model {
            Kind::Hybrid { parts } => {
                let mut fitted = Vec::with_capacity(parts.len());
                for Weighted { weight, model } in parts {
                    fitted.push((fit(model)?, *weight));
                }
                Ok(Fitted::Hybrid(Hybrid::new(fitted)))
            }
            model => fit(model),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Interactions;
    use crate::features::ranking::FeatureSet;
    use crate::ids::Vocabulary;
    use crate::models::content::tests::model;
    use crate::sources::ratings::RatingsRead;

    #[test]
    fn every_registered_model_round_trips_through_json() {
        for name in NAMES {
            let spec = Spec::named(name).unwrap();
            assert_eq!(spec.model.name(), name);
            let json = serde_json::to_string(&spec).unwrap();
            assert!(json.contains(&format!("\"name\":\"{name}\"")), "{json}");
            assert_eq!(serde_json::from_str::<Spec>(&json).unwrap(), spec, "{json}");
        }
        assert_eq!(Spec::named("magic"), None);
        assert_eq!(Spec::named("hybrid"), Some(Spec::default()));
    }

    #[test]
    fn rejects_invalid_parameters() {
        let content = model(FeatureSet::Full);
        let features = content.features();
        let mut read = RatingsRead::default();
        let interactions = Interactions::new("ratings.csv", Vocabulary::new([]), &mut read);
        let data = TrainingSet { interactions: &interactions, users: &[], features };
        for (json, expected) in [
            (r#"{"name": "edlae", "neighbors": 0}"#, "edlae: neighbors is 0; expected 1 or more"),
            (r#"{"name": "ease", "max_movies": 0}"#, "ease: max_movies is 0; expected 1 or more"),
            (r#"{"name": "ials", "factors": 0}"#, "ials: factors is 0; expected 1 to 4096"),
            (r#"{"name": "svd", "factors": 513}"#, "svd: factors is 513; expected 1 to 512"),
            (r#"{"name": "user-knn", "shrinkage": -1}"#, "shrinkage is -1; expected 0 or more"),
            (r#"{"name": "top-rated", "prior": 0}"#, "prior is 0; expected a number above 0"),
            (r#"{"name": "hybrid", "parts": []}"#, "hybrid: expected one or more different models"),
            (
                r#"{"name": "hybrid", "parts": [{"weight": -1, "model": {"name": "popular"}}]}"#,
                "popular: weight is -1; expected 0 or more",
            ),
        ] {
            let spec: Spec = serde_json::from_str(&format!("{{\"model\": {json}}}")).unwrap();
            let error = spec.fit(data, &mut |_, _| ()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let confidence = Confidence { liked: 0.0, neutral: 0.0 };
        let error = Spec { confidence, ..Spec::default() }.fit(data, &mut |_, _| ()).unwrap_err();
        assert_eq!(error.to_string(), "hybrid: liked is 0; expected above 0, at most 1");
    }

    #[test]
    fn uses_defaults_for_missing_fields_and_rejects_unknown_ones() {
        let spec: Spec = serde_json::from_str(r#"{"model": {"name": "edlae"}}"#).unwrap();
        assert_eq!(Some(spec), Spec::named("edlae"));
        let spelled = serde_json::from_str::<Spec>(r#"{"model": {"name": "edlae", "lambda": 3}}"#);
        assert!(spelled.unwrap_err().to_string().contains("unknown field `lambda`"));
    }
}
