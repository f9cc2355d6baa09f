//! `cinematch update`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use cinematch::bundle::{self, Base, Generations, InputSum, LinedUp, Manifest, News};
use cinematch::catalog::Interactions;
use cinematch::features::tags::TagCounts;
use cinematch::ids::{self, UserIdx};
use cinematch::sources::movielens::TagRow;
use clap::Args;
use serde::Serialize;

use super::events::{self, Events};
use super::inputs::{
    How, PackedPath, load_ratings, ratings_path, ratings_sum, read_movies, read_providers,
    read_tags,
};
use super::models::card::Card;
use super::preprocess::Preprocess;
use crate::options::Global;
use crate::output::{Output, STRONG, counted, thousands};
use crate::paths::{ArtifactsPath, MergedPath, RawPath, shown};

/// Flags of `update`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch update             what movies.csv, links.csv and TMDb's files have by now\n  \
                  cinematch fetch tmdb --update && cinematch update\n  \
                  cinematch update --json      which films came, changed, or left the table\n\n\
                  The table is made again as it was made before (data/preprocess_report.json has its \
                  options). Films that\nleft it stay until the next training."
)]
pub struct Update {
    #[command(flatten)]
    raw: RawPath,
    /// TMDb's facts [default: those that the table was made from]
    #[arg(long, env = "CINEMATCH_TMDB", value_name = "FILE")]
    tmdb: Option<PathBuf>,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    artifacts: ArtifactsPath,
    #[command(flatten)]
    packed: PackedPath,
    /// Where films can be watched, from `fetch tmdb` [default: raw/tmdb/watch_providers.csv, if it is there]
    #[arg(long, env = "CINEMATCH_PROVIDERS", value_name = "FILE")]
    providers: Option<PathBuf>,
    /// How many generations to keep
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

/// The result, for machines.
#[derive(Serialize)]
struct Outcome {
    /// The generation published, if anything was new.
    generation: Option<u64>,
    promoted: bool,
    why: String,
    model_id: String,
    #[serde(flatten)]
    news: News,
    /// Films beyond the trained ones that were folded in by their ratings.
    rated_newcomers: usize,
    seconds: f64,
}

impl Update {
    /// Merges again, extends the served generation and publishes the result.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let output = &self.events.follow(output)?;
        let started = Instant::now();
        let outcome = self.update(global, output, started)?;
        events::outcome(output, &outcome)?;
        output.json(&outcome)?;
        let artifacts = shown(&self.artifacts.resolve(global));
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
        let generations = Generations::at(&self.artifacts.resolve(global));
        let (_, served) = generations.manifest()?;
        events::stage(output, "preprocess", 0.0)?;
        let raw = self.merge(global, output)?;
        events::stage(output, "update", 0.0)?;
        let (table, films) = read_movies(&self.merged, global, output)?;
        if self.is_known(&served, &films, &raw, global)? {
            return Ok(nothing_new(served.model_id, started));
        }

        let loading = output.step("loading the generation");
        let base = Base::load(&generations)?;
        drop(loading);
        events::stage(output, "update", 0.2)?;
        let generation = base.bundle().generation;
        let lined_up = base.line_up(table);
        let (tags, tag_rows) = read_tags(&raw, global, output)?;
        // Who is never learned from has given no tag either.
        let hold_out = base.bundle().manifest.hold_out;
        let is_learned =
            |tag: &&TagRow| !hold_out.is_some_and(|hold_out| hold_out.contains(tag.user_id));
        let ratings = self.ratings(&base, &lined_up, &raw, global, output)?;
        events::stage(output, "update", 0.4)?;
        let LinedUp { movies, news } = lined_up;
        let (availability, provider_rows) =
            read_providers(self.providers.as_deref(), &movies, global, output)?;
        let extending = output.step("extending what was learned");
        let made = base.update(bundle::Update {
            movies,
            availability,
            tags: &TagCounts::new(tags.iter().filter(is_learned)),
            ratings,
            inputs: std::iter::once(films).chain(tag_rows).chain(provider_rows).collect(),
            created_at: super::now(),
        })?;
        drop(extending);
        let Some(trained) = made else { return Ok(nothing_new(served.model_id, started)) };
        if generations.were_taken_back()?.contains(&trained.manifest.model_id) {
            let why = "somebody went back from this very model; `cinematch models promote` serves it again";
            return Ok(Outcome { why: why.to_owned(), ..nothing_new(served.model_id, started) });
        }
        events::stage(output, "promote", 0.0)?;
        let publishing = output.step("publishing");
        let why = told(&news);
        let published = generations.publish_over(generation, &trained, (self.keep.into(), &why))?;
        if let Err(error) = Card::new(published.generation, &trained.manifest).write(&generations) {
            output.warn(format_args!("there is no card of this generation: {error:#}"));
        }
        drop(publishing);
        let outcome = Outcome {
            generation: Some(published.generation),
            promoted: true,
            why,
            model_id: trained.manifest.model_id.clone(),
            rated_newcomers: rated_newcomers(&trained.manifest),
            news,
            seconds: started.elapsed().as_secs_f64(),
        };
        // The process ends soon; there is no use in giving its memory back first.
        std::mem::forget(trained);
        Ok(outcome)
    }

    /// Makes the table again as it was made. Gives the folder of MovieLens' files.
    fn merge(&self, global: &Global, output: &Output) -> Result<RawPath> {
        let again = Preprocess::again(&self.raw, self.tmdb.as_deref(), &self.merged, global)?;
        let Some(again) = again else {
            output.warn(
                "data/preprocess_report.json is not there to say how the table was made: it stays as \
                 it is",
            );
            return Ok(self.raw.clone());
        };
        let done = again.merge(global, output)?;
        output.note(format_args!(
            "{:>9} films in {}",
            thousands(done.merged.counts.movies_kept),
            shown(&done.table)
        ));
        super::warn_problems(&done.merged.problems, output);
        Ok(again.raw().clone())
    }

    /// Whether the generation in service was made from the very files that are there.
    fn is_known(
        &self,
        served: &Manifest,
        movies: &InputSum,
        raw: &RawPath,
        global: &Global,
    ) -> Result<bool> {
        let raw = raw.resolve(global);
        let providers = global.root.join("raw/tmdb/watch_providers.csv");
        let providers = self.providers.as_ref().unwrap_or(&providers);
        let of = |name: &str| served.inputs.iter().find(|input| input.name == name);
        let same = |known: Option<&InputSum>, path: &Path| -> Result<bool> {
            let sum = path.exists().then(|| sha256_of(path)).transpose()?;
            Ok(known.map(|known| known.sha256.as_str()) == sum.as_deref())
        };
        let is_same = of(&movies.name).is_some_and(|known| known.sha256 == movies.sha256)
            && same(of("watch_providers.csv"), providers)?
            && same(of("tags.csv"), &raw.join("tags.csv"))?;
        // Ratings matter to films that were added alone: what was learned stays.
        let derived = served.derived_from.as_ref();
        match derived.filter(|derived| served.counts.movies > derived.learned_movies) {
            Some(derived) => Ok(is_same && same(derived.ratings.as_ref(), &ratings_path(&raw))?),
            None => Ok(is_same),
        }
    }

    /// The ratings by which new films are folded in, if there are such films and such ratings.
    fn ratings(
        &self,
        base: &Base,
        lined_up: &LinedUp,
        raw: &RawPath,
        global: &Global,
        output: &Output,
    ) -> Result<Option<(Interactions, Vec<UserIdx>, InputSum)>> {
        let learns = base.bundle().manifest.settings.model.model.learns_from_ratings();
        if !learns || !base.has_newcomers(lined_up) || !ratings_path(&raw.resolve(global)).exists()
        {
            return Ok(None);
        }
        let loaded = load_ratings(How::default(), raw, &self.packed, global, output)?;
        let sum = ratings_sum(raw, &loaded, global)?;
        let users = match base.bundle().manifest.hold_out {
            Some(hold_out) => hold_out.learned(&loaded.interactions),
            None => loaded.interactions.users().collect(),
        };
        Ok(Some((loaded.interactions, users, sum)))
    }
}

fn nothing_new(model_id: String, started: Instant) -> Outcome {
    Outcome {
        generation: None,
        promoted: false,
        why: "nothing is new since the generation in service".to_owned(),
        model_id,
        news: News::default(),
        rated_newcomers: 0,
        seconds: started.elapsed().as_secs_f64(),
    }
}

fn rated_newcomers(manifest: &Manifest) -> usize {
    manifest.derived_from.as_ref().map_or(0, |derived| derived.rated_newcomers)
}

/// What an update changed, in a sentence's part.
fn told(news: &News) -> String {
    let News { added, changed, left } = news;
    let mut told = Vec::new();
    for (movies, what) in [(added, "new"), (changed, "changed"), (left, "no longer in the table")] {
        if !movies.is_empty() {
            told.push(format!("{} {what}", counted(movies.len() as u64, "film")));
        }
    }
    if told.is_empty() { "ratings or tags are new".to_owned() } else { told.join(", ") }
}

fn sha256_of(path: &Path) -> Result<String> {
    let file = File::open(path).with_context(|| format!("cannot open {}", shown(path)))?;
    ids::sha256_of(file).with_context(|| format!("cannot read {}", shown(path)))
}
