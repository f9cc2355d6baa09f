//! What runs in the background, as the operator sees it.

use axum::extract::State;
use axum::response::Response;
use cinematch_store::{Job, JobKind, JobState, rfc3339};
use maud::{Markup, html};

use super::generation::time;
use super::operator::Desk;
use crate::answer::done;
use crate::form::Sent;
use crate::note::Note;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::jobs;

/// Jobs that are shown.
const SHOWN: u32 = 8;

/// `POST /models/jobs`: asks for a job.
pub async fn ask(
    State(state): State<Service>,
    desk: Desk,
    Sent(fields): Sent,
) -> Result<Response, Problem> {
    let kind = fields.get("kind").unwrap_or_default();
    let kind: JobKind = kind.parse().map_err(|error: String| Problem::field("kind", error))?;
    let job = jobs::ask(&state, kind, "page").await?;
    let note = match job.state {
        JobState::Running => format!("Job {} is at it already.", job.id),
        _ => format!("Job {} waits for its turn.", job.id),
    };
    Ok(done(&desk.visitor, &section(&state).await?, &Note::plain(note)))
}

/// The jobs, what may be asked for, and when a schedule asks. `jobs.js` looks again while one is under way.
pub async fn section(state: &Service) -> Result<Markup, Problem> {
    let jobs = state.store().jobs(SHOWN).await?;
    let config = state.jobs();
    let under_way: Vec<&Job> = jobs
        .iter()
        .filter(|job| job.state == JobState::Running || is_next(job, state.now()))
        .collect();
    let told = under_way.first().map(|job| headline(job));
    Ok(html! {
        section #jobs aria-labelledby="jobs-heading" data-told=[told]
            data-watch=[(!under_way.is_empty()).then_some("")] {
            h2 #jobs-heading { "In the background" }
            @if config.worker.is_none() {
                p { "This server runs no jobs; what is asked for waits for one that does." }
            }
            form .inline method="post" action="/models/jobs" data-live {
                button .quiet name="kind" value="retrain" { "Train anew" }
                button .quiet name="kind" value="update" { "Look for new films" }
                @if !under_way.is_empty() {
                    a .button.quiet href="/models" { "Look again" }
                }
            }
            @for kind in JobKind::ALL {
                @if let Some(schedule) = config.schedule(kind) {
                    p .small {
                        (called(kind)) " " (schedule.to_string())
                        @if let Some(next) = schedule.next(state.now()) { ", next " (time(&rfc3339(next))) }
                    }
                }
            }
            @if jobs.is_empty() { p { "Nothing was asked for yet." } }
            @else { ul .jobs { @for job in &jobs { li { (line(job)) } } } }
        }
    })
}

/// Whether a job is about to begin: one that failed and waits for another try is not worth watching.
fn is_next(job: &Job, now: i64) -> bool {
    job.state == JobState::Queued && job.not_before <= now
}

fn called(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Retrain => "Training",
        JobKind::Update => "Looking for new films",
    }
}

/// Where a job is, in words.
fn headline(job: &Job) -> String {
    let state = match job.state {
        JobState::Queued if job.attempt > 0 => "failed and is tried again",
        JobState::Queued => "waits for its turn",
        JobState::Running => "is under way",
        JobState::Done => "is done",
        JobState::Failed => "was given up",
    };
    format!("{} {state}", called(job.kind))
}

fn line(job: &Job) -> Markup {
    let outcome: Option<serde_json::Value> =
        job.outcome.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let why = outcome.as_ref().and_then(|outcome| outcome["why"].as_str());
    let generation = outcome.as_ref().and_then(|outcome| outcome["generation"].as_u64());
    html! {
        p {
            b { (headline(job)) }
            " " span .small { "job " (job.id) ", asked for by " (job.asked_by) " " (time(&rfc3339(job.asked_at))) }
        }
        @if job.state == JobState::Running {
            p {
                progress max="1000" value=(job.permille) aria-label=(called(job.kind)) {}
                " " (job.stage.as_deref().unwrap_or("begins")) ", " (job.permille / 10) " %"
            }
        }
        @if let Some(why) = why {
            p {
                @if let Some(generation) = generation {
                    a href={ "/models/" (generation) } { "Generation " (generation) } ": "
                }
                (why) "."
            }
        }
        @if let Some(error) = &job.error { p .wrong { (error.trim()) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_waits_for_another_try_is_not_watched() {
        let job = Job {
            id: 1,
            kind: JobKind::Retrain,
            state: JobState::Queued,
            asked_by: "page".to_owned(),
            asked_at: 0,
            not_before: 50,
            attempt: 1,
            worker: None,
            beat: 0,
            stage: None,
            permille: 0,
            started_at: None,
            ended_at: None,
            outcome: None,
            error: Some("no <memory>".to_owned()),
        };
        assert!(!is_next(&job, 49) && is_next(&job, 50));
        let html = line(&job).into_string();
        assert!(html.contains("Training failed and is tried again"), "{html}");
        assert!(html.contains("no &lt;memory&gt;"), "{html}");
        let done = Job {
            state: JobState::Done,
            outcome: Some(r#"{"generation":4,"why":"not worse"}"#.to_owned()),
            error: None,
            ..job
        };
        let html = line(&done).into_string();
        assert!(html.contains("<a href=\"/models/4\">Generation 4</a>: not worse."), "{html}");
    }
}
