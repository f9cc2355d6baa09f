//! `cinematch train`.

use anyhow::Result;
use cinematch::bundle::{Generations, Manifest, Settings, Training, train};
use cinematch::features::ranking::FeatureSet;
use cinematch::features::tags::TagCounts;
use cinematch::features::text::{StopWords, TfidfParams};
use clap::Args;

use super::inputs::{read_films, read_tags};
use crate::options::Global;
use crate::output::{Output, STRONG, thousands};
use crate::paths::{ArtifactsPath, MergedPath, RawPath, shown};

/// Flags of `train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch train\n  cinematch train --max-features 2000 --min-df 3\n  \
                        cinematch train --features seed --keep 10"
)]
pub struct Train {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    artifacts: ArtifactsPath,
    #[command(flatten)]
    tfidf: Tfidf,
    /// What ranking looks at: seed = overview, genres, year, runtime; full = also keywords, cast,
    /// directors, viewers' tags
    #[arg(long, value_enum, default_value = "full", value_name = "SET")]
    features: Features,
    /// The seed, part of a generation's identity
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

        let training = output.step("learning features");
        let trained = train(Training {
            movies,
            tags: TagCounts::new(&tags),
            inputs: std::iter::once(films).chain(tag_rows).collect(),
            settings: self.settings(),
            created_at: super::now(),
        })?;
        drop(training);

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

    fn settings(&self) -> Settings {
        let Tfidf { max_features, ngram_max, stop_words, min_df } = self.tfidf;
        let stop_words = match stop_words {
            Stop::English => StopWords::English,
            Stop::None => StopWords::None,
        };
        Settings {
            model: "content".to_owned(),
            features: match self.features {
                Features::Seed => FeatureSet::Seed,
                Features::Full => FeatureSet::Full,
            },
            tfidf: TfidfParams { max_features, ngram_max, stop_words, min_df },
            seed: self.seed,
        }
    }
}
