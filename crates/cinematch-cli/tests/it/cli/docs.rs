//! Checks that the binary accepts every command in the documentation. `cargo xtask tidy` checks links.

use std::fs;

use crate::support::folder::{Folder, project};

/// Returns the paths and contents of the README and the pages in `docs/`.
fn documents() -> Vec<(String, String)> {
    let pages = fs::read_dir(project().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let paths = pages.chain([project().join("README.md")]);
    paths.map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn accepts_every_command_in_the_documentation() {
    let folder = Folder::empty();
    let mut checked = 0;
    for (document, text) in documents() {
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("cinematch ")) {
            // The command ends at a comment, a redirection or a further command.
            let ends = [" #", " >", " &&"].iter().filter_map(|mark| line.find(mark));
            let command = &line["cinematch ".len()..ends.min().unwrap_or(line.len())];
            check(&folder, command, &format!("{document}: {line}"));
            checked += 1;
        }
    }
    assert!(checked >= 30, "only {checked} commands in the documentation");
}

/// Asserts that the binary parses `command` and that the command's help lists its flags.
fn check(folder: &Folder, command: &str, place: &str) {
    let words: Vec<&str> = command.split_whitespace().collect();
    // An unknown flag is a usage error even with `--help`.
    folder.ok(&[&words[..], &["--help"]].concat());
    let groups = ["config", "export", "fetch", "import", "key", "models", "user"];
    let depth = if groups.contains(&words[0]) { words.len().min(2) } else { 1 };
    let help = folder.ok(&[&words[..depth], &["--help"]].concat());
    for flag in words.iter().filter(|word| word.starts_with("--")) {
        let name = flag.split('=').next().unwrap_or_default();
        assert!(help.contains(name), "{place}: no {name} in\n{help}");
    }
}
