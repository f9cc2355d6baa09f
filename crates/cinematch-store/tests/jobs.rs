//! Tests for the job queue on SQLite and PostgreSQL, the latter with several concurrent servers.

mod databases;

use cinematch_store::*;
use databases::databases;

const MINUTE: i64 = 60_000;

fn failure(error: &str, at: i64, again: Option<i64>) -> Failure<'_> {
    Failure { stalled_heartbeat: None, error, failed_at: at, retry_at: again }
}

#[tokio::test(flavor = "multi_thread")]
async fn job_is_queued_claimed_retried_and_completed() {
    for database in databases("job_is_queued_claimed_retried_and_completed").await {
        let store = database.open().await;
        assert!(store.claim_job("a", 10).await.unwrap().is_none());
        let (job, is_new) = store.enqueue_job(JobKind::Retrain, "api", 10).await.unwrap();
        assert!(is_new);
        assert_eq!((job.state, job.attempt, job.requested_at), (JobState::Queued, 0, 10));
        let (same, is_new) = store.enqueue_job(JobKind::Retrain, "cli", 11).await.unwrap();
        assert_eq!((same.id, is_new), (job.id, false));
        let (other, _) = store.enqueue_job(JobKind::Update, "cli", 12).await.unwrap();
        assert_eq!(store.n_queued_jobs().await.unwrap(), 2);

        // At most one job runs at a time, on any worker.
        let claimed = store.claim_job("a", 20).await.unwrap().unwrap();
        assert_eq!((claimed.id, claimed.state, claimed.attempt), (job.id, JobState::Running, 1));
        assert!(store.claim_job("b", 20).await.unwrap().is_none());
        assert!(store.heartbeat_job(job.id, "a", Some("train"), 250).await.unwrap());
        assert!(!store.heartbeat_job(job.id, "b", Some("train"), 250).await.unwrap());
        let running = store.running_job().await.unwrap().unwrap();
        assert_eq!((running.stage.as_deref(), running.permille), (Some("train"), 250));
        assert!(running.heartbeat > claimed.heartbeat);

        // A failure report with an outdated heartbeat is rejected, because the job has not stalled.
        let stalled =
            Failure { stalled_heartbeat: Some(claimed.heartbeat), ..failure("gone", 30, Some(40)) };
        assert!(!store.fail_job(&claimed, stalled).await.unwrap());
        let stalled = Failure { stalled_heartbeat: Some(running.heartbeat), ..stalled };
        assert!(store.fail_job(&running, stalled).await.unwrap());
        assert!(!store.heartbeat_job(job.id, "a", None, 0).await.unwrap());
        assert!(!store.complete_job(job.id, "a", "{}", 31).await.unwrap());

        // The failed job waits for its retry time, so the other job is claimed first.
        let claimed = store.claim_job("b", 35).await.unwrap().unwrap();
        assert_eq!(claimed.id, other.id);
        assert!(store.complete_job(other.id, "b", "{\"why\":\"nothing new\"}", 36).await.unwrap());
        assert!(store.claim_job("b", 39).await.unwrap().is_none());
        let again = store.claim_job("b", 40).await.unwrap().unwrap();
        assert_eq!((again.id, again.attempt, again.stage.as_deref()), (job.id, 2, None));
        assert_eq!(again.error.as_deref(), Some("gone"));
        assert!(store.fail_job(&again, failure("broken", 50, None)).await.unwrap());

        let jobs = store.jobs(10).await.unwrap();
        let states: Vec<JobState> = jobs.iter().map(|job| job.state).collect();
        assert_eq!(states, [JobState::Done, JobState::Failed]);
        assert_eq!(store.job(job.id).await.unwrap().unwrap().error.as_deref(), Some("broken"));
        assert_eq!(store.job(999).await.unwrap(), None);
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scheduled_slot_enqueues_once_even_if_the_clock_jumps() {
    for database in databases("each_scheduled_slot_enqueues_once_even_if_the_clock_jumps").await {
        let store = database.open().await;
        let enqueue_slot = async |slot| {
            store.enqueue_scheduled_job(JobKind::Retrain, slot, slot + 5).await.unwrap()
        };
        // A new schedule skips the slot in which it was created.
        assert!(!enqueue_slot(MINUTE).await);
        assert!(!enqueue_slot(MINUTE).await);
        assert!(enqueue_slot(2 * MINUTE).await);
        // A slot never enqueues a second job, even from another server or after the clock goes back.
        assert!(!enqueue_slot(2 * MINUTE).await);
        assert!(!enqueue_slot(MINUTE).await);
        // A slot that comes up while a job is queued is skipped and doesn't enqueue a job later.
        assert!(!enqueue_slot(3 * MINUTE).await);
        let job = store.claim_job("a", 4 * MINUTE).await.unwrap().unwrap();
        assert_eq!(job.requested_by, "schedule");
        assert!(!enqueue_slot(3 * MINUTE).await);
        assert!(enqueue_slot(9 * MINUTE).await);
        // The job can be claimed even if the clock was set back to before the job was requested.
        let worker = job.worker.as_deref().unwrap();
        assert!(store.complete_job(job.id, worker, "{}", 9 * MINUTE).await.unwrap());
        let early = store.claim_job("a", MINUTE).await.unwrap().unwrap();
        assert!(early.requested_at > MINUTE);
        // A slot recorded while the clock was years ahead doesn't block the schedule for years.
        assert!(store.complete_job(early.id, "a", "{}", MINUTE).await.unwrap());
        let years = 1_000_000 * MINUTE;
        assert!(enqueue_slot(years).await);
        let job = store.claim_job("a", MINUTE).await.unwrap().unwrap();
        assert!(store.complete_job(job.id, "a", "{}", MINUTE).await.unwrap());
        assert!(!enqueue_slot(10 * MINUTE).await);
        assert!(enqueue_slot(11 * MINUTE).await);
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn job_is_claimed_by_exactly_one_of_many_servers() {
    for database in databases("job_is_claimed_by_exactly_one_of_many_servers").await {
        let first = database.open().await;
        let mut stores = vec![first.clone()];
        if matches!(database.address, Address::Postgres(_)) {
            for _ in 0..3 {
                stores.push(database.open().await);
            }
        }
        for round in 0..20 {
            first.enqueue_job(JobKind::Retrain, "api", round).await.unwrap();
            first.enqueue_job(JobKind::Update, "api", round).await.unwrap();
            let tasks = stores.iter().cycle().take(8).enumerate().map(|(at, store)| {
                let store = store.clone();
                tokio::spawn(async move { store.claim_job(&at.to_string(), round).await.unwrap() })
            });
            let mut claimed = Vec::new();
            for task in tasks.collect::<Vec<_>>() {
                claimed.extend(task.await.unwrap());
            }
            assert_eq!(claimed.len(), 1, "round {round}");
            let job = &claimed[0];
            let worker = job.worker.as_deref().unwrap();
            assert!(first.complete_job(job.id, worker, "{}", round).await.unwrap());
        }
        for store in stores {
            store.close().await;
        }
    }
}
