//! Python environments in `target/venv`, one per requirements file.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::project;

/// Copy of the requirements file in a complete environment.
const INSTALLED_REQUIREMENTS: &str = "installed-requirements.txt";

/// Returns the Python interpreter for the environment `target/venv/<name>` with `requirements`
/// installed. Creates the environment if it is missing or if `requirements` has changed, using the
/// interpreter named by the environment variable `PYTHON`, or `python3`.
pub fn python(requirements: &Path, name: &str) -> Result<PathBuf> {
    let expected = fs::read(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = project::target()?.join("venv").join(name);
    let python = folder.join("bin/python");
    let installed = folder.join(INSTALLED_REQUIREMENTS);
    if python.exists() && fs::read(&installed).is_ok_and(|content| content == expected) {
        return Ok(python);
    }

    let base = env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"));
    eprintln!("creating the Python environment {} (once)", folder.display());
    run(
        Command::new(&base).args(["-m", "venv", "--clear"]).arg(&folder),
        "it needs Python 3.11 or newer with the module venv (on Debian and Ubuntu: python3-venv); \
         set PYTHON to use another interpreter",
    )?;
    run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(requirements),
        "pip needs the network, or a configured package index, the first time",
    )?;
    // Written last, so that an interrupted installation is repeated.
    fs::write(&installed, expected)
        .with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(python)
}

/// Runs a command and adds `advice` to errors.
fn run(command: &mut Command, advice: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("`{program}` was not found: {advice}")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot run `{program}`")),
    };
    if !output.status.success() {
        let output_text = [output.stdout, output.stderr].concat();
        let output_text = String::from_utf8_lossy(&output_text);
        bail!("{command:?} failed ({}); {advice}\n{}", output.status, output_text.trim_end());
    }
    Ok(())
}
