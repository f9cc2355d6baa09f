//! `cinematch train`: trains a model and publishes it as a generation.

use anyhow::Result;
use cinematch::bundle::Manifest;
use clap::Args;
use serde::Serialize;

use crate::cards::{self, Card};
use crate::options::Global;
use crate::output::{Output, STRONG, thousands};
use crate::paths::display_path;
use crate::pipeline::training::{TrainFlags, TrainingInputs, run_training};

/// Flags for `cinematch train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch train                    train the hybrid model, if there are ratings\n  \
                        cinematch train --model content    train on movie content alone\n  \
                        cinematch train --model ials --params my.json\n  \
                        cinematch train --max-features 2000 --min-df 3 --keep 10\n  \
                        cinematch train --candidate        inspect the generation before serving it"
)]
pub struct Train {
    #[command(flatten)]
    flags: TrainFlags,
}

/// JSON output of `cinematch train`.
#[derive(Serialize)]
struct Summary<'a> {
    generation: u64,
    directory: String,
    /// True if the generation is served now.
    published: bool,
    removed_generations: Vec<u64>,
    manifest: &'a Manifest,
}

impl Train {
    /// Trains a generation, and publishes it unless `--candidate` is set.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        self.flags.check_raw()?;
        self.flags.check_ratings("cinematch train --model content", global)?;
        let settings = self.flags.settings(global, output)?;
        let TrainingInputs { training, n_ratings } =
            self.flags.training_inputs(settings, global, output)?;
        let trained = run_training(training, output, &mut |_| ())?;
        let publishing = output.step("publishing");
        let generations = self.flags.generations(global);
        let stored = self.flags.store(&generations, &trained)?;
        let manifest = &trained.manifest;
        if let Err(error) = cards::write(&Card::new(stored.generation, manifest), &generations) {
            output.warn(format_args!("cannot write the generation's card: {error:#}"));
        }
        drop(publishing);

        let published = !self.flags.candidate;
        output.json(&Summary {
            generation: stored.generation,
            directory: display_path(&stored.directory),
            published,
            removed_generations: stored.removed,
            manifest,
        })?;
        for path in stored.not_replaced {
            output.warn(format_args!(
                "{} is not one of CineMatch's links and was left in place; the new file is in {}",
                display_path(&path),
                display_path(&stored.directory)
            ));
        }
        print_counts(manifest, n_ratings, output);
        let done = if published { "published" } else { "added, not served" };
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: generation {} {done}, model {}",
            display_path(&self.flags.artifacts(global)),
            stored.generation,
            manifest.model_id
        ));
        // The process is about to exit, so freeing the memory would only waste time.
        std::mem::forget(trained);
        Ok(())
    }
}

fn print_counts(manifest: &Manifest, n_ratings: usize, output: &Output) {
    let counts = &manifest.counts;
    if counts.ratings > 0 {
        let unused = thousands((n_ratings - counts.ratings) as u64);
        let excluded = manifest.holdout.filter(|_| manifest.refit.is_none());
        let rest = match (n_ratings - counts.ratings, excluded) {
            (0, _) => String::new(),
            (_, None) => format!("; {unused} more are for movies dropped by preprocess"),
            (_, Some(hold_out)) => format!(
                "; {unused} more are for movies dropped by preprocess or from the {:.1} % of users \
                 held out",
                hold_out.share() * 100.0
            ),
        };
        output.note(format_args!("{:>9} ratings{rest}", thousands(counts.ratings as u64)));
        if let Some((refit, hold_out)) = manifest.refit.zip(manifest.holdout) {
            output.note(format_args!(
                "{:>9} ratings for the evaluation models, without the {:.1} % of users held out",
                thousands(refit.evaluation_ratings as u64),
                hold_out.share() * 100.0
            ));
        }
    }
    output.note(format_args!(
        "{:>9} movies, {} with users' tags",
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
    output
        .note(format_args!("{:>9} columns for ranking", thousands(counts.ranking_columns as u64)));
}
