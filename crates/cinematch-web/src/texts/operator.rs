//! Text for the operator's pages.

use cinematch::bundle::Role;
use cinematch_store::{JobKind, JobState};

use super::numbers::thousands;

pub const TITLE: &str = "Models";
pub const FOR_OPERATOR: &str = "This page is for the server’s operator.";
pub const KEY: &str = "API key with the admin scope";
pub const KEY_COMMAND: &str = "cinematch key create NAME --scope admin";
/// Text before and after the command that creates a key.
pub const KEY_HELP: (&str, &str) =
    ("Create one with ", ". This browser stores the key for eight hours.");
pub const KEY_UNKNOWN: &str = "This key is unknown or revoked";
pub const KEY_SCOPE: &str = "This key doesn’t have the admin scope";
pub const KEY_MISSING: &str = "The operator’s key has expired. Reload the page to enter it again";
pub const REMOVE_KEY: &str = "Remove key";

pub const IN_SERVICE: &str = "Served generation";
/// Text before the time when the served generation was promoted.
pub const SINCE: &str = ", since ";
pub const GENERATIONS: &str = "Generations";
pub const GENERATIONS_TABLE: &str = "Table of generations";
pub const COLUMNS: [&str; 3] = ["Number", "Role", "Created"];
pub const NUMBER_COLUMNS: [&str; 3] = ["Films", "Ratings", "Size"];
pub const VERDICT: &str = "Verdict";
pub const NOT_EVALUATED: &str = "not evaluated";
pub const NO_VALUE: &str = "–";

pub const ROLL_BACK: &str = "Roll back";
pub const NO_PREVIOUS: &str = "Nothing to roll back to";
pub const NO_PREVIOUS_HELP: &str = "No other generation was served before this one.";
pub const BACK_TO_MODELS: &str = "Back to models";
pub const ALL_GENERATIONS: &str = "All generations";
pub const PROMOTE_THIS: &str = "Serve this generation";
/// Recorded as the reason when a generation is promoted or rolled back on a page.
pub const REQUESTED: &str = "requested on the Models page";

pub const JOBS: &str = "Background jobs";
pub const NO_WORKER: &str =
    "This server runs no jobs. Jobs you request here wait for a server that does.";
pub const RETRAIN: &str = "Retrain";
pub const UPDATE: &str = "Find new films";
pub const REFRESH: &str = "Refresh";
pub const NO_JOBS: &str = "No jobs yet.";
pub const IDLE: &str = "No jobs are running.";
/// Text before the time of the next scheduled job.
pub const NEXT: &str = ", next ";
pub const STARTING: &str = "starting";

pub const MODEL: &str = "Model";
pub const ROLE: &str = "Role";
pub const CREATED: &str = "Created";
pub const FILMS: &str = "Films";
pub const RATINGS: &str = "Ratings";
pub const MATCH: &str = "Match";
/// Label of the hybrid's fitted weights.
pub const WEIGHTS: &str = "Weights";
pub const NO_HOLDOUT: &str = "no users held out, so it can’t be evaluated";
pub const DERIVED_FROM: &str = "Derived from";
pub const SIZE: &str = "Size on disk";
pub const EVALUATION: &str = "Evaluation";
pub const INPUTS: &str = "Inputs";
pub const INPUTS_TABLE: &str = "Table of inputs";
pub const INPUT: &str = "Input";
pub const ROWS: &str = "Rows";
pub const SHA256: &str = "SHA-256";
pub const SETTINGS: &str = "Settings";

pub const WITH_HISTORY: &str = "users with a history";
pub const NEW_USERS: &str = "new users";
pub const TOO_FEW_USERS: &str = "Too few users were held out to evaluate this generation.";
pub const METRICS_HELP: &str = "Measured on the top 20 films as served, for users held out from training both models. \
     The 95 % intervals are bootstrapped over users.";
pub const METRICS_TABLE: &str = "Table of metrics";
pub const GROUP: &str = "Group";
pub const USERS: &str = "Users";
pub const METRICS: [&str; 4] = ["NDCG@20", "Recall@20", "Hit@20", "Films shown"];
pub const THIS_MODEL: &str = "this model";
pub const CHAMPION: &str = "champion";

pub fn generation(number: u64) -> String {
    format!("Generation {number}")
}

pub fn no_generation(number: u64) -> String {
    format!("Generation {number} does not exist")
}

/// Returns the text that follows the number of the served generation.
pub fn model_id(model_id: &str) -> String {
    format!(", {model_id}")
}

pub fn loading(generation: u64) -> String {
    format!("Generation {generation} is loading and will take over shortly.")
}

pub fn roll_back_to(generation: u64) -> String {
    format!("Roll back to generation {generation}")
}

pub fn roll_back_heading(generation: u64) -> String {
    format!("Roll back to generation {generation}?")
}

pub fn roll_back_help(current: u64) -> String {
    format!("Generation {current} stays on disk and is never promoted automatically again.")
}

pub fn rolled_back(generation: u64) -> String {
    format!("Rolled back to generation {generation}.")
}

pub fn promote_heading(generation: u64) -> String {
    format!("Serve generation {generation}?")
}

pub fn promote(generation: u64) -> String {
    format!("Serve generation {generation}")
}

pub fn promote_help(current: u64) -> String {
    format!("It replaces generation {current} for all users, about a second after it loads.")
}

pub fn verdict(verdict: Option<&str>) -> String {
    format!("Evaluation: {}.", verdict.unwrap_or(NOT_EVALUATED))
}

pub fn promoted(generation: u64) -> String {
    format!("Generation {generation} is loading and will serve requests shortly.")
}

pub fn role(role: Role) -> &'static str {
    match role {
        Role::Champion => "served",
        Role::Previous => "previous",
        Role::Retired => "retired",
        Role::Candidate => "candidate",
    }
}

pub fn job_running(id: i64) -> String {
    format!("Job {id} is already running.")
}

pub fn job_queued(id: i64) -> String {
    format!("Job {id} is queued.")
}

pub fn job_kind(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Retrain => "Training",
        JobKind::Update => "Search for new films",
    }
}

/// Describes the state of a job. `attempt` is the number of attempts so far.
pub fn job_state(kind: JobKind, state: JobState, attempt: i64) -> String {
    let state = match state {
        JobState::Queued if attempt > 0 => "failed and will be retried",
        JobState::Queued => "is queued",
        JobState::Running => "is running",
        JobState::Done => "is done",
        JobState::Failed => "failed",
    };
    format!("{} {state}", job_kind(kind))
}

/// Returns the text that precedes a job's request time. `by` is recorded in the database: `page`, `api` or
/// `schedule`.
pub fn job_requested(id: i64, by: &str) -> String {
    let requested = match by {
        "page" => "requested on this page",
        "api" => "requested through the API",
        "schedule" => "scheduled",
        other => return format!("job {id}, requested by {other} "),
    };
    format!("job {id}, {requested} ")
}

pub fn job_progress(stage: Option<&str>, permille: i64) -> String {
    format!(" {}, {} %", stage.unwrap_or(STARTING), permille / 10)
}

pub fn schedule(kind: JobKind, schedule: &str) -> String {
    format!("{} {schedule}", job_kind(kind))
}

pub fn movies(total: usize, tagged: usize) -> String {
    format!("{}, {} with user tags", thousands(total as u64), thousands(tagged as u64))
}

pub fn ratings(used: usize, held_out: Option<f64>, is_refit: bool) -> String {
    let held_out = match held_out.map(|share| share * 100.0) {
        Some(percent) if is_refit => {
            format!("evaluated with models trained without {percent:.1} % of users")
        }
        Some(percent) => format!("{percent:.1} % of users held out for evaluation"),
        None => NO_HOLDOUT.to_owned(),
    };
    format!("{} used for training; {held_out}", thousands(used as u64))
}

pub fn outcome(is_promoted: bool, why: &str) -> String {
    format!("{}: {why}", if is_promoted { "passed" } else { "failed" })
}

pub fn compared_with(generation: u64, model_id: &str, margin: f64) -> String {
    format!(
        "Compared with the champion, generation {generation} ({model_id}). Maximum allowed NDCG loss: {:.1} %.",
        margin * 100.0
    )
}
