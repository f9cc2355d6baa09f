//! External programs of the tests: which a test reaches, and how they are provided.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::modules::Modules;
use crate::postgres::Postgres;
use crate::{browser, debian, project, redis, venv};

/// A program that some tests run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A PostgreSQL server of this run.
    Postgres,
    /// The program `redis-server`; tests start their own.
    Redis,
    /// chromedriver with Chromium, and axe-core.
    Browser,
    /// A Python environment with scikit-learn and the metric libraries.
    Python,
    /// schemathesis in a Python environment of its own.
    Schemathesis,
    /// The program `faketime`.
    Faketime,
}

impl Need {
    /// Every need.
    pub const ALL: [Self; 6] = [
        Self::Postgres,
        Self::Redis,
        Self::Browser,
        Self::Python,
        Self::Schemathesis,
        Self::Faketime,
    ];

    /// Text in the source of every module that uses the program.
    const fn mark(self) -> &'static str {
        match self {
            Self::Postgres => "CINEMATCH_TEST_POSTGRES",
            Self::Redis => "CINEMATCH_TEST_REDIS",
            Self::Browser => "CINEMATCH_TEST_CHROMEDRIVER",
            Self::Python => "CINEMATCH_TEST_PYTHON",
            Self::Schemathesis => "CINEMATCH_TEST_SCHEMATHESIS",
            Self::Faketime => "faketime",
        }
    }
}

/// Needs of all tests whose names contain one of `filters`: those of every file that a test's module reaches by imports.
/// Builds the tests. No match is an error.
pub fn of(filters: &[String]) -> Result<Vec<Need>> {
    let mut sources = BTreeSet::new();
    for Target { root, executable } in targets()? {
        let tests = list(&executable, filters)?;
        if tests.is_empty() {
            continue;
        }
        let modules = Modules::read(&root, true)?;
        for test in tests {
            let path: Vec<&str> = test.split("::").collect();
            // Inline modules belong to the file of the module around them.
            let reached = (0..path.len()).rev().map(|n| modules.reachable(&path[..n]));
            sources.extend(reached.into_iter().find(|files| !files.is_empty()).unwrap_or_default());
        }
    }
    if sources.is_empty() {
        bail!("no test has a name with {}", filters.join(" or "));
    }
    let texts: Vec<String> =
        sources.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    let is_reached = |need: &Need| texts.iter().any(|text| text.contains(need.mark()));
    Ok(Need::ALL.into_iter().filter(is_reached).collect())
}

/// A compiled test target.
struct Target {
    root: PathBuf,
    executable: PathBuf,
}

/// Builds all tests.
fn targets() -> Result<Vec<Target>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(project::root())
        .args(["test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the tests do not compile");
    }
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let read = |line: &[u8]| {
        let message: Value = serde_json::from_slice(line).ok()?;
        let is_test = message["profile"]["test"].as_bool()?;
        let executable = message["executable"].as_str().filter(|_| is_test)?.into();
        Some(Target { root: message["target"]["src_path"].as_str()?.into(), executable })
    };
    Ok(messages.filter_map(read).collect())
}

/// Names of the tests of one target that match.
fn list(executable: &PathBuf, filters: &[String]) -> Result<Vec<String>> {
    let output = Command::new(executable)
        .args(["--list", "--format", "terse"])
        .args(filters)
        .output()
        .with_context(|| format!("cannot run {}", executable.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter_map(|line| Some(line.strip_suffix(": test")?.to_owned())).collect())
}

/// Programs that were found, installed or started; they stop when dropped.
#[derive(Default)]
pub struct Provided {
    postgres: Option<Postgres>,
    paths: Vec<(&'static str, PathBuf)>,
}

impl Provided {
    /// Finds or installs what is wanted, and starts PostgreSQL.
    pub fn new(wanted: &[Need]) -> Result<Self> {
        let mut provided = Self::default();
        let python = |file: &str, name: &str| {
            venv::python(&project::root().join("tests/python").join(file), name)
        };
        for need in wanted {
            match need {
                Need::Postgres => provided.postgres = Some(Postgres::start()?),
                Need::Redis => provided.add(need.mark(), redis::program()?),
                Need::Browser => {
                    let pip = python("requirements.txt", "tests")?;
                    provided.add("CINEMATCH_TEST_AXE", browser::axe(&pip)?);
                    // Without a browser the tests report that they did not run.
                    if let Some(driver) = browser::driver()? {
                        provided.add(need.mark(), driver);
                    }
                }
                Need::Python => provided.add(need.mark(), python("requirements.txt", "tests")?),
                Need::Schemathesis => {
                    let python = python("contract-requirements.txt", "contract")?;
                    provided.add(need.mark(), python.with_file_name("schemathesis"));
                }
                // Where it cannot be installed, the test reports that it did not run.
                Need::Faketime if debian::on_path("faketime").is_none() => {
                    debian::install("faketime")?;
                }
                Need::Faketime => {}
            }
        }
        Ok(provided)
    }

    fn add(&mut self, variable: &'static str, path: PathBuf) {
        self.paths.push((variable, path));
    }

    /// Environment variables that tell the tests where the programs are.
    pub fn variables(&self) -> Vec<(&str, &OsStr)> {
        let paths = self.paths.iter().map(|(name, path)| (*name, path.as_os_str()));
        let postgres = self.postgres.iter();
        paths.chain(postgres.map(|it| (Need::Postgres.mark(), OsStr::new(it.url())))).collect()
    }
}
