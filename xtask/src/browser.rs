//! Installs the browser driver and the accessibility checker (axe-core) for the page tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{debian, project};

/// Path of the axe-core script inside its package.
const AXE: &str = "axe_playwright_python/axe.min.js";
/// Copy of the requirements file in a complete installation.
const INSTALLED_REQUIREMENTS: &str = "installed-requirements.txt";

/// Finds chromedriver, or installs it with Chromium from Debian if permitted. Otherwise returns `None`, and
/// the tests report that they were skipped.
pub fn driver() -> Result<Option<PathBuf>> {
    const PROGRAM: &str = "chromedriver";
    if let Some(found) = debian::find_on_path(PROGRAM) {
        return Ok(Some(found));
    }
    debian::install("chromium-driver")?;
    Ok(debian::find_on_path(PROGRAM))
}

/// Returns the axe-core script in `target/axe`, installed by pip, which verifies its checksum. `python`
/// must have pip.
pub fn axe(python: &Path) -> Result<PathBuf> {
    let requirements = project::root().join("tests/python/axe-requirements.txt");
    let expected = fs::read(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = project::target()?.join("axe");
    let (script, installed) = (folder.join(AXE), folder.join(INSTALLED_REQUIREMENTS));
    if script.is_file() && fs::read(&installed).is_ok_and(|content| content == expected) {
        return Ok(script);
    }
    eprintln!("fetching axe-core to {} (once)", folder.display());
    let mut pip = Command::new(python);
    // Skips the package's dependencies, since the script needs only a browser.
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--require-hashes", "--upgrade", "--target"])
        .arg(&folder)
        .arg("-r")
        .arg(&requirements);
    if !pip.status().with_context(|| format!("cannot run {pip:?}"))?.success() {
        bail!(
            "{pip:?} failed; pip needs the network, or a configured package index, the first time"
        );
    }
    // Written last, so that an interrupted installation is repeated.
    fs::write(&installed, expected)
        .with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(script)
}
