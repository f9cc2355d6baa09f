//! Reader for `cinematch.toml`, which returns the file's entries and faults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;
use toml_edit::{Document, Item, TableLike};

use super::keys::{ONE_OF, SECTIONS};
use super::setting::Setting;

/// Minimum Jaro-Winkler similarity of a suggested name.
const MIN_SIMILARITY: f64 = 0.8;

/// A setting in the file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Line number of the key.
    pub line: usize,
    /// Values in the form that the flag accepts.
    pub values: Vec<String>,
    /// Value as written in the file.
    pub source_text: String,
}

/// An invalid entry in the file, or an invalid environment variable.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// File and line, or variable and its origin; `None` for a conflict between several settings.
    pub place: Option<String>,
    /// Name of the setting, if it is known.
    pub setting: Option<String>,
    /// Description of the fault, with advice.
    pub problem: String,
    #[serde(skip)]
    line: usize,
}

impl Fault {
    /// Creates a fault for an environment variable.
    pub fn for_variable(place: String, setting: &Setting, problem: String) -> Self {
        Self { place: Some(place), setting: Some(setting.shown()), problem, line: 0 }
    }

    /// Creates a fault for a combination of settings, which `problem` names.
    pub fn for_combination(problem: String) -> Self {
        Self { place: None, setting: None, problem, line: 0 }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for known in [&self.place, &self.setting].into_iter().flatten() {
            write!(out, "{known}: ")?;
        }
        out.write_str(&self.problem)
    }
}

/// Reader for one settings file.
pub struct Reader<'a> {
    /// File name, for messages.
    pub name: &'a str,
    /// Text of the file.
    pub text: &'a str,
    /// Base folder for relative paths.
    pub root: &'a Path,
    /// All known settings.
    pub definitions: &'a [Setting],
}

/// The file's entries by `section.key`, and its faults in line order.
pub type Content = (BTreeMap<String, Entry>, Vec<Fault>);

impl Reader<'_> {
    /// Parses the file. Faults do not stop the reader: valid entries are returned as well.
    pub fn read(&self) -> Content {
        let mut entries = BTreeMap::new();
        let mut faults = Vec::new();
        let document = match Document::parse(self.text) {
            Ok(document) => document,
            Err(error) => {
                let line = self.line(error.span());
                let problem = format!("invalid TOML: {}", one_line(error.message()));
                return (entries, vec![self.fault(line, None, problem)]);
            }
        };
        for (name, item) in document.iter() {
            let line = self.line_of(document.as_table(), name, item);
            let is_section = SECTIONS.iter().any(|section| section.name == name);
            match item.as_table_like() {
                Some(table) if is_section => {
                    self.section(name, table, &mut entries, &mut faults);
                }
                Some(_) => faults.push(self.fault(line, None, unknown_section(name))),
                None if is_section => {
                    let problem =
                        format!("expected the section [{name}], got {}", item.type_name());
                    faults.push(self.fault(line, None, problem));
                }
                None => {
                    let problem =
                        format!("settings must be in a section; {}", self.suggestion("", name));
                    faults.push(self.fault(line, Some(name.to_owned()), problem));
                }
            }
        }
        for [one, other] in ONE_OF {
            let (Some(first), Some(second)) = (entries.get(*one), entries.get(*other)) else {
                continue;
            };
            let (line, other_line) = (first.line.max(second.line), first.line.min(second.line));
            let problem = format!(
                "{one} and {other} are mutually exclusive; line {other_line} sets the other"
            );
            faults.push(self.fault(line, None, problem));
        }
        faults.sort_by_key(|fault| fault.line);
        (entries, faults)
    }

    fn section(
        &self,
        section: &str,
        table: &dyn TableLike,
        entries: &mut BTreeMap<String, Entry>,
        faults: &mut Vec<Fault>,
    ) {
        for (name, item) in table.iter() {
            let line = self.line_of(table, name, item);
            let shown = Some(format!("[{section}] {name}"));
            let setting =
                self.definitions.iter().find(|it| it.section == section && it.name == name);
            let Some(setting) = setting else {
                let problem = format!("unknown setting; {}", self.suggestion(section, name));
                faults.push(self.fault(line, shown, problem));
                continue;
            };
            let read = match item.as_value() {
                Some(value) => setting.read(value, self.root),
                None => Err(format!("expected {}, got a table", setting.kind.name())),
            };
            match read {
                Ok(values) => {
                    let span = item.span().and_then(|span| self.text.get(span));
                    let source_text = span.unwrap_or_default().to_owned();
                    entries.insert(setting.key(), Entry { line, values, source_text });
                }
                Err(problem) => faults.push(self.fault(line, shown, problem)),
            }
        }
    }

    /// Returns advice for an unknown key.
    fn suggestion(&self, section: &str, name: &str) -> String {
        let normalized = name.to_ascii_lowercase().replace('-', "_");
        if ["token", "password", "secret"].iter().any(|word| normalized.contains(word)) {
            return "secrets are not allowed in this file; set TMDB_BEARER_TOKEN or DATABASE_URL in the \
                    environment or in .env"
                .to_owned();
        }
        let similarity = |setting: &Setting| {
            let name_similarity =
                |known: &str| strsim::jaro_winkler(&normalized, &known.replace('-', "_"));
            // A match in the same section wins over an equally good one in another section.
            let penalty = if setting.section == section { 0.0 } else { 0.05 };
            name_similarity(setting.name).max(name_similarity(setting.flag())) - penalty
        };
        let nearest =
            self.definitions.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
        match nearest.filter(|setting| similarity(setting) >= MIN_SIMILARITY) {
            Some(setting) if setting.section == section => {
                format!("did you mean {}?", setting.name)
            }
            Some(setting) => format!("did you mean {}?", setting.shown()),
            None => "`cinematch config explain` lists all settings".to_owned(),
        }
    }

    fn fault(&self, line: usize, setting: Option<String>, problem: String) -> Fault {
        Fault { place: Some(format!("{}, line {line}", self.name)), setting, problem, line }
    }

    fn line_of(&self, table: &dyn TableLike, name: &str, item: &Item) -> usize {
        self.line(table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span()))
    }

    fn line(&self, span: Option<std::ops::Range<usize>>) -> usize {
        let before = span.and_then(|span| self.text.get(..span.start)).unwrap_or_default();
        before.matches('\n').count() + 1
    }
}

fn unknown_section(name: &str) -> String {
    let sections = SECTIONS.iter().map(|section| section.name);
    let similarity = |section: &str| strsim::jaro_winkler(name, section);
    let nearest = sections.clone().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    if let Some(section) = nearest.filter(|section| similarity(section) >= MIN_SIMILARITY) {
        return format!("unknown section [{name}]; did you mean [{section}]?");
    }
    let all: Vec<String> = sections.map(|section| format!("[{section}]")).collect();
    format!("unknown section [{name}]; known sections: {}", all.join(", "))
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(", ")
}
