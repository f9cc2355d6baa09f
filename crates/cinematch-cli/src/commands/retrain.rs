//! `cinematch retrain`: newer data, a new generation, and service only for one that is not worse.

use std::ffi::OsString;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use cinematch::bundle::{ArtifactsError, Bundle, Generations, Manifest};
use cinematch::evaluation::holdout::{HoldOut, Panel};
use cinematch::evaluation::promotion::{Challenger, Champion, Rule, Verdict, judge};
use cinematch::ids::MovieId;
use clap::Args;
use serde::Serialize;

use super::events::{self, Events};
use super::inputs::ratings_path;
use super::models::card::Card;
use super::train::{Material, Train, learn};
use crate::options::{Command, Global};
use crate::output::{CARE, GOOD, Output, STRONG};
use crate::paths::{ArtifactsPath, RawPath, shown};
use crate::settings::Settings;

/// Flags of `retrain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch retrain                      what the server does on schedule\n  \
                  cinematch retrain --margin 0           not the least loss is let pass\n  \
                  cinematch retrain -- --model ials      with other settings for train\n\n\
                  Fetches what changed at TMDb (where there is a token and something fetched before), merges \
                  the table again as it was made, trains without some users, and asks for these users, whom \
                  neither generation has seen, whether the new one ranks worse than the one that is served."
)]
pub struct Retrain {
    #[command(flatten)]
    artifacts: ArtifactsPath,
    /// The share of the champion's NDCG that may be lost, at the lower end of the 95 % interval
    #[arg(long, env = "CINEMATCH_MARGIN", default_value = "0.02", value_parser = margin, value_name = "SHARE")]
    margin: f64,
    /// Serve a generation with less than nine tenths of the champion's films too
    #[arg(long = "allow-fewer-films", alias = "allow-fewer-movies")]
    allow_fewer_movies: bool,
    /// Serve a generation that learned from less than nine tenths of the champion's ratings too
    #[arg(long)]
    allow_fewer_ratings: bool,
    /// Leave TMDb alone
    #[arg(long)]
    no_fetch: bool,
    #[command(flatten)]
    events: Events,
    /// Flags for `train`
    #[arg(last = true, value_name = "FLAGS")]
    train: Vec<OsString>,
}

fn margin(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to below 1".to_owned())
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Outcome {
    /// The new generation; `None` where nothing was new.
    generation: Option<u64>,
    promoted: bool,
    why: String,
    verdict: Option<Verdict>,
    /// What did not work and was done without.
    warnings: Vec<String>,
    seconds: f64,
}

/// A generation that was made and is not served yet.
struct Candidate {
    generation: u64,
    manifest: Manifest,
}

impl Retrain {
    /// Trains, judges, and serves or not.
    pub fn run(&self, global: &Global, settings: &Settings, output: &Output) -> Result<()> {
        let output = &self.events.follow(output)?;
        let started = Instant::now();
        let user = User { global, settings };
        let mut outcome = self.retrain(user, output)?;
        outcome.seconds = started.elapsed().as_secs_f64();
        events::outcome(output, &outcome)?;
        output.json(&outcome)?;
        for warning in &outcome.warnings {
            output.warn(warning);
        }
        let Outcome { generation, promoted, why, .. } = &outcome;
        match generation {
            None => output.line(format_args!("{STRONG}nothing new{STRONG:#}: {why}")),
            Some(generation) if *promoted => {
                output.line(format_args!("{GOOD}generation {generation} is served{GOOD:#}: {why}"));
            }
            Some(generation) => output
                .line(format_args!("{CARE}generation {generation} is not served{CARE:#}: {why}")),
        }
        Ok(())
    }

    fn retrain(&self, user: User<'_>, output: &Output) -> Result<Outcome> {
        let global = user.global;
        let mut warnings = Vec::new();
        self.fetch(user, output, &mut warnings)?;
        let raw = preprocess(user, output, &mut warnings)?;
        let train = self.train(user)?.with_raw(&raw, global);
        let generations = train.generations(global);
        self.check_ratings(&generations, &raw, global)?;
        let Some(candidate) = make(&train, global, output)? else {
            return Ok(Outcome {
                generation: None,
                promoted: false,
                why: "the same data and settings give the generation that is served".to_owned(),
                verdict: None,
                warnings,
                seconds: 0.0,
            });
        };

        let before = generations.published();
        let verdict = self.judge(&candidate, &train, global, (output, &mut warnings))?;
        let generation = candidate.generation;
        let card = Card::new(generation, &candidate.manifest).judged(&verdict, super::now());
        if let Err(error) = card.write(&generations) {
            warnings.push(format!("there is no card of generation {generation}: {error:#}"));
        }
        events::stage(output, "promote", 0.0)?;
        let (mut promoted, mut why) = (verdict.promote, verdict.why.clone());
        if promoted && generations.published() != before {
            promoted = false;
            "another generation was promoted meanwhile; the next retraining judges against that one"
                .clone_into(&mut why);
        }
        if promoted && generations.were_taken_back()?.contains(&candidate.manifest.model_id) {
            promoted = false;
            "somebody went back from this very model; `cinematch models promote` serves it again"
                .clone_into(&mut why);
        }
        if promoted {
            generations.promote(generation, &super::now(), &why)?;
        }
        events::stage(output, "promote", 1.0)?;
        let verdict = Some(verdict);
        Ok(Outcome { generation: Some(generation), promoted, why, verdict, warnings, seconds: 0.0 })
    }

    /// What the champion learned from has to be there: a disk that is not mounted makes no model of content
    /// alone out of one of ratings. Who names another model has thought of it.
    fn check_ratings(
        &self,
        generations: &Generations,
        raw: &RawPath,
        global: &Global,
    ) -> Result<()> {
        let Ok((generation, champion)) = generations.manifest() else { return Ok(()) };
        let learned = champion.inputs.iter().find(|input| input.name.starts_with("ratings."));
        let path = ratings_path(&raw.resolve(global));
        match learned {
            Some(input) if self.train.is_empty() && !path.exists() => bail!(
                "{} is not there, and generation {generation} learned from {}: bring it back, or say \
                 `retrain -- --model content` to do without",
                shown(&path),
                input.name
            ),
            _ => Ok(()),
        }
    }

    /// Brings TMDb's facts up to date. Without them the older ones do for another time.
    fn fetch(&self, user: User<'_>, output: &Output, warnings: &mut Vec<String>) -> Result<()> {
        events::stage(output, "fetch", 0.0)?;
        let Command::Fetch(fetch) = user.command(["fetch", "tmdb", "--update"])? else {
            return Err(anyhow!("`fetch` is another command"));
        };
        if !self.no_fetch
            && fetch.can_update(user.global)
            && let Err(error) = fetch.run(user.global, &output.of_step())
        {
            warnings.push(format!("TMDb's facts are as they were: {error:#}"));
        }
        events::stage(output, "fetch", 1.0)
    }

    /// `train` as the user has it, but for what is served: that is decided later.
    fn train(&self, user: User<'_>) -> Result<Train> {
        let artifacts = self.artifacts.resolve(user.global);
        let mut arguments: Vec<OsString> =
            ["train", "--candidate", "--artifacts"].map(OsString::from).into();
        arguments.push(artifacts.into());
        arguments.extend(self.train.iter().cloned());
        match user.command(arguments)? {
            Command::Train(train) => Ok(train),
            _ => Err(anyhow!("`train` is another command")),
        }
    }

    /// Asks the users whom neither has seen.
    fn judge(
        &self,
        candidate: &Candidate,
        train: &Train,
        global: &Global,
        (output, warnings): (&Output, &mut Vec<String>),
    ) -> Result<Verdict> {
        events::stage(output, "evaluate", 0.0)?;
        let generations = train.generations(global);
        let loading = output.step("loading both generations");
        let challenger = generations.load_generation(candidate.generation)?;
        let champion = load_champion(&generations, warnings)?;
        drop(loading);
        events::stage(output, "evaluate", 0.2)?;

        let settings = &candidate.manifest.settings;
        let against = champion.as_ref().map(|champion| Champion {
            recommender: &champion.recommender,
            n_ratings: champion.manifest.counts.ratings,
            has_seen_all: has_seen_all(&champion.manifest),
            has_same_recipe: champion.manifest.settings == *settings,
            generation: champion.generation,
            model_id: champion.manifest.model_id.clone(),
        });
        let ratings = train.ratings(global, &output.of_step())?;
        let asking = output.step("asking users whom neither has seen");
        let is_known = |movie: MovieId| {
            let knows = |bundle: &Bundle| bundle.recommender.vocabulary().index_of(movie).is_some();
            knows(&challenger) || champion.as_ref().is_some_and(knows)
        };
        let held_out = [Some(&candidate.manifest), champion.as_ref().map(|it| &it.manifest)]
            .into_iter()
            .filter_map(|manifest| manifest?.hold_out)
            .reduce(HoldOut::and);
        let panel = ratings.as_ref().map(|loaded| {
            let interactions = &loaded.interactions;
            // Models of content learn from nobody: any users do.
            let usual = || HoldOut::usual(interactions.n_users());
            Panel::new(interactions, held_out.unwrap_or_else(usual), is_known)
        });
        let rule = Rule {
            margin: self.margin,
            allow_fewer_movies: self.allow_fewer_movies,
            allow_fewer_ratings: self.allow_fewer_ratings,
            ..Rule::default()
        };
        let challenger = Challenger {
            recommender: &challenger.recommender,
            n_ratings: candidate.manifest.counts.ratings,
        };
        let verdict = judge(panel.as_ref(), challenger, against.as_ref(), &rule)?;
        drop(asking);
        events::stage(output, "evaluate", 1.0)?;
        Ok(verdict)
    }
}

/// What holds for every step: where the folder is, and what the user has set.
#[derive(Clone, Copy)]
struct User<'a> {
    global: &'a Global,
    settings: &'a Settings,
}

impl User<'_> {
    /// A command line within this process.
    fn command<T: Into<OsString>>(self, arguments: impl IntoIterator<Item = T>) -> Result<Command> {
        let root = ["--root".into(), self.global.root.clone().into_os_string()];
        let arguments = root.into_iter().chain(arguments.into_iter().map(Into::into));
        Ok(self.settings.parse_within(arguments)?.command)
    }
}

/// Merges the table again as it was made. Gives the folder of MovieLens' files.
fn preprocess(user: User<'_>, output: &Output, warnings: &mut Vec<String>) -> Result<RawPath> {
    let global = user.global;
    events::stage(output, "preprocess", 0.0)?;
    let Command::Preprocess(preprocess) = user.command(["preprocess"])? else {
        return Err(anyhow!("`preprocess` is another command"));
    };
    let preprocess = preprocess.as_before(global)?;
    let raw = preprocess.raw().resolve(global);
    if raw.join("movies.csv").exists() {
        preprocess.run(global, &output.of_step())?;
    } else {
        warnings.push(format!(
            "the table is as it was: {} has no movies.csv to make it from",
            raw.display()
        ));
    }
    events::stage(output, "preprocess", 1.0)?;
    Ok(preprocess.raw().clone())
}

/// Trains a candidate; `None` where it would be the champion once more. One that is there already,
/// because it was not good enough against an earlier champion, is judged again.
fn make(train: &Train, global: &Global, output: &Output) -> Result<Option<Candidate>> {
    events::stage(output, "train", 0.0)?;
    let step = output.of_step();
    let settings = train.settings(global, &step)?;
    let Material { training, .. } = train.material(settings, global, &step)?;
    let mut told = 0.0;
    let trained = learn(training, output, &mut |share| {
        if share >= told + 0.01 {
            told = share;
            // A reader that went away is noticed at the end.
            let _ = events::stage(output, "train", share.min(0.99));
        }
    })?;
    let generations = train.generations(global);
    let manifest = trained.manifest.clone();
    let mut all = generations.list()?.into_iter();
    let known = all.find(|info| info.model_id.as_deref() == Some(manifest.model_id.as_str()));
    // A damaged one is made again.
    let known = known.filter(|known| generations.check_generation(known.generation).is_ok());
    let generation = match known {
        Some(known) if Some(known.generation) == generations.published() => None,
        Some(known) => Some(known.generation),
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

/// The generation that is served. A damaged one is nothing to compare with.
fn load_champion(generations: &Generations, warnings: &mut Vec<String>) -> Result<Option<Bundle>> {
    match generations.load() {
        Ok(champion) => Ok(Some(champion)),
        Err(ArtifactsError::NotFound { .. }) => Ok(None),
        Err(error @ ArtifactsError::Broken { .. }) => {
            warnings.push(format!("nothing to compare with: {error}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a generation learned from the very users who would be asked. A model of content learns from no ratings.
fn has_seen_all(manifest: &Manifest) -> bool {
    manifest.hold_out.is_none() && manifest.settings.model.model.learns_from_ratings()
}
