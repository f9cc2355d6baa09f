//! The browser that the tests of the pages drive, and the checker of accessibility that they run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{debian, project};

/// Where the script is in its package.
const AXE: &str = "axe_playwright_python/axe.min.js";
/// The copy of the requirements that stands beside what was installed by them.
const INSTALLED: &str = "installed-requirements.txt";

/// Finds chromedriver, or installs Debian's with its Chromium where that may be done. Elsewhere there is none, and
/// the tests say loudly that they did not run.
pub fn driver() -> Result<Option<PathBuf>> {
    const PROGRAM: &str = "chromedriver";
    if let Some(found) = debian::on_path(PROGRAM) {
        return Ok(Some(found));
    }
    debian::install("chromium-driver")?;
    Ok(debian::on_path(PROGRAM))
}

/// The script axe-core, below `target/axe`: pip brings it and compares its checksum. `python` is any that has pip.
pub fn axe(python: &Path) -> Result<PathBuf> {
    let requirements = project::root().join("tests/python/axe-requirements.txt");
    let wanted = fs::read(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let home = project::target()?.join("axe");
    let (script, installed) = (home.join(AXE), home.join(INSTALLED));
    if script.is_file() && fs::read(&installed).is_ok_and(|content| content == wanted) {
        return Ok(script);
    }
    eprintln!("fetching axe-core to {} (once)", home.display());
    let mut pip = Command::new(python);
    // Without what the package asks for: its script needs a browser only.
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--require-hashes", "--upgrade", "--target"])
        .arg(&home)
        .arg("-r")
        .arg(&requirements);
    if !pip.status().with_context(|| format!("cannot run {pip:?}"))?.success() {
        bail!(
            "{pip:?} failed; pip needs the network, or a configured package index, the first time"
        );
    }
    // Written last, so that an interrupted installation starts again.
    fs::write(&installed, wanted)
        .with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(script)
}
