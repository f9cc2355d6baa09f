//! `cinematch evaluate`.

mod data;
mod export;
pub mod html;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cinematch::evaluation::{
    Bootstrap, ColdMovies, Contestant, Evaluation, Judged, Part, Protocol, Split, SplitReport,
    StarBaseline, StarModel, StarPredictions, StarReport, StrongGeneralization, TimeCut,
    foreign_lists,
};
use cinematch::files;
use cinematch::models::biased_mf::BiasedMf;
use cinematch::models::spec::NAMES;
use cinematch::models::{Fitted, Spec, TrainingSet};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::inputs::read_specs;
use super::warn_problems;
use crate::options::Global;
use crate::output::{Output, STRONG, thousands};
use crate::paths::{read_or, shown};

pub use data::{Data, Inputs};

/// Flags of `evaluate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch evaluate                                        every model, users unseen\n  \
                  cinematch evaluate --protocol time-cut --html report.html the future unseen, with plots\n  \
                  cinematch evaluate --models edlae,ials --splits 10        ten divisions, seeds 42 to 51\n  \
                  cinematch evaluate --protocol cold-films                  films unseen\n  \
                  cinematch evaluate --models popular --export-split splits files for others to learn from\n  \
                  cinematch evaluate --score 'recs/{seed}/theirs.csv'       and their lists, scored"
)]
pub struct Evaluate {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    division: Division,
    /// Which models [default: all; of cold films content, hybrid, popular; beside --score none]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    models: Option<Vec<String>>,
    /// Models' parameters [default: data/tuned.json, or data/tuned-PROTOCOL.json, if `cinematch tune` has written it]
    #[arg(long, env = "CINEMATCH_PARAMS", value_name = "FILE")]
    params: Option<PathBuf>,
    /// Whom to ask: those held out for the test, or for validation
    #[arg(long, value_enum, default_value = "test", value_name = "PART")]
    part: PartName,
    /// Compare with this model [default: the best]
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Score lists from elsewhere too: userId,rank,movieId; `{seed}` stands for a split's seed
    #[arg(long, value_name = "FILE")]
    score: Vec<String>,
    /// Write each split to a folder DIR/SEED, with checksums
    #[arg(long, value_name = "DIR")]
    export_split: Option<PathBuf>,
    /// Write each model's lists to DIR/SEED/MODEL.csv
    #[arg(long, value_name = "DIR")]
    export_lists: Option<PathBuf>,
    /// Write a report with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// How ratings are divided.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Division")]
pub struct Division {
    /// What models have not seen
    #[arg(long, value_enum, default_value = "strong-generalization", value_name = "NAME")]
    protocol: ProtocolName,
    /// Divide so many times, with seeds from --seed on
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "N")]
    splits: u16,
    /// The seed of the division and of whatever models draw
    #[arg(long, default_value_t = 42, value_name = "N")]
    seed: u64,
    /// Users held out for the test, and as many for validation [default: 10,000, or a sixth]
    #[arg(long, value_name = "N")]
    held_out: Option<usize>,
    /// Of a time cut: the share of ratings that is the test, and as large a one for validation
    /// [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    test_share: Option<f64>,
    /// Of cold films: the share that loses its ratings, and as large a one for validation
    /// [default: 0.05]
    #[arg(long, value_name = "SHARE")]
    cold_share: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum ProtocolName {
    /// Users are unseen (Liang et al. 2018)
    StrongGeneralization,
    /// The future is unseen
    TimeCut,
    /// Films are unseen
    #[value(name = "cold-films", alias = "cold-movies")]
    ColdMovies,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PartName {
    Validation,
    Test,
}

impl Division {
    /// The protocol.
    pub fn protocol(&self) -> Result<Protocol> {
        let Self { seed, held_out, test_share, cold_share, .. } = *self;
        let (is_cold, is_cut) = match self.protocol {
            ProtocolName::StrongGeneralization => (false, false),
            ProtocolName::ColdMovies => (true, false),
            ProtocolName::TimeCut => (false, true),
        };
        for (given, flag, belongs) in [
            (cold_share.is_some() && !is_cold, "--cold-share", "belongs to --protocol cold-films"),
            (test_share.is_some() && !is_cut, "--test-share", "belongs to --protocol time-cut"),
            (held_out.is_some() && is_cut, "--held-out", "has no place in a time cut"),
        ] {
            if given {
                bail!("{flag} {belongs}");
            }
        }
        let users = StrongGeneralization { held_out, seed, ..StrongGeneralization::default() };
        Ok(match self.protocol {
            ProtocolName::StrongGeneralization => Protocol::StrongGeneralization(users),
            ProtocolName::ColdMovies => {
                let default = ColdMovies::default();
                let share = cold_share.unwrap_or(default.share);
                Protocol::ColdMovies(ColdMovies { users, share, ..default })
            }
            ProtocolName::TimeCut => {
                if self.splits > 1 {
                    bail!("a time cut draws nothing, so that --splits would repeat one division");
                }
                let share = test_share.unwrap_or(TimeCut::default().test_share);
                Protocol::TimeCut(TimeCut { test_share: share, validation_share: share })
            }
        })
    }

    /// Where `tune` writes parameters. Those chosen by one protocol are not for another: users of all
    /// years say what the future of a time cut is like.
    pub fn tuned(&self, global: &Global) -> PathBuf {
        global.root.join(match self.protocol {
            ProtocolName::StrongGeneralization => "data/tuned.json",
            ProtocolName::TimeCut => "data/tuned-time-cut.json",
            ProtocolName::ColdMovies => "data/tuned-cold-films.json",
        })
    }

    /// The splits' seeds.
    pub fn seeds(&self) -> Vec<u64> {
        (0..u64::from(self.splits)).map(|at| self.seed.wrapping_add(at)).collect()
    }
}

/// What a file of lists is.
const LISTS: &str =
    "it has the lists for this split: userId,rank,movieId; `{seed}` stands for the seed";

/// What differs between two runs on the same input.
#[derive(Debug, Default, Serialize)]
pub struct Run {
    /// Mean seconds to fit a model once.
    fit_seconds: BTreeMap<String, f64>,
    seconds: f64,
}

/// The result, for machines.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    run: &'a Run,
}

impl Evaluate {
    /// Fits, asks, judges, reports.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let started = Instant::now();
        let specs = self.specs(global, output)?;
        let protocol = self.division.protocol()?;
        let part = match self.part {
            PartName::Validation => Part::Validation,
            PartName::Test => Part::Test,
        };
        self.check_names(&specs)?;
        let data = self.inputs.load(global, output)?;
        let mut contestants: Vec<Contestant> = specs
            .into_iter()
            .map(|(name, spec)| Contestant { name, spec: Some(spec), judged: Vec::new() })
            .collect();
        let n_fitted = contestants.len();
        for pattern in &self.score {
            let name = Path::new(pattern).file_stem().unwrap_or_default().to_string_lossy();
            let taken = contestants.iter().any(|other| other.name == name);
            let name = if taken { pattern.clone() } else { name.into_owned() };
            contestants.push(Contestant { name, spec: None, judged: Vec::new() });
        }

        let (mut splits, mut run) = (Vec::new(), Run::default());
        let mut stars = Stars::default();
        let seeds = self.division.seeds();
        for seed in &seeds {
            let protocol = protocol.with_seed(*seed);
            let split = protocol.split(&data.interactions, part)?;
            splits.push(SplitReport::new(&split, *seed));
            if let Some(folder) = &self.export_split {
                let step = output.step("writing the split");
                export::write_split(&folder.join(seed.to_string()), protocol, *seed, &data)?;
                drop(step);
            }
            let (fitted, foreign) = contestants.split_at_mut(n_fitted);
            self.fit(fitted, &data, (&split, *seed), (&mut run, &mut stars), output)?;
            for (contestant, pattern) in foreign.iter_mut().zip(&self.score) {
                let path = PathBuf::from(pattern.replace("{seed}", &seed.to_string()));
                contestant.judged.push(score(&path, &split, &data, output)?);
            }
        }
        for seconds in run.fit_seconds.values_mut() {
            *seconds /= seeds.len() as f64;
        }

        let judging = output.step("comparing");
        let baseline = self.baseline.as_deref();
        let bootstrap = Bootstrap { seed: self.division.seed, ..Bootstrap::default() };
        let mut evaluation =
            Evaluation::new((protocol, part), splits, contestants, baseline, bootstrap)?;
        evaluation.stars = stars.reports();
        drop(judging);
        run.seconds = started.elapsed().as_secs_f64();
        if let Some(folder) = &self.export_split {
            output.note(format_args!(
                "{STRONG}{}{STRONG:#}: the splits, a folder a seed; split.json says what is what",
                shown(folder)
            ));
        }
        output.json(&Summary { evaluation: &evaluation, run: &run })?;
        table::print(&evaluation, &run, output);
        if let Some(path) = &self.html {
            let page = html::page(&evaluation, &run);
            files::replace(path, |out| out.write_all(page.as_bytes()))?;
            output.line(format_args!("{STRONG}{}{STRONG:#}: the report with plots", shown(path)));
        }
        // The process ends here; there is no use in giving its memory back first.
        std::mem::forget(data);
        Ok(())
    }

    /// Refuses what would only be noticed after all models were fitted.
    fn check_names(&self, specs: &[(String, Spec)]) -> Result<()> {
        if let Some(baseline) = &self.baseline {
            let stem = |pattern: &String| {
                let name = Path::new(pattern).file_stem().unwrap_or_default().to_string_lossy();
                [name.into_owned(), pattern.clone()]
            };
            let names = specs.iter().map(|(name, _)| name.clone());
            let names: Vec<String> = names.chain(self.score.iter().flat_map(stem)).collect();
            if !names.contains(baseline) {
                let names = names.join(", ");
                bail!("the baseline `{baseline}` is none of the models evaluated: {names}");
            }
        }
        let seeds = self.division.seeds();
        for pattern in &self.score {
            if seeds.len() > 1 && !pattern.contains("{seed}") {
                bail!(
                    "--score {pattern} would be scored on {} splits: it needs a file for each, and \
                     `{{seed}}` where the split's seed stands in its name",
                    seeds.len()
                );
            }
            for seed in &seeds {
                let path = PathBuf::from(pattern.replace("{seed}", &seed.to_string()));
                if !path.is_file() {
                    bail!("{} not found: {LISTS}", shown(&path));
                }
            }
        }
        Ok(())
    }

    /// The models to fit, in the order asked for.
    fn specs(&self, global: &Global, output: &Output) -> Result<Vec<(String, Spec)>> {
        let default = match self.division.protocol {
            _ if !self.score.is_empty() => &[][..],
            ProtocolName::ColdMovies => &["content", "hybrid", "popular"],
            _ => &NAMES,
        };
        let names = self.models.clone();
        let names = names.unwrap_or_else(|| default.iter().map(ToString::to_string).collect());
        let mut specs: Vec<(String, Spec)> = Vec::new();
        if names.is_empty() {
            return Ok(specs);
        }
        let mut tuned = tuned(self.params.as_deref(), &self.division.tuned(global), output)?;
        for name in names {
            let Some(spec) = tuned.remove(&name).or_else(|| Spec::named(&name)) else {
                bail!("unknown model `{name}`; known ones are {}", NAMES.join(", "));
            };
            if specs.iter().all(|(other, _)| *other != name) {
                specs.push((name, spec));
            }
        }
        Ok(specs)
    }

    /// Fits every model on a split and judges its lists.
    fn fit(
        &self,
        contestants: &mut [Contestant],
        data: &Data,
        (split, seed): (&Split<'_>, u64),
        (run, stars): (&mut Run, &mut Stars),
        output: &Output,
    ) -> Result<()> {
        if contestants.is_empty() {
            return Ok(());
        }
        let features = data.features(split)?;
        for Contestant { name, spec, judged, .. } in contestants {
            let Some(spec) = spec else { continue };
            let set = TrainingSet {
                interactions: &split.interactions,
                users: &split.training,
                features: &features,
            };
            let fitting = output.progress(&format!("seed {seed}: {name}"), 100);
            let started = Instant::now();
            let model = spec
                .clone()
                .with_seed(seed)
                .fit(set, &mut |_, share| fitting.at((share * 100.0) as u64))
                .with_context(|| format!("cannot fit `{name}`"))?;
            *run.fit_seconds.entry(name.clone()).or_default() += started.elapsed().as_secs_f64();
            drop(fitting);
            let asking = output.step(&format!("seed {seed}: asking {name}"));
            let (of_model, lists) = Judged::of_model(&model, split, &data.genres);
            judged.push(of_model);
            if let Fitted::BiasedMf(model) = &model {
                stars.extend(name, model, split);
            }
            if let Some(folder) = &self.export_lists {
                let path = folder.join(seed.to_string()).join(format!("{name}.csv"));
                export::write_lists(&path, split, &lists)?;
            }
            drop(asking);
        }
        Ok(())
    }
}

/// What predicts stars, and the averages beside it.
#[derive(Default)]
struct Stars(Vec<(String, StarPredictions)>);

impl Stars {
    const BASELINES: [(&str, StarBaseline); 2] =
        [("film mean", StarBaseline::MovieMean), ("user and film bias", StarBaseline::Biases)];

    fn extend(&mut self, name: &str, model: &BiasedMf, split: &Split<'_>) {
        for (baseline, kind) in Self::BASELINES {
            let averages = kind.fit(&split.interactions, &split.training);
            self.of(baseline).extend(&StarModel::Baseline(&averages), split);
        }
        self.of(name).extend(&StarModel::BiasedMf(model), split);
    }

    fn of(&mut self, name: &str) -> &mut StarPredictions {
        let place = self.0.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), StarPredictions::new(name)));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    fn reports(&self) -> Vec<StarReport> {
        self.0.iter().filter_map(|(_, predictions)| predictions.report()).collect()
    }
}

/// Models' parameters from a file: the one named, or what `tune` has written.
pub fn tuned(
    named: Option<&Path>,
    written: &Path,
    output: &Output,
) -> Result<BTreeMap<String, Spec>> {
    let path = match named {
        Some(path) => path,
        None if written.is_file() => written,
        None => return Ok(BTreeMap::new()),
    };
    let specs = read_specs(path)?;
    let models: Vec<&str> = specs.keys().map(String::as_str).collect();
    output.note(format_args!("parameters of {} from {}", models.join(", "), shown(path)));
    Ok(specs)
}

/// Judges lists from elsewhere.
fn score(path: &Path, split: &Split<'_>, data: &Data, output: &Output) -> Result<Judged> {
    let name = shown(path);
    let bytes = read_or(path, LISTS)?;
    let read = foreign_lists(&name, &bytes, split)?;
    warn_problems(&read.problems, output);
    if read.unlisted_problems > 0 {
        let more = thousands(read.unlisted_problems);
        output.warn(format_args!("{more} more rows of {name} are for users who are not asked for"));
    }
    if read.missing.len() == split.held_out.len() {
        bail!(
            "{name} has no list for any user of this split: is it for another seed or other data?"
        );
    }
    if let Some(first) = read.missing.first() {
        output.warn(format_args!(
            "{name} has no list for {} of {} users, the first of them {first}: they count as empty",
            thousands(read.missing.len() as u64),
            thousands(split.held_out.len() as u64),
        ));
    }
    if read.wasted_places > 0 {
        output.warn(format_args!(
            "{name} gives {} places to films that a user knows already or nobody has rated: misses",
            thousands(read.wasted_places as u64)
        ));
    }
    Ok(Judged::of_lists(&read.lists, split, &data.genres))
}
