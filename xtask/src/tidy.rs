//! What the formatter cannot check: no file grows past what one can keep in mind, nothing of one
//! machine gets in, and no text says "later".

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::project;

/// The longest Rust file.
const LONGEST: usize = 600;

/// Checks every file that git knows.
pub fn run() -> Result<()> {
    let root = project::root();
    let listed = Command::new("git")
        .current_dir(&root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("cannot run git")?;
    let listed = String::from_utf8(listed.stdout).context("a file's name is not UTF-8")?;
    let mut found = Vec::new();
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let Ok(text) = fs::read_to_string(root.join(name)) else { continue };
        found.extend(complaints(name, &text));
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!("{}", found.join("\n"));
}

fn complaints(name: &str, text: &str) -> Vec<String> {
    let is_rust = Path::new(name).extension().is_some_and(|extension| extension == "rs");
    let mut found = Vec::new();
    let lines = text.lines().count();
    if is_rust && lines > LONGEST {
        found.push(format!("{name}: {lines} lines, at most {LONGEST} are readable"));
    }
    // Spelled in halves, so that this file passes its own check.
    let home = concat!("/ho", "me/");
    let todo = concat!("TO", "DO");
    for (at, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", at + 1);
        if is_rust && line.contains(todo) {
            found.push(format!("{place}: an open end; finish it or file an issue"));
        }
        if line.contains(home) || line.contains(concat!("/wo", "rk/")) {
            found.push(format!("{place}: a path of one machine"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_and_paths_of_one_machine_are_found() {
        let long = "x\n".repeat(LONGEST + 1);
        assert_eq!(complaints("a.rs", &long).len(), 1);
        assert!(complaints("a.csv", &long).is_empty());
        let path = concat!("see /ho", "me/somebody");
        assert_eq!(complaints("a.md", path), ["a.md:1: a path of one machine"]);
    }
}
