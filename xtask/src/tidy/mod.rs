//! `cargo xtask tidy`: checks project rules that rustfmt and clippy do not cover.
//!
//! - [`files`]: length of Rust files, to-do comments and machine-specific paths.
//! - [`prose`]: style rules for comments and documents that can be checked mechanically.
//! - [`links`]: links in documents, and paths that should be links.
//! - [`layers`]: import cycles within crates, and the crate diagram of ARCHITECTURE.md.

mod document;
mod files;
mod layers;
mod links;
mod prose;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::project;
use document::Document;

/// Runs all checks. Returns an error that lists the findings, if there are any.
pub fn run() -> Result<()> {
    let documents = documents()?;
    let mut found = Vec::new();
    for document in &documents {
        found.extend(files::check(document));
        found.extend(prose::check(document));
        found.extend(links::check(document, &documents));
    }
    found.extend(layers::check(&documents)?);
    if found.is_empty() {
        return Ok(());
    }
    bail!("{} findings\n{}", found.len(), found.join("\n"));
}

fn documents() -> Result<Vec<Document>> {
    let root = project::root();
    let listed = Command::new("git")
        .current_dir(&root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("cannot run git")?;
    let listed = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
    let names = listed.split('\0').filter(|name| !name.is_empty());
    let read = |name: &str| {
        let text = fs::read_to_string(root.join(name)).ok()?;
        Some(Document { name: name.to_owned(), text })
    };
    Ok(names.filter_map(read).collect())
}
