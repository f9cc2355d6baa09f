//! The page that `cinematch --help` prints: first steps, and the commands grouped under headings.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::styling::{AnsiColor, Styles};

/// Colors for all help pages.
pub const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// Headings and their commands, in the order they are printed.
pub const GROUPS: [(&str, &[&str]); 7] = [
    ("Get data", &["fetch", "import", "ratings", "synth"]),
    ("Build", &["preprocess", "train", "retrain", "update"]),
    ("Use", &["demo", "recommend", "search"]),
    ("Serve", &["serve", "ping"]),
    (
        "Operate",
        &["status", "doctor", "models", "jobs", "config", "backup", "restore", "migrate", "export"],
    ),
    ("Accounts", &["user", "key"]),
    ("Evaluate", &["evaluate", "tune"]),
];

/// First steps, printed above the commands: headings, each with example commands and descriptions.
const FIRST_STEPS: [(&str, &[(&str, &str)]); 2] = [
    (
        "Start here",
        &[
            ("cinematch demo", "ten recommendations with reasons, then the web pages"),
            ("cinematch serve", "the web pages and the API, once a model is trained"),
        ],
    ),
    (
        "Real data in four steps",
        &[
            ("cinematch fetch movielens", "download MovieLens 32M to raw/"),
            ("cinematch preprocess", "merge it into data/movies_merged.csv"),
            ("cinematch train", "train a model into ml/artifacts/"),
            ("cinematch serve", "open http://127.0.0.1:8000/ in a browser"),
        ],
    ),
];

/// Examples, printed below the options.
const EXAMPLES: &str = "\
Examples:
  cinematch demo                       try it on a built-in sample, without a network
  cinematch fetch tmdb                 add TMDB metadata to MovieLens (needs a free token)
  cinematch recommend --liked 1,3114   recommend from two liked movies
  cinematch serve --port 9000          serve on another port

`cinematch COMMAND --help` describes a command and its flags.";

/// Replaces clap's flat list of commands with [`GROUPS`].
pub fn grouped(command: Command) -> Command {
    let page = page(&command);
    command.before_help(page).after_help(EXAMPLES).help_template(
        "{about}\n\n{usage-heading} {usage}\n\n{before-help}Options:\n{options}{after-help}",
    )
}

/// Returns the first steps and the groups as text. Each command is described by its `about` text.
pub fn page(command: &Command) -> String {
    let mut page = String::new();
    for (heading, lines) in FIRST_STEPS {
        section(&mut page, heading, lines.iter().map(|(name, text)| (*name, (*text).to_owned())));
    }
    for (heading, names) in GROUPS {
        let lines = names.iter().filter_map(|name| {
            let about = command.find_subcommand(name)?.get_about()?;
            Some((*name, about.to_string()))
        });
        section(&mut page, heading, lines);
    }
    page.truncate(page.trim_end().len());
    page
}

fn section<'a>(page: &mut String, heading: &str, lines: impl Iterator<Item = (&'a str, String)>) {
    let (header, literal) = (STYLES.get_header(), STYLES.get_literal());
    let lines: Vec<(&str, String)> = lines.collect();
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(10);
    // Writing to memory is infallible.
    let _ = writeln!(page, "{header}{heading}:{header:#}");
    for (name, text) in lines {
        let _ = writeln!(page, "  {literal}{name:width$}{literal:#}  {text}");
    }
    page.push('\n');
}
