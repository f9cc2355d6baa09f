//! Everything that is printed. Results go to standard output; progress, notes and errors to
//! standard error. A pipe gets no progress and no colours.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde::Serialize;

use crate::options::Global;

/// For what matters most on a line.
pub const STRONG: Style = Style::new().bold();
/// For what stands back.
pub const DIM: Style = Style::new().dimmed();
/// For what went up or well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// For what went down or wants attention.
pub const CARE: Style = AnsiColor::Yellow.on_default();

/// How a command prints.
#[derive(Clone, Debug)]
pub struct Output {
    quiet: bool,
    reader: Reader,
    /// Whether this is a step of a larger command, whose result is another.
    step: bool,
}

/// Whom the result is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// A person.
    Person,
    /// A program that reads one document at the end.
    Program,
    /// A program that follows what happens, line by line.
    Follower,
}

impl Output {
    /// As the flags say.
    pub fn new(global: &Global) -> Self {
        let reader = if global.json { Reader::Program } else { Reader::Person };
        Self { quiet: global.quiet, reader, step: false }
    }

    /// For a program that follows what happens: nothing but events on standard output.
    pub fn of_events() -> Self {
        Self { quiet: false, reader: Reader::Follower, step: false }
    }

    /// For a step of a larger command: its result is a note, and no document for machines.
    #[must_use]
    pub fn of_step(&self) -> Self {
        Self { step: true, ..self.clone() }
    }

    /// Says nothing at all: for work whose result alone is told.
    pub fn silent() -> Self {
        Self { quiet: true, ..Self::of_events() }
    }

    /// Something that happened, on a line of its own, for a program that follows.
    pub fn event(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.reader == Reader::Follower {
            let text = serde_json::to_string(value)?;
            let mut out = std::io::stdout().lock();
            note_failure(writeln!(out, "{text}").and_then(|()| out.flush()));
        }
        Ok(())
    }

    /// A line of the result, for people.
    pub fn line(&self, line: impl std::fmt::Display) {
        if self.reader == Reader::Person && !(self.step && self.quiet) {
            note_failure(writeln!(anstream::stdout(), "{line}"));
        }
    }

    /// A line about how it went, for people who did not ask for quiet.
    pub fn note(&self, line: impl std::fmt::Display) {
        if !self.quiet {
            self.line(line);
        }
    }

    /// Something people should know before they trust the result.
    pub fn warn(&self, line: impl std::fmt::Display) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{CARE}note:{CARE:#} {line}");
        }
    }

    /// The result, for machines.
    pub fn json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.reader == Reader::Program && !self.step {
            let mut out = std::io::stdout().lock();
            let text = serde_json::to_string_pretty(value)?;
            note_failure(writeln!(out, "{text}"));
        }
        Ok(())
    }

    /// Shows that something is under way, on a terminal only, until the guard is dropped.
    pub fn step(&self, what: &str) -> Step {
        let shown = !self.quiet && self.reader == Reader::Person && std::io::stderr().is_terminal();
        let bar = if shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if shown {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        bar.set_message(what.to_owned());
        Step { bar }
    }

    /// A step that counts things, with how many a second and how long it will take.
    pub fn count(&self, what: &str, total: u64) -> Step {
        self.shown(what, total, "{spinner} {msg} {bar:24} {pos}/{len}, {rate}, {eta} left")
    }

    /// A step that counts bytes.
    pub fn bytes(&self, what: &str) -> Step {
        let template =
            "{spinner} {msg} {bar:24} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
        self.shown(what, 0, template)
    }

    /// A step with a known length.
    pub fn progress(&self, what: &str, total: u64) -> Step {
        self.shown(what, total, "{spinner} {msg} {bar:30} {percent}% {eta} left")
    }

    fn shown(&self, what: &str, total: u64, template: &str) -> Step {
        let step = self.step(what);
        step.bar.set_length(total);
        if let Ok(style) = ProgressStyle::with_template(template) {
            step.bar.set_style(style.with_key("rate", rate));
        }
        step
    }
}

/// What the first write to standard output that failed was told.
static FAILURE: OnceLock<String> = OnceLock::new();

fn note_failure(written: std::io::Result<()>) {
    match written {
        // A reader that went away (`| head`) is no error of ours.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let _ = FAILURE.set(error.to_string());
        }
        _ => {}
    }
}

/// Whether all that was printed has arrived.
pub fn arrived() -> anyhow::Result<()> {
    note_failure(std::io::stdout().flush());
    match FAILURE.get() {
        Some(error) => Err(anyhow::anyhow!("cannot write the result to standard output: {error}")),
        None => Ok(()),
    }
}

/// How many a second, whole.
fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // Writing into memory cannot fail.
    let _ = write!(out, "{:.0}/s", state.per_sec());
}

/// A step under way; its line disappears when it ends.
#[derive(Debug)]
pub struct Step {
    bar: ProgressBar,
}

impl Step {
    /// How far it has come.
    pub fn at(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// How long it is, once that is known.
    pub fn of(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// What it is about now.
    pub fn say(&self, what: String) {
        self.bar.set_message(what);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Prints an error with its causes: for people a sentence, for machines an object.
pub fn fail(error: &anyhow::Error, json: bool) {
    if json {
        let document = serde_json::json!({ "error": format!("{error:#}") });
        let _ = writeln!(std::io::stderr(), "{document}");
        return;
    }
    let red = AnsiColor::Red.on_default().bold();
    let _ = writeln!(anstream::stderr(), "{red}error:{red:#} {error:#}");
}

/// A whole number with its thousands apart: `87,585`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A count with its noun: `1 film`, `2 films`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown: Vec<String> = [0, 999, 1000, 87_585, 32_000_204].map(thousands).into();
        assert_eq!(shown, ["0", "999", "1,000", "87,585", "32,000,204"]);
    }
}
