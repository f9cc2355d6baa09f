//! Installs programs from Debian packages, if permitted.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// Returns true if the current user is root.
pub fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("cannot run `id -u`")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// Returns the path of a program on `PATH`.
pub fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Installs a package as root on systems with apt-get. Does nothing otherwise.
pub fn install(package: &str) -> Result<()> {
    if !is_root()? || find_on_path("apt-get").is_none() {
        return Ok(());
    }
    eprintln!("installing the Debian package {package} (once)");
    // Package lists can be outdated or missing.
    let install = ["install", "-y", "--no-install-recommends", package];
    if !apt_get(&install)? {
        apt_get(&["update"])?;
        apt_get(&install)?;
    }
    Ok(())
}

/// Runs apt-get and returns true on success.
fn apt_get(arguments: &[&str]) -> Result<bool> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    Ok(command.status().context("cannot run apt-get")?.success())
}
