//! Checks the length of Rust files, to-do comments and machine-specific paths.

use super::document::Document;

/// Maximum number of lines in a Rust file.
const MAX_LINES: usize = 600;

/// Returns the findings in a file.
pub fn check(document: &Document) -> Vec<String> {
    let is_rust = document.has_extension("rs");
    let mut found = Vec::new();
    let lines = document.text.lines().count();
    if is_rust && lines > MAX_LINES {
        found.push(format!(
            "{}: {lines} lines; split it, the maximum is {MAX_LINES}",
            document.name
        ));
    }
    // The literals are split, so that this file passes its own check.
    let todo = concat!("TO", "DO");
    let private = [concat!("/ho", "me/"), concat!("/wo", "rk/")];
    for (line_number, line) in document.text.lines().enumerate() {
        if is_rust && line.contains(todo) {
            found.push(format!(
                "{}: to-do comment; finish the work or file an issue",
                document.location(line_number)
            ));
        }
        if private.iter().any(|path| line.contains(path)) {
            found.push(format!("{}: machine-specific path", document.location(line_number)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(name: &str, text: &str) -> Document {
        Document { name: name.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn reports_long_rust_files_only() {
        let long = "x\n".repeat(MAX_LINES + 1);
        assert_eq!(check(&document("a.rs", &long)).len(), 1);
        assert!(check(&document("a.csv", &long)).is_empty());
    }

    #[test]
    fn reports_machine_specific_paths() {
        let text = concat!("see /ho", "me/ada");
        assert_eq!(check(&document("a.md", text)), ["a.md:1: machine-specific path"]);
    }
}
