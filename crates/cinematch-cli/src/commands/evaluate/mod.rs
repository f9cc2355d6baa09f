//! `cinematch evaluate`: measures how well models rank held-out ratings.

mod export;
mod html;
mod run;
mod stars;
mod table;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cinematch::evaluation::{
    Bootstrap, EvaluatedModel, Evaluation, ModelMetrics, Part, Protocol, Split, SplitError,
    SplitReport, external_lists,
};
use cinematch::files;
use cinematch::models::spec::NAMES;
use cinematch::models::{Fitted, Spec, TrainingSet};
use clap::{Args, ValueEnum};
use serde::Serialize;

use self::run::Run;
use self::stars::Stars;
use crate::evaluation::{Data, Inputs, SplitFlags, tuned};
use crate::options::Global;
use crate::output::{Output, STRONG, thousands};
use crate::paths::{display_path, read_file};

/// Flags for `cinematch evaluate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch evaluate                                        all models, on unseen users\n  \
                  cinematch evaluate --protocol time-cut --html report.html on future ratings, with plots\n  \
                  cinematch evaluate --protocol rolling-cuts --models ease  on the next three months, at 80 cutoffs\n  \
                  cinematch evaluate --models edlae,ials --splits 10        ten splits, seeds 42 to 51\n  \
                  cinematch evaluate --protocol cold-films                  on unseen movies\n  \
                  cinematch evaluate --models popular --export-split splits export splits for other programs\n  \
                  cinematch evaluate --score 'recs/{seed}/theirs.csv'       score lists from other programs"
)]
pub struct Evaluate {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    split_flags: SplitFlags,
    /// Models to evaluate [default: all; content, hybrid and popular with cold-films; none with --score]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    models: Option<Vec<String>>,
    /// File with hyperparameters for each model [default: data/tuned.json or data/tuned-PROTOCOL.json, if it
    /// exists]
    #[arg(long, env = "CINEMATCH_PARAMS", value_name = "FILE")]
    params: Option<PathBuf>,
    /// Part of the split to evaluate on
    #[arg(long, value_enum, default_value = "test", value_name = "PART")]
    part: PartName,
    /// Model to compare the others with [default: the best]
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Also score the lists in a CSV file with the columns userId,rank,movieId; `{seed}` in its name is
    /// replaced by the split's seed
    #[arg(long, value_name = "FILE")]
    score: Vec<String>,
    /// Write each split to DIR/SEED, with checksums
    #[arg(long, value_name = "DIR")]
    export_split: Option<PathBuf>,
    /// Write each model's lists to DIR/SEED/MODEL.csv
    #[arg(long, value_name = "DIR")]
    export_lists: Option<PathBuf>,
    /// Write an HTML report with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PartName {
    Validation,
    Test,
}

/// Advice for errors about a --score file.
const LISTS: &str =
    "it must contain lists for this split: userId,rank,movieId; `{seed}` is replaced by the seed";

/// JSON output of `cinematch evaluate`.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    run: &'a Run,
}

impl Evaluate {
    /// Fits and evaluates the models, and prints the report.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let started = Instant::now();
        let specs = self.specs(global, output)?;
        let protocol = self.split_flags.protocol()?;
        let part = match self.part {
            PartName::Validation => Part::Validation,
            PartName::Test => Part::Test,
        };
        self.check_names(&specs)?;
        let data = self.inputs.load(global, output)?;
        let mut contestants: Vec<EvaluatedModel> = specs
            .into_iter()
            .map(|(name, spec)| EvaluatedModel { name, spec: Some(spec), splits: Vec::new() })
            .collect();
        let n_fitted = contestants.len();
        for pattern in &self.score {
            let name = Path::new(pattern).file_stem().unwrap_or_default().to_string_lossy();
            let is_taken = contestants.iter().any(|other| other.name == name);
            let name = if is_taken { pattern.clone() } else { name.into_owned() };
            contestants.push(EvaluatedModel { name, spec: None, splits: Vec::new() });
        }

        let (mut splits, mut run) = (Vec::new(), Run::default());
        let mut stars = Stars::default();
        let seeds = self.split_flags.seeds();
        let is_rolling = matches!(protocol, Protocol::RollingCuts(_));
        for seed in &seeds {
            let protocol = protocol.with_seed(*seed);
            let split = match protocol.split(&data.interactions, part) {
                // Few users return in some of the windows of a small dataset.
                Err(SplitError::NoHeldOutUsers { .. }) if is_rolling => continue,
                split => split?,
            };
            splits.push(SplitReport::new(&split, *seed));
            if let Some(folder) = &self.export_split {
                let step = output.step("writing the split");
                export::write_split(&folder.join(seed.to_string()), protocol, *seed, &data)?;
                drop(step);
            }
            let (fitted, external) = contestants.split_at_mut(n_fitted);
            self.fit(fitted, &data, (&split, *seed), (&mut run, &mut stars), output)?;
            for (contestant, pattern) in external.iter_mut().zip(&self.score) {
                let path = PathBuf::from(pattern.replace("{seed}", &seed.to_string()));
                contestant.splits.push(score(&path, &split, &data, output)?);
            }
        }
        if splits.is_empty() {
            bail!(
                "no user who rated movies before one of the cutoffs liked a known movie after it"
            );
        }
        for seconds in run.fit_seconds.values_mut() {
            *seconds /= splits.len() as f64;
        }

        let step = output.step("comparing");
        let baseline = self.baseline.as_deref();
        let bootstrap = Bootstrap { seed: self.split_flags.seed, ..Bootstrap::default() };
        let mut evaluation =
            Evaluation::new((protocol, part), splits, contestants, baseline, bootstrap)?;
        evaluation.stars = stars.reports();
        drop(step);
        run.seconds = started.elapsed().as_secs_f64();
        if let Some(folder) = &self.export_split {
            output.note(format_args!(
                "{STRONG}{}{STRONG:#}: the splits, one folder per seed; split.json describes the files",
                display_path(folder)
            ));
        }
        output.json(&Summary { evaluation: &evaluation, run: &run })?;
        table::print(&evaluation, &run, output);
        if let Some(path) = &self.html {
            let page = html::render(&evaluation, &run).into_string();
            files::replace(path, |out| out.write_all(page.as_bytes()))?;
            output
                .line(format_args!("{STRONG}{}{STRONG:#}: report with plots", display_path(path)));
        }
        // The process is about to exit, so freeing the memory would only waste time.
        std::mem::forget(data);
        Ok(())
    }

    /// Checks the baseline and the --score files before models are fitted, because fitting may take hours.
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
                bail!("the baseline `{baseline}` is not among the evaluated models: {names}");
            }
        }
        let seeds = self.split_flags.seeds();
        for pattern in &self.score {
            if seeds.len() > 1 && !pattern.contains("{seed}") {
                bail!(
                    "--score {pattern}: {} splits need one file each; put `{{seed}}` into the name in \
                     place of the split's seed",
                    seeds.len()
                );
            }
            for seed in &seeds {
                let path = PathBuf::from(pattern.replace("{seed}", &seed.to_string()));
                if !path.is_file() {
                    bail!("{} not found: {LISTS}", display_path(&path));
                }
            }
        }
        Ok(())
    }

    /// Returns the models to fit, in the order requested.
    fn specs(&self, global: &Global, output: &Output) -> Result<Vec<(String, Spec)>> {
        let default = match self.split_flags.protocol()? {
            _ if !self.score.is_empty() => &[][..],
            Protocol::ColdMovies(_) => &["content", "hybrid", "popular"],
            _ => &NAMES,
        };
        let names = self.models.clone();
        let names = names.unwrap_or_else(|| default.iter().map(ToString::to_string).collect());
        let mut specs: Vec<(String, Spec)> = Vec::new();
        if names.is_empty() {
            return Ok(specs);
        }
        let mut tuned = tuned(self.params.as_deref(), &self.split_flags.tuned(global), output)?;
        for name in names {
            let Some(spec) = tuned.remove(&name).or_else(|| Spec::named(&name)) else {
                bail!("unknown model `{name}`; known models: {}", NAMES.join(", "));
            };
            if specs.iter().all(|(other, _)| *other != name) {
                specs.push((name, spec));
            }
        }
        Ok(specs)
    }

    /// Fits each model on a split and evaluates its lists.
    fn fit(
        &self,
        contestants: &mut [EvaluatedModel],
        data: &Data,
        (split, seed): (&Split<'_>, u64),
        (run, stars): (&mut Run, &mut Stars),
        output: &Output,
    ) -> Result<()> {
        if contestants.is_empty() {
            return Ok(());
        }
        let features = data.features(split)?;
        for EvaluatedModel { name, spec, splits: judged, .. } in contestants {
            let Some(spec) = spec else { continue };
            let set = TrainingSet {
                interactions: &split.interactions,
                users: &split.training,
                features: &features,
            };
            let progress = output.progress(&format!("seed {seed}: {name}"), 100);
            let started = Instant::now();
            let model = spec
                .clone()
                .with_seed(seed)
                .fit(set, &mut |_, share| progress.set_position((share * 100.0) as u64))
                .with_context(|| format!("cannot fit `{name}`"))?;
            *run.fit_seconds.entry(name.clone()).or_default() += started.elapsed().as_secs_f64();
            drop(progress);
            let step = output.step(&format!("seed {seed}: evaluating {name}"));
            let (of_model, lists) = ModelMetrics::from_model(&model, split, &data.attributes);
            judged.push(of_model);
            if let Fitted::BiasedMf(model) = &model {
                stars.extend(name, model, split);
            }
            if let Some(folder) = &self.export_lists {
                let path = folder.join(seed.to_string()).join(format!("{name}.csv"));
                export::write_lists(&path, split, &lists)?;
            }
            drop(step);
        }
        Ok(())
    }
}

/// Evaluates lists from another program.
fn score(path: &Path, split: &Split<'_>, data: &Data, output: &Output) -> Result<ModelMetrics> {
    let name = display_path(path);
    let bytes = read_file(path, LISTS)?;
    let read = external_lists(&name, &bytes, split)?;
    output.warn_problems(&read.problems);
    if read.unlisted_problems > 0 {
        let more = thousands(read.unlisted_problems);
        output.warn(format_args!("{more} more rows in {name} are for users outside the split"));
    }
    if read.missing_users.len() == split.held_out.len() {
        bail!(
            "{name} has no list for any user in this split; is it for another seed or other data?"
        );
    }
    if let Some(first) = read.missing_users.first() {
        output.warn(format_args!(
            "{name} has no list for {} of {} users, starting with {first}; they count as empty",
            thousands(read.missing_users.len() as u64),
            thousands(split.held_out.len() as u64),
        ));
    }
    if read.n_invalid_movies > 0 {
        output.warn(format_args!(
            "{name} lists {} movies that the user has rated or that are not candidates; they count as misses",
            thousands(read.n_invalid_movies as u64)
        ));
    }
    Ok(ModelMetrics::from_lists(&read.lists, split, &data.attributes))
}
