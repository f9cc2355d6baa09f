//! A setting: a configuration file key that sets the default of a command-line flag.

use std::any::TypeId;
use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};
use toml_edit::Value;

use super::keys::SECTIONS;

/// A key in the settings file, with the flag whose default it sets.
#[derive(Debug)]
pub struct Setting {
    /// Section of the key.
    pub section: &'static str,
    /// Name of the key.
    pub name: &'static str,
    /// Flag whose default the key sets.
    pub arg: Arg,
    /// Commands that accept the flag; the command named in `keys.rs` comes first.
    pub commands: Vec<String>,
    /// Type of the value.
    pub kind: Kind,
}

/// Type of a value in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number, with or without a fraction.
    Number,
    /// A path to a file or a folder.
    Path,
    /// A string.
    Text,
    /// A string or a number, such as a year or `"none"`.
    TextOrNumber,
    /// A list of strings.
    List,
}

impl Kind {
    fn from_arg(arg: &Arg) -> Self {
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            return Self::Boolean;
        }
        if arg.get_value_delimiter().is_some() || matches!(arg.get_action(), ArgAction::Append) {
            return Self::List;
        }
        let parser = arg.get_value_parser();
        let id = parser.type_id();
        let integer_types = [
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
            TypeId::of::<i64>(),
        ];
        if integer_types.into_iter().any(|number| id == number) {
            Self::Integer
        } else if id == TypeId::of::<f32>() || id == TypeId::of::<f64>() {
            Self::Number
        } else if id == TypeId::of::<PathBuf>() {
            Self::Path
        } else if id == TypeId::of::<String>() || parser.possible_values().is_some() {
            Self::Text
        } else {
            Self::TextOrNumber
        }
    }

    /// Returns the type's name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Path => "a path",
            Self::Text => "a string",
            Self::TextOrNumber => "a string or a number",
            Self::List => "a list of strings",
        }
    }

    /// Returns true if values are written in quotation marks.
    pub fn is_quoted(self) -> bool {
        matches!(self, Self::Path | Self::Text | Self::TextOrNumber | Self::List)
    }
}

impl Setting {
    /// Binds all keys to the flags of the `root` command and its subcommands. Skips keys without a
    /// flag; a test reports them.
    pub fn all(root: &Command) -> Vec<Self> {
        let keys = SECTIONS.iter().flat_map(|section| {
            section.keys.iter().map(move |key| (section.name, key.name, key.flag))
        });
        let settings = keys.filter_map(|(section, name, flag)| {
            let (path, long) = flag.rsplit_once("--")?;
            let command_of_flag = path.split_whitespace().try_fold(root, |command, name| {
                command.get_subcommands().find(|command| command.get_name() == name)
            })?;
            let arg =
                command_of_flag.get_arguments().find(|arg| arg.get_long() == Some(long))?.clone();
            let mut setting = Self {
                section,
                name,
                kind: Kind::from_arg(&arg),
                arg,
                commands: vec![path.trim().to_owned()],
            };
            let mut others = Vec::new();
            walk(root, "", &mut |command, arg| {
                if setting.is_default_of(command, arg) && command != setting.commands[0] {
                    others.push(command.to_owned());
                }
            });
            setting.commands.extend(others);
            Some(setting)
        });
        settings.collect()
    }

    /// Returns the dotted name: `server.port`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// Returns the name for messages: `[server] port`.
    pub fn shown(&self) -> String {
        format!("[{}] {}", self.section, self.name)
    }

    /// Returns the name of the environment variable.
    pub fn variable(&self) -> Option<&str> {
        self.arg.get_env().and_then(|name| name.to_str())
    }

    /// Returns the environment variable and its value, if it is set.
    pub fn environment(&self) -> Option<(String, String)> {
        let name = self.variable()?;
        Some((name.to_owned(), std::env::var_os(name)?.to_string_lossy().into_owned()))
    }

    /// Returns the flag's name without dashes.
    pub fn flag(&self) -> &str {
        self.arg.get_long().unwrap_or_default()
    }

    /// Returns true if this setting provides the default for `arg` of `command`.
    pub fn is_default_of(&self, command: &str, arg: &Arg) -> bool {
        let same_variable = arg.get_env().is_some() && arg.get_env() == self.arg.get_env();
        same_variable || (command == self.commands[0] && arg.get_id() == self.arg.get_id())
    }

    /// Returns the possible values, if the flag lists them.
    pub fn choices(&self) -> Vec<String> {
        let values = self.arg.get_possible_values();
        let shown = values.iter().filter(|value| !value.is_hide_set());
        shown.map(|value| value.get_name().to_owned()).collect()
    }

    /// Returns the built-in default.
    pub fn built_in(&self) -> Vec<String> {
        if self.kind == Kind::Boolean {
            return vec!["false".to_owned()];
        }
        let values = self.arg.get_default_values().iter();
        values.map(|value| value.to_string_lossy().into_owned()).collect()
    }

    /// Converts a value from the file to the form that the flag accepts.
    pub fn read(&self, value: &Value, root: &Path) -> Result<Vec<String>, String> {
        let read = match (self.kind, value) {
            (Kind::Boolean, Value::Boolean(truth)) => vec![truth.value().to_string()],
            (Kind::Integer | Kind::Number | Kind::TextOrNumber, Value::Integer(number)) => {
                vec![number.value().to_string()]
            }
            (Kind::Number | Kind::TextOrNumber, Value::Float(number)) => {
                vec![number.value().to_string()]
            }
            (Kind::Text | Kind::TextOrNumber, Value::String(text)) => vec![text.value().clone()],
            (Kind::Path, Value::String(path)) if !path.value().is_empty() => {
                // Paths are relative to the root folder, not to the working directory.
                vec![root.join(path.value()).to_string_lossy().into_owned()]
            }
            (Kind::List, Value::Array(list)) => {
                let texts: Option<Vec<String>> =
                    list.iter().map(|value| value.as_str().map(str::to_owned)).collect();
                let texts = texts.ok_or("expected a list of strings")?;
                if texts.is_empty() {
                    return Err("the list is empty; remove the line to use the default".to_owned());
                }
                texts
            }
            (kind, value) => {
                let got = match value {
                    Value::String(_) => "a string",
                    Value::Integer(_) => "a whole number",
                    Value::Float(_) => "a number",
                    Value::Boolean(_) => "true or false",
                    Value::Datetime(_) => "a date",
                    Value::Array(_) => "a list",
                    Value::InlineTable(_) => "a table",
                };
                return Err(format!("expected {}, got {got}", kind.name()));
            }
        };
        if read.iter().any(|value| contains_password(value)) {
            let variable = self.variable().unwrap_or("a variable");
            return Err(format!(
                "passwords are not allowed in this file; set {variable} in the environment or in .env"
            ));
        }
        self.check(&read)?;
        Ok(read)
    }

    /// Checks values with the flag's own parser.
    pub fn check(&self, values: &[String]) -> Result<(), String> {
        let mut arg = Arg::new("value").long("value").action(ArgAction::Append);
        arg = match self.kind {
            Kind::Boolean => arg.value_parser(clap::value_parser!(bool)),
            _ => arg.value_parser(self.arg.get_value_parser().clone()),
        };
        if let Some(delimiter) = self.arg.get_value_delimiter() {
            arg = arg.value_delimiter(delimiter);
        }
        let flag_values = values.iter().map(|value| OsString::from(format!("--value={value}")));
        let command = Command::new("check").no_binary_name(true).arg(arg);
        let Err(error) = command.try_get_matches_from(flag_values) else { return Ok(()) };
        let choices = self.choices();
        Err(match error.source() {
            Some(reason) => reason.to_string(),
            None if choices.is_empty() => format!("expected {}", self.kind.name()),
            None => format!("expected one of {}", choices.join(", ")),
        })
    }
}

/// Calls `visit` with the full name of each command and each of its flags.
pub fn walk(command: &Command, name: &str, visit: &mut impl FnMut(&str, &Arg)) {
    for arg in command.get_arguments() {
        visit(name, arg);
    }
    for subcommand in command.get_subcommands() {
        walk(subcommand, &full_name(name, subcommand), visit);
    }
}

/// Returns the full name of a subcommand: `fetch tmdb`.
pub fn full_name(parent: &str, command: &Command) -> String {
    format!("{parent} {}", command.get_name()).trim_start().to_owned()
}

/// Returns true if `text` is an address that contains a password or a token.
fn contains_password(text: &str) -> bool {
    // PostgreSQL's keyword form: `host=db user=ada password=…`.
    if text.to_ascii_lowercase().contains("password=") {
        return true;
    }
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user).unwrap_or_default();
    let has_user_password = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
    let query = rest.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let is_secret = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        name.contains("password") || name.contains("token")
    };
    has_user_password || query.split(['&', '#']).any(is_secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_passwords_in_addresses() {
        for with in [
            "postgres://user:secret@host/database",
            "redis://:secret@host:6379/0",
            "postgres://host/database?user=a&password=secret",
            "host=db user=ada password=secret",
        ] {
            assert!(contains_password(with), "{with}");
        }
        for without in [
            "postgres://user@host:5432/database",
            "postgres://user:@host/database?sslmode=require",
            "redis://host:6379/0",
            "http://localhost:4318",
            "data/cinematch.db",
        ] {
            assert!(!contains_password(without), "{without}");
        }
    }
}
