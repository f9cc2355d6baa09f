//! `cinematch retrain`: trains on current data and promotes the new generation unless it ranks worse.

use std::ffi::OsString;
use std::time::Instant;

use anyhow::Result;
use cinematch::bundle::{ArtifactsError, Bundle, Generations, Manifest};
use cinematch::evaluation::holdout::{Holdout, HoldoutUsers};
use cinematch::evaluation::promotion::{Challenger, Champion, Rule, Verdict, decide};
use cinematch::ids::MovieId;
use clap::{Args, FromArgMatches};
use serde::Serialize;

use crate::cards::{self, Card};
use crate::options::Global;
use crate::output::{Output, STRONG, SUCCESS, WARNING};
use crate::paths::{ArtifactsPath, RawPath};
use crate::pipeline::events::{self, Events};
use crate::pipeline::merging::Merge;
use crate::pipeline::training::{TrainFlags, TrainingInputs, run_training};
use crate::runtime::now;
use crate::settings::Settings;
use crate::tmdb::fetch::FetchTmdb;

/// Flags for `cinematch retrain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch retrain                      as a server does on schedule\n  \
                  cinematch retrain --margin 0           accept no loss at all\n  \
                  cinematch retrain -- --model ials      pass flags to train\n\n\
                  Updates TMDB metadata (if a token is set and metadata was fetched before), merges the \
                  table with the same options as before, trains with some users held out, and compares \
                  both generations on held-out users that neither was trained on. The models that are \
                  served are then\nthose trained again on all users; see `train --no-refit`."
)]
pub struct Retrain {
    #[command(flatten)]
    artifacts: ArtifactsPath,
    /// Maximum accepted loss in NDCG, as a share of the champion's, at the lower end of the 95 % interval
    #[arg(long, env = "CINEMATCH_MARGIN", default_value = "0.02", value_parser = margin, value_name = "SHARE")]
    margin: f64,
    /// Accept a generation with less than 90 % of the champion's movies
    #[arg(long = "allow-fewer-films", alias = "allow-fewer-movies")]
    allow_fewer_movies: bool,
    /// Accept a generation trained on less than 90 % of the champion's ratings
    #[arg(long)]
    allow_fewer_ratings: bool,
    /// Do not fetch from TMDB
    #[arg(long)]
    no_fetch: bool,
    #[command(flatten)]
    events: Events,
    /// Flags to pass to `train`
    #[arg(last = true, value_name = "FLAGS")]
    train: Vec<OsString>,
}

fn margin(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to below 1".to_owned())
}

/// JSON output of `cinematch retrain`.
#[derive(Debug, Serialize)]
struct Outcome {
    /// Number of the new generation; `None` if the data did not change.
    generation: Option<u64>,
    promoted: bool,
    why: String,
    verdict: Option<Verdict>,
    /// Messages about steps that failed and were skipped.
    warnings: Vec<String>,
    seconds: f64,
}

/// A trained generation that is not served yet.
struct Candidate {
    generation: u64,
    manifest: Manifest,
}

impl Retrain {
    /// Trains and evaluates a generation, and promotes it if it is accepted.
    pub fn run(&self, global: &Global, settings: &Settings, output: &Output) -> Result<()> {
        let output = &self.events.follow(output)?;
        let started = Instant::now();
        let context = Context { global, settings };
        let mut outcome = self.events.mark_permanent(self.retrain(context, output))?;
        outcome.seconds = started.elapsed().as_secs_f64();
        events::outcome(output, &outcome)?;
        output.json(&outcome)?;
        for warning in &outcome.warnings {
            output.warn(warning);
        }
        let Outcome { generation, promoted, why, .. } = &outcome;
        match generation {
            None => output.line(format_args!("{STRONG}no changes{STRONG:#}: {why}")),
            Some(generation) if *promoted => {
                output.line(format_args!(
                    "{SUCCESS}generation {generation} is served{SUCCESS:#}: {why}"
                ));
            }
            Some(generation) => output.line(format_args!(
                "{WARNING}generation {generation} is not served{WARNING:#}: {why}"
            )),
        }
        Ok(())
    }

    fn retrain(&self, context: Context<'_>, output: &Output) -> Result<Outcome> {
        let global = context.global;
        let mut warnings = Vec::new();
        self.fetch(context, output, &mut warnings)?;
        let raw = preprocess(context, output, &mut warnings)?;
        let train = self.train(context)?.with_raw(&raw, global);
        let generations = train.generations(global);
        train.check_ratings("cinematch retrain -- --model content", global)?;
        let Some(candidate) = train_candidate(&train, global, output)? else {
            return Ok(Outcome {
                generation: None,
                promoted: false,
                why: "the served generation was trained on the same data and settings".to_owned(),
                verdict: None,
                warnings,
                seconds: 0.0,
            });
        };

        let previous_champion = generations.champion();
        let verdict = self.judge(&candidate, &train, global, (output, &mut warnings))?;
        let generation = candidate.generation;
        let card = Card::new(generation, &candidate.manifest).with_verdict(&verdict, now());
        if let Err(error) = cards::write(&card, &generations) {
            warnings.push(format!("cannot write the card of generation {generation}: {error:#}"));
        }
        events::stage(output, "promote", 0.0)?;
        let (mut promoted, mut why) = (verdict.promote, verdict.reason.clone());
        if promoted && generations.champion() != previous_champion {
            promoted = false;
            "another generation was promoted meanwhile; the next retraining compares with it"
                .clone_into(&mut why);
        }
        if promoted && generations.rolled_back_models()?.contains(&candidate.manifest.model_id) {
            promoted = false;
            "this model was rolled back; run `cinematch models promote` to serve it again"
                .clone_into(&mut why);
        }
        if promoted {
            generations.promote(generation, &now(), &why)?;
        }
        events::stage(output, "promote", 1.0)?;
        let verdict = Some(verdict);
        Ok(Outcome { generation: Some(generation), promoted, why, verdict, warnings, seconds: 0.0 })
    }

    /// Updates TMDB metadata. If that fails, the existing metadata is used.
    fn fetch(
        &self,
        context: Context<'_>,
        output: &Output,
        warnings: &mut Vec<String>,
    ) -> Result<()> {
        events::stage(output, "fetch", 0.0)?;
        let fetch: FetchTmdb = context.parse_flags(&["fetch", "tmdb"], ["--update".into()])?;
        if !self.no_fetch
            && fetch.can_update(context.global)
            && let Err(error) = fetch.run(context.global, &output.for_step())
        {
            warnings.push(format!("TMDB metadata was not updated: {error:#}"));
        }
        events::stage(output, "fetch", 1.0)
    }

    /// Returns the operator's flags for `train`, plus `--candidate` so that the generation is not served.
    fn train(&self, context: Context<'_>) -> Result<TrainFlags> {
        let artifacts = self.artifacts.resolve(context.global);
        let flags = ["--candidate".into(), "--artifacts".into(), artifacts.into()];
        context.parse_flags(&["train"], flags.into_iter().chain(self.train.iter().cloned()))
    }

    /// Compares both generations on users that neither was trained on.
    fn judge(
        &self,
        candidate: &Candidate,
        train: &TrainFlags,
        global: &Global,
        (output, warnings): (&Output, &mut Vec<String>),
    ) -> Result<Verdict> {
        events::stage(output, "evaluate", 0.0)?;
        let generations = train.generations(global);
        let loading = output.step("loading both generations");
        let challenger = generations.load_for_evaluation(candidate.generation)?;
        let champion = load_champion(&generations, warnings)?;
        drop(loading);
        events::stage(output, "evaluate", 0.2)?;

        let settings = &candidate.manifest.settings;
        let champion_input = champion.as_ref().map(|(champion, set)| Champion {
            recommender: &champion.recommender,
            n_ratings: champion.manifest.evaluation_ratings(),
            is_trained_on_all_users: *set == ChampionModels::Served
                || has_seen_all(&champion.manifest),
            has_same_settings: champion.manifest.settings == *settings,
            generation: champion.generation,
            model_id: champion.manifest.model_id.clone(),
        });
        let ratings = train.ratings(global, &output.for_step())?;
        let step = output.step("comparing on held-out users");
        let is_known = |movie: MovieId| {
            let contains =
                |bundle: &Bundle| bundle.recommender.vocabulary().index_of(movie).is_some();
            contains(&challenger)
                || champion.as_ref().is_some_and(|(champion, _)| contains(champion))
        };
        let held_out = [Some(&candidate.manifest), champion.as_ref().map(|(it, _)| &it.manifest)]
            .into_iter()
            .filter_map(|manifest| manifest?.holdout)
            .reduce(Holdout::intersection);
        let holdout = ratings.as_ref().map(|loaded| {
            let interactions = &loaded.interactions;
            // Content models are trained without users, so any users can be held out.
            let usual = || Holdout::for_users(interactions.n_users());
            HoldoutUsers::new(interactions, held_out.unwrap_or_else(usual), is_known)
        });
        let rule = Rule {
            margin: self.margin,
            allow_fewer_movies: self.allow_fewer_movies,
            allow_fewer_ratings: self.allow_fewer_ratings,
            ..Rule::default()
        };
        let challenger = Challenger {
            recommender: &challenger.recommender,
            n_ratings: candidate.manifest.evaluation_ratings(),
        };
        let verdict = decide(holdout.as_ref(), challenger, champion_input.as_ref(), &rule)?;
        drop(step);
        events::stage(output, "evaluate", 1.0)?;
        Ok(verdict)
    }
}

/// Global flags and settings that apply to all steps.
#[derive(Clone, Copy)]
struct Context<'a> {
    global: &'a Global,
    settings: &'a Settings,
}

impl Context<'_> {
    /// Parses flags for another command, with the same root folder, settings file and environment.
    fn parse_flags<T: FromArgMatches>(
        self,
        command: &[&str],
        flags: impl IntoIterator<Item = OsString>,
    ) -> Result<T> {
        let root = ["--root".into(), self.global.root.clone().into_os_string()];
        Ok(self.settings.parse_command(command, root.into_iter().chain(flags))?)
    }
}

/// Merges the table again with its recorded options. Returns the MovieLens folder.
fn preprocess(
    context: Context<'_>,
    output: &Output,
    warnings: &mut Vec<String>,
) -> Result<RawPath> {
    let global = context.global;
    events::stage(output, "preprocess", 0.0)?;
    let merge: Merge = context.parse_flags(&["preprocess"], [])?;
    let merge = merge.with_recorded_flags(global)?;
    let raw = merge.raw().resolve(global);
    if raw.join("movies.csv").exists() {
        merge.run(global, &output.for_step())?;
    } else {
        warnings
            .push(format!("the table was not merged again: {} has no movies.csv", raw.display()));
    }
    events::stage(output, "preprocess", 1.0)?;
    Ok(merge.raw().clone())
}

/// Trains a candidate. Returns `None` if it equals the champion. If a generation with the same model already
/// exists, such as one that lost to an earlier champion, returns that generation to be evaluated again.
fn train_candidate(
    train: &TrainFlags,
    global: &Global,
    output: &Output,
) -> Result<Option<Candidate>> {
    events::stage(output, "train", 0.0)?;
    let step = output.for_step();
    let settings = train.settings(global, &step)?;
    let TrainingInputs { training, .. } = train.training_inputs(settings, global, &step)?;
    let mut reported = 0.0;
    let trained = run_training(training, output, &mut |share| {
        if share >= reported + 0.01 {
            reported = share;
            // A closed pipe is reported at the end.
            let _ = events::stage(output, "train", share.min(0.99));
        }
    })?;
    let generations = train.generations(global);
    let manifest = trained.manifest.clone();
    let mut all = generations.list()?.into_iter();
    let existing = all.find(|info| info.model_id.as_deref() == Some(manifest.model_id.as_str()));
    // If the existing generation is damaged, the model is stored as a new one.
    let existing =
        existing.filter(|existing| generations.check_generation(existing.generation).is_ok());
    let generation = match existing {
        Some(existing) if Some(existing.generation) == generations.champion() => None,
        Some(existing) => Some(existing.generation),
        None => {
            let step = output.step("writing the generation");
            let generation = train.store(&generations, &trained)?.generation;
            drop(step);
            Some(generation)
        }
    };
    events::stage(output, "train", 1.0)?;
    Ok(generation.map(|generation| Candidate { generation, manifest }))
}

/// Models that a champion was loaded with.
#[derive(PartialEq, Eq)]
enum ChampionModels {
    /// The models to compare.
    Evaluation,
    /// The models that are served, because those to compare are damaged.
    Served,
}

/// Loads the champion with the models to compare. If only these are damaged, loads it with the models that are
/// served, so that it is not replaced without a comparison. Returns `None` if there is no champion or if it is
/// damaged.
fn load_champion(
    generations: &Generations,
    warnings: &mut Vec<String>,
) -> Result<Option<(Bundle, ChampionModels)>> {
    let champion = generations.manifest();
    match champion.and_then(|(generation, _)| generations.load_for_evaluation(generation)) {
        Ok(champion) => Ok(Some((champion, ChampionModels::Evaluation))),
        Err(ArtifactsError::NotFound { .. }) => Ok(None),
        Err(error @ (ArtifactsError::Broken { .. } | ArtifactsError::NotServed { .. })) => {
            warnings.push(format!("no champion to compare with: {error}"));
            Ok(generations.load().ok().map(|champion| (champion, ChampionModels::Served)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns true if a generation has only models trained on all users. Content models do not train on ratings.
fn has_seen_all(manifest: &Manifest) -> bool {
    manifest.holdout.is_none() && manifest.settings.model.model.learns_from_ratings()
}
