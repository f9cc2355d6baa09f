//! `cinematch update`: adds new and changed movies to the served generation, without training.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use cinematch::bundle::{
    self, AlignedCatalog, Base, CatalogChanges, Generations, InputChecksum, Manifest,
};
use cinematch::catalog::Interactions;
use cinematch::features::tags::TagCounts;
use cinematch::ids;
use cinematch::sources::movielens::TagRow;
use clap::Args;
use serde::Serialize;

use crate::cards::{self, Card};
use crate::options::Global;
use crate::output::{Output, STRONG, counted, thousands};
use crate::paths::{ArtifactsPath, MergedPath, PackedPath, RawPath, display_path};
use crate::pipeline::events::{self, Events};
use crate::pipeline::inputs::{
    ReadMode, load_ratings, ratings_path, ratings_sum, read_movies, read_providers, read_tags,
};
use crate::pipeline::merging::Merge;
use crate::runtime::now;

/// Flags for `cinematch update`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch update             read movies.csv, links.csv and TMDB's files again\n  \
                  cinematch fetch tmdb --update && cinematch update\n  \
                  cinematch update --json      list added, changed and removed movies\n\n\
                  The table is merged with the same options as before (data/preprocess_report.json). \
                  Movies that\nwere removed from it stay in the catalog until the next training."
)]
pub struct Update {
    #[command(flatten)]
    raw: RawPath,
    /// TMDB metadata [default: the file that the table was merged from]
    #[arg(long, env = "CINEMATCH_TMDB", value_name = "FILE")]
    tmdb: Option<PathBuf>,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    artifacts: ArtifactsPath,
    #[command(flatten)]
    packed: PackedPath,
    /// Streaming services from `fetch tmdb` [default: raw/tmdb/watch_providers.csv, if it exists]
    #[arg(long, env = "CINEMATCH_PROVIDERS", value_name = "FILE")]
    providers: Option<PathBuf>,
    /// Number of generations to keep
    #[arg(
        long,
        default_value_t = 3,
        env = "CINEMATCH_KEEP",
        value_parser = clap::value_parser!(u16).range(1..),
        value_name = "N"
    )]
    keep: u16,
    #[command(flatten)]
    events: Events,
}

/// JSON output of `cinematch update`.
#[derive(Serialize)]
struct Outcome {
    /// Number of the published generation; `None` if nothing changed.
    generation: Option<u64>,
    promoted: bool,
    why: String,
    model_id: String,
    #[serde(flatten)]
    changes: CatalogChanges,
    /// Number of movies outside the training data that were folded in from their ratings.
    #[serde(rename = "rated_newcomers")]
    rated_new_movies: usize,
    seconds: f64,
}

impl Update {
    /// Merges the table, extends the served generation and publishes the result.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let output = &self.events.follow(output)?;
        let started = Instant::now();
        let outcome = self.events.mark_permanent(self.update(global, output, started))?;
        events::outcome(output, &outcome)?;
        output.json(&outcome)?;
        let artifacts = display_path(&self.artifacts.resolve(global));
        match outcome.generation {
            Some(generation) => output.line(format_args!(
                "{STRONG}{artifacts}{STRONG:#}: generation {generation} published: {}, model {}",
                outcome.why, outcome.model_id
            )),
            None => output.line(format_args!("{STRONG}{artifacts}{STRONG:#}: {}", outcome.why)),
        }
        Ok(())
    }

    fn update(&self, global: &Global, output: &Output, started: Instant) -> Result<Outcome> {
        let generations = Generations::new(&self.artifacts.resolve(global));
        let (_, served) = generations.manifest()?;
        events::stage(output, "preprocess", 0.0)?;
        let raw = self.merge(global, output)?;
        events::stage(output, "update", 0.0)?;
        let (table, movie_rows) = read_movies(&self.merged, global, output)?;
        if self.is_known(&served, &movie_rows, &raw, global)? {
            return Ok(no_changes(served.model_id, started));
        }

        let loading = output.step("loading the generation");
        let base = Base::load(&generations)?;
        drop(loading);
        events::stage(output, "update", 0.2)?;
        let generation = base.bundle().generation;
        let aligned = base.align(table);
        let (tags, tag_rows) = read_tags(&raw, global, output)?;
        // The features exclude the tags of held-out users, as in training.
        let hold_out = base.bundle().manifest.holdout;
        let is_learned =
            |tag: &&TagRow| !hold_out.is_some_and(|hold_out| hold_out.contains(tag.user_id));
        let ratings = self.ratings(&base, &aligned, &raw, global, output)?;
        events::stage(output, "update", 0.4)?;
        let AlignedCatalog { movies, changes } = aligned;
        let (availability, provider_rows) =
            read_providers(self.providers.as_deref(), &movies, global, output)?;
        let extending = output.step("extending the model");
        let updated = base.update(bundle::Update {
            movies,
            availability,
            tags: &TagCounts::new(tags.iter().filter(is_learned)),
            ratings,
            inputs: std::iter::once(movie_rows).chain(tag_rows).chain(provider_rows).collect(),
            created_at: now(),
        })?;
        drop(extending);
        let Some(trained) = updated else { return Ok(no_changes(served.model_id, started)) };
        if generations.rolled_back_models()?.contains(&trained.manifest.model_id) {
            let why =
                "this model was rolled back; run `cinematch models promote` to serve it again";
            return Ok(Outcome { why: why.to_owned(), ..no_changes(served.model_id, started) });
        }
        events::stage(output, "promote", 0.0)?;
        let publishing = output.step("publishing");
        let why = summarize(&changes);
        let published = generations.publish_over(generation, &trained, (self.keep.into(), &why))?;
        if let Err(error) =
            cards::write(&Card::new(published.generation, &trained.manifest), &generations)
        {
            output.warn(format_args!("cannot write the generation's card: {error:#}"));
        }
        drop(publishing);
        let outcome = Outcome {
            generation: Some(published.generation),
            promoted: true,
            why,
            model_id: trained.manifest.model_id.clone(),
            rated_new_movies: rated_new_movies(&trained.manifest),
            changes,
            seconds: started.elapsed().as_secs_f64(),
        };
        // The process is about to exit, so freeing the memory would only waste time.
        std::mem::forget(trained);
        Ok(outcome)
    }

    /// Merges the table again with its recorded options. Returns the MovieLens folder.
    fn merge(&self, global: &Global, output: &Output) -> Result<RawPath> {
        let merge = Merge::recorded(&self.raw, self.tmdb.as_deref(), &self.merged, global)?;
        let Some(merge) = merge else {
            output.warn(
                "data/preprocess_report.json not found, so the options of the last merge are unknown; the \
                 table is used as is",
            );
            return Ok(self.raw.clone());
        };
        let merge_output = merge.merge(global, output)?;
        output.note(format_args!(
            "{:>9} movies in {}",
            thousands(merge_output.merged.counts.movies_kept),
            display_path(&merge_output.table)
        ));
        output.warn_problems(&merge_output.merged.problems);
        Ok(merge.raw().clone())
    }

    /// Returns true if the served generation was built from the current files.
    fn is_known(
        &self,
        served: &Manifest,
        movies: &InputChecksum,
        raw: &RawPath,
        global: &Global,
    ) -> Result<bool> {
        let raw = raw.resolve(global);
        let providers = global.root.join("raw/tmdb/watch_providers.csv");
        let providers = self.providers.as_ref().unwrap_or(&providers);
        let recorded_input = |name: &str| served.inputs.iter().find(|input| input.name == name);
        let is_unchanged = |recorded: Option<&InputChecksum>, path: &Path| -> Result<bool> {
            let sum = path.exists().then(|| sha256_of(path)).transpose()?;
            Ok(recorded.map(|recorded| recorded.sha256.as_str()) == sum.as_deref())
        };
        let is_same = recorded_input(&movies.name)
            .is_some_and(|recorded| recorded.sha256 == movies.sha256)
            && is_unchanged(recorded_input("watch_providers.csv"), providers)?
            && is_unchanged(recorded_input("tags.csv"), &raw.join("tags.csv"))?;
        // Ratings affect only movies that were added after training.
        let derived = served.derived_from.as_ref();
        match derived.filter(|derived| served.counts.movies > derived.learned_movies) {
            Some(derived) => {
                Ok(is_same && is_unchanged(derived.ratings.as_ref(), &ratings_path(&raw))?)
            }
            None => Ok(is_same),
        }
    }

    /// Loads the ratings for folding in new movies. Returns `None` if there are no new movies or no
    /// ratings.
    fn ratings(
        &self,
        base: &Base,
        aligned: &AlignedCatalog,
        raw: &RawPath,
        global: &Global,
        output: &Output,
    ) -> Result<Option<(Interactions, InputChecksum)>> {
        let learns = base.bundle().manifest.settings.model.model.learns_from_ratings();
        if !learns || !base.has_new_movies(aligned) || !ratings_path(&raw.resolve(global)).exists()
        {
            return Ok(None);
        }
        let loaded = load_ratings(ReadMode::default(), raw, &self.packed, global, output)?;
        let sum = ratings_sum(raw, &loaded, global)?;
        Ok(Some((loaded.interactions, sum)))
    }
}

fn no_changes(model_id: String, started: Instant) -> Outcome {
    Outcome {
        generation: None,
        promoted: false,
        why: "no changes since the served generation".to_owned(),
        model_id,
        changes: CatalogChanges::default(),
        rated_new_movies: 0,
        seconds: started.elapsed().as_secs_f64(),
    }
}

fn rated_new_movies(manifest: &Manifest) -> usize {
    manifest.derived_from.as_ref().map_or(0, |derived| derived.rated_new_movies)
}

/// Describes the changes in one line.
fn summarize(changes: &CatalogChanges) -> String {
    let CatalogChanges { added, changed, missing: left } = changes;
    let mut parts = Vec::new();
    for (movies, what) in [(added, "added"), (changed, "changed"), (left, "removed from the table")]
    {
        if !movies.is_empty() {
            parts.push(format!("{} {what}", counted(movies.len() as u64, "movie")));
        }
    }
    if parts.is_empty() { "ratings or tags changed".to_owned() } else { parts.join(", ") }
}

fn sha256_of(path: &Path) -> Result<String> {
    let file = File::open(path).with_context(|| format!("cannot open {}", display_path(path)))?;
    ids::sha256_of(file).with_context(|| format!("cannot read {}", display_path(path)))
}
