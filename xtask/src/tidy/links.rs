//! Checks the links in Markdown documents: targets must exist, and project paths in the text must be links.

use std::path::{Component, Path, PathBuf};

use super::document::Document;

/// Historical documents, which may mention paths that no longer exist.
const HISTORY: [&str; 1] = ["CHANGELOG.md"];

/// Returns the findings in a document.
pub fn check(document: &Document, all: &[Document]) -> Vec<String> {
    if !document.has_extension("md") {
        return Vec::new();
    }
    let folder = Path::new(&document.name).parent().unwrap_or(Path::new(""));
    let exists = |path: &Path| {
        let path = path.to_string_lossy();
        let path = path.trim_end_matches('/');
        all.iter().any(|other| {
            other.name == path
                || other.name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        }) || path.is_empty()
            || crate::project::root().join(path).exists()
    };
    let mut found = Vec::new();
    for (line_number, line) in lines_outside_fences(&document.text) {
        for target in targets(line) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = normalized(&folder.join(path));
            if !exists(&path) {
                found.push(format!("{}: no such file: {target}", document.location(line_number)));
                continue;
            }
            let name =
                if target.starts_with('#') { document.name.clone() } else { path_text(&path) };
            let linked = all.iter().find(|other| other.name == name);
            if let Some(linked) = linked.filter(|linked| linked.has_extension("md"))
                && !anchor.is_empty()
                && !anchors(&linked.text).any(|it| it == anchor)
            {
                found
                    .push(format!("{}: no such heading: {target}", document.location(line_number)));
            }
        }
        if HISTORY.contains(&document.name.as_str()) {
            continue;
        }
        for word in unlinked_code(line) {
            let is_path = word.contains('/') || Path::new(word).extension().is_some();
            let is_ours = |path: &Path| all.iter().any(|other| other.name == path_text(path));
            if is_path && (is_ours(Path::new(word)) || is_ours(&normalized(&folder.join(word)))) {
                found
                    .push(format!("{}: `{word}` should be a link", document.location(line_number)));
            }
        }
    }
    found
}

/// Returns the lines outside of fenced code, with their zero-based indexes.
fn lines_outside_fences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Returns the targets of `[text](target)` and `![text](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// Returns the code spans that are not the text of a link.
fn unlinked_code(line: &str) -> impl Iterator<Item = &str> {
    let spans = line.split('`').enumerate().filter(|(index, _)| index % 2 == 1);
    spans.filter_map(|(_, span)| {
        let is_link = line.contains(&format!("`{span}`](")) || line.contains(&format!("`{span}`]"));
        (!is_link && !span.is_empty()).then_some(span)
    })
}

/// Returns the anchors of a document's headings, in GitHub's format.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    lines_outside_fences(text).filter(|(_, line)| line.starts_with('#')).map(|(_, line)| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept =
            heading.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
        kept.map(|it| if it == ' ' { '-' } else { it }).collect()
    })
}

/// Returns the path with `.` and `..` resolved.
fn normalized(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let all = [("docs/a.md", text), ("docs/b.md", "# One two\n"), ("crates/x/src/lib.rs", "")]
            .map(|(name, text)| Document { name: name.to_owned(), text: text.to_owned() });
        check(&all[0], &all)
    }

    #[test]
    fn accepts_links_to_existing_files_and_headings() {
        let text = "[b](b.md#one-two), [`lib.rs`](../crates/x/src/lib.rs), [x](../crates/x), [w](https://e.org)";
        assert!(findings(text).is_empty());
        assert!(findings("```\n[b](missing.md)\n```").is_empty());
    }

    #[test]
    fn reports_missing_files_and_headings() {
        assert_eq!(findings("[b](c.md)"), ["docs/a.md:1: no such file: c.md"]);
        assert_eq!(findings("[b](b.md#three)"), ["docs/a.md:1: no such heading: b.md#three"]);
    }

    #[test]
    fn reports_paths_that_are_not_links() {
        let found = findings("see `crates/x/src/lib.rs` and `b.md`");
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
