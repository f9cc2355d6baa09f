//! The worker process that runs a job.
//!
//! A worker lowers its own priority, reports progress on standard output and exits when its standard input is
//! closed, so it never outlives its server.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use cinematch_store::JobKind;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// Command line for a worker, for example `cinematch --root . retrain --events --artifacts …`.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// Path to the `cinematch` executable.
    pub program: PathBuf,
    /// Arguments before the job name.
    pub leading_args: Vec<OsString>,
    /// Arguments after the job name.
    pub trailing_args: Vec<OsString>,
}

/// A message from a worker: one JSON object per line.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// The job is finished.
    Outcome {
        /// The job's result, which is stored as JSON.
        outcome: serde_json::Value,
    },
    /// The job has made progress.
    Stage {
        /// Name of the current stage.
        stage: String,
        /// Progress within the stage, from 0 to 1.
        #[serde(default)]
        share: f64,
    },
}

/// Exit code of a worker whose job cannot succeed until the user corrects a mistake, such as a missing input file
/// or an invalid flag. Argument parsers use the same code.
pub const PERMANENT_FAILURE: u8 = 2;

/// The reason why a worker failed.
#[derive(Debug)]
pub struct WorkerFailure {
    /// Error message.
    pub message: String,
    /// True if a retry would fail too.
    pub is_permanent: bool,
}

/// Number of lines from the end of standard error to include in a failed job's error message.
const STDERR_LINES: usize = 12;

/// A running worker process, which is killed on drop.
pub struct Worker {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    stderr: JoinHandle<VecDeque<String>>,
    /// The worker's standard input. The operating system closes it when this process ends for any reason.
    stdin: ChildStdin,
}

impl Worker {
    /// Starts a worker for a job of `kind`. The worker exits if [`Worker::keep_alive`] isn't called for
    /// `signal_timeout`.
    pub fn start(
        command: &WorkerCommand,
        kind: JobKind,
        signal_timeout: Duration,
    ) -> std::io::Result<Self> {
        let mut child = Command::new(&command.program)
            .args(&command.leading_args)
            .args([kind.name(), "--events", "--patience"])
            .arg(signal_timeout.as_secs_f64().to_string())
            .args(&command.trailing_args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("the worker's standard streams are not piped");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let stderr = tokio::spawn(forward_stderr(stderr));
        Ok(Self { child, lines: BufReader::new(stdout).lines(), stderr, stdin })
    }

    /// Signals that this server still owns the job. Write errors are ignored, since the worker exits
    /// if it gets no signal.
    pub async fn keep_alive(&mut self) {
        let _ = self.stdin.write_all(b"\n").await;
    }

    /// Returns the process ID.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Returns the next event, or `None` at the end of the output. Skips malformed lines. Cancel-safe: no line is
    /// lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let line = self.lines.next_line().await.ok()??;
            match serde_json::from_str(&line) {
                Ok(event) => return Some(event),
                Err(error) => {
                    tracing::debug!(%error, line, "ignored a malformed line from a worker");
                }
            }
        }
    }

    /// Waits for the process to exit. Returns its error message if it failed.
    pub async fn wait(mut self) -> Result<(), WorkerFailure> {
        let status = self
            .child
            .wait()
            .await
            .map_err(|error| WorkerFailure { message: error.to_string(), is_permanent: false })?;
        if status.success() {
            return Ok(());
        }
        let mut lines = self.stderr.await.map(Vec::from).unwrap_or_default();
        // Drop the log lines before the error message.
        if let Some(at) = lines.iter().rposition(|line| line.starts_with("error: ")) {
            lines.drain(..at);
        }
        let message = lines.join("\n");
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        let message = match status.code() {
            Some(_) if !message.is_empty() => message.to_owned(),
            _ => format!("the worker process ended with {status}. {message}").trim().to_owned(),
        };
        let is_permanent = status.code() == Some(PERMANENT_FAILURE.into());
        Err(WorkerFailure { message, is_permanent })
    }
}

/// Forwards a worker's standard error to the log and returns its last lines.
async fn forward_stderr(stderr: ChildStderr) -> VecDeque<String> {
    let mut lines = BufReader::new(stderr).lines();
    let mut last = VecDeque::new();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::warn!(target: "cinematch::worker", "{line}");
        if last.len() == STDERR_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
    last
}
