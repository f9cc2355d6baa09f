//! `cargo xtask test`: runs the static checks, then the tests with the programs that they need.

mod needs;
mod steps;

use anyhow::{Result, bail};

use crate::project;
use needs::{Need, TestEnvironment};
use steps::{cargo, gates, step};

/// Command-line options.
struct Options {
    /// Also run the slow tests, which are marked `#[ignore]`.
    is_full: bool,
    /// Only run tests whose names contain one of these.
    filters: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let (flags, filters): (Vec<&String>, Vec<&String>) =
            arguments.iter().partition(|argument| argument.starts_with('-'));
        if let Some(unknown) = flags.iter().find(|flag| **flag != "--full") {
            bail!("unknown option {unknown}; expected --full or parts of test names");
        }
        let filters = filters.into_iter().cloned().collect();
        Ok(Self { is_full: !flags.is_empty(), filters })
    }
}

/// Runs the static checks and all tests. With filters, runs only matching tests and provides only the
/// programs that they need.
pub fn run(arguments: &[String]) -> Result<()> {
    let Options { is_full, filters } = Options::parse(arguments)?;
    let root = project::root();
    if filters.is_empty() {
        gates(&root)?;
    }
    let needs_of_run =
        if filters.is_empty() { Need::ALL.to_vec() } else { needs::of_filters(&filters)? };
    let environment = TestEnvironment::new(&needs_of_run)?;
    step("tests", || {
        let mut arguments = vec!["test", "--workspace", "--no-fail-fast", "--"];
        if is_full {
            arguments.push("--include-ignored");
        }
        arguments.extend(filters.iter().map(String::as_str));
        let mut variables = environment.variables();
        variables.push(("INSTA_UPDATE", "no".as_ref()));
        cargo(&root, &arguments, &variables)
    })?;
    // The tests run the demo in the dev profile. A release build from scratch takes longer than all tests.
    if is_full && filters.is_empty() {
        step("the README's first command", || {
            cargo(&root, &["run", "--release", "--quiet", "--", "demo", "--once"], &[])
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separates_flags_from_filters() {
        let parse = |words: &[&str]| {
            Options::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        let options = parse(&["--full", "watchlist"]).unwrap();
        assert!(options.is_full && options.filters == ["watchlist"]);
        assert!(parse(&["--fast"]).is_err());
    }
}
