//! `cinematch train`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use cinematch::bundle::{Generations, Manifest, Settings, Training, train};
use cinematch::catalog::Interactions;
use cinematch::features::ranking::FeatureSet;
use cinematch::features::tags::TagCounts;
use cinematch::features::text::{StopWords, TfidfParams};
use cinematch::models::Spec;
use cinematch::models::spec::{Kind, NAMES};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::inputs::{
    How, PackedPath, load_ratings, ratings_path, ratings_sum, read_films, read_providers,
    read_specs, read_tags,
};
use crate::options::Global;
use crate::output::{Output, STRONG, thousands};
use crate::paths::{ArtifactsPath, MergedPath, RawPath, shown};

/// Flags of `train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch train                    the hybrid, where there are ratings\n  \
                        cinematch train --model content    from what films are alone\n  \
                        cinematch train --model ials --params my.json\n  \
                        cinematch train --max-features 2000 --min-df 3 --keep 10"
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
    /// How many generations to keep
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..), value_name = "N")]
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
    removed_generations: Vec<u64>,
    manifest: &'a Manifest,
}

impl Train {
    /// Trains and publishes a generation.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let reading = output.step("reading films");
        let (movies, films) = read_films(&self.merged, global, output)?;
        let (tags, tag_rows) = read_tags(&self.raw, global, output)?;
        drop(reading);
        let spec = self.spec(global, output)?;
        let (ratings, rating_rows) = if spec.model == Kind::Content {
            (None, None)
        } else {
            let loaded = load_ratings(How::default(), &self.raw, &self.packed, global, output)?;
            let summing = output.step("summing up ratings");
            let sum = ratings_sum(&self.raw, &loaded, global)?;
            drop(summing);
            (Some(loaded.interactions), Some(sum))
        };

        let (availability, provider_rows) =
            read_providers(self.providers.as_deref(), &movies, global, output)?;
        let n_ratings = ratings.as_ref().map_or(0, Interactions::n_ratings);
        let rows = std::iter::once(films).chain(tag_rows).chain(rating_rows).chain(provider_rows);
        let training = Training {
            movies,
            availability,
            tags: TagCounts::new(&tags),
            ratings,
            inputs: rows.collect(),
            settings: self.settings(spec),
            created_at: super::now(),
        };
        let mut step = ("", output.step("learning features"));
        let trained = train(training, &mut |model, share| {
            if step.0 != model {
                step = (model, output.progress(&format!("learning {model}"), 100));
            }
            step.1.at((share * 100.0) as u64);
        })?;
        drop(step);

        let publishing = output.step("publishing");
        let artifacts = self.artifacts.resolve(global);
        let published = Generations::at(&artifacts).publish(&trained, self.keep.into())?;
        drop(publishing);

        let manifest = &trained.manifest;
        output.json(&Summary {
            generation: published.generation,
            directory: shown(&published.directory),
            removed_generations: published.removed,
            manifest,
        })?;
        for path in published.left_alone {
            output.warn(format_args!(
                "{} is a file of your own and stays; the new one is in {}",
                shown(&path),
                shown(&published.directory)
            ));
        }
        let counts = &manifest.counts;
        if counts.ratings > 0 {
            let elsewhere = n_ratings - counts.ratings;
            let rest = match elsewhere {
                0 => String::new(),
                _ => format!(
                    ", {} more of films that preprocess left out",
                    thousands(elsewhere as u64)
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
        output.note(format_args!(
            "{:>9} columns to rank by",
            thousands(counts.ranking_columns as u64)
        ));
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: generation {} published, model {}",
            shown(&artifacts),
            published.generation,
            manifest.model_id
        ));
        // The process ends here; there is no use in giving its memory back first.
        std::mem::forget(trained);
        Ok(())
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
        Ok(spec.with_seed(self.seed))
    }

    fn settings(&self, model: Spec) -> Settings {
        let Tfidf { max_features, ngram_max, stop_words, min_df } = self.tfidf;
        let stop_words = match stop_words {
            Stop::English => StopWords::English,
            Stop::None => StopWords::None,
        };
        Settings {
            model,
            features: match self.features {
                Features::Seed => FeatureSet::Seed,
                Features::Full => FeatureSet::Full,
            },
            tfidf: TfidfParams { max_features, ngram_max, stop_words, min_df },
            seed: self.seed,
            without_tmdb_text: self.without_tmdb_text,
        }
    }
}
