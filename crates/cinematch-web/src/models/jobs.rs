//! The background jobs section of the operator's page, and the handler that requests jobs.

use axum::extract::State;
use axum::response::Response;
use cinematch_store::{Job, JobKind, JobState, rfc3339};
use maud::{Markup, html};

use super::operator::Operator;
use super::time::time;
use crate::form::FormBody;
use crate::note::Note;
use crate::responses::changed;
use crate::texts::operator as texts;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::jobs::{self, JobOverview, ScheduledKind, is_active};

/// Maximum number of jobs shown.
const N_SHOWN: u32 = 8;

/// `POST /models/jobs`: requests a job.
pub async fn request(
    State(service): State<Service>,
    operator: Operator,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    let kind = fields.get("kind").unwrap_or_default();
    let kind: JobKind = kind.parse().map_err(|error: String| Problem::field("kind", error))?;
    let job = jobs::enqueue(&service, kind, "page").await?;
    let note = match job.state {
        JobState::Running => texts::job_running(job.id),
        _ => texts::job_queued(job.id),
    };
    Ok(changed(&operator.caller, &section(&service).await?, &Note::plain(note)))
}

/// Renders the jobs, the buttons that request a job, and the schedules. `jobs.js` refreshes the section while a job
/// is running.
pub async fn section(service: &Service) -> Result<Markup, Problem> {
    let JobOverview { jobs, schedules } = jobs::list(service, Some(N_SHOWN)).await?;
    let active: Vec<&Job> = jobs.iter().filter(|job| is_active(job, service.now())).collect();
    let status = active.first().map_or_else(|| texts::IDLE.to_owned(), |job| headline(job));
    Ok(html! {
        section #jobs aria-labelledby="jobs-heading" data-told=(status)
            data-watch=[(!active.is_empty()).then_some("")] {
            h2 #jobs-heading { (texts::JOBS) }
            @if service.jobs().worker.is_none() {
                p { (texts::NO_WORKER) }
            }
            form .inline method="post" action="/models/jobs" data-live {
                button .quiet name="kind" value="retrain" { (texts::RETRAIN) }
                button .quiet name="kind" value="update" { (texts::UPDATE) }
                @if !active.is_empty() {
                    a .button.quiet href="/models" { (texts::REFRESH) }
                }
            }
            @for ScheduledKind { kind, schedule, next } in &schedules {
                p .small {
                    (texts::schedule(*kind, schedule))
                    @if let Some(next) = next { (texts::NEXT) (time(&rfc3339(*next))) }
                }
            }
            @if jobs.is_empty() { p { (texts::NO_JOBS) } }
            @else { ul .jobs { @for job in &jobs { li { (line(job)) } } } }
        }
    })
}

/// Formats a job's kind and state.
fn headline(job: &Job) -> String {
    texts::job_state(job.kind, job.state, job.attempt)
}

fn line(job: &Job) -> Markup {
    let outcome: Option<serde_json::Value> =
        job.outcome.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let why = outcome.as_ref().and_then(|outcome| outcome["why"].as_str());
    let generation = outcome.as_ref().and_then(|outcome| outcome["generation"].as_u64());
    html! {
        p {
            b { (headline(job)) }
            " " span .small { (texts::job_requested(job.id, &job.requested_by)) (time(&rfc3339(job.requested_at))) }
        }
        @if job.state == JobState::Running {
            p {
                progress max="1000" value=(job.permille) aria-label=(texts::job_kind(job.kind)) {}
                (texts::job_progress(job.stage.as_deref(), job.permille))
            }
        }
        @if let Some(why) = why {
            p {
                @if let Some(generation) = generation {
                    a href={ "/models/" (generation) } { (texts::generation(generation)) } ": "
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
    fn a_job_that_waits_for_its_retry_is_not_active() {
        let job = Job {
            id: 1,
            kind: JobKind::Retrain,
            state: JobState::Queued,
            requested_by: "page".to_owned(),
            requested_at: 0,
            not_before: 50,
            attempt: 1,
            worker: None,
            heartbeat: 0,
            stage: None,
            permille: 0,
            started_at: None,
            ended_at: None,
            outcome: None,
            error: Some("no <memory>".to_owned()),
        };
        assert!(!is_active(&job, 49) && is_active(&job, 50));
        let html = line(&job).into_string();
        assert!(html.contains("Training failed and will be retried"), "{html}");
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
