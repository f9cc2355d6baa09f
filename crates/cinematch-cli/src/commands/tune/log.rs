//! Log of finished trials, one JSON document per line, from which an interrupted search resumes.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cinematch::evaluation::Protocol;
use cinematch::files;
use cinematch::ids;
use cinematch::models::Spec;
use serde::{Deserialize, Serialize};

use crate::evaluation::Data;
use crate::output::Output;
use crate::paths::display_path;

/// Measurement of a trial on one split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Checksum of the data and the protocol.
    task: String,
    trial: usize,
    split: u64,
    /// Score, larger is better; `None` if the model could not be fitted.
    score: Option<f64>,
    seconds: f64,
    spec: Spec,
}

impl Measured {
    /// Creates a measurement. [`Log::append`] sets its task.
    pub fn new(
        trial: usize,
        (split, spec): (u64, &Spec),
        score: Option<f64>,
        seconds: f64,
    ) -> Self {
        let (task, spec) = (String::new(), spec.clone());
        Self { task, trial, split, score, seconds, spec }
    }

    /// Returns the score; a model that could not be fitted scores lowest.
    pub fn score(&self) -> f64 {
        self.score.unwrap_or(f64::NEG_INFINITY)
    }
}

/// Log of the trials for one model.
pub struct Log {
    path: PathBuf,
    file: File,
    task: String,
    measured: Vec<Measured>,
}

impl Log {
    /// Opens a log. Ignores measurements on different data or with a different protocol, which remain in
    /// the file, and skips incomplete lines.
    pub fn open(
        path: &Path,
        model: &str,
        (protocol, data): (Protocol, &Data),
        output: &Output,
    ) -> Result<Self> {
        let interactions = &data.interactions;
        let task = serde_json::to_vec(&serde_json::json!({
            "model": model,
            "protocol": protocol.with_seed(0),
            "objective": protocol.objective(),
            "version": env!("CARGO_PKG_VERSION"),
            "files": data.files,
            "vocabulary": interactions.movies().checksum(),
            "ratings": interactions.n_ratings(),
            "users": interactions.n_users(),
        }))?;
        let task = ids::sha256_hex(&task)[..12].to_owned();
        let error_message = |what: &str| format!("cannot {what} {}", display_path(path));
        let folder = files::parent(path);
        fs::create_dir_all(folder).with_context(|| error_message("create the folder of"))?;
        let text = if path.is_file() {
            let bytes = fs::read(path).with_context(|| error_message("read"))?;
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            String::new()
        };
        let mut measured = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str::<Measured>(line) {
                Ok(measurement) => measured.push(measurement),
                Err(error) => {
                    let location = format!("{}:{}", display_path(path), index + 1);
                    output
                        .warn(format_args!("{location}: skipped an invalid measurement: {error}"));
                }
            }
        }
        measured.retain(|measured| measured.task == task);
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| error_message("append to"))?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").with_context(|| error_message("append to"))?;
        }
        Ok(Self { path: path.to_owned(), file, task, measured })
    }

    /// Returns the path of the log.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the measurement of `spec` on `split`, if there is one.
    pub fn find(&self, split: u64, spec: &Spec) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.split == split && measured.spec == *spec)
    }

    /// Appends a measurement in a single write and returns its score.
    pub fn append(&mut self, measured: Measured) -> Result<f64> {
        let score = measured.score();
        let measured = Measured { task: self.task.clone(), ..measured };
        let mut line = serde_json::to_vec(&measured)?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .with_context(|| format!("cannot append to {}", display_path(&self.path)))?;
        self.measured.push(measured);
        Ok(score)
    }
}
