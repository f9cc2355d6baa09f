//! Settings: flags take precedence over the environment, then `.env`, then `cinematch.toml`, then
//! built-in defaults.
//!
//! A value in the file becomes the default of its flag before the command line is parsed. Commands
//! therefore read flags only, and `--help` shows the defaults that are in effect.
//!
//! The loader is our own because `figment` and `config` deserialize into structs: they would need
//! a second definition of each key's type, limits and help beside the clap flag, and they do
//! not report the line of a fault.

mod file;
mod keys;
mod setting;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use cinematch_server::{ConfigError, StartError};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, FromArgMatches};

use crate::paths::display_path;

pub use file::{Entry, Fault};
pub use keys::SECTIONS;
pub use setting::{Kind, Setting, walk};

/// Name of the file in the root folder.
const FILE: &str = "cinematch.toml";

/// The settings in effect, with the origins of their values.
#[derive(Debug)]
pub struct Settings {
    /// All known settings.
    pub definitions: Vec<Setting>,
    /// Path of the settings file, if it exists.
    pub file: Option<PathBuf>,
    /// Faults in the file.
    pub faults: Vec<Fault>,
    /// The program's command line, without the file's defaults.
    command_line: Command,
    /// The program's arguments, including its name.
    arguments: Vec<OsString>,
    /// The file's entries by `section.key`.
    entries: BTreeMap<String, Entry>,
    /// Names of the variables that `.env` set.
    from_env_file: BTreeSet<String>,
    /// Values given on the command line, by flag ID.
    flag_values: BTreeMap<String, Vec<String>>,
}

/// Origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag on the command line.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// A variable in `.env`.
    EnvFile(String),
    /// A file and its line.
    File(String, usize),
    /// The built-in default.
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

/// An effective value, with its origin.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Values in the form that the flag accepts; empty if nothing is set and there is no default.
    pub values: Vec<String>,
    /// Origin of the values.
    pub origin: Origin,
}

impl Settings {
    /// Reads `.env` and the settings file for a command line and its arguments. Faults in the file
    /// are recorded rather than returned, so that `--help` works with a faulty file.
    ///
    /// `command_line` is called after `.env` is loaded, because clap reads environment variables
    /// when flags are defined.
    pub fn load(command_line: fn() -> Command, arguments: Vec<OsString>) -> Result<Self> {
        let root =
            early_value(&arguments, "--root", "CINEMATCH_ROOT").unwrap_or_else(|| ".".into());
        let from_env_file = load_env_file(&root)?;
        let command_line = command_line();
        let explicit_path = early_value(&arguments, "--config", "CINEMATCH_CONFIG");
        let path = explicit_path.clone().unwrap_or_else(|| root.join(FILE));
        let mut settings = Self {
            definitions: Setting::all(&command_line),
            file: None,
            faults: Vec::new(),
            command_line,
            arguments,
            entries: BTreeMap::new(),
            from_env_file,
            flag_values: BTreeMap::new(),
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && explicit_path.is_none() =>
            {
                return Ok(settings);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let name = display_path(&path);
                bail!("cannot read {name}: it does not exist; check --config (CINEMATCH_CONFIG)")
            }
            Err(error) => return Err(unreadable(&path, &error)),
        };
        let name = display_path(&path);
        let reader = file::Reader {
            name: &name,
            text: &text,
            root: &root,
            definitions: &settings.definitions,
        };
        (settings.entries, settings.faults) = reader.read();
        settings.file = Some(path);
        Ok(settings)
    }

    /// Parses the program's arguments. Exits on `--help` and on usage errors.
    pub fn parse(&mut self) -> ArgMatches {
        let matches = self.with_file_defaults().try_get_matches_from(&self.arguments);
        let matches = matches.unwrap_or_else(|error| exit_with(&error));
        self.flag_values = flag_values(&matches);
        matches
    }

    /// Parses the flags of another command, such as `fetch tmdb`, within this process. The same configuration
    /// file and environment variables apply. `T` is the type of that command's flags.
    pub fn parse_command<T: FromArgMatches>(
        &self,
        command: &[&str],
        flags: impl IntoIterator<Item = OsString>,
    ) -> Result<T, clap::Error> {
        let names = ["cinematch"].iter().chain(command).map(OsString::from);
        let matches = self.with_file_defaults().try_get_matches_from(names.chain(flags))?;
        let mut matches = &matches;
        while let Some((_, submatches)) = matches.subcommand() {
            matches = submatches;
        }
        T::from_arg_matches(matches)
    }

    /// Returns the command line with the file's values as flag defaults.
    fn with_file_defaults(&self) -> Command {
        self.with_defaults(self.command_line.clone(), "")
    }

    fn with_defaults(&self, command: Command, name: &str) -> Command {
        command.mut_args(|arg| self.with_default(arg, name)).mut_subcommands(|subcommand| {
            let name = setting::full_name(name, &subcommand);
            self.with_defaults(subcommand, &name)
        })
    }

    fn with_default(&self, arg: Arg, command: &str) -> Arg {
        let setting = self.definitions.iter().find(|setting| setting.is_default_of(command, &arg));
        let Some((setting, entry)) =
            setting.and_then(|setting| Some((setting, self.entries.get(&setting.key())?)))
        else {
            return arg;
        };
        let arg = arg.default_values(entry.values.clone());
        if setting.kind != Kind::Boolean {
            return arg;
        }
        // A switch that the file turns on can be turned off: `--flag=false`.
        arg.action(clap::ArgAction::Set)
            .value_parser(clap::value_parser!(bool))
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL")
    }

    /// Returns an error if the file has faults.
    pub fn check(&self) -> Result<()> {
        match &self.faults[..] {
            [] => Ok(()),
            [fault] => Err(anyhow!("{fault}")),
            [fault, rest @ ..] => Err(anyhow!(
                "{fault}; run `cinematch config check` to list all {} faults",
                rest.len() + 1
            )),
        }
    }

    /// Returns the file's entry for a setting.
    pub fn entry(&self, setting: &Setting) -> Option<&Entry> {
        self.entries.get(&setting.key())
    }

    /// Returns the number of settings in the file.
    pub fn n_entries(&self) -> usize {
        self.entries.len()
    }

    /// Returns the effective value of a setting and its origin.
    pub fn effective(&self, setting: &Setting) -> Effective {
        let id = setting.arg.get_id().as_str();
        if let Some(values) = self.flag_values.get(id) {
            let origin = Origin::Flag(setting.flag().to_owned());
            return Effective { values: values.clone(), origin };
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
            return Effective { values, origin };
        }
        if let (Some(entry), Some(file)) = (self.entry(setting), &self.file) {
            let origin = Origin::File(display_path(file), entry.line);
            return Effective { values: entry.values.clone(), origin };
        }
        Effective { values: setting.built_in(), origin: Origin::BuiltIn }
    }

    /// Appends the origin of each setting involved to an error about conflicting `serve` settings.
    pub fn with_origins(&self, error: anyhow::Error) -> anyhow::Error {
        let config_error = error.chain().find_map(|link| match link.downcast_ref::<StartError>() {
            Some(StartError::Config(error)) => Some(error),
            _ => link.downcast_ref::<ConfigError>(),
        });
        let flags = config_error.map(ConfigError::flags).unwrap_or_default();
        let origins: Vec<String> = flags
            .iter()
            .filter_map(|flag| {
                let is_serve_flag = |setting: &&Setting| {
                    setting.flag() == *flag && setting.commands.iter().any(|it| it == "serve")
                };
                let setting = self.definitions.iter().find(is_serve_flag)?;
                let origin = match self.effective(setting).origin {
                    Origin::BuiltIn => "not set".to_owned(),
                    origin => origin.to_string(),
                };
                Some(format!("{}: {origin}", setting.shown()))
            })
            .collect();
        if origins.is_empty() {
            return error;
        }
        anyhow!("{error:#} ({})", origins.join("; "))
    }

    /// Returns the names of `CINEMATCH_` variables that no flag reads, which are probably misspelled.
    pub fn unknown_variables(&self) -> Vec<String> {
        let mut known = BTreeSet::new();
        walk(&self.command_line, "", &mut |_, arg| {
            known.extend(arg.get_env().map(|name| name.to_string_lossy().into_owned()));
        });
        let set = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
        let is_ours =
            |name: &String| name.starts_with("CINEMATCH_") && !name.starts_with("CINEMATCH_TEST_");
        let mut unknown: Vec<String> =
            set.filter(|name| is_ours(name) && !known.contains(name)).collect();
        unknown.sort_unstable();
        unknown
    }
}

/// Returns the values given on the command line, including those of subcommands, by flag ID.
fn flag_values(matches: &ArgMatches) -> BTreeMap<String, Vec<String>> {
    let mut flags = match matches.subcommand() {
        Some((_, submatches)) => flag_values(submatches),
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

/// Returns a flag's value before the command line is parsed, because the defaults of other flags
/// depend on it.
fn early_value(arguments: &[OsString], flag: &str, variable: &str) -> Option<PathBuf> {
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

/// Loads `.env` from the root folder and returns the variables it set. Variables that
/// are already set in the environment keep their values.
fn load_env_file(root: &Path) -> Result<BTreeSet<String>> {
    let path = root.join(".env");
    let unset = |name: &String| std::env::var_os(name).is_none();
    let names: BTreeSet<String> = match dotenvy::from_path_iter(&path) {
        Ok(lines) => lines.filter_map(|line| Some(line.ok()?.0)).filter(unset).collect(),
        Err(_) => BTreeSet::new(),
    };
    match dotenvy::from_path(&path) {
        // The message of a parse error quotes the line, which may hold a secret.
        Err(dotenvy::Error::LineParse(..)) => Err(anyhow!(
            "cannot read {}, line {}: expected NAME=value, with quotes around a value that contains spaces",
            display_path(&path),
            faulty_line(&path)
        )),
        Err(dotenvy::Error::Io(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(unreadable(&path, &error))
        }
        _ => Ok(names),
    }
}

/// Prints an error of the command line, `--help` or `--version`, and exits. Replaces messages of Rust's parsers.
fn exit_with(error: &clap::Error) -> ! {
    if error.kind() != clap::error::ErrorKind::ValueValidation {
        error.exit();
    }
    let text = plain_english(&error.render().ansi().to_string());
    let _ = write!(anstream::stderr(), "{text}");
    std::process::exit(error.exit_code());
}

fn plain_english(text: &str) -> String {
    const TEXTS: [(&str, &str); 5] = [
        ("invalid digit found in string", "expected a whole number"),
        ("cannot parse integer from empty string", "expected a whole number"),
        ("number too large to fit in target type", "the number is too large"),
        ("invalid float literal", "expected a number"),
        ("cannot parse float from empty string", "expected a number"),
    ];
    TEXTS.iter().fold(text.to_owned(), |text, (rust, plain)| text.replace(rust, plain))
}

/// Returns the number of the line where the first faulty entry of an `.env` file starts, from 1.
fn faulty_line(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split_inclusive('\n').collect();
    // A value in quotes may span lines, so a prefix that ends inside it is faulty but a longer one is not.
    let is_valid = |length: &usize| {
        let prefix = lines[..*length].concat();
        dotenvy::from_read_iter(prefix.as_bytes()).all(|entry| entry.is_ok())
    };
    1 + (0..=lines.len()).rev().find(is_valid).unwrap_or(0)
}

/// Describes a file that cannot be read as text.
fn unreadable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let name = display_path(path);
    if error.kind() == std::io::ErrorKind::InvalidData {
        return anyhow!("{name} is not UTF-8 text; save it as UTF-8");
    }
    anyhow!("cannot read {name}: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_file_errors_name_the_line_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let error = |text: &[u8]| {
            std::fs::write(folder.path().join(".env"), text).unwrap();
            load_env_file(folder.path()).unwrap_err().to_string()
        };
        for (text, line) in [
            ("# comment\n\nTMDB_TOKEN hunter2\n", 3),
            ("A_VARIABLE_OF_THIS_TEST=1\r\nB=a hunter2 b\r\n", 2),
            ("hunter2", 1),
            ("A_VARIABLE_OF_THIS_TEST=\"two\nlines\"\nB='hunter2\n\n", 3),
        ] {
            let error = error(text.as_bytes());
            assert!(error.contains(&format!(".env, line {line}: expected NAME=value")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let error = error(b"A=\xff\n");
        assert!(error.ends_with(".env is not UTF-8 text; save it as UTF-8"), "{error}");
    }

    #[test]
    fn finds_the_root_folder_before_flags_are_parsed() {
        let found = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            early_value(&words, "--root", "A_VARIABLE_THAT_IS_NOT_SET")
        };
        assert_eq!(found(&["serve", "--root", "a"]), Some("a".into()));
        assert_eq!(found(&["--root=b", "serve"]), Some("b".into()));
        assert_eq!(found(&["--rootless", "c"]), None);
    }
}
