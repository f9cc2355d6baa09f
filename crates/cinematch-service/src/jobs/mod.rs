//! Background jobs: queued in the database, run by one server at a time in a process of low priority,
//! recorded, and retried when they fail.

mod config;
mod queue;
mod runner;
mod schedule;
mod worker;

pub use config::{JobsConfig, Pace};
pub use queue::{JobItem, JobList, ScheduleItem, ask, find, list};
pub use runner::watch;
pub use schedule::Schedule;
pub use worker::WorkerCommand;
