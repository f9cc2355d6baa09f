//! `cinematch models`: lists generations and selects the one to serve.

use anyhow::Result;
use cinematch::bundle::{ArtifactsError, GenerationInfo, Generations, Manifest, Promoted, Role};
use cinematch::evaluation::promotion::{ByTaste, Interval, Verdict};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cards::Card;
use crate::first_steps::{FIRST_STEPS, has_data};
use crate::options::Global;
use crate::output::{DIM, Output, STRONG, SUCCESS, WARNING, thousands};
use crate::paths::{ArtifactsPath, display_path};
use crate::runtime::now;

/// Flags for `cinematch models`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch models list\n  \
                  cinematch models show 7                  show its card, and verify its files\n  \
                  cinematch models promote 7 --why 'better on sequels'\n  \
                  cinematch models rollback                serve the previous generation again\n\n\
                  Running servers switch to a promoted generation without dropping requests.")]
pub struct Models {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all generations
    List {
        #[command(flatten)]
        artifacts: ArtifactsPath,
    },
    /// Show one generation, and verify the checksums of its files
    Show {
        /// Generation number [default: the served one]
        generation: Option<u64>,
        #[command(flatten)]
        artifacts: ArtifactsPath,
    },
    /// Serve a generation
    Promote {
        /// Generation number
        generation: u64,
        #[command(flatten)]
        why: PromotionReason,
        #[command(flatten)]
        artifacts: ArtifactsPath,
    },
    /// Serve the previous generation again; repeat to go further back
    Rollback {
        #[command(flatten)]
        why: PromotionReason,
        #[command(flatten)]
        artifacts: ArtifactsPath,
    },
}

#[derive(Debug, Args)]
struct PromotionReason {
    /// Reason to record
    #[arg(long, default_value = "by hand", value_name = "TEXT")]
    why: String,
}

/// JSON output of `cinematch models list`.
#[derive(Serialize)]
struct List {
    champion: Option<u64>,
    /// Generation that a rollback would serve, if there is one.
    previous: Option<u64>,
    generations: Vec<GenerationInfo>,
}

/// JSON output of `cinematch models show`.
#[derive(Serialize)]
struct GenerationReport {
    #[serde(flatten)]
    info: GenerationInfo,
    directory: String,
    manifest: Manifest,
    /// Verdict on the generation; `None` if it was not evaluated.
    judged: Option<Verdict>,
    judged_at: Option<String>,
}

/// JSON output of `cinematch models promote` and `cinematch models rollback`.
#[derive(Serialize)]
struct PromotionReport {
    generation: u64,
    model_id: String,
    before: Option<u64>,
}

impl Models {
    /// Lists or shows generations, or changes which one is served.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let now = now();
        match &self.action {
            Action::List { artifacts } => {
                list(&open_generations(artifacts, global), has_data(&global.root), output)
            }
            Action::Show { generation, artifacts } => {
                show(&open_generations(artifacts, global), *generation, output)
            }
            Action::Promote { generation, why, artifacts } => {
                let generations = open_generations(artifacts, global);
                let promoted = generations.promote(*generation, &now, &why.why)?;
                print_promotion(&generations, promoted, output)
            }
            Action::Rollback { why, artifacts } => {
                let generations = open_generations(artifacts, global);
                let promoted = generations.rollback(&now, &format!("rolled back: {}", why.why))?;
                print_promotion(&generations, promoted, output)
            }
        }
    }
}

fn open_generations(artifacts: &ArtifactsPath, global: &Global) -> Generations {
    Generations::new(&artifacts.resolve(global))
}

/// Prints all generations. If there are none, prints how to create one.
fn list(generations: &Generations, has_data: bool, output: &Output) -> Result<()> {
    let list = List {
        champion: generations.champion(),
        previous: generations.previous()?,
        generations: generations.list()?,
    };
    output.json(&list)?;
    if list.generations.is_empty() {
        let advice = if has_data { "run `cinematch train` to create one" } else { FIRST_STEPS };
        output.line(format_args!("no generations; {advice}"));
    }
    for info in &list.generations {
        line(info, output);
    }
    Ok(())
}

/// Prints a generation on one line.
fn line(info: &GenerationInfo, output: &Output) {
    let (style, role) = match info.role {
        Role::Champion => (SUCCESS, "served"),
        Role::Previous => (STRONG, "previous"),
        Role::Retired => (DIM, "retired"),
        Role::Candidate => (DIM, "candidate"),
    };
    let number = info.generation;
    if let Some(error) = &info.error {
        output.line(format_args!(
            "{number:>6}  {style}{role:<13}{style:#}  {WARNING}{error}{WARNING:#}"
        ));
        return;
    }
    output.line(format_args!(
        "{STRONG}{number:>6}{STRONG:#}  {style}{role:<13}{style:#}  {:<20}  {}  {:>7} movies  {:>10} \
         ratings  {:>6} MB{}",
        info.model_id.as_deref().unwrap_or_default(),
        info.created_at.as_deref().unwrap_or_default(),
        thousands(info.movies.unwrap_or_default() as u64),
        thousands(info.ratings.unwrap_or_default() as u64),
        thousands(info.bytes.unwrap_or_default().div_ceil(1_000_000)),
        info.reason.as_ref().or(info.verdict.as_ref()).map(|why| format!("  {DIM}{why}{DIM:#}")).unwrap_or_default(),
    ));
}

fn show(generations: &Generations, generation: Option<u64>, output: &Output) -> Result<()> {
    let generation = match generation {
        Some(generation) => generation,
        None => generations.manifest()?.0,
    };
    let manifest = generations.check_generation(generation)?;
    let not_found = || ArtifactsError::NoGeneration {
        artifacts: generations.generation_path(generation),
        generation,
        known: generations.numbers(),
    };
    let list = generations.list()?;
    let info = list.into_iter().find(|info| info.generation == generation).ok_or_else(not_found)?;
    let directory = display_path(&generations.generation_path(generation));
    let card = Card::load(generations, generation);
    let (judged, judged_at) = card.map(|card| (card.verdict, card.judged_at)).unwrap_or_default();
    let shown = GenerationReport { info, directory, manifest, judged, judged_at };
    output.json(&shown)?;
    line(&shown.info, output);
    let manifest = &shown.manifest;
    for input in &manifest.inputs {
        output.line(format_args!(
            "  {DIM}from {} ({} rows, sha256 {}…){DIM:#}",
            input.name,
            thousands(input.rows),
            &input.sha256[..input.sha256.len().min(12)]
        ));
    }
    if let Some((refit, hold_out)) = manifest.refit.zip(manifest.holdout) {
        output.line(format_args!(
            "  served: trained on all users; evaluated: trained without {:.1} % of them, on {} ratings",
            hold_out.share() * 100.0,
            thousands(refit.evaluation_ratings as u64)
        ));
    }
    if let Some(weights) = &manifest.blend_weights {
        output.line(format_args!("  weights: {weights}"));
    }
    if let Some(calibration) = &manifest.match_calibration {
        output.line(format_args!("  match: {calibration}"));
    }
    if let Some(at) = &shown.info.promoted_at {
        output.line(format_args!("  last promoted {at}"));
    }
    if let Some(verdict) = &shown.judged {
        print_verdict(verdict, shown.judged_at.as_deref().unwrap_or_default(), output);
    }
    output.line(format_args!(
        "  {}: {} files, every checksum verified",
        shown.directory,
        manifest.files.len()
    ));
    Ok(())
}

/// Prints a verdict with its metrics.
fn print_verdict(verdict: &Verdict, judged_at: &str, output: &Output) {
    output.line(format_args!("  evaluated {judged_at}: {}", verdict.reason));
    for (users, of) in [("users with a history", &verdict.overall), ("new users", &verdict.cold)] {
        let Some(of) = of else { continue };
        let format_interval =
            |of: &Interval| format!("{:.4} ({:.4} to {:.4})", of.mean, of.low, of.high);
        let champion = of.champion.map_or_else(String::new, |champion| {
            format!(", the champion {}", format_interval(&champion.ndcg))
        });
        output.line(format_args!(
            "  NDCG@20 of {} {users}: {}{champion}",
            thousands(of.users as u64),
            format_interval(&of.challenger.ndcg)
        ));
    }
    let by_taste = verdict.overall.iter().flat_map(|overall| &overall.by_taste);
    for ByTaste { group, users, challenger, .. } in by_taste {
        if let (Some(lift), Some(ips)) = (challenger.get("lift@10"), challenger.get("ips_ndcg@10"))
        {
            output.line(format_args!(
                "  lift of {} users with {group} taste: {lift:.2}, IPS NDCG@10 {ips:.4}",
                thousands(*users as u64)
            ));
        }
    }
}

fn print_promotion(generations: &Generations, promoted: Promoted, output: &Output) -> Result<()> {
    let Promoted { generation, previous: before, not_replaced } = promoted;
    let model_id = generations.manifest_of(generation)?.model_id;
    for path in not_replaced {
        output.warn(format_args!(
            "{} is not one of CineMatch's links and was left in place",
            display_path(&path)
        ));
    }
    let replaced = match before {
        Some(before) if before != generation => format!(" instead of {before}"),
        _ => String::new(),
    };
    output.line(format_args!(
        "{STRONG}generation {generation}{STRONG:#} is served{replaced}, model {model_id}"
    ));
    output.json(&PromotionReport { generation, model_id, before })
}
