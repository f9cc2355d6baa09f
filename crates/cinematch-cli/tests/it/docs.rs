//! What the documents promise is there.

use std::fs;

use crate::folder::{Folder, project};

/// Words in backquotes that look like paths of this project.
fn paths(document: &str) -> Vec<String> {
    document
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| !word.contains([' ', '\n', '<', '*', '{', '(']))
        .filter(|word| {
            ["crates/", "sample/", "benches/", "tests/", "xtask/", ".ci/", ".cargo/"]
                .iter()
                .any(|folder| word.starts_with(folder))
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_path_in_the_documents_exists() {
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"] {
        let text = fs::read_to_string(project().join(document)).unwrap();
        let missing: Vec<String> =
            paths(&text).into_iter().filter(|path| !project().join(path).exists()).collect();
        assert_eq!(missing, Vec::<String>::new(), "{document}");
    }
    let architecture = fs::read_to_string(project().join("ARCHITECTURE.md")).unwrap();
    assert!(paths(&architecture).len() >= 15);
}

#[test]
fn the_commands_of_the_readme_are_understood() {
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let folder = Folder::empty();
    let mut checked = 0;
    for line in readme.lines().map(str::trim) {
        let Some(command) = line.strip_prefix("cinematch ") else { continue };
        let command = command.split(" #").next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().collect();
        // A flag that does not exist is a usage error even beside --help.
        let mut arguments = words.clone();
        arguments.push("--help");
        folder.ok(&arguments);
        // Of some commands the second word is one too.
        let depth = if matches!(words[0], "fetch" | "import" | "export" | "user" | "key" | "models")
        {
            2
        } else {
            1
        };
        let help = folder.ok(&[&words[..depth], &["--help"]].concat());
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            let name = flag.split('=').next().unwrap_or_default();
            assert!(help.contains(name), "{line}: no {name} in\n{help}");
        }
        checked += 1;
    }
    assert!(checked >= 4, "only {checked} commands in the README");
}
