//! Background jobs.
//!
//! Jobs are queued and recorded in the database. Only one server at a time runs a job, in a separate low-priority
//! process. A job that crashed or failed for a reason that may pass is retried.

mod config;
mod queue;
mod runner;
mod schedule;
mod worker;

pub use config::{JobTiming, JobsConfig};
pub use queue::{
    JobItem, JobList, JobOverview, ScheduleItem, ScheduledKind, enqueue, find, is_active, list,
};
pub use runner::watch;
pub use schedule::Schedule;
pub use worker::{PERMANENT_FAILURE, WorkerCommand};
