//! Programs that a package of Debian's brings, where we may install one.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// Whether everything may be done here.
pub fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("cannot run `id -u`")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// Where a program is that can be called by its name.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Installs a package, where there is apt-get and we may call it; elsewhere nothing happens.
pub fn install(package: &str) -> Result<()> {
    if !is_root()? || on_path("apt-get").is_none() {
        return Ok(());
    }
    eprintln!("installing Debian's package {package} (once)");
    // The lists of packages may be old, or not there at all.
    let install = ["install", "-y", "--no-install-recommends", package];
    if !apt_get(&install)? {
        apt_get(&["update"])?;
        apt_get(&install)?;
    }
    Ok(())
}

/// Whether apt-get did it.
fn apt_get(arguments: &[&str]) -> Result<bool> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    Ok(command.status().context("cannot run apt-get")?.success())
}
