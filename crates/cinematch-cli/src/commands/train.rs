//! `cinematch train`.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result};
use cinematch::bundle::{
    Added, Generations, Manifest, Published, Settings, Trained, Training, train,
};
use cinematch::catalog::Interactions;
use cinematch::evaluation::HoldOut;
use cinematch::features::ranking::FeatureSet;
use cinematch::features::tags::TagCounts;
use cinematch::features::text::{StopWords, TfidfParams};
use cinematch::models::Spec;
use cinematch::models::spec::{Kind, NAMES};
use cinematch::sources::movielens::TagRow;
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::inputs::{
    How, Loaded, PackedPath, load_ratings, ratings_path, ratings_sum, read_movies, read_providers,
    read_specs, read_tags,
};
use super::models::card::Card;
use crate::options::Global;
use crate::output::{Output, STRONG, thousands};
use crate::paths::{ArtifactsPath, MergedPath, RawPath, shown};

/// Flags of `train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch train                    the hybrid, where there are ratings\n  \
                        cinematch train --model content    from what films are alone\n  \
                        cinematch train --model ials --params my.json\n  \
                        cinematch train --max-features 2000 --min-df 3 --keep 10\n  \
                        cinematch train --candidate        to be looked at before it is served"
)]
pub struct Train {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    artifacts: ArtifactsPath,
    #[command(flatten)]
    packed: PackedPath,
    /// What to learn [default: hybrid; content where there are no ratings]
    #[arg(long, value_parser = PossibleValuesParser::new(NAMES), value_name = "NAME")]
    model: Option<String>,
    /// Models' parameters [default: data/tuned.json, if `cinematch tune` has written it]
    #[arg(long, env = "CINEMATCH_PARAMS", value_name = "FILE")]
    params: Option<PathBuf>,
    #[command(flatten)]
    tfidf: Tfidf,
    /// What ranking looks at: seed = overview, genres, year, runtime; full = also keywords, cast,
    /// directors, viewers' tags
    #[arg(long, value_enum, default_value = "full", value_name = "SET")]
    features: Features,
    /// Where films can be watched, from `fetch tmdb` [default: raw/tmdb/watch_providers.csv, if it is there]
    #[arg(long, env = "CINEMATCH_PROVIDERS", value_name = "FILE")]
    providers: Option<PathBuf>,
    /// Learn from MovieLens alone; what TMDb says is shown and filtered by, and no more
    #[arg(long)]
    without_tmdb_text: bool,
    /// The seed of what is drawn at random
    #[arg(long, default_value_t = 42, value_name = "N")]
    seed: u64,
    /// Do not serve what was trained: `cinematch models promote N` does
    #[arg(long)]
    candidate: bool,
    /// Leave this share of users out of all that is learned, so that generations can be compared on them;
    /// auto: a fiftieth, of few users more, up to a fifth; 0: learn from all
    #[arg(long, value_name = "SHARE", default_value = "auto")]
    hold_out: Share,
    /// How many generations to keep; the one that is served and the one before it always are
    #[arg(
        long,
        default_value_t = 3,
        env = "CINEMATCH_KEEP",
        value_parser = clap::value_parser!(u16).range(1..),
        value_name = "N"
    )]
    keep: u16,
}

/// How the vocabulary of `item_features.npz` is chosen.
#[derive(Clone, Copy, Debug, Args)]
struct Tfidf {
    /// Terms of the overview to keep, the most frequent
    #[arg(long, default_value_t = 500, value_name = "N")]
    max_features: usize,
    /// Terms of one to this many words (1 to 3)
    #[arg(long, default_value_t = 2, value_name = "N")]
    ngram_max: usize,
    /// Words to leave out
    #[arg(long, value_enum, default_value = "english", value_name = "LIST")]
    stop_words: Stop,
    /// Leave out terms that fewer films have
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

/// The result, for machines.
#[derive(serde::Serialize)]
struct Summary<'a> {
    generation: u64,
    directory: String,
    /// Whether it is served from now on.
    published: bool,
    removed_generations: Vec<u64>,
    manifest: &'a Manifest,
}

/// How users are left out of what is learned.
#[derive(Clone, Copy, Debug)]
enum Share {
    Usual,
    Nobody,
    Of(HoldOut),
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Usual);
        }
        let share: Option<f64> = text.parse().ok();
        match share {
            Some(0.0) => Ok(Self::Nobody),
            share => share
                .and_then(HoldOut::of)
                .map(Self::Of)
                .ok_or_else(|| "expected a number from 0 to below 1, or auto".to_owned()),
        }
    }
}

/// What there is to learn from.
#[derive(Debug)]
pub struct Material {
    /// All of it.
    pub training: Training,
    /// Ratings of all films, also those that the table has not.
    n_ratings: usize,
}

/// A generation on the disk.
#[derive(Debug)]
pub struct Stored {
    /// Its number.
    pub generation: u64,
    directory: PathBuf,
    removed: Vec<u64>,
    left_alone: Vec<PathBuf>,
}

impl Train {
    /// Trains and publishes a generation.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let settings = self.settings(global, output)?;
        let Material { training, n_ratings } = self.material(settings, global, output)?;
        let trained = learn(training, output, &mut |_| ())?;
        let publishing = output.step("publishing");
        let generations = self.generations(global);
        let stored = self.store(&generations, &trained)?;
        let manifest = &trained.manifest;
        if let Err(error) = Card::new(stored.generation, manifest).write(&generations) {
            output.warn(format_args!("there is no card of this generation: {error:#}"));
        }
        drop(publishing);

        output.json(&Summary {
            generation: stored.generation,
            directory: shown(&stored.directory),
            published: !self.candidate,
            removed_generations: stored.removed,
            manifest,
        })?;
        for path in stored.left_alone {
            output.warn(format_args!(
                "{} is a file of your own and stays; the new one is in {}",
                shown(&path),
                shown(&stored.directory)
            ));
        }
        summarise(manifest, n_ratings, output);
        let done = if self.candidate { "added, not served" } else { "published" };
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: generation {} {done}, model {}",
            shown(&self.artifacts.resolve(global)),
            stored.generation,
            manifest.model_id
        ));
        // The process ends here; there is no use in giving its memory back first.
        std::mem::forget(trained);
        Ok(())
    }

    /// With the ratings and tags of the table's own folder, unless another was named.
    #[must_use]
    pub fn with_raw(self, raw: &RawPath, global: &Global) -> Self {
        Self { raw: self.raw.or(Some(raw.resolve(global))), ..self }
    }

    /// Where generations go.
    pub fn generations(&self, global: &Global) -> Generations {
        Generations::at(&self.artifacts.resolve(global))
    }

    /// Reads what there is to learn from by these settings.
    pub fn material(
        &self,
        settings: Settings,
        global: &Global,
        output: &Output,
    ) -> Result<Material> {
        let reading = output.step("reading films");
        let (movies, films) = read_movies(&self.merged, global, output)?;
        let (tags, tag_rows) = read_tags(&self.raw, global, output)?;
        drop(reading);
        let learns_from_ratings = settings.model.model.learns_from_ratings();
        let ratings = if learns_from_ratings {
            Some(load_ratings(How::default(), &self.raw, &self.packed, global, output)?)
        } else {
            None
        };
        let hold_out = match (self.hold_out, &ratings) {
            (Share::Usual, Some(loaded)) => Some(HoldOut::usual(loaded.interactions.n_users())),
            // Of users of whom only tags are learned nothing is kept for comparisons.
            (Share::Nobody, _) | (Share::Usual, None) => None,
            (Share::Of(share), _) => Some(share),
        };
        let rating_rows = match &ratings {
            Some(loaded) => {
                let summing = output.step("summing up ratings");
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
        let rows = std::iter::once(films).chain(tag_rows).chain(rating_rows).chain(provider_rows);
        let is_learned =
            |tag: &&TagRow| !hold_out.is_some_and(|hold_out| hold_out.contains(tag.user_id));
        let training = Training {
            movies,
            availability,
            tags: TagCounts::new(tags.iter().filter(is_learned)),
            ratings,
            hold_out,
            inputs: rows.collect(),
            settings,
            created_at: super::now(),
        };
        Ok(Material { training, n_ratings })
    }

    /// The ratings, where there are any.
    pub fn ratings(&self, global: &Global, output: &Output) -> Result<Option<Loaded>> {
        if !ratings_path(&self.raw.resolve(global)).exists() {
            return Ok(None);
        }
        load_ratings(How::default(), &self.raw, &self.packed, global, output).map(Some)
    }

    /// Adds what was trained, and serves it unless it is to be a candidate.
    pub fn store(&self, generations: &Generations, trained: &Trained) -> Result<Stored> {
        let keep = self.keep.into();
        if self.candidate {
            let Added { generation, directory, removed } = generations.add(trained, keep)?;
            return Ok(Stored { generation, directory, removed, left_alone: Vec::new() });
        }
        let Published { generation, directory, removed, left_alone } =
            generations.publish(trained, keep)?;
        Ok(Stored { generation, directory, removed, left_alone })
    }

    /// What the user chose.
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

    /// The model to train, with parameters from where they are.
    fn spec(&self, global: &Global, output: &Output) -> Result<Spec> {
        let has_ratings = ratings_path(&self.raw.resolve(global)).exists();
        let name = match self.model.as_deref() {
            Some(name) => name,
            None if has_ratings => NAMES[0],
            None => {
                output.warn("there are no ratings: films are compared by what they are alone");
                "content"
            }
        };
        let tuned = global.root.join("data/tuned.json");
        let params = self.params.clone().or_else(|| tuned.exists().then_some(tuned));
        let mut specs = params.as_deref().map(read_specs).transpose()?.unwrap_or_default();
        let found = specs.remove(name);
        if let (Some(_), Some(path)) = (&found, &params) {
            output.note(format_args!("parameters of {name} from {}", shown(path)));
        }
        let spec = found.or_else(|| Spec::named(name)).context("a name of the list")?;
        Ok(spec.with_predictions().with_seed(self.seed))
    }
}

/// Trains. `progress` is told the share of the models that is done, 0 to 1.
pub fn learn(
    training: Training,
    output: &Output,
    progress: &mut dyn FnMut(f32),
) -> Result<Trained> {
    let n_models = match &training.settings.model.model {
        Kind::Hybrid { parts } => parts.len(),
        _ => 1,
    };
    let mut step = ("", output.step("learning features"));
    let mut begun = 0;
    let trained = train(training, &mut |model, share| {
        if step.0 != model {
            step = (model, output.progress(&format!("learning {model}"), 100));
            begun += 1;
        }
        step.1.at((share * 100.0) as u64);
        progress(((begun - 1) as f32 + share).min(n_models as f32) / n_models as f32);
    })?;
    Ok(trained)
}

fn summarise(manifest: &Manifest, n_ratings: usize, output: &Output) {
    let counts = &manifest.counts;
    if counts.ratings > 0 {
        let elsewhere = n_ratings - counts.ratings;
        let rest = match (elsewhere, manifest.hold_out) {
            (0, _) => String::new(),
            (elsewhere, None) => {
                format!(", {} more of films that preprocess left out", thousands(elsewhere as u64))
            }
            (elsewhere, Some(hold_out)) => format!(
                ", {} more of films that preprocess left out or of the {:.1} % of users held out",
                thousands(elsewhere as u64),
                hold_out.share() * 100.0
            ),
        };
        output.note(format_args!("{:>9} ratings{rest}", thousands(counts.ratings as u64)));
    }
    output.note(format_args!(
        "{:>9} films, {} with viewers' tags",
        thousands(counts.movies as u64),
        thousands(counts.tagged_movies as u64)
    ));
    output.note(format_args!(
        "{:>9} columns in item_features.npz: {} terms, {} genres, {} numbers",
        thousands((counts.terms + counts.genres + counts.numeric) as u64),
        thousands(counts.terms as u64),
        counts.genres,
        counts.numeric
    ));
    output.note(format_args!("{:>9} columns to rank by", thousands(counts.ranking_columns as u64)));
}
