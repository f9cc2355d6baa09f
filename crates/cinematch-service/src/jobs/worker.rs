//! A job's work, in a process of its own: it lowers its priority itself, tells how far it is on its
//! standard output, and ends when its standard input does. So none outlives its server.

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

/// How the program is called that does the work: `cinematch --root . retrain --events --artifacts …`.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The program: this one.
    pub program: PathBuf,
    /// What stands before the job's name.
    pub before: Vec<OsString>,
    /// What stands behind it.
    pub behind: Vec<OsString>,
}

/// What a worker says, one object a line.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// It is over.
    Outcome {
        /// What came of it.
        outcome: serde_json::Value,
    },
    /// It goes on.
    Stage {
        /// What it is at.
        stage: String,
        /// How much of that is done, 0 to 1.
        #[serde(default)]
        share: f64,
    },
}

/// How many of its last lines are kept to say what went wrong.
const LAST_WORDS: usize = 12;

/// A process at work; killed when dropped.
pub struct Worker {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    last_words: JoinHandle<VecDeque<String>>,
    /// Closed when this process ends, however it ends.
    tie: ChildStdin,
}

impl Worker {
    /// Begins a job.
    pub fn start(
        command: &WorkerCommand,
        kind: JobKind,
        patience: Duration,
    ) -> std::io::Result<Self> {
        let mut child = Command::new(&command.program)
            .args(&command.before)
            .args([kind.name(), "--events", "--patience"])
            .arg(patience.as_secs_f64().to_string())
            .args(&command.behind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("the worker has no pipes");
        let tie = child.stdin.take().ok_or_else(missing)?;
        let out = child.stdout.take().ok_or_else(missing)?;
        let errors = child.stderr.take().ok_or_else(missing)?;
        let last_words = tokio::spawn(listen(errors));
        Ok(Self { child, lines: BufReader::new(out).lines(), last_words, tie })
    }

    /// Says that the job is still this server's. What cannot be said tells as much.
    pub async fn go_on(&mut self) {
        let _ = self.tie.write_all(b"\n").await;
    }

    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// What it says next; `None` at its end. What cannot be read is passed over. May be given up at any
    /// moment without losing a line.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let line = self.lines.next_line().await.ok()??;
            match serde_json::from_str(&line) {
                Ok(event) => return Some(event),
                Err(error) => tracing::debug!(%error, line, "a worker's line was not understood"),
            }
        }
    }

    /// Waits for its end; what went wrong, if something did.
    pub async fn end(mut self) -> Result<(), String> {
        let status = self.child.wait().await.map_err(|error| error.to_string())?;
        if status.success() {
            return Ok(());
        }
        let mut said = self.last_words.await.map(Vec::from).unwrap_or_default();
        // What it noted on the way is not what went wrong.
        if let Some(at) = said.iter().rposition(|line| line.starts_with("error: ")) {
            said.drain(..at);
        }
        let said = said.join("\n");
        let said = said.strip_prefix("error: ").unwrap_or(&said);
        Err(match status.code() {
            Some(_) if !said.is_empty() => said.to_owned(),
            _ => format!("its process ended with {status}. {said}").trim().to_owned(),
        })
    }
}

/// Puts what a worker says of its troubles into the log, and keeps the end of it.
async fn listen(errors: ChildStderr) -> VecDeque<String> {
    let mut lines = BufReader::new(errors).lines();
    let mut last = VecDeque::new();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::warn!(target: "cinematch::worker", "{line}");
        if last.len() == LAST_WORDS {
            last.pop_front();
        }
        last.push_back(line);
    }
    last
}
