//! `cinematch tune`.

mod log;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cinematch::evaluation::{Judged, Part, Search, Split, better_half, tunable_models};
use cinematch::features::ranking::RankingFeatures;
use cinematch::files;
use cinematch::models::hybrid::Hybrid;
use cinematch::models::spec::{Kind, Weighted};
use cinematch::models::{Fitted, Spec, TrainingSet};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::evaluate::{Data, Division, Inputs, tuned};
use crate::options::Global;
use crate::output::{DIM, Output, STRONG, counted};
use crate::paths::shown;

use log::{Log, Measured};

/// Flags of `tune`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch tune --model edlae                       forty trials on one division\n  \
                  cinematch tune --model ials --trials 60 --splits 4 the better half goes on to the next\n  \
                  cinematch tune --model hybrid --trials 200         its weights; the parts as tuned\n\n\
                  Validation only: nobody of a test is asked. An interrupted search goes on where it was."
)]
pub struct Tune {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    division: Division,
    /// Which model
    #[arg(long, value_parser = PossibleValuesParser::new(tunable_models()), value_name = "NAME")]
    model: String,
    /// How many parameters to try; the first is the model as it is
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    trials: u32,
    /// Where the best parameters go, beside other models' [default: data/tuned.json, or data/tuned-PROTOCOL.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where finished trials go, and are looked for [default: data/tune/MODEL.jsonl]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// A trial and its mean.
#[derive(Clone, Debug, Serialize)]
struct Finalist<'a> {
    trial: usize,
    score: f64,
    spec: &'a Spec,
}

/// The result, for machines.
#[derive(Serialize)]
struct Summary<'a> {
    model: &'a str,
    /// What `score` is.
    objective: &'static str,
    trials: usize,
    /// Measurements of this run, and those taken from the log.
    measured: usize,
    resumed: usize,
    /// The trials that were measured on every split, best first.
    finalists: &'a [Finalist<'a>],
    out: String,
    log: String,
    seconds: f64,
}

impl Tune {
    /// Searches, and writes what was found.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let started = Instant::now();
        let out = self.out.clone().unwrap_or_else(|| self.division.tuned(global));
        // Seen now, and not when a long search ends.
        if out.is_file() {
            super::inputs::read_specs(&out)?;
        }
        let log = self
            .log
            .clone()
            .unwrap_or_else(|| global.root.join("data/tune").join(format!("{}.jsonl", self.model)));
        let seeds = self.division.seeds();
        let search = Search { base: self.base(&out, output)?, seed: seeds[0] };
        let trials: Vec<Spec> =
            (0..self.trials as usize).filter_map(|number| search.trial(number)).collect();

        let protocol = self.division.protocol()?;
        let data = self.inputs.load(global, output)?;
        let mut log = Log::open(&log, &self.model, (protocol, &data), output)?;
        let mut alive: Vec<usize> = (0..trials.len()).collect();
        let mut sums = vec![0.0; trials.len()];
        let (mut measured, mut resumed) = (0, 0);
        for (rung, seed) in seeds.iter().enumerate() {
            if rung > 0 {
                alive = better_half(&means(&alive, &sums, rung));
                alive.sort_unstable();
            }
            let mut bench = None;
            let about = format!("{}: seed {seed}, {} trials", self.model, alive.len());
            let progress = output.progress(&about, alive.len() as u64);
            for (place, trial) in alive.iter().enumerate() {
                let spec = &trials[*trial];
                let score = if let Some(found) = log.find(*seed, spec) {
                    resumed += 1;
                    found.score()
                } else {
                    measured += 1;
                    let bench = match &mut bench {
                        Some(bench) => bench,
                        none => none.insert(Bench::new(
                            protocol
                                .with_seed(*seed)
                                .split(&data.interactions, Part::Validation)?,
                            *seed,
                            &data,
                        )?),
                    };
                    let timed = Instant::now();
                    let score = bench.measure(spec, output)?;
                    let seconds = timed.elapsed().as_secs_f64();
                    log.append(Measured::new(*trial, (*seed, spec), score, seconds))?
                };
                sums[*trial] += score;
                progress.at(place as u64 + 1);
            }
        }

        let mut finalists: Vec<Finalist<'_>> = means(&alive, &sums, seeds.len())
            .into_iter()
            .map(|(trial, score)| Finalist { trial, score, spec: &trials[trial] })
            .collect();
        finalists.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.trial.cmp(&b.trial)));
        let best = finalists.first().filter(|best| best.score.is_finite());
        let Some(best) = best else {
            bail!("no trial of `{}` could be fitted; see the notes above", self.model);
        };
        let kept = self.write(&out, best, &log, &seeds)?;
        output.json(&Summary {
            model: &self.model,
            objective: protocol.objective(),
            trials: trials.len(),
            measured,
            resumed,
            finalists: &finalists,
            out: shown(&out),
            log: shown(log.path()),
            seconds: started.elapsed().as_secs_f64(),
        })?;
        output.note(format_args!(
            "{DIM}{}, {resumed} more from {}{DIM:#}",
            counted(measured as u64, "measurement"),
            shown(log.path())
        ));
        for Finalist { trial, score, spec } in finalists.iter().take(5) {
            let json = serde_json::to_string(spec)?;
            output.note(format_args!("{score:.4}  trial {trial:<4} {DIM}{json}{DIM:#}"));
        }
        if let Some(kept) = kept {
            output.warn(format_args!(
                "the parameters of {} that {} has are better ({kept:.4} in the log); they stay",
                self.model,
                shown(&out)
            ));
        }
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: parameters of {} with a validation {} of {:.4}",
            shown(&out),
            self.model,
            protocol.objective(),
            kept.unwrap_or(best.score)
        ));
        self.tell_of_hybrid(&out, output)?;
        std::mem::forget(data);
        Ok(())
    }

    /// What to start from: the model by default, but a hybrid's parts as they were tuned.
    fn base(&self, out: &Path, output: &Output) -> Result<Spec> {
        let mut base = Spec::named(&self.model)
            .with_context(|| format!("there is no model `{}`", self.model))?;
        let Kind::Hybrid { parts } = &mut base.model else { return Ok(base) };
        let others = if out.is_file() { tuned(Some(out), out, output)? } else { return Ok(base) };
        for (place, part) in parts.iter_mut().enumerate() {
            if let Some(spec) = others.get(part.model.name()) {
                part.model = spec.model.clone();
                // A hybrid has one way to weigh ratings: that of its leading part.
                if place == 0 {
                    base.confidence = spec.confidence;
                }
            }
        }
        Ok(base)
    }

    /// A tuned hybrid was tuned with its parts as they were then.
    fn tell_of_hybrid(&self, out: &Path, output: &Output) -> Result<()> {
        let all = super::inputs::read_specs(out)?;
        let (Some(tuned), Some(hybrid)) = (all.get(&self.model), all.get("hybrid")) else {
            return Ok(());
        };
        let Kind::Hybrid { parts } = &hybrid.model else { return Ok(()) };
        let old = |part: &Weighted| part.model.name() == self.model && part.model != tuned.model;
        if parts.iter().any(old) {
            output.warn(format_args!(
                "the hybrid in {} has {} as it was before; `cinematch tune --model hybrid` takes the new \
                 parameters over",
                shown(out),
                self.model
            ));
        }
        Ok(())
    }

    /// Writes the parameters beside those of other models; but if those there already were measured
    /// on the same splits and are better, they stay, and their score is returned.
    fn write(
        &self,
        out: &Path,
        best: &Finalist<'_>,
        log: &Log,
        seeds: &[u64],
    ) -> Result<Option<f64>> {
        let mut all = if out.is_file() {
            super::inputs::read_specs(out)?
        } else {
            std::collections::BTreeMap::new()
        };
        if let Some(there) = all.get(&self.model) {
            let scores: Option<Vec<f64>> =
                seeds.iter().map(|seed| log.find(*seed, there).map(Measured::score)).collect();
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

/// Trials with the means of so many measurements.
fn means(alive: &[usize], sums: &[f64], n: usize) -> Vec<(usize, f64)> {
    alive.iter().map(|trial| (*trial, sums[*trial] / n as f64)).collect()
}

/// A split on which trials are measured.
struct Bench<'a> {
    data: &'a Data,
    split: Split<'a>,
    features: RankingFeatures,
    seed: u64,
    /// A hybrid's models, fitted once: only weights are searched.
    hybrid: Option<Hybrid<Fitted>>,
}

impl<'a> Bench<'a> {
    fn new(split: Split<'a>, seed: u64, data: &'a Data) -> Result<Self> {
        let features = data.features(&split)?;
        Ok(Self { data, split, features, seed, hybrid: None })
    }

    /// What the trial comes to on validation; `None`, and a note, if it cannot be fitted.
    fn measure(&mut self, spec: &Spec, output: &Output) -> Result<Option<f64>> {
        let model =
            if let (Some(hybrid), Kind::Hybrid { parts }) = (self.hybrid.take(), &spec.model) {
                let weights: Vec<f32> = parts.iter().map(|part| part.weight).collect();
                Fitted::Hybrid(hybrid.reweighed(&weights))
            } else {
                let Self { split, features, .. } = self;
                let (interactions, users) = (&*split.interactions, &*split.training);
                let set = TrainingSet { interactions, users, features };
                match spec.clone().with_seed(self.seed).fit(set, &mut |_, _| ()) {
                    Ok(model) => model,
                    Err(error) => {
                        let json = serde_json::to_string(spec)?;
                        output.warn(format_args!("{json} cannot be fitted: {error}"));
                        return Ok(None);
                    }
                }
            };
        let (judged, _) = Judged::of_model(&model, &self.split, &self.data.genres);
        if let Fitted::Hybrid(hybrid) = model {
            self.hybrid = Some(hybrid);
        }
        Ok(Some(judged.objective()))
    }
}
