//! Errors of predicted star ratings, with simple averages as baselines.

use cinematch::evaluation::{Split, StarBaseline, StarModel, StarPredictions, StarReport};
use cinematch::models::biased_mf::BiasedMf;

/// Rating predictions by model name, including the baselines.
#[derive(Default)]
pub struct Stars(Vec<(String, StarPredictions)>);

impl Stars {
    const BASELINES: [(&str, StarBaseline); 2] =
        [("film mean", StarBaseline::MovieMean), ("user and film bias", StarBaseline::Biases)];

    /// Adds the predictions made by `model` and by the baselines on `split`.
    pub fn extend(&mut self, name: &str, model: &BiasedMf, split: &Split<'_>) {
        for (baseline, kind) in Self::BASELINES {
            let averages = kind.fit(&split.interactions, &split.training);
            self.predictions(baseline).extend(&StarModel::Baseline(&averages), split);
        }
        self.predictions(name).extend(&StarModel::BiasedMf(model), split);
    }

    fn predictions(&mut self, name: &str) -> &mut StarPredictions {
        let index = self.0.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), StarPredictions::new(name)));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }

    /// Returns the errors of each model and baseline.
    pub fn reports(&self) -> Vec<StarReport> {
        self.0.iter().filter_map(|(_, predictions)| predictions.report()).collect()
    }
}
