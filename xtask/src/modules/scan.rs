//! Scanner for the declarations and paths of a source file.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A leaf of a `use` declaration: `use a::b as c` is `{ alias: "c", path: ["a", "b"] }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Name that the import binds, or `*` for a glob.
    pub alias: String,
    /// Path as written, without a glob's `*`.
    pub path: Vec<String>,
    /// True for `pub use` and `pub(…) use`.
    pub is_reexport: bool,
}

/// A `mod` declaration for a module in another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Name of the module.
    pub name: String,
    /// True if the declaration has `#[cfg(test)]`.
    pub is_test: bool,
}

/// Declarations and paths in one file.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Modules in separate files.
    pub children: Vec<Child>,
    /// Imports, with nested braces expanded.
    pub imports: Vec<Import>,
    /// Qualified paths in the code, with at least two segments.
    pub paths: Vec<Vec<String>>,
}

/// Scans the tokens of a file. Skips inline test modules (`#[cfg(test)] mod … { … }`) unless `with_tests`
/// is set.
pub fn scan(source: &str, with_tests: bool) -> Result<Scanned, proc_macro2::LexError> {
    let mut scanned = Scanned::default();
    walk(source.parse()?, with_tests, &mut scanned);
    Ok(scanned)
}

fn walk(stream: TokenStream, with_tests: bool, scanned: &mut Scanned) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut position = 0;
    // Attributes and visibility of the current item.
    let (mut is_test, mut is_public) = (false, false);
    while position < tokens.len() {
        match &tokens[position] {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                if let Some(TokenTree::Group(attribute)) = tokens.get(position + 1) {
                    is_test |= is_test_attribute(attribute.stream());
                    position += 1;
                }
                position += 1;
            }
            TokenTree::Ident(word) if word == "pub" => {
                is_public = true;
                position += 1;
                if let Some(TokenTree::Group(scope)) = tokens.get(position)
                    && scope.delimiter() == Delimiter::Parenthesis
                {
                    position += 1;
                }
            }
            TokenTree::Ident(word) if word == "use" => {
                let end = position
                    + tokens[position..].iter().take_while(|token| !is_punct(token, ';')).count();
                if with_tests || !is_test {
                    import(&tokens[position + 1..end], &[], is_public, &mut scanned.imports);
                }
                position = end + 1;
                (is_test, is_public) = (false, false);
            }
            TokenTree::Ident(word) if word == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(after)) =
                    (tokens.get(position + 1), tokens.get(position + 2))
                {
                    match after {
                        TokenTree::Group(body) if with_tests || !is_test => {
                            walk(body.stream(), with_tests, scanned);
                        }
                        TokenTree::Group(_) => {}
                        _ => scanned.children.push(Child { name: name.to_string(), is_test }),
                    }
                }
                position += 3;
                (is_test, is_public) = (false, false);
            }
            TokenTree::Ident(_) => {
                let (path, next) = path_at(&tokens, position);
                if path.len() > 1 {
                    scanned.paths.push(path);
                }
                position = next;
            }
            TokenTree::Group(group) => {
                // Test functions outside of test modules are skipped too.
                if with_tests || !is_test {
                    walk(group.stream(), with_tests, scanned);
                }
                if group.delimiter() == Delimiter::Brace {
                    (is_test, is_public) = (false, false);
                }
                position += 1;
            }
            token => {
                if is_punct(token, ';') {
                    (is_test, is_public) = (false, false);
                }
                position += 1;
            }
        }
    }
}

/// Returns true for the attributes `test` and `cfg(test)`.
fn is_test_attribute(attribute: TokenStream) -> bool {
    let mut tokens = attribute.into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(name)), None) => name == "test",
        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(condition))) if name == "cfg" => {
            condition.stream().to_string() == "test"
        }
        _ => false,
    }
}

/// Expands a `use` tree below `prefix` and appends its leaves to `out`.
fn import(tokens: &[TokenTree], prefix: &[String], is_reexport: bool, out: &mut Vec<Import>) {
    let mut path = prefix.to_vec();
    let mut position = 0;
    while position < tokens.len() {
        match &tokens[position] {
            TokenTree::Ident(word) if word == "as" => {
                let alias = tokens.get(position + 1).map(ToString::to_string).unwrap_or_default();
                out.push(Import { alias, path, is_reexport });
                return;
            }
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Punct(mark) if mark.as_char() == '*' => {
                out.push(Import { alias: "*".to_owned(), path, is_reexport });
                return;
            }
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for tree in
                    inner.split(|token| is_punct(token, ',')).filter(|tree| !tree.is_empty())
                {
                    import(tree, &path, is_reexport, out);
                }
                return;
            }
            _ => {}
        }
        position += 1;
    }
    // `use a::b::{self}` binds `b`.
    if path.len() > prefix.len().max(1) && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    if let Some(alias) = path.last().cloned() {
        out.push(Import { alias, path, is_reexport });
    }
}

/// Returns the path that starts at `position`, and the index after it. Generic arguments end the path.
fn path_at(tokens: &[TokenTree], mut position: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    while let Some(TokenTree::Ident(word)) = tokens.get(position) {
        path.push(word.to_string());
        position += 1;
        let separated = tokens.get(position).is_some_and(|token| is_punct(token, ':'))
            && tokens.get(position + 1).is_some_and(|token| is_punct(token, ':'));
        if !separated {
            break;
        }
        position += 2;
    }
    (path, position)
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(imports: &[Import]) -> Vec<String> {
        imports.iter().map(|import| format!("{}={}", import.alias, import.path.join("."))).collect()
    }

    #[test]
    fn expands_nested_imports() {
        let scanned = scan("pub use a::{self, b::{C, d as e}, f::*}; use g;", false).unwrap();
        assert_eq!(paths(&scanned.imports), ["a=a", "C=a.b.C", "e=a.b.d", "*=a.f", "g=g"]);
        assert!(scanned.imports[0].is_reexport && !scanned.imports[4].is_reexport);
    }

    #[test]
    fn skips_test_modules_unless_requested() {
        let source = "mod a; #[cfg(test)] mod tests { use super::b; } #[cfg(test)] mod c; fn f() { d::e(); }";
        let scanned = scan(source, false).unwrap();
        assert!(scanned.imports.is_empty());
        assert_eq!(scanned.paths, [["d", "e"]]);
        let children: Vec<(&str, bool)> =
            scanned.children.iter().map(|child| (child.name.as_str(), child.is_test)).collect();
        assert_eq!(children, [("a", false), ("c", true)]);
        assert_eq!(scan(source, true).unwrap().imports.len(), 1);
    }

    #[test]
    fn reads_paths_inside_macros() {
        let scanned = scan("routes!(home::home, x::<T>::y)", false).unwrap();
        assert_eq!(scanned.paths, [["home", "home"]]);
    }
}
