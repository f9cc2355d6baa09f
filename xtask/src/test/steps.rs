//! Runs steps, printing their names and durations, and the static checks that come before the
//! tests.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::tidy;

/// Checks formatting, tidiness, licenses, unused dependencies, lints and documentation.
pub fn gates(root: &Path) -> Result<()> {
    step("formatting", || cargo(root, &["fmt", "--all", "--check"], &[]))?;
    step("tidiness", tidy::run)?;
    step("licenses", || {
        check_installed("deny")?;
        cargo(root, &["deny", "check", "licenses", "bans", "sources"], &[])
    })?;
    step("unused dependencies", || {
        check_installed("machete")?;
        succeed(Command::new("cargo-machete").current_dir(root))
    })?;
    step("lints", || {
        let lint = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        cargo(root, &lint, &[])
    })?;
    step("documentation", || {
        let document = ["doc", "--workspace", "--no-deps", "--document-private-items"];
        cargo(root, &document, &[("RUSTDOCFLAGS", "-D warnings".as_ref())])
    })
}

/// Runs one step and prints its name and duration.
pub fn step(name: &str, run: impl FnOnce() -> Result<()>) -> Result<()> {
    eprintln!("── {name}");
    let start = Instant::now();
    run().with_context(|| name.to_owned())?;
    eprintln!("── {name}: {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Runs cargo in the project root. Returns an error if the command fails.
pub fn cargo(root: &Path, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root).args(arguments).envs(variables.iter().copied());
    succeed(&mut command)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}

/// Returns an error with the installation command if a cargo tool is missing.
fn check_installed(tool: &str) -> Result<()> {
    let output = Command::new(format!("cargo-{tool}")).arg("--version").output();
    if output.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    bail!("cargo-{tool} is not installed; run `cargo install --locked cargo-{tool}`")
}
