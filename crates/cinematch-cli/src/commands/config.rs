//! `cinematch config`: explains settings, and checks `cinematch.toml` and the environment.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG, SUCCESS, WARNING, counted};
use crate::paths::display_path;
use crate::serving::ServeFlags;
use crate::settings::{Effective, Fault, Kind, Origin, SECTIONS, Setting, Settings};

/// Maximum width of help text, in characters.
const WIDTH: usize = 100;

/// Flags for `cinematch config`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch config explain                    all settings and their values\n  \
                  cinematch config explain server.port        one setting\n  \
                  cinematch config explain > cinematch.toml   create a file to start from\n  \
                  cinematch config check                      check the file and the environment\n\n\
                  Flags take precedence over the environment, then .env, then cinematch.toml."
)]
pub struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print each setting with its help, its effective value and the origin of that value
    Explain(Explain),
    /// Check cinematch.toml and the environment
    Check(Check),
}

/// Flags for `cinematch config explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch config explain\n  cinematch config explain access\n  \
                        cinematch config explain server.port --json"
)]
struct Explain {
    /// Setting, such as server.port, or section to explain
    key: Option<String>,
}

/// Flags for `cinematch config check`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cinematch config check && systemctl restart cinematch")]
struct Check {}

/// A setting, as printed by `--json`.
#[derive(Serialize)]
struct SettingReport<'a> {
    key: String,
    help: String,
    expected: &'static str,
    choices: Vec<String>,
    /// Effective value; `None` if it is unset or secret.
    value: Option<String>,
    origin: String,
    default: Option<String>,
    flag: String,
    variable: Option<&'a str>,
    commands: &'a [String],
}

/// JSON output of `cinematch config check`.
#[derive(Serialize)]
struct Report<'a> {
    file: Option<String>,
    settings: usize,
    faults: &'a [Fault],
    unknown_variables: &'a [String],
}

impl Config {
    /// Explains or checks settings.
    pub fn run(&self, global: &Global, settings: &Settings, output: &Output) -> Result<()> {
        match &self.action {
            Action::Explain(explain) => explain.run(settings, output),
            Action::Check(_) => check(global, settings, output),
        }
    }
}

impl Explain {
    fn run(&self, settings: &Settings, output: &Output) -> Result<()> {
        let is_selected = |setting: &&Setting| match self.key.as_deref() {
            None => true,
            Some(key) => {
                let key = key.replace('-', "_");
                key == setting.section || key == setting.name || key == setting.key()
            }
        };
        let selected: Vec<&Setting> = settings.definitions.iter().filter(is_selected).collect();
        if let (Some(key), []) = (&self.key, &selected[..]) {
            let name = key.rsplit('.').next().unwrap_or_default();
            let similarity = |setting: &Setting| strsim::jaro_winkler(name, setting.name);
            let nearest =
                settings.definitions.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
            let hint = match nearest.filter(|setting| similarity(setting) > 0.7) {
                Some(setting) => format!("did you mean {}?", setting.key()),
                None => "`cinematch config explain` lists all settings".to_owned(),
            };
            bail!("unknown setting `{key}`; {hint}");
        }
        let explained: Vec<SettingReport<'_>> =
            selected.iter().map(|setting| explained(setting, settings)).collect();
        output.json(&explained)?;
        match &settings.file {
            Some(file) => output.note(format_args!("{DIM}# {}{DIM:#}", display_path(file))),
            None => output.note(format_args!(
                "{DIM}# No cinematch.toml; this output can be saved as one.{DIM:#}"
            )),
        }
        for section in SECTIONS {
            let mut first = true;
            for setting in selected.iter().filter(|setting| setting.section == section.name) {
                if first {
                    output.line(format_args!("\n{DIM}# {}{DIM:#}", section.about));
                    output.line(format_args!("{STRONG}[{}]{STRONG:#}", section.name));
                    first = false;
                }
                describe(setting, settings, output);
            }
        }
        for fault in &settings.faults {
            output.warn(fault);
        }
        Ok(())
    }
}

fn help_text(setting: &Setting) -> String {
    setting.arg.get_help().map(ToString::to_string).unwrap_or_default()
}

fn explained<'a>(setting: &'a Setting, settings: &Settings) -> SettingReport<'a> {
    let effective = settings.effective(setting);
    let default = setting.built_in();
    let to_toml = |values: &[String]| (!values.is_empty()).then(|| toml(setting, values));
    SettingReport {
        key: setting.key(),
        help: help_text(setting),
        expected: setting.kind.name(),
        choices: setting.choices(),
        value: if is_secret(setting, &effective) { None } else { to_toml(&effective.values) },
        origin: match effective.origin {
            Origin::BuiltIn if effective.values.is_empty() => "not set".to_owned(),
            origin => origin.to_string(),
        },
        default: to_toml(&default),
        flag: format!("--{}", setting.flag()),
        variable: setting.variable(),
        commands: &setting.commands,
    }
}

/// Returns true if `effective` may contain a password. Values from the file never do, because the reader
/// rejects them.
fn is_secret(setting: &Setting, effective: &Effective) -> bool {
    setting.arg.is_hide_env_values_set()
        && !matches!(effective.origin, Origin::File(..) | Origin::BuiltIn)
}

/// Prints a setting as TOML. Settings in the file are printed unchanged, and all others as comments.
fn describe(setting: &Setting, settings: &Settings, output: &Output) {
    for line in wrap(&help_text(setting)) {
        output.line(format_args!("{DIM}# {line}{DIM:#}"));
    }
    for line in wrap(&about(setting)) {
        output.line(format_args!("{DIM}# {line}{DIM:#}"));
    }
    let (name, effective) = (setting.name, settings.effective(setting));
    let value = if is_secret(setting, &effective) {
        "\"…\"".to_owned()
    } else if effective.values.is_empty() {
        placeholder(setting)
    } else {
        toml(setting, &effective.values)
    };
    match (settings.entry(setting), &effective.origin) {
        (Some(entry), Origin::File(..)) => output.line(format_args!(
            "{SUCCESS}{name} = {}{SUCCESS:#}  {DIM}# {}{DIM:#}",
            entry.source_text, effective.origin
        )),
        (Some(entry), origin) => output.line(format_args!(
            "{name} = {}  {WARNING}# overridden by {origin}: {value}{WARNING:#}",
            entry.source_text
        )),
        (None, Origin::BuiltIn) => {
            let why = if effective.values.is_empty() { "not set" } else { "default" };
            output.line(format_args!("# {name} = {value}  {DIM}# {why}{DIM:#}"));
        }
        (None, origin) => {
            output.line(format_args!(
                "# {SUCCESS}{name} = {value}{SUCCESS:#}  {DIM}# {origin}{DIM:#}"
            ));
        }
    }
}

/// Describes a setting's type, flag and environment variable.
fn about(setting: &Setting) -> String {
    let expected = match &setting.choices()[..] {
        [] => setting.kind.name().to_owned(),
        choices => format!("one of {}", choices.join(", ")),
    };
    let mut about = vec![expected, format!("--{}", setting.flag())];
    about.extend(setting.variable().map(str::to_owned));
    if !setting.commands[0].is_empty() {
        about.push(format!("for {}", setting.commands.join(", ")));
    }
    about.join("; ")
}

/// Formats values as TOML.
fn toml(setting: &Setting, values: &[String]) -> String {
    let quoted = |value: &String| {
        let is_bare = setting.kind == Kind::TextOrNumber && value.parse::<f64>().is_ok();
        if setting.kind.is_quoted() && !is_bare {
            // Every JSON string is a valid TOML string.
            serde_json::Value::from(value.as_str()).to_string()
        } else {
            value.clone()
        }
    };
    let all: Vec<String> = values.iter().map(quoted).collect();
    match setting.kind {
        Kind::List => format!("[{}]", all.join(", ")),
        _ => all.join(", "),
    }
}

/// Returns a placeholder value for a setting that has none.
fn placeholder(setting: &Setting) -> String {
    let names = setting.arg.get_value_names().unwrap_or_default();
    let name = names.first().map(ToString::to_string).unwrap_or_default();
    match setting.kind {
        Kind::Integer | Kind::Number => name,
        _ => toml(setting, &[name]),
    }
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Checks each setting on its own, then all `cinematch serve` settings together.
fn check(global: &Global, settings: &Settings, output: &Output) -> Result<()> {
    let mut faults = settings.faults.clone();
    for setting in &settings.definitions {
        let Effective { values, origin } = settings.effective(setting);
        if let (Origin::Environment(_) | Origin::EnvFile(_), Err(problem)) =
            (&origin, setting.check(&values))
        {
            faults.push(Fault::for_variable(origin.to_string(), setting, problem));
        }
    }
    let serve_check = if faults.is_empty() { check_serve(global, settings) } else { Ok(()) };
    let unknown_variables = settings.unknown_variables();
    if let Err(error) = &serve_check {
        faults.push(Fault::for_combination(format!("{error:#}")));
    }
    let file = settings.file.as_deref().map(display_path);
    output.json(&Report {
        file: file.clone(),
        settings: settings.n_entries(),
        faults: &faults,
        unknown_variables: &unknown_variables,
    })?;
    for name in &unknown_variables {
        output.warn(format_args!("unknown variable {name}; is it misspelled?"));
    }
    for fault in &faults {
        output.line(format_args!("{WARNING}✗{WARNING:#} {fault}"));
    }
    if !faults.is_empty() {
        bail!("{}", counted(faults.len() as u64, "invalid setting"));
    }
    match file {
        Some(file) => output.line(format_args!(
            "{SUCCESS}✓{SUCCESS:#} {STRONG}{file}{STRONG:#}: {}",
            counted(settings.n_entries() as u64, "setting")
        )),
        None => output.line(format_args!(
            "{SUCCESS}✓{SUCCESS:#} no cinematch.toml; flags, environment and defaults apply"
        )),
    }
    Ok(())
}

/// Checks that `cinematch serve` accepts the effective settings.
fn check_serve(global: &Global, settings: &Settings) -> Result<()> {
    let flags: ServeFlags = settings.parse_command(&["serve"], []).map_err(|error| {
        let text = error.render().to_string();
        anyhow::anyhow!("{}", text.lines().next().unwrap_or_default().trim_start_matches("error: "))
    })?;
    flags.check(global).map_err(|error| settings.with_origins(error))
}
