//! `cinematch evaluate`.

mod export;
mod html;
mod run;
mod stars;
mod table;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cinematch::evaluation::{
    Bootstrap, Contestant, Evaluation, Judged, Part, Protocol, Split, SplitReport, foreign_lists,
};
use cinematch::files;
use cinematch::models::spec::NAMES;
use cinematch::models::{Fitted, Spec, TrainingSet};
use clap::{Args, ValueEnum};
use serde::Serialize;

use self::run::Run;
use self::stars::Stars;
use crate::evaluation::{Data, Division, Inputs, tuned};
use crate::options::Global;
use crate::output::{Output, STRONG, thousands};
use crate::paths::{read_or, shown};

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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PartName {
    Validation,
    Test,
}

/// What a file of lists is.
const LISTS: &str =
    "it has the lists for this split: userId,rank,movieId; `{seed}` stands for the seed";

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
            let page = html::render(&evaluation, &run).into_string();
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
        let default = match self.division.protocol()? {
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
                .fit(set, &mut |_, share| fitting.set_position((share * 100.0) as u64))
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

/// Judges lists from elsewhere.
fn score(path: &Path, split: &Split<'_>, data: &Data, output: &Output) -> Result<Judged> {
    let name = shown(path);
    let bytes = read_or(path, LISTS)?;
    let read = foreign_lists(&name, &bytes, split)?;
    output.warn_problems(&read.problems);
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
