//! External programs for the tests: finds the programs that a test needs, and provides them.

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
    /// A PostgreSQL server that runs during the tests.
    Postgres,
    /// The program `redis-server`, which tests start themselves.
    Redis,
    /// chromedriver with Chromium, and axe-core.
    Browser,
    /// A Python environment with scikit-learn and the metric libraries.
    Python,
    /// schemathesis, in a separate Python environment.
    Schemathesis,
    /// The program `faketime`.
    Faketime,
}

impl Need {
    /// All programs that tests may need.
    pub const ALL: [Self; 6] = [
        Self::Postgres,
        Self::Redis,
        Self::Browser,
        Self::Python,
        Self::Schemathesis,
        Self::Faketime,
    ];

    /// Returns a string that occurs in the source of every module that uses the program.
    const fn marker(self) -> &'static str {
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

/// Builds the tests and returns the programs needed by those whose names contain one of `filters`,
/// including any that are needed by files their modules import. Returns an error if no test matches.
pub fn of_filters(filters: &[String]) -> Result<Vec<Need>> {
    let mut sources = BTreeSet::new();
    for Target { root, executable } in targets()? {
        let tests = list(&executable, filters)?;
        if tests.is_empty() {
            continue;
        }
        let modules = Modules::read(&root, true)?;
        for test in tests {
            let path: Vec<&str> = test.split("::").collect();
            // An inline module lives in its enclosing module's file.
            let modules_reached = (0..path.len()).rev().map(|n| modules.reachable(&path[..n]));
            sources.extend(
                modules_reached.into_iter().find(|files| !files.is_empty()).unwrap_or_default(),
            );
        }
    }
    if sources.is_empty() {
        bail!("no test name contains {}", filters.join(" or "));
    }
    let texts: Vec<String> =
        sources.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    let is_reached = |need: &Need| texts.iter().any(|text| text.contains(need.marker()));
    Ok(Need::ALL.into_iter().filter(is_reached).collect())
}

/// A compiled test target.
struct Target {
    root: PathBuf,
    executable: PathBuf,
}

/// Builds all test targets in the workspace.
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

/// Returns the names of the matching tests in a target.
fn list(executable: &PathBuf, filters: &[String]) -> Result<Vec<String>> {
    let output = Command::new(executable)
        .args(["--list", "--format", "terse"])
        .args(filters)
        .output()
        .with_context(|| format!("cannot run {}", executable.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter_map(|line| Some(line.strip_suffix(": test")?.to_owned())).collect())
}

/// Programs that were found, installed or started. Started programs stop on drop.
#[derive(Default)]
pub struct TestEnvironment {
    postgres: Option<Postgres>,
    paths: Vec<(&'static str, PathBuf)>,
}

impl TestEnvironment {
    /// Finds or installs the programs in `needs`, and starts PostgreSQL if it is one of them.
    pub fn new(needs: &[Need]) -> Result<Self> {
        let mut environment = Self::default();
        let python = |file: &str, name: &str| {
            venv::python(&project::root().join("tests/python").join(file), name)
        };
        for need in needs {
            match need {
                Need::Postgres => environment.postgres = Some(Postgres::start()?),
                Need::Redis => environment.add(need.marker(), redis::program()?),
                Need::Browser => {
                    let pip = python("requirements.txt", "tests")?;
                    environment.add("CINEMATCH_TEST_AXE", browser::axe(&pip)?);
                    // Without a browser, the tests report that they did not run.
                    if let Some(driver) = browser::driver()? {
                        environment.add(need.marker(), driver);
                    }
                }
                Need::Python => {
                    environment.add(need.marker(), python("requirements.txt", "tests")?);
                }
                Need::Schemathesis => {
                    let python = python("contract-requirements.txt", "contract")?;
                    environment.add(need.marker(), python.with_file_name("schemathesis"));
                }
                // If faketime cannot be installed, the test reports that it did not run.
                Need::Faketime if debian::find_on_path("faketime").is_none() => {
                    debian::install("faketime")?;
                }
                Need::Faketime => {}
            }
        }
        Ok(environment)
    }

    fn add(&mut self, variable: &'static str, path: PathBuf) {
        self.paths.push((variable, path));
    }

    /// Returns the environment variables with the paths and URLs of the programs.
    pub fn variables(&self) -> Vec<(&str, &OsStr)> {
        let paths = self.paths.iter().map(|(name, path)| (*name, path.as_os_str()));
        let postgres = self.postgres.iter();
        paths.chain(postgres.map(|it| (Need::Postgres.marker(), OsStr::new(it.url())))).collect()
    }
}
