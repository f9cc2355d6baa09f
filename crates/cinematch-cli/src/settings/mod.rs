//! Settings: flags, then the environment, then `.env`, then `cinematch.toml`, then what is built in.
//!
//! What the file says becomes the default of the flags it is about, before they are parsed. So commands
//! know nothing of it, and `--help` shows the defaults that hold here.

mod file;
mod keys;
mod setting;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use cinematch_server::{ConfigError, StartError};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

use crate::options::Options;
use crate::paths::shown;

pub use file::{Entry, Fault};
pub use keys::SECTIONS;
pub use setting::{Kind, Setting, walk};

/// The file's name in the root folder.
const FILE: &str = "cinematch.toml";

/// What is set, and where.
#[derive(Debug)]
pub struct Settings {
    /// What there is to set.
    pub known: Vec<Setting>,
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// Why the file cannot be.
    pub faults: Vec<Fault>,
    /// The file's, by `section.key`.
    entries: BTreeMap<String, Entry>,
    /// Variables that `.env` has set.
    from_env_file: BTreeSet<String>,
    /// What was given as flags, by the flag's id.
    given: BTreeMap<String, Vec<String>>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag(String),
    /// A variable of the environment.
    Environment(String),
    /// A variable of `.env`.
    EnvFile(String),
    /// A line of the file.
    File(String, usize),
    /// Nobody has set it.
    BuiltIn,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(out, "--{flag}"),
            Self::Environment(name) => write!(out, "{name} in the environment"),
            Self::EnvFile(name) => write!(out, "{name} in .env"),
            Self::File(file, line) => write!(out, "{file}, line {line}"),
            Self::BuiltIn => out.write_str("default"),
        }
    }
}

/// A value, and where it comes from.
#[derive(Clone, Debug)]
pub struct Held {
    /// As the flag takes it; nothing where nothing is set or built in.
    pub values: Vec<String>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Settings {
    /// Reads `.env` and the file. What is wrong with the file is kept: help is there all the same.
    pub fn load(arguments: &[OsString]) -> Result<Self> {
        let root = early(arguments, "--root", "CINEMATCH_ROOT").unwrap_or_else(|| ".".into());
        let from_env_file = load_env_file(&root)?;
        let named = early(arguments, "--config", "CINEMATCH_CONFIG");
        let path = named.clone().unwrap_or_else(|| root.join(FILE));
        let known = Setting::all(&Options::command());
        let mut settings = Self {
            known,
            file: None,
            faults: Vec::new(),
            entries: BTreeMap::new(),
            from_env_file,
            given: BTreeMap::new(),
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
                return Ok(settings);
            }
            Err(error) => bail!("cannot read {}: {error}; check --config", shown(&path)),
        };
        let name = shown(&path);
        let reader = file::Reader { name: &name, text: &text, root: &root, known: &settings.known };
        (settings.entries, settings.faults) = reader.read();
        settings.file = Some(path);
        Ok(settings)
    }

    /// Parses a command line as clap does: help and wrong flags end the process.
    pub fn parse(&mut self, arguments: Vec<OsString>) -> Options {
        let matches = self.command().get_matches_from(arguments);
        self.given = given(&matches);
        Options::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Parses another command line within this process, such as `train --keep 5` without the program's
    /// name: the same file and environment hold for it.
    pub fn parse_within<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Options, clap::Error> {
        let whole = std::iter::once("cinematch").chain(arguments);
        Options::from_arg_matches(&self.command().try_get_matches_from(whole)?)
    }

    /// The command line whose flags default to what the file says.
    fn command(&self) -> Command {
        self.with_defaults(Options::command(), "")
    }

    fn with_defaults(&self, command: Command, name: &str) -> Command {
        command.mut_args(|arg| self.with_default(arg, name)).mut_subcommands(|below| {
            let name = setting::below_name(name, &below);
            self.with_defaults(below, &name)
        })
    }

    fn with_default(&self, arg: Arg, command: &str) -> Arg {
        let setting = self.known.iter().find(|setting| setting.is_default_of(command, &arg));
        let Some((setting, entry)) =
            setting.and_then(|setting| Some((setting, self.entries.get(&setting.key())?)))
        else {
            return arg;
        };
        let arg = arg.default_values(entry.values.clone());
        if setting.kind != Kind::Truth {
            return arg;
        }
        // What the file switches on can be switched off: `--flag=false`.
        arg.action(clap::ArgAction::Set)
            .value_parser(clap::value_parser!(bool))
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL")
    }

    /// Refuses what is wrong with the file.
    pub fn check(&self) -> Result<()> {
        match &self.faults[..] {
            [] => Ok(()),
            [fault] => Err(anyhow!("{fault}")),
            [fault, more @ ..] => Err(anyhow!(
                "{fault}; there is more: `cinematch config check` lists all {}",
                more.len() + 1
            )),
        }
    }

    /// What the file says of a setting.
    pub fn entry(&self, setting: &Setting) -> Option<&Entry> {
        self.entries.get(&setting.key())
    }

    /// How many settings the file has.
    pub fn n_entries(&self) -> usize {
        self.entries.len()
    }

    /// The value that holds, and why.
    pub fn held(&self, setting: &Setting) -> Held {
        let id = setting.arg.get_id().as_str();
        if let Some(values) = self.given.get(id) {
            return Held {
                values: values.clone(),
                origin: Origin::Flag(setting.flag().to_owned()),
            };
        }
        if let Some((name, value)) = setting.environment() {
            let origin = if self.from_env_file.contains(&name) {
                Origin::EnvFile(name)
            } else {
                Origin::Environment(name)
            };
            let values = match setting.arg.get_value_delimiter() {
                Some(delimiter) => value.split(delimiter).map(str::to_owned).collect(),
                None => vec![value],
            };
            return Held { values, origin };
        }
        if let (Some(entry), Some(file)) = (self.entry(setting), &self.file) {
            let origin = Origin::File(shown(file), entry.line);
            return Held { values: entry.values.clone(), origin };
        }
        Held { values: setting.built_in(), origin: Origin::BuiltIn }
    }

    /// An error about settings of `serve` that cannot be together, with where each of them comes from.
    pub fn located(&self, error: anyhow::Error) -> anyhow::Error {
        let about = error.chain().find_map(|link| match link.downcast_ref::<StartError>() {
            Some(StartError::Config(error)) => Some(error),
            _ => link.downcast_ref::<ConfigError>(),
        });
        let flags = about.map(ConfigError::flags).unwrap_or_default();
        let places: Vec<String> = flags
            .iter()
            .filter_map(|flag| {
                let of_serve = |setting: &&Setting| {
                    setting.flag() == *flag && setting.commands.iter().any(|it| it == "serve")
                };
                let setting = self.known.iter().find(of_serve)?;
                let place = match self.held(setting).origin {
                    Origin::BuiltIn => "not set".to_owned(),
                    set => set.to_string(),
                };
                Some(format!("{}: {place}", setting.shown()))
            })
            .collect();
        if places.is_empty() {
            return error;
        }
        anyhow!("{error:#} ({})", places.join("; "))
    }
}

/// Variables of ours that nothing reads: they are misspelt.
pub fn unknown_variables() -> Vec<String> {
    let mut known = BTreeSet::new();
    walk(&Options::command(), "", &mut |_, arg| {
        known.extend(arg.get_env().map(|name| name.to_string_lossy().into_owned()));
    });
    let set = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let ours =
        |name: &String| name.starts_with("CINEMATCH_") && !name.starts_with("CINEMATCH_TEST_");
    let mut unknown: Vec<String> = set.filter(|name| ours(name) && !known.contains(name)).collect();
    unknown.sort_unstable();
    unknown
}

/// The flags of a command line and of its command, as they were given.
fn given(matches: &ArgMatches) -> BTreeMap<String, Vec<String>> {
    let mut flags = match matches.subcommand() {
        Some((_, below)) => given(below),
        None => BTreeMap::new(),
    };
    for id in matches.ids().map(clap::Id::as_str) {
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        if let Ok(Some(raw)) = matches.try_get_raw(id) {
            let values = raw.map(|value| value.to_string_lossy().into_owned());
            flags.insert(id.to_owned(), values.collect());
        }
    }
    flags
}

/// A flag that is needed before flags are parsed, since they default to what is found by it.
fn early(arguments: &[OsString], flag: &str, variable: &str) -> Option<PathBuf> {
    let mut rest = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = rest.next() {
        match argument.strip_prefix(flag) {
            Some("") => return rest.next().map(|value| PathBuf::from(&*value)),
            Some(value) if value.starts_with('=') => return Some(PathBuf::from(&value[1..])),
            _ => {}
        }
    }
    std::env::var_os(variable).map(PathBuf::from)
}

/// Loads `.env` from the root folder; gives the variables that it has set. What the environment sets
/// already stays.
fn load_env_file(root: &Path) -> Result<BTreeSet<String>> {
    let path = root.join(".env");
    let unset = |name: &String| std::env::var_os(name).is_none();
    let names: BTreeSet<String> = match dotenvy::from_path_iter(&path) {
        Ok(lines) => lines.filter_map(|line| Some(line.ok()?.0)).filter(unset).collect(),
        Err(_) => BTreeSet::new(),
    };
    match dotenvy::from_path(&path) {
        // The text of a parse error quotes the line, which may hold a secret.
        Err(dotenvy::Error::LineParse(_, at)) => Err(anyhow!(
            "{} cannot be read: a line is not NAME=value (near its character {at})",
            shown(&path)
        )),
        Err(dotenvy::Error::Io(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot read {}", shown(&path)))
        }
        _ => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Flags with a variable that are in no section: the file and `.env` are found by them.
    const FIND_THE_FILE: [&str; 2] = ["root", "config"];

    #[test]
    fn every_key_is_a_flag_and_every_flag_with_a_variable_is_a_key() {
        let root = Options::command();
        let known = Setting::all(&root);
        let bound: BTreeSet<String> = known.iter().map(Setting::key).collect();
        let written: BTreeSet<String> = SECTIONS
            .iter()
            .flat_map(|section| {
                section.keys.iter().map(move |key| format!("{}.{}", section.name, key.name))
            })
            .collect();
        assert_eq!(bound, written, "keys whose flag does not exist, or which are there twice");
        walk(&root, "", &mut |command, arg| {
            // What is hidden is for tests against servers of one's own.
            let id = arg.get_id().as_str();
            if arg.get_env().is_none() || arg.is_hide_set() || FIND_THE_FILE.contains(&id) {
                return;
            }
            assert!(
                known.iter().any(|setting| setting.is_default_of(command, arg)),
                "`{command} --{id}` has a variable and is in no section of settings/keys.rs"
            );
        });
    }

    #[test]
    fn every_default_is_one_that_its_flag_takes() {
        for setting in Setting::all(&Options::command()) {
            let built_in = setting.built_in();
            assert_eq!(setting.check(&built_in), Ok(()), "{}", setting.key());
        }
    }

    #[test]
    fn flags_that_find_the_file_are_seen_before_others() {
        let found = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            early(&words, "--root", "A_VARIABLE_THAT_IS_NOT_SET")
        };
        assert_eq!(found(&["serve", "--root", "a"]), Some("a".into()));
        assert_eq!(found(&["--root=b", "serve"]), Some("b".into()));
        assert_eq!(found(&["--rootless", "c"]), None);
    }
}
