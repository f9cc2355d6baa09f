//! `cargo xtask test`: the gates, then the tests with everything they need.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::debian;
use crate::postgres::Postgres;
use crate::{browser, project, redis, tidy, venv};

/// Runs the gates and the tests; with filters, only the tests whose names contain one.
pub fn run(filters: &[String]) -> Result<()> {
    let root = project::root();
    if filters.is_empty() {
        step("formatting", || cargo(&root, &["fmt", "--all", "--check"], &[]))?;
        step("tidiness", tidy::run)?;
        step("licences", || {
            installed("deny")?;
            let check = ["deny", "check", "licenses", "bans", "sources"];
            cargo(&root, &check, &[])
        })?;
        step("unused dependencies", || {
            installed("machete")?;
            succeed(Command::new("cargo-machete").current_dir(&root))
        })?;
        step("lints", || {
            let lint = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
            cargo(&root, &lint, &[])
        })?;
        step("documentation", || {
            let document = ["doc", "--workspace", "--no-deps", "--document-private-items"];
            cargo(&root, &document, &[("RUSTDOCFLAGS", "-D warnings".as_ref())])
        })?;
    }
    let requirements = root.join("tests/python/requirements.txt");
    let python = venv::python(&requirements, "tests")?;
    let contract = root.join("tests/python/contract-requirements.txt");
    let schemathesis = venv::python(&contract, "contract")?.with_file_name("schemathesis");
    // For clocks that jump. Where it cannot be had, the test says loudly that it did not run.
    if debian::on_path("faketime").is_none() {
        debian::install("faketime")?;
    }
    let axe = browser::axe(&python)?;
    let driver = browser::driver()?;
    step("tests", || {
        let postgres = Postgres::start()?;
        let redis = redis::program()?;
        let mut arguments = vec!["test", "--workspace", "--no-fail-fast", "--"];
        arguments.extend(filters.iter().map(String::as_str));
        let mut variables = vec![
            ("CINEMATCH_TEST_AXE", axe.as_os_str()),
            ("CINEMATCH_TEST_PYTHON", python.as_os_str()),
            ("CINEMATCH_TEST_SCHEMATHESIS", schemathesis.as_os_str()),
            ("CINEMATCH_TEST_POSTGRES", postgres.url().as_ref()),
            ("CINEMATCH_TEST_REDIS", redis.as_os_str()),
            ("INSTA_UPDATE", "no".as_ref()),
        ];
        variables.extend(driver.iter().map(|it| ("CINEMATCH_TEST_CHROMEDRIVER", it.as_os_str())));
        cargo(&root, &arguments, &variables)
    })?;
    if filters.is_empty() {
        step("the README's first command, in release", || {
            cargo(&root, &["run", "--release", "--quiet", "--", "demo", "--once"], &[])
        })?;
    }
    Ok(())
}

/// Runs one step and says how long it took.
fn step(name: &str, run: impl FnOnce() -> Result<()>) -> Result<()> {
    eprintln!("── {name}");
    let start = Instant::now();
    run().with_context(|| name.to_owned())?;
    eprintln!("── {name}: {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Runs cargo in the project; its failure is ours.
fn cargo(root: &Path, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root).args(arguments).envs(variables.iter().copied());
    succeed(&mut command)
}

/// Runs a command; its failure is ours.
fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}

/// A gate that is not installed fails, with the line that installs it.
fn installed(tool: &str) -> Result<()> {
    let output = Command::new(format!("cargo-{tool}")).arg("--version").output();
    if output.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    bail!("cargo-{tool} is not installed: `cargo install --locked cargo-{tool}`")
}
