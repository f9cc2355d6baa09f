//! Hardware and software versions for a benchmark run.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::commands::Programs;

/// Packages to list in the text output. The JSON output lists all packages.
const LISTED_PACKAGES: [&str; 9] = [
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "fastapi",
    "uvicorn",
    "uvloop",
    "polars",
    "duckdb",
];

/// Hardware, and software versions on both sides.
pub struct Machine {
    cpu: String,
    cores: usize,
    load: String,
    rustc: String,
    python: String,
    packages: Vec<(String, String)>,
}

impl Machine {
    /// Reads hardware properties and queries the programs for their versions.
    pub fn inspect(programs: &Programs) -> Result<Self> {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find(|line| line.starts_with("model name"));
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let frozen =
            output_of(&programs.python, &["-m", "pip", "--disable-pip-version-check", "freeze"])?;
        let package = |line: &str| line.split_once("==").map(|(n, v)| (n.to_owned(), v.to_owned()));
        Ok(Self {
            cpu: model
                .and_then(|line| line.split_once(": "))
                .map_or("unknown", |(_, cpu)| cpu)
                .to_owned(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            rustc: output_of(Path::new("rustc"), &["--version"])?,
            python: output_of(&programs.python, &["--version"])?,
            packages: frozen.lines().filter_map(package).collect(),
        })
    }

    /// Returns the lines to print as text.
    pub fn lines(&self) -> Vec<String> {
        let shown =
            self.packages.iter().filter(|(name, _)| LISTED_PACKAGES.contains(&name.as_str()));
        let shown: Vec<String> = shown.map(|(name, version)| format!("{name} {version}")).collect();
        vec![
            format!("machine  {}, {} cores, load {} at the start", self.cpu, self.cores, self.load),
            format!("ours     release build, {}", self.rustc),
            format!("peer     {}, {}", self.python, shown.join(", ")),
        ]
    }

    /// Returns the hardware and software versions as JSON, including every package.
    pub fn json(&self) -> Value {
        let packages = self.packages.iter().map(|(name, version)| (name.clone(), json!(version)));
        json!({
            "cpu": self.cpu,
            "cores": self.cores,
            "load_at_start": self.load,
            "rustc": self.rustc,
            "python": self.python,
            "packages": packages.collect::<serde_json::Map<_, _>>(),
        })
    }
}

fn output_of(program: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
