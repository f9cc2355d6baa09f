//! Training: flags, training data, and storing the new generation.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result};
use cinematch::bundle::{
    Added, FitStep, Generations, Published, Settings, Trained, Training, train,
};
use cinematch::catalog::Interactions;
use cinematch::evaluation::Holdout;
use cinematch::features::ranking::FeatureSet;
use cinematch::features::tags::TagCounts;
use cinematch::features::text::{StopWords, TfidfParams};
use cinematch::models::Spec;
use cinematch::models::spec::{Kind, NAMES};
use cinematch::sources::movielens::TagRow;
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::inputs::{
    Loaded, ReadMode, load_ratings, ratings_path, ratings_sum, read_movies, read_providers,
    read_specs, read_tags,
};
use crate::input_error::InputError;
use crate::options::Global;
use crate::output::Output;
use crate::paths::{ArtifactsPath, MergedPath, PackedPath, RawPath, display_path};
use crate::runtime::now;

/// Flags that determine a trained generation.
#[derive(Debug, Args)]
pub struct TrainFlags {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    artifacts: ArtifactsPath,
    #[command(flatten)]
    packed: PackedPath,
    /// Model to train [default: hybrid; content if there are no ratings]
    #[arg(long, value_parser = PossibleValuesParser::new(NAMES), value_name = "NAME")]
    model: Option<String>,
    /// File with hyperparameters for each model [default: data/tuned.json, if it exists]
    #[arg(long, env = "CINEMATCH_PARAMS", value_name = "FILE")]
    params: Option<PathBuf>,
    #[command(flatten)]
    tfidf: Tfidf,
    /// Features for ranking: seed uses overview, genres, year and runtime; full adds keywords, cast,
    /// directors and users' tags
    #[arg(long, value_enum, default_value = "full", value_name = "SET")]
    features: Features,
    /// Streaming services from `fetch tmdb` [default: raw/tmdb/watch_providers.csv, if it exists]
    #[arg(long, env = "CINEMATCH_PROVIDERS", value_name = "FILE")]
    providers: Option<PathBuf>,
    /// Train on MovieLens text only; TMDB metadata is still displayed and used by filters
    #[arg(long)]
    without_tmdb_text: bool,
    /// Seed for all random draws
    #[arg(long, default_value_t = 42, value_name = "N")]
    seed: u64,
    /// Add the generation without serving it; `cinematch models promote N` serves it later
    #[arg(long)]
    pub candidate: bool,
    #[command(flatten)]
    held_out: HeldOut,
    /// Number of generations to keep; the served one and its predecessor are never deleted
    #[arg(
        long,
        default_value_t = 3,
        env = "CINEMATCH_KEEP",
        value_parser = clap::value_parser!(u16).range(1..),
        value_name = "N"
    )]
    keep: u16,
}

/// Flags about the users who are held out of training.
#[derive(Clone, Copy, Debug, Args)]
struct HeldOut {
    /// Share of users to hold out of training for comparing generations; auto holds out 2 % (up to 20 %
    /// on small datasets), 0 trains on all users
    #[arg(long, value_name = "SHARE", default_value = "auto")]
    hold_out: HoldoutShare,
    /// Serve the models trained without the held-out users; by default, the models are trained again on all
    /// users, and only these are served
    #[arg(long)]
    no_refit: bool,
    /// Blend the models of the hybrid with the default weights; by default, the weights are fitted to the held-out
    /// users. Tuned weights and those of --params are never changed
    #[arg(long)]
    keep_weights: bool,
}

/// Flags that determine the vocabulary of `item_features.npz`.
#[derive(Clone, Copy, Debug, Args)]
struct Tfidf {
    /// Number of overview terms to keep, most frequent first
    #[arg(long, default_value_t = 500, value_name = "N")]
    max_features: usize,
    /// Maximum length of a term in words, 1 to 3
    #[arg(long, default_value_t = 2, value_name = "N")]
    ngram_max: usize,
    /// Stop words to ignore
    #[arg(long, value_enum, default_value = "english", value_name = "LIST")]
    stop_words: Stop,
    /// Ignore terms that occur in fewer than N movies
    #[arg(long, default_value_t = 1, value_name = "N")]
    min_df: u32,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Stop {
    English,
    None,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Features {
    Seed,
    Full,
}

/// Share of users held out of training.
#[derive(Clone, Copy, Debug)]
enum HoldoutShare {
    Auto,
    Zero,
    Of(Holdout),
}

impl FromStr for HoldoutShare {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let share: Option<f64> = text.parse().ok();
        match share {
            Some(0.0) => Ok(Self::Zero),
            share => share
                .and_then(Holdout::from_share)
                .map(Self::Of)
                .ok_or_else(|| "expected a number from 0 to below 1, or auto".to_owned()),
        }
    }
}

/// Training data, with the rating count for messages.
#[derive(Debug)]
pub struct TrainingInputs {
    /// Data to train on.
    pub training: Training,
    /// Number of ratings in the file, including ratings of movies that are not in the movie table.
    pub n_ratings: usize,
}

/// A generation that was written to disk.
#[derive(Debug)]
pub struct Stored {
    /// Number of the generation.
    pub generation: u64,
    /// Folder that holds its files.
    pub directory: PathBuf,
    /// Generations deleted to make room.
    pub removed: Vec<u64>,
    /// Paths left in place, because they are not CineMatch's links.
    pub not_replaced: Vec<PathBuf>,
}

impl TrainFlags {
    /// Returns these flags with `raw` as the folder for ratings and tags, unless a flag names another.
    #[must_use]
    pub fn with_raw(self, raw: &RawPath, global: &Global) -> Self {
        Self { raw: self.raw.or(Some(raw.resolve(global))), ..self }
    }

    /// Returns the folder of trained models.
    pub fn artifacts(&self, global: &Global) -> PathBuf {
        self.artifacts.resolve(global)
    }

    /// Returns the generations in the folder of trained models.
    pub fn generations(&self, global: &Global) -> Generations {
        Generations::new(&self.artifacts(global))
    }

    /// Reads the training data for these settings.
    pub fn training_inputs(
        &self,
        settings: Settings,
        global: &Global,
        output: &Output,
    ) -> Result<TrainingInputs> {
        let reading = output.step("reading movies");
        let (movies, movie_rows) = read_movies(&self.merged, global, output)?;
        let (tags, tag_rows) = read_tags(&self.raw, global, output)?;
        drop(reading);
        let learns_from_ratings = settings.model.model.learns_from_ratings();
        let ratings = if learns_from_ratings {
            Some(load_ratings(ReadMode::default(), &self.raw, &self.packed, global, output)?)
        } else {
            None
        };
        let hold_out = match (self.held_out.hold_out, &ratings) {
            (HoldoutShare::Auto, Some(loaded)) => {
                Some(Holdout::for_users(loaded.interactions.n_users()))
            }
            // Without ratings, only tags are learned, and no users are held out.
            (HoldoutShare::Zero, _) | (HoldoutShare::Auto, None) => None,
            (HoldoutShare::Of(share), _) => Some(share),
        };
        let rating_rows = match &ratings {
            Some(loaded) => {
                let summing = output.step("computing the checksum of the ratings");
                let sum = ratings_sum(&self.raw, loaded, global)?;
                drop(summing);
                Some(sum)
            }
            None => None,
        };
        let (availability, provider_rows) =
            read_providers(self.providers.as_deref(), &movies, global, output)?;
        let ratings = ratings.map(|loaded| loaded.interactions);
        let n_ratings = ratings.as_ref().map_or(0, Interactions::n_ratings);
        let rows =
            std::iter::once(movie_rows).chain(tag_rows).chain(rating_rows).chain(provider_rows);
        let is_learned =
            |tag: &&TagRow| !hold_out.is_some_and(|hold_out| hold_out.contains(tag.user_id));
        let training = Training {
            movies,
            availability,
            tags: TagCounts::new(tags.iter().filter(is_learned)),
            ratings,
            holdout: hold_out,
            refit: !self.held_out.no_refit,
            fit_weights: !self.held_out.keep_weights && self.has_default_weights(&settings),
            inputs: rows.collect(),
            settings,
            created_at: now(),
        };
        Ok(TrainingInputs { training, n_ratings })
    }

    /// Returns true if the settings contain the default hybrid.
    fn has_default_weights(&self, settings: &Settings) -> bool {
        settings.model == Spec::default().with_predictions().with_seed(self.seed)
    }

    /// Returns an error if --raw names a folder that does not exist.
    pub fn check_raw(&self) -> Result<()> {
        self.raw.check()
    }

    /// Returns an error if no model is requested and the ratings are missing that the champion was trained on, for
    /// example because a disk is not mounted. Without this check, a content model would
    /// replace the champion. `override_command` is the command that trains without ratings on purpose.
    pub fn check_ratings(&self, override_command: &str, global: &Global) -> Result<()> {
        let path = ratings_path(&self.raw.resolve(global));
        if self.model.is_some() || path.exists() {
            return Ok(());
        }
        let Ok((generation, champion)) = self.generations(global).manifest() else { return Ok(()) };
        match champion.inputs.iter().find(|input| input.name.starts_with("ratings.")) {
            Some(input) => Err(InputError::error(format_args!(
                "{} not found, but generation {generation} was trained on {}; restore the file, or run \
                 `{override_command}` to train without ratings",
                display_path(&path),
                input.name
            ))),
            None => Ok(()),
        }
    }

    /// Loads the ratings, if they exist.
    pub fn ratings(&self, global: &Global, output: &Output) -> Result<Option<Loaded>> {
        if !ratings_path(&self.raw.resolve(global)).exists() {
            return Ok(None);
        }
        load_ratings(ReadMode::default(), &self.raw, &self.packed, global, output).map(Some)
    }

    /// Writes the trained generation and serves it, unless `--candidate` is set.
    pub fn store(&self, generations: &Generations, trained: &Trained) -> Result<Stored> {
        let keep = self.keep.into();
        if self.candidate {
            let Added { generation, directory, removed } = generations.add(trained, keep)?;
            return Ok(Stored { generation, directory, removed, not_replaced: Vec::new() });
        }
        let Published { generation, directory, removed, not_replaced } =
            generations.publish(trained, keep)?;
        Ok(Stored { generation, directory, removed, not_replaced })
    }

    /// Returns the training settings that the flags specify.
    pub fn settings(&self, global: &Global, output: &Output) -> Result<Settings> {
        let Tfidf { max_features, ngram_max, stop_words, min_df } = self.tfidf;
        let stop_words = match stop_words {
            Stop::English => StopWords::English,
            Stop::None => StopWords::None,
        };
        Ok(Settings {
            model: self.spec(global, output)?,
            features: match self.features {
                Features::Seed => FeatureSet::Seed,
                Features::Full => FeatureSet::Full,
            },
            tfidf: TfidfParams { max_features, ngram_max, stop_words, min_df },
            seed: self.seed,
            without_tmdb_text: self.without_tmdb_text,
        })
    }

    /// Returns the model to train, with tuned hyperparameters if there are any.
    fn spec(&self, global: &Global, output: &Output) -> Result<Spec> {
        let has_ratings = ratings_path(&self.raw.resolve(global)).exists();
        let name = match self.model.as_deref() {
            Some(name) => name,
            None if has_ratings => NAMES[0],
            None => {
                output.warn("there are no ratings; movies are compared by content alone");
                "content"
            }
        };
        let tuned = global.root.join("data/tuned.json");
        let params = self.params.clone().or_else(|| tuned.exists().then_some(tuned));
        let mut specs = params.as_deref().map(read_specs).transpose()?.unwrap_or_default();
        let found = specs.remove(name);
        if let (Some(_), Some(path)) = (&found, &params) {
            output
                .note(format_args!("using hyperparameters for {name} from {}", display_path(path)));
        }
        let spec = found.or_else(|| Spec::named(name)).context("unknown model")?;
        Ok(spec.with_predictions().with_seed(self.seed))
    }
}

/// Trains the models. Calls `progress` with the fraction of training completed, from 0 to 1.
pub fn run_training(
    training: Training,
    output: &Output,
    progress: &mut dyn FnMut(f32),
) -> Result<Trained> {
    let n_models = match &training.settings.model.model {
        Kind::Hybrid { parts } => parts.len(),
        _ => 1,
    };
    let n_steps = if training.has_refit() { 2 * n_models } else { n_models };
    let mut shown = (None, output.step("fitting features"));
    let mut n_started = 0;
    let trained = train(training, &mut |step: FitStep, fraction| {
        if shown.0 != Some(step) {
            let FitStep { model, is_refit } = step;
            let users = if is_refit { " on all users" } else { "" };
            shown = (Some(step), output.progress(&format!("training {model}{users}"), 100));
            n_started += 1;
        }
        shown.1.set_position((fraction * 100.0) as u64);
        progress(((n_started - 1) as f32 + fraction).min(n_steps as f32) / n_steps as f32);
    })?;
    Ok(trained)
}
