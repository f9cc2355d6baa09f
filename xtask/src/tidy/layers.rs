//! Checks crates for import cycles, and compares the crate diagram with the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::document::Document;
use crate::modules::Modules;
use crate::project;

/// Document and heading of the crate diagram, a fenced block with lines like `crate → crate, crate`.
const DIAGRAM: (&str, &str) = ("ARCHITECTURE.md", "## Crates");

/// Returns the findings in the workspace.
pub fn check(documents: &[Document]) -> Result<Vec<String>> {
    let crates = Crate::all()?;
    let mut found = Vec::new();
    for member in &crates {
        for root in &member.roots {
            for cycle in Modules::read(root.as_ref(), false)?.import_cycles() {
                found.push(format!("{}: import cycle\n  {}", member.name, cycle.join("\n  ")));
            }
        }
    }
    let (name, heading) = DIAGRAM;
    let documented = documents.iter().find(|document| document.name == name);
    found.extend(differences(
        &documented.map(|value| diagram(&value.text, heading)).unwrap_or_default(),
        &crates,
    ));
    Ok(found)
}

/// A workspace member.
struct Crate {
    name: String,
    /// Normal dependencies on other workspace members.
    dependencies: BTreeSet<String>,
    /// Root files of the library, the binaries and the integration tests.
    roots: Vec<String>,
}

impl Crate {
    fn all() -> Result<Vec<Self>> {
        let output = Command::new(env!("CARGO"))
            .current_dir(project::root())
            .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
            .output()
            .context("cannot run cargo metadata")?;
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .context("cannot parse the output of cargo metadata")?;
        let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
        let names: BTreeSet<&str> =
            packages.iter().filter_map(|value| value["name"].as_str()).collect();
        let read = |package: &Value| {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            let dependencies = dependencies
                .filter(|value| value["kind"].is_null())
                .filter_map(|value| value["name"].as_str())
                .filter(|name| names.contains(name))
                .map(str::to_owned);
            let targets = package["targets"].as_array().into_iter().flatten();
            let roots = targets
                .filter(|value| matches!(value["kind"][0].as_str(), Some("lib" | "bin" | "test")))
                .filter_map(|value| value["src_path"].as_str())
                .map(str::to_owned);
            Self {
                name: package["name"].as_str().unwrap_or_default().to_owned(),
                dependencies: dependencies.collect(),
                roots: roots.collect(),
            }
        };
        Ok(packages.iter().map(read).collect())
    }
}

/// Parses the dependencies in the first fenced block below a heading.
fn diagram(text: &str, heading: &str) -> BTreeMap<String, BTreeSet<String>> {
    let after_heading =
        text.split_once(&format!("\n{heading}\n")).map_or("", |(_, after_heading)| after_heading);
    let block = after_heading.split("```").nth(1).unwrap_or_default();
    let arrows = block.lines().filter_map(|line| line.split_once('→'));
    arrows
        .map(|(from, to)| {
            let to = to.split(',').map(|name| name.trim().to_owned());
            (from.trim().to_owned(), to.filter(|name| !name.is_empty()).collect())
        })
        .collect()
}

fn differences(documented: &BTreeMap<String, BTreeSet<String>>, crates: &[Crate]) -> Vec<String> {
    let (name, heading) = DIAGRAM;
    let mut found = Vec::new();
    for member in crates {
        let empty = BTreeSet::new();
        let drawn = documented.get(&member.name).unwrap_or(&empty);
        if *drawn != member.dependencies {
            let dependencies: Vec<&str> = member.dependencies.iter().map(String::as_str).collect();
            found.push(format!(
                "{name}, “{heading}”: the manifest has {} → {}",
                member.name,
                dependencies.join(", ")
            ));
        }
    }
    for name in documented.keys().filter(|name| crates.iter().all(|member| member.name != **name)) {
        found.push(format!(
            "{}: “{heading}” draws {name}, which is not a workspace member",
            DIAGRAM.0
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_the_diagram_with_the_manifests() {
        let text = "x\n## Crates\n\n```text\na → b, c\nb →\n```\n";
        let documented = diagram(text, "## Crates");
        let member = |name: &str, dependencies: &[&str]| Crate {
            name: name.to_owned(),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
            roots: Vec::new(),
        };
        let crates = [member("a", &["b", "c"]), member("b", &[]), member("c", &[])];
        assert!(differences(&documented, &crates).is_empty());
        let crates = [member("a", &["b"]), member("b", &[])];
        assert_eq!(differences(&documented, &crates).len(), 1);
    }
}
