//! Import graph of a crate's modules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::scan::{Import, Scanned, scan};

/// Maximum number of re-exports to follow. Cyclic re-exports do not compile.
const MAX_HOPS: usize = 16;

/// The modules of one crate target.
pub struct Modules {
    files: Vec<Module>,
}

struct Module {
    path: Vec<String>,
    file: PathBuf,
    children: BTreeMap<String, usize>,
    scanned: Scanned,
}

impl Modules {
    /// Reads the target whose root file is `root`, such as `src/lib.rs` or `tests/it/main.rs`. Skips test
    /// modules unless `with_tests` is set.
    pub fn read(root: &Path, with_tests: bool) -> Result<Self> {
        let mut modules = Self { files: Vec::new() };
        let folder = root.parent().unwrap_or(root).to_owned();
        modules.add(&[], root.to_owned(), &folder, with_tests)?;
        Ok(modules)
    }

    fn add(
        &mut self,
        path: &[String],
        file: PathBuf,
        folder: &Path,
        with_tests: bool,
    ) -> Result<usize> {
        let source =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let scanned = scan(&source, with_tests)
            .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        let own_index = self.files.len();
        let child_modules = scanned.children.clone();
        self.files.push(Module { path: path.to_vec(), file, children: BTreeMap::new(), scanned });
        for child in child_modules.into_iter().filter(|child| with_tests || !child.is_test) {
            let flat = folder.join(format!("{}.rs", child.name));
            let nested = folder.join(&child.name);
            let file = if flat.is_file() { flat } else { nested.join("mod.rs") };
            // Modules inside inline modules or with `#[path]` are not supported; the project has none.
            if !file.is_file() {
                continue;
            }
            let path = [path, std::slice::from_ref(&child.name)].concat();
            let index = self.add(&path, file, &nested, with_tests)?;
            self.files[own_index].children.insert(child.name, index);
        }
        Ok(own_index)
    }

    /// Returns the import cycles, sorted. Each is a list of its edges, as `from -> to (names)`. Re-exporting a
    /// child module doesn't count as an edge.
    pub fn import_cycles(&self) -> Vec<Vec<String>> {
        let imports = self.imports(false);
        let targets: Vec<Vec<usize>> =
            imports.iter().map(|imports| imports.keys().copied().collect()).collect();
        let import_cycles =
            strongly_connected(&targets).into_iter().filter(|group| group.len() > 1);
        let mut found: Vec<Vec<String>> = import_cycles
            .map(|group| {
                let mut lines = Vec::new();
                for from in &group {
                    for (to, names) in imports[*from].iter().filter(|(to, _)| group.contains(to)) {
                        let names: Vec<&str> = names.iter().map(String::as_str).collect();
                        let (from, to) =
                            (self.files[*from].file.display(), self.files[*to].file.display());
                        lines.push(format!("{from} -> {to} ({})", names.join(", ")));
                    }
                }
                lines.sort();
                lines
            })
            .collect();
        found.sort();
        found
    }

    /// Returns the files that the module at `path` reaches through imports and paths, including its own.
    /// Returns an empty set for an unknown module.
    pub fn reachable(&self, path: &[&str]) -> BTreeSet<PathBuf> {
        let imports = self.imports(true);
        let Some(start) = self.files.iter().position(|module| module.path == path) else {
            return BTreeSet::new();
        };
        let (mut seen, mut stack) = (BTreeSet::from([start]), vec![start]);
        while let Some(index) = stack.pop() {
            stack.extend(imports[index].keys().copied().filter(|to| seen.insert(*to)));
        }
        seen.into_iter().map(|index| self.files[index].file.clone()).collect()
    }

    /// Returns the edges of each file: the names that it uses from other files in the crate.
    fn imports(&self, with_reexports: bool) -> Vec<BTreeMap<usize, BTreeSet<String>>> {
        (0..self.files.len())
            .map(|from| {
                let scanned = &self.files[from].scanned;
                let imports = scanned.imports.iter();
                let imports = imports.filter(|import| with_reexports || !import.is_reexport);
                let paths = imports.map(|import| &import.path).chain(&scanned.paths);
                let mut targets: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
                for path in paths {
                    if let Some(to) = self.resolve(from, path, MAX_HOPS).filter(|to| *to != from) {
                        let name = path.last().cloned().unwrap_or_default();
                        targets.entry(to).or_default().insert(name);
                    }
                }
                targets
            })
            .collect()
    }

    /// Returns the file that defines the item at `path`, resolved in module `from`. Returns `None` for an item
    /// from another crate.
    fn resolve(&self, from: usize, path: &[String], hops: usize) -> Option<usize> {
        if hops == 0 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(self.descend(0, rest, hops)),
            "self" => Some(self.descend(from, rest, hops)),
            "super" => Some(self.descend(self.parent(from)?, rest, hops)),
            name if self.files[from].children.contains_key(name) => {
                Some(self.descend(from, path, hops))
            }
            name => {
                let import = self.import(from, name)?;
                // `use name;` for an external crate binds the name to itself.
                if import.path.first().is_some_and(|first| first == name) {
                    return None;
                }
                self.resolve(from, &[&import.path, rest].concat(), hops - 1)
            }
        }
    }

    /// Follows path segments from a module to its descendants, and through re-exports.
    fn descend(&self, mut index: usize, path: &[String], hops: usize) -> usize {
        for (depth, segment) in path.iter().enumerate() {
            if segment == "super" {
                let Some(parent) = self.parent(index) else { return index };
                index = parent;
            } else if let Some(child) = self.files[index].children.get(segment) {
                index = *child;
            } else {
                let found = self.import(index, segment).and_then(|import| {
                    let full = [&import.path, &path[depth + 1..]].concat();
                    self.resolve(index, &full, hops - 1)
                });
                return found.unwrap_or(index);
            }
        }
        index
    }

    fn import(&self, module: usize, name: &str) -> Option<&Import> {
        self.files[module].scanned.imports.iter().find(|import| import.alias == name)
    }

    fn parent(&self, index: usize) -> Option<usize> {
        let (_, path) = self.files[index].path.split_last()?;
        self.files.iter().position(|module| module.path == path)
    }
}

/// Returns the strongly connected components (Tarjan 1972), in O(nodes + edges).
fn strongly_connected(targets: &[Vec<usize>]) -> Vec<Vec<usize>> {
    struct Search<'a> {
        targets: &'a [Vec<usize>],
        order: Vec<Option<usize>>,
        low: Vec<usize>,
        stack: Vec<usize>,
        on_stack: Vec<bool>,
        next: usize,
        found: Vec<Vec<usize>>,
    }
    impl Search<'_> {
        fn visit(&mut self, node: usize) {
            self.order[node] = Some(self.next);
            self.low[node] = self.next;
            self.next += 1;
            self.stack.push(node);
            self.on_stack[node] = true;
            for &to in &self.targets[node] {
                match self.order[to] {
                    None => {
                        self.visit(to);
                        self.low[node] = self.low[node].min(self.low[to]);
                    }
                    Some(order) if self.on_stack[to] => {
                        self.low[node] = self.low[node].min(order);
                    }
                    Some(_) => {}
                }
            }
            if self.order[node] == Some(self.low[node]) {
                let mut component = Vec::new();
                while let Some(member) = self.stack.pop() {
                    self.on_stack[member] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                self.found.push(component);
            }
        }
    }
    let n = targets.len();
    let mut search = Search {
        targets,
        order: vec![None; n],
        low: vec![0; n],
        stack: Vec::new(),
        on_stack: vec![false; n],
        next: 0,
        found: Vec::new(),
    };
    for node in 0..n {
        if search.order[node].is_none() {
            search.visit(node);
        }
    }
    search.found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a crate's files to a temporary folder and reads them.
    fn modules(name: &str, files: &[(&str, &str)]) -> Modules {
        let folder =
            std::env::temp_dir().join(format!("xtask-modules-{}-{name}", std::process::id()));
        for (file, text) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let modules = Modules::read(&folder.join("lib.rs"), false).unwrap();
        fs::remove_dir_all(folder).unwrap();
        modules
    }

    #[test]
    fn finds_a_cycle_through_a_reexport() {
        let found = modules(
            "circle",
            &[
                ("lib.rs", "mod a; mod b;"),
                ("a/mod.rs", "mod c; pub use c::C;"),
                ("a/c.rs", "use crate::b::B; pub struct C(B);"),
                ("b.rs", "use crate::a::C; pub struct B(C);"),
            ],
        )
        .import_cycles();
        assert_eq!(found.len(), 1);
        assert!(
            found[0][0].ends_with("b.rs (B)") && found[0][1].ends_with("c.rs (C)"),
            "{found:?}"
        );
    }

    #[test]
    fn accepts_a_parent_that_reexports_its_children() {
        let modules = modules(
            "tree",
            &[
                ("lib.rs", "mod a;"),
                ("a/mod.rs", "mod c; pub use c::C; pub struct A;"),
                ("a/c.rs", "use super::A; pub struct C(A);"),
            ],
        );
        assert!(modules.import_cycles().is_empty());
    }

    #[test]
    fn finds_a_cycle_between_a_parent_and_its_child() {
        let modules = modules(
            "parent",
            &[
                ("lib.rs", "mod a;"),
                ("a/mod.rs", "mod c; pub struct A; fn f() { c::g(A); }"),
                ("a/c.rs", "pub fn g(_: super::A) {}"),
            ],
        );
        assert_eq!(modules.import_cycles().len(), 1);
        assert_eq!(modules.reachable(&["a"]).len(), 2);
    }
}
