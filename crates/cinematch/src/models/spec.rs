//! Models by name, with their parameters: what is tuned, trained, evaluated and kept.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use super::biased_mf::{BiasedMfError, BiasedMfParams};
use super::content::ContentAlone;
use super::ease::{EaseError, EaseParams};
use super::hybrid::Hybrid;
use super::ials::{IalsError, IalsParams};
use super::knn::{ItemKnnParams, UserKnnParams};
use super::popular::Popularity;
use super::{Confidence, Fitted, Implicit};
use crate::catalog::Interactions;
use crate::features::ranking::RankingFeatures;
use crate::ids::UserIdx;

/// A model that can be fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// How much a rating counts as liked.
    #[serde(default)]
    pub confidence: Confidence,
    /// The model.
    pub model: Kind,
}

/// A model's name and parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Kind {
    /// What most liked.
    Popular,
    /// What most liked lately: a like counts half after so many days.
    PopularRecent {
        /// Those days.
        half_life_days: f32,
    },
    /// What has the best stars: as if so many users had given each film the mean of all ratings.
    TopRated {
        /// Those users.
        prior: f32,
    },
    /// Films like those of the history, by who liked them.
    ItemKnn(ItemKnnParams),
    /// What those like who like the same.
    UserKnn(UserKnnParams),
    /// The best linear model of films on films; `dropout` is not used.
    Ease(EaseParams),
    /// The same, with regularisation by how often a film was seen.
    Edlae(EaseParams),
    /// Factors of users and films.
    Ials(IalsParams),
    /// Predicted stars.
    BiasedMf(BiasedMfParams),
    /// Films like those of the history, by what they are.
    Content,
    /// A weighted sum of models.
    Hybrid {
        /// The models.
        parts: Vec<Weighted>,
    },
}

/// A model of a hybrid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    /// What its scores count, each model's brought to one scale.
    pub weight: f32,
    /// The model, which is no hybrid.
    pub model: Kind,
}

/// What models learn from.
#[derive(Clone, Copy, Debug)]
pub struct TrainingSet<'a> {
    /// Ratings.
    pub interactions: &'a Interactions,
    /// The users whose ratings count.
    pub users: &'a [UserIdx],
    /// The films' ranking rows, in the columns' order.
    pub features: &'a RankingFeatures,
}

/// A model that cannot be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// EASE or EDLAE.
    #[error("{name}: {cause}")]
    Ease {
        /// Which.
        name: &'static str,
        /// Why.
        cause: EaseError,
    },
    /// iALS.
    #[error("ials: {0}")]
    Ials(IalsError),
    /// Biased matrix factorisation.
    #[error("biased-mf: {0}")]
    BiasedMf(BiasedMfError),
    /// A hybrid of hybrids, of one model twice, or of nothing.
    #[error("hybrid: expected one model or more, none of them twice, none a hybrid")]
    Parts,
    /// A number outside its range.
    #[error("{name}: {parameter} is {value}; expected {expected}")]
    OutOfRange {
        /// The model.
        name: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// What it is.
        value: f32,
        /// What it may be.
        expected: &'static str,
    },
}

/// The parameters of one model, each within its range or an error.
#[derive(Clone, Copy)]
struct Ranges {
    name: &'static str,
}

impl Ranges {
    fn check(
        self,
        parameter: &'static str,
        value: f32,
        fits: impl Fn(f32) -> bool,
        expected: &'static str,
    ) -> Result<(), FitError> {
        let out = FitError::OutOfRange { name: self.name, parameter, value, expected };
        if value.is_finite() && fits(value) { Ok(()) } else { Err(out) }
    }

    fn positive(self, parameter: &'static str, value: f32) -> Result<(), FitError> {
        self.check(parameter, value, |value| value > 0.0, "a number above 0")
    }

    fn not_negative(self, parameter: &'static str, value: f32) -> Result<(), FitError> {
        self.check(parameter, value, |value| value >= 0.0, "a number of 0 or more")
    }

    fn count(self, parameter: &'static str, value: usize) -> Result<(), FitError> {
        self.check(parameter, value as f32, |value| value >= 1.0, "1 or more")
    }
}

/// Names of models, the default first.
pub const NAMES: [&str; 11] = [
    "hybrid",
    "edlae",
    "ease",
    "ials",
    "item-knn",
    "user-knn",
    "biased-mf",
    "content",
    "popular",
    "popular-recent",
    "top-rated",
];

impl Default for Spec {
    fn default() -> Self {
        Self { confidence: Confidence::default(), model: Kind::hybrid() }
    }
}

impl Spec {
    /// Content alone: what needs no ratings.
    pub fn content() -> Self {
        Self { confidence: Confidence::default(), model: Kind::Content }
    }

    /// The same with another seed for whatever draws at random.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.model.set_seed(seed);
        self
    }

    /// The same with predicted stars: a hybrid gets a model that predicts them, by which no list is ranked.
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

    /// The model of a name, with default parameters.
    pub fn named(name: &str) -> Option<Self> {
        let model = match name {
            "hybrid" => Kind::hybrid(),
            "edlae" => Kind::Edlae(EaseParams::default()),
            "ease" => Kind::Ease(EaseParams { regularization: 200.0, ..EaseParams::default() }),
            "ials" => Kind::Ials(IalsParams::default()),
            "item-knn" => Kind::ItemKnn(ItemKnnParams::default()),
            "user-knn" => Kind::UserKnn(UserKnnParams::default()),
            "biased-mf" => Kind::BiasedMf(BiasedMfParams::default()),
            "content" => Kind::Content,
            "popular" => Kind::Popular,
            "popular-recent" => Kind::PopularRecent { half_life_days: 180.0 },
            "top-rated" => Kind::TopRated { prior: 50.0 },
            _ => return None,
        };
        Some(Self { confidence: Confidence::default(), model })
    }

    /// Whether every parameter is within its range.
    pub fn check(&self) -> Result<(), FitError> {
        let Confidence { liked, middling } = self.confidence;
        let ranges = Ranges { name: self.model.name() };
        let share = |value| (0.0..=1.0).contains(&value);
        ranges.check("liked", liked, |value| value > 0.0 && share(value), "above 0, at most 1")?;
        ranges.check("middling", middling, share, "0 to 1")?;
        let Kind::Hybrid { parts } = &self.model else { return self.model.check() };
        let mut names: Vec<&str> = parts.iter().map(|part| part.model.name()).collect();
        names.sort_unstable();
        let repeated = names.windows(2).any(|pair| pair[0] == pair[1]);
        if parts.is_empty() || repeated || names.contains(&"hybrid") {
            return Err(FitError::Parts);
        }
        for Weighted { weight, model } in parts {
            Ranges { name: model.name() }.not_negative("weight", *weight)?;
            model.check()?;
        }
        Ok(())
    }

    /// Fits the model. `progress` is told which model is at work and how far it is, 0 to 1.
    pub fn fit(
        &self,
        data: TrainingSet<'_>,
        progress: &mut dyn FnMut(&'static str, f32),
    ) -> Result<Fitted, FitError> {
        self.check()?;
        let implicit = OnceCell::new();
        let implicit = || {
            implicit.get_or_init(|| Implicit::new(data.interactions, data.users, self.confidence))
        };
        match &self.model {
            Kind::Hybrid { parts } => {
                let mut fitted = Vec::with_capacity(parts.len());
                for Weighted { weight, model } in parts {
                    fitted.push((model.fit_one(data, &implicit, progress)?, *weight));
                }
                Ok(Fitted::Hybrid(Hybrid::new(fitted)))
            }
            model => model.fit_one(data, &implicit, progress),
        }
    }
}

impl Kind {
    /// Edlae knows what goes together, iALS sees wider, content knows films that nobody has rated,
    /// and what is popular speaks for viewers of whom nothing is known. Content's scores are above 0 for
    /// most films, so that their root mean square is large and their weight too. The weights are those
    /// of a wide plateau found on validation; see `docs/evaluation.md`.
    fn hybrid() -> Self {
        let part = |weight, model| Weighted { weight, model };
        Self::Hybrid {
            parts: vec![
                part(1.0, Self::Edlae(EaseParams::default())),
                part(1.0, Self::Ials(IalsParams::default())),
                part(3.0, Self::Content),
                part(0.03, Self::Popular),
            ],
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Popular => "popular",
            Self::PopularRecent { .. } => "popular-recent",
            Self::TopRated { .. } => "top-rated",
            Self::ItemKnn(_) => "item-knn",
            Self::UserKnn(_) => "user-knn",
            Self::Ease(_) => "ease",
            Self::Edlae(_) => "edlae",
            Self::Ials(_) => "ials",
            Self::BiasedMf(_) => "biased-mf",
            Self::Content => "content",
            Self::Hybrid { .. } => "hybrid",
        }
    }

    /// Whether every parameter of one model is within its range.
    fn check(&self) -> Result<(), FitError> {
        let name = self.name();
        let ranges = Ranges { name };
        match self {
            Self::Popular | Self::Content => Ok(()),
            Self::PopularRecent { half_life_days } => {
                ranges.positive("half_life_days", *half_life_days)
            }
            Self::TopRated { prior } => ranges.positive("prior", *prior),
            Self::ItemKnn(ItemKnnParams { neighbors, shrinkage })
            | Self::UserKnn(UserKnnParams { neighbors, shrinkage, .. }) => {
                ranges.count("neighbors", *neighbors)?;
                ranges.not_negative("shrinkage", *shrinkage)
            }
            Self::Ease(params) | Self::Edlae(params) => {
                ranges.count("max_movies", params.max_movies)?;
                ranges.count("neighbors", params.neighbors)?;
                let checked = params.check().map(|_| ());
                checked.map_err(|cause| FitError::Ease { name, cause })
            }
            Self::Ials(params) => params.check().map(|_| ()).map_err(FitError::Ials),
            Self::BiasedMf(params) => params.check().map(|_| ()).map_err(FitError::BiasedMf),
            Self::Hybrid { .. } => Err(FitError::Parts),
        }
    }

    fn set_seed(&mut self, seed: u64) {
        match self {
            Self::Ials(params) => params.seed = seed,
            Self::BiasedMf(params) => params.seed = seed,
            Self::Hybrid { parts } => parts.iter_mut().for_each(|part| part.model.set_seed(seed)),
            _ => {}
        }
    }

    fn fit_one<'i>(
        &self,
        TrainingSet { interactions, users, features }: TrainingSet<'_>,
        implicit: &dyn Fn() -> &'i Implicit,
        progress: &mut dyn FnMut(&'static str, f32),
    ) -> Result<Fitted, FitError> {
        let name = self.name();
        let progress = &mut |share| progress(name, share);
        progress(0.0);
        let mut ease = |params: EaseParams| {
            let fit = params.check().and_then(|params| params.fit(implicit(), progress));
            fit.map(Fitted::ItemItem).map_err(|cause| FitError::Ease { name, cause })
        };
        Ok(match self {
            Self::Popular => Fitted::Popular(Popularity::Liked.fit(interactions, users)),
            Self::PopularRecent { half_life_days } => {
                let popularity = Popularity::Recent { half_life_days: *half_life_days };
                Fitted::Popular(popularity.fit(interactions, users))
            }
            Self::TopRated { prior } => {
                let popularity = Popularity::AverageStars { prior: *prior };
                Fitted::Popular(popularity.fit(interactions, users))
            }
            Self::ItemKnn(params) => Fitted::ItemItem(params.fit(implicit())),
            Self::UserKnn(params) => Fitted::UserKnn(params.fit(implicit())),
            Self::Ease(params) => ease(EaseParams { dropout: 0.0, ..*params })?,
            Self::Edlae(params) => ease(*params)?,
            Self::Ials(params) => {
                let params = params.check().map_err(FitError::Ials)?;
                Fitted::Ials(params.fit(implicit(), progress))
            }
            Self::BiasedMf(params) => {
                let params = params.check().map_err(FitError::BiasedMf)?;
                Fitted::BiasedMf(params.fit(interactions, users, progress))
            }
            Self::Content => Fitted::Content(ContentAlone::fit(features.clone())),
            Self::Hybrid { .. } => return Err(FitError::Parts),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::ranking::FeatureSet;
    use crate::ids::Vocabulary;
    use crate::models::content::tests::model;
    use crate::sources::ratings::RatingsRead;

    #[test]
    fn every_name_is_a_model_that_survives_json() {
        for name in NAMES {
            let spec = Spec::named(name).unwrap();
            assert_eq!(spec.model.name(), name);
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<Spec>(&json).unwrap(), spec, "{json}");
        }
        assert_eq!(Spec::named("magic"), None);
        assert_eq!(Spec::named("hybrid"), Some(Spec::default()));
    }

    #[test]
    fn what_makes_no_model_is_refused() {
        let content = model(FeatureSet::Full);
        let features = content.features();
        let mut read = RatingsRead::default();
        let interactions = Interactions::new("ratings.csv", Vocabulary::new([]), &mut read);
        let data = TrainingSet { interactions: &interactions, users: &[], features };
        for (json, expected) in [
            (r#"{"name": "edlae", "neighbors": 0}"#, "edlae: neighbors is 0; expected 1 or more"),
            (r#"{"name": "ease", "max_movies": 0}"#, "ease: max_movies is 0; expected 1 or more"),
            (r#"{"name": "ials", "factors": 0}"#, "ials: factors is 0; expected 1 to 4096"),
            (r#"{"name": "user-knn", "shrinkage": -1}"#, "shrinkage is -1; expected a number of 0"),
            (r#"{"name": "top-rated", "prior": 0}"#, "prior is 0; expected a number above 0"),
            (r#"{"name": "hybrid", "parts": []}"#, "expected one model or more"),
            (
                r#"{"name": "hybrid", "parts": [{"weight": -1, "model": {"name": "popular"}}]}"#,
                "popular: weight is -1; expected a number of 0 or more",
            ),
        ] {
            let spec: Spec = serde_json::from_str(&format!("{{\"model\": {json}}}")).unwrap();
            let error = spec.fit(data, &mut |_, _| ()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let confidence = Confidence { liked: 0.0, middling: 0.0 };
        let error = Spec { confidence, ..Spec::default() }.fit(data, &mut |_, _| ()).unwrap_err();
        assert_eq!(error.to_string(), "hybrid: liked is 0; expected above 0, at most 1");
    }

    #[test]
    fn what_is_not_given_is_the_default_and_what_is_unknown_is_refused() {
        let spec: Spec = serde_json::from_str(r#"{"model": {"name": "edlae"}}"#).unwrap();
        assert_eq!(Some(spec), Spec::named("edlae"));
        let spelled = serde_json::from_str::<Spec>(r#"{"model": {"name": "edlae", "lambda": 3}}"#);
        assert!(spelled.unwrap_err().to_string().contains("unknown field `lambda`"));
    }
}
