//! `cinematch tune`: tunes hyperparameters on the validation split.

mod log;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cinematch::evaluation::{
    ModelMetrics, Part, Protocol, Search, Split, better_half, tunable_models,
};
use cinematch::features::ranking::RankingFeatures;
use cinematch::files;
use cinematch::models::hybrid::Hybrid;
use cinematch::models::spec::{Kind, Weighted};
use cinematch::models::{Fitted, Spec, TrainingSet};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use crate::evaluation::{Data, Inputs, SplitFlags, tuned};
use crate::options::Global;
use crate::output::{DIM, Output, STRONG, counted};
use crate::paths::display_path;
use crate::pipeline::inputs::read_specs;

use log::{Log, Measured};

/// Flags for `cinematch tune`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch tune --model edlae                       forty trials on one split\n  \
                  cinematch tune --model ials --trials 60 --splits 4 halve the trials after each split\n  \
                  cinematch tune --model hybrid --trials 200         tune the weights of the tuned components\n\n\
                  Measures on validation users only, never on test users. An interrupted search resumes."
)]
pub struct Tune {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    split_flags: SplitFlags,
    /// Model to tune
    #[arg(long, value_parser = PossibleValuesParser::new(tunable_models()), value_name = "NAME")]
    model: String,
    /// Number of hyperparameter sets to try, starting with the defaults
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    trials: u32,
    /// File for the best hyperparameters, shared by all models [default: data/tuned.json or
    /// data/tuned-PROTOCOL.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Log of finished trials, from which a search resumes [default: data/tune/MODEL.jsonl]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// A trial with its mean score over the splits.
#[derive(Clone, Debug, Serialize)]
struct Finalist<'a> {
    trial: usize,
    score: f64,
    spec: &'a Spec,
}

/// JSON output of `cinematch tune`.
#[derive(Serialize)]
struct Summary<'a> {
    model: &'a str,
    /// Metric that the scores measure.
    objective: &'static str,
    trials: usize,
    /// Number of measurements made in this run.
    measured: usize,
    /// Number of measurements read from the log.
    resumed: usize,
    /// Trials measured on every split, best first.
    finalists: &'a [Finalist<'a>],
    out: String,
    log: String,
    seconds: f64,
}

/// Result of a search, with counts of new and resumed measurements.
struct SearchResult<'a> {
    /// Trials measured on every split, best first.
    finalists: Vec<Finalist<'a>>,
    measured: usize,
    resumed: usize,
}

impl Tune {
    /// Searches for the best hyperparameters and writes them.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let started = Instant::now();
        let out = self.out.clone().unwrap_or_else(|| self.split_flags.tuned(global));
        // An invalid file is reported now rather than at the end of a long search.
        if out.is_file() {
            read_specs(&out)?;
        }
        let log = self
            .log
            .clone()
            .unwrap_or_else(|| global.root.join("data/tune").join(format!("{}.jsonl", self.model)));
        let seeds = self.split_flags.seeds();
        let search = Search { base: self.base(&out, output)?, seed: seeds[0] };
        let trials: Vec<Spec> =
            (0..self.trials as usize).filter_map(|number| search.trial(number)).collect();

        let protocol = self.split_flags.protocol()?;
        let data = self.inputs.load(global, output)?;
        let mut log = Log::open(&log, &self.model, (protocol, &data), output)?;
        let found = self.search(&trials, (protocol, &data), &mut log, output)?;
        let best = found.finalists.first().filter(|best| best.score.is_finite());
        let Some(best) = best else {
            bail!("no trial of `{}` could be fitted; see the notes above", self.model);
        };
        let better_score = self.write(&out, best, &log, &seeds)?;
        output.json(&Summary {
            model: &self.model,
            objective: protocol.objective(),
            trials: trials.len(),
            measured: found.measured,
            resumed: found.resumed,
            finalists: &found.finalists,
            out: display_path(&out),
            log: display_path(log.path()),
            seconds: started.elapsed().as_secs_f64(),
        })?;
        print_finalists(&found, &log, output)?;
        if let Some(better_score) = better_score {
            output.warn(format_args!(
                "the hyperparameters for {} in {} are better ({better_score:.4} in the log) and were kept",
                self.model,
                display_path(&out)
            ));
        }
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: hyperparameters for {} with a validation {} of {:.4}",
            display_path(&out),
            self.model,
            protocol.objective(),
            better_score.unwrap_or(best.score)
        ));
        self.warn_about_hybrid(&out, output)?;
        // The process is about to exit, so freeing the memory would only waste time.
        std::mem::forget(data);
        Ok(())
    }

    /// Measures trials by successive halving: all trials on the first split, then the better half of the
    /// remaining ones on each further split. Measurements in the log are not repeated.
    fn search<'a>(
        &self,
        trials: &'a [Spec],
        (protocol, data): (Protocol, &Data),
        log: &mut Log,
        output: &Output,
    ) -> Result<SearchResult<'a>> {
        let seeds = self.split_flags.seeds();
        let mut remaining: Vec<usize> = (0..trials.len()).collect();
        let mut sums = vec![0.0; trials.len()];
        let (mut measured, mut resumed) = (0, 0);
        for (rung, seed) in seeds.iter().enumerate() {
            if rung > 0 {
                remaining = better_half(&means(&remaining, &sums, rung));
                remaining.sort_unstable();
            }
            let mut evaluator = None;
            let message = format!("{}: seed {seed}, {} trials", self.model, remaining.len());
            let progress = output.progress(&message, remaining.len() as u64);
            for (index, trial) in remaining.iter().enumerate() {
                let spec = &trials[*trial];
                let score = if let Some(found) = log.find(*seed, spec) {
                    resumed += 1;
                    found.score()
                } else {
                    measured += 1;
                    let evaluator = match &mut evaluator {
                        Some(evaluator) => evaluator,
                        none => none.insert(Evaluator::new(
                            protocol
                                .with_seed(*seed)
                                .split(&data.interactions, Part::Validation)?,
                            *seed,
                            data,
                        )?),
                    };
                    let started = Instant::now();
                    let score = evaluator.measure(spec, output)?;
                    let seconds = started.elapsed().as_secs_f64();
                    log.append(Measured::new(*trial, (*seed, spec), score, seconds))?
                };
                sums[*trial] += score;
                progress.set_position(index as u64 + 1);
            }
        }
        let mut finalists: Vec<Finalist<'_>> = means(&remaining, &sums, seeds.len())
            .into_iter()
            .map(|(trial, score)| Finalist { trial, score, spec: &trials[trial] })
            .collect();
        finalists.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.trial.cmp(&b.trial)));
        Ok(SearchResult { finalists, measured, resumed })
    }

    /// Returns the hyperparameters to start from: the model's defaults. A hybrid starts from its tuned
    /// components.
    fn base(&self, out: &Path, output: &Output) -> Result<Spec> {
        let mut base =
            Spec::named(&self.model).with_context(|| format!("unknown model `{}`", self.model))?;
        let Kind::Hybrid { parts } = &mut base.model else { return Ok(base) };
        let others = if out.is_file() { tuned(Some(out), out, output)? } else { return Ok(base) };
        for (index, part) in parts.iter_mut().enumerate() {
            if let Some(spec) = others.get(part.model.name()) {
                part.model = spec.model.clone();
                // A hybrid weights ratings the way its first component does.
                if index == 0 {
                    base.confidence = spec.confidence;
                }
            }
        }
        Ok(base)
    }

    /// Warns if the tuned hybrid contains older hyperparameters for this model.
    fn warn_about_hybrid(&self, out: &Path, output: &Output) -> Result<()> {
        let all = read_specs(out)?;
        let (Some(tuned), Some(hybrid)) = (all.get(&self.model), all.get("hybrid")) else {
            return Ok(());
        };
        let Kind::Hybrid { parts } = &hybrid.model else { return Ok(()) };
        let is_outdated =
            |part: &Weighted| part.model.name() == self.model && part.model != tuned.model;
        if parts.iter().any(is_outdated) {
            output.warn(format_args!(
                "the hybrid in {} contains older hyperparameters for {}; run `cinematch tune --model hybrid` \
                 to tune it with the new ones",
                display_path(out),
                self.model
            ));
        }
        Ok(())
    }

    /// Writes the hyperparameters to the file that all models share. If the existing ones scored better on the
    /// same splits, leaves them unchanged and returns their score.
    fn write(
        &self,
        out: &Path,
        best: &Finalist<'_>,
        log: &Log,
        seeds: &[u64],
    ) -> Result<Option<f64>> {
        let mut all =
            if out.is_file() { read_specs(out)? } else { std::collections::BTreeMap::new() };
        if let Some(existing) = all.get(&self.model) {
            let scores: Option<Vec<f64>> =
                seeds.iter().map(|seed| log.find(*seed, existing).map(Measured::score)).collect();
            let mean = scores.map(|scores| scores.iter().sum::<f64>() / seeds.len() as f64);
            if let Some(mean) = mean.filter(|mean| *mean > best.score) {
                return Ok(Some(mean));
            }
        }
        all.insert(self.model.clone(), best.spec.clone());
        let mut json = serde_json::to_vec_pretty(&all)?;
        json.push(b'\n');
        files::replace(out, |out| out.write_all(&json))?;
        Ok(None)
    }
}

fn print_finalists(found: &SearchResult<'_>, log: &Log, output: &Output) -> Result<()> {
    output.note(format_args!(
        "{DIM}{}, {} more from {}{DIM:#}",
        counted(found.measured as u64, "measurement"),
        found.resumed,
        display_path(log.path())
    ));
    for Finalist { trial, score, spec } in found.finalists.iter().take(5) {
        let json = serde_json::to_string(spec)?;
        output.note(format_args!("{score:.4}  trial {trial:<4} {DIM}{json}{DIM:#}"));
    }
    Ok(())
}

/// Returns each remaining trial with its mean over `n` measurements.
fn means(remaining: &[usize], sums: &[f64], n: usize) -> Vec<(usize, f64)> {
    remaining.iter().map(|trial| (*trial, sums[*trial] / n as f64)).collect()
}

/// A split on which trials are measured.
struct Evaluator<'a> {
    data: &'a Data,
    split: Split<'a>,
    features: RankingFeatures,
    seed: u64,
    /// Fitted components of a hybrid, shared by all trials because the search only varies their weights.
    hybrid: Option<Hybrid<Fitted>>,
}

impl<'a> Evaluator<'a> {
    fn new(split: Split<'a>, seed: u64, data: &'a Data) -> Result<Self> {
        let features = data.features(&split)?;
        Ok(Self { data, split, features, seed, hybrid: None })
    }

    /// Measures a trial on validation users. If the model cannot be fitted, prints a warning and returns
    /// `None`.
    fn measure(&mut self, spec: &Spec, output: &Output) -> Result<Option<f64>> {
        let model =
            if let (Some(hybrid), Kind::Hybrid { parts }) = (self.hybrid.take(), &spec.model) {
                let weights: Vec<f32> = parts.iter().map(|part| part.weight).collect();
                Fitted::Hybrid(hybrid.with_weights(&weights))
            } else {
                let Self { split, features, .. } = self;
                let (interactions, users) = (&*split.interactions, &*split.training);
                let set = TrainingSet { interactions, users, features };
                match spec.clone().with_seed(self.seed).fit(set, &mut |_, _| ()) {
                    Ok(model) => model,
                    Err(error) => {
                        let json = serde_json::to_string(spec)?;
                        output.warn(format_args!("cannot fit {json}: {error}"));
                        return Ok(None);
                    }
                }
            };
        let (judged, _) = ModelMetrics::from_model(&model, &self.split, &self.data.attributes);
        if let Fitted::Hybrid(hybrid) = model {
            self.hybrid = Some(hybrid);
        }
        Ok(Some(judged.objective()))
    }
}
