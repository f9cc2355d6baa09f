//! Terminal output. Results go to standard output; progress, warnings and errors go to standard
//! error. Progress and colors are printed only on a terminal.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use cinematch::catalog::{ProblemCount, count_problems};
pub use cinematch::digits::thousands;
use cinematch::sources::Problem;
use cinematch_service::jobs::PERMANENT_FAILURE;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde::Serialize;

use crate::options::Global;
use crate::permanent_failure::PermanentFailure;

/// Style for the most important part of a line.
pub const STRONG: Style = Style::new().bold();
/// Style for secondary details.
pub const DIM: Style = Style::new().dimmed();
/// Style for success and improvement.
pub const SUCCESS: Style = AnsiColor::Green.on_default();
/// Style for failures, declines and warnings.
pub const WARNING: Style = AnsiColor::Yellow.on_default();

/// Printer for a command's results, notes and progress.
#[derive(Clone, Debug)]
pub struct Output {
    quiet: bool,
    format: Format,
    /// True for a step of a larger command that prints the result itself.
    step: bool,
}

/// Format of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Text for a terminal.
    Text,
    /// One JSON document at the end.
    Json,
    /// One JSON object per line, printed as work proceeds.
    Events,
}

impl Output {
    /// Creates a printer that honors `--quiet` and `--json`.
    pub fn new(global: &Global) -> Self {
        let format = if global.json { Format::Json } else { Format::Text };
        Self { quiet: global.quiet, format, step: false }
    }

    /// Creates a printer that writes only events to standard output.
    pub fn for_events() -> Self {
        Self { quiet: false, format: Format::Events, step: false }
    }

    /// Returns a printer for a step of a larger command: results become notes, and no JSON
    /// document is printed.
    #[must_use]
    pub fn for_step(&self) -> Self {
        Self { step: true, ..self.clone() }
    }

    /// Creates a printer that prints nothing.
    pub fn silent() -> Self {
        Self { quiet: true, ..Self::for_events() }
    }

    /// Prints an event as one line of JSON. Does nothing in other formats.
    pub fn event(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.format == Format::Events {
            let text = serde_json::to_string(value)?;
            let mut out = std::io::stdout().lock();
            note_failure(writeln!(out, "{text}").and_then(|()| out.flush()));
        }
        Ok(())
    }

    /// Prints a line of the result as text.
    pub fn line(&self, line: impl std::fmt::Display) {
        if self.format == Format::Text && !(self.step && self.quiet) {
            note_failure(writeln!(anstream::stdout(), "{line}"));
        }
    }

    /// Prints a line that `--quiet` suppresses.
    pub fn note(&self, line: impl std::fmt::Display) {
        if !self.quiet {
            self.line(line);
        }
    }

    /// Prints a warning to standard error; `--quiet` suppresses it.
    pub fn warn(&self, line: impl std::fmt::Display) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{WARNING}note:{WARNING:#} {line}");
        }
    }

    /// Prints one warning for each kind of problem found in the input files.
    pub fn warn_problems(&self, problems: &[Problem]) {
        self.warn_counts(&count_problems(problems));
    }

    /// Prints one warning for each kind of problem, with its count.
    pub fn warn_counts(&self, counts: &[ProblemCount<'_>]) {
        for problem in counts {
            self.warn(format_args!(
                "{} × {}{}, first on line {}: {}",
                thousands(problem.count),
                problem.file,
                problem.field.map(|field| format!(", {field}")).unwrap_or_default(),
                problem.first_line,
                problem.first_reason
            ));
        }
    }

    /// Prints the result as a JSON document, if `--json` was given.
    pub fn json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.format == Format::Json && !self.step {
            let mut out = std::io::stdout().lock();
            let text = serde_json::to_string_pretty(value)?;
            note_failure(writeln!(out, "{text}"));
        }
        Ok(())
    }

    /// Shows a spinner on a terminal until the returned guard is dropped.
    pub fn step(&self, message: &str) -> Step {
        let shown = !self.quiet && self.format == Format::Text && std::io::stderr().is_terminal();
        let bar = if shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if shown {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        bar.set_message(message.to_owned());
        Step { bar }
    }

    /// Shows a progress bar that counts items, with the rate per second and the time left.
    pub fn count(&self, message: &str, total: u64) -> Step {
        self.bar(message, total, "{spinner} {msg} {bar:24} {pos}/{len}, {rate}, {eta} left")
    }

    /// Shows a progress bar that counts bytes, with the rate per second and the time left.
    pub fn bytes(&self, message: &str) -> Step {
        let template =
            "{spinner} {msg} {bar:24} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
        self.bar(message, 0, template)
    }

    /// Shows a progress bar with a percentage and the time left.
    pub fn progress(&self, message: &str, total: u64) -> Step {
        self.bar(message, total, "{spinner} {msg} {bar:30} {percent}% {eta} left")
    }

    fn bar(&self, message: &str, total: u64, template: &str) -> Step {
        let step = self.step(message);
        step.bar.set_length(total);
        if let Ok(style) = ProgressStyle::with_template(template) {
            step.bar.set_style(style.with_key("rate", rate));
        }
        step
    }
}

/// First error from writing to standard output.
static FAILURE: OnceLock<String> = OnceLock::new();

fn note_failure(result: std::io::Result<()>) {
    match result {
        // A closed pipe (`| head`) is not an error.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let _ = FAILURE.set(error.to_string());
        }
        _ => {}
    }
}

/// Flushes standard output and returns the first error of any write to it.
pub fn finish() -> anyhow::Result<()> {
    note_failure(std::io::stdout().flush());
    match FAILURE.get() {
        Some(error) => Err(anyhow::anyhow!("cannot write the result to standard output: {error}")),
        None => Ok(()),
    }
}

/// Asks a question on standard error, and returns the answer without surrounding whitespace, or `None` at the
/// end of standard input.
pub fn ask(question: &str) -> std::io::Result<Option<String>> {
    let mut out = std::io::stderr().lock();
    write!(out, "{question}").and_then(|()| out.flush())?;
    let mut answer = String::new();
    let length = std::io::stdin().read_line(&mut answer)?;
    Ok((length > 0).then(|| answer.trim().to_owned()))
}

/// Writes the rate per second, rounded to a whole number.
fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // Writing to memory is infallible.
    let _ = write!(out, "{:.0}/s", state.per_sec());
}

/// Progress of a step. Dropping it clears its line on the terminal.
#[derive(Debug)]
pub struct Step {
    bar: ProgressBar,
}

impl Step {
    /// Sets the number of finished items or bytes.
    pub fn set_position(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// Sets the total number of items or bytes, once it is known.
    pub fn set_length(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// Replaces the message beside the bar.
    pub fn set_message(&self, message: String) {
        self.bar.set_message(message);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Converts a command's result to an exit code. An error is printed with its causes: as a JSON
/// object if `json` is set, otherwise as a sentence.
pub fn exit_code(result: anyhow::Result<()>, json: bool) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    if json {
        let document = serde_json::json!({ "error": format!("{error:#}") });
        let _ = writeln!(std::io::stderr(), "{document}");
    } else {
        print_error(&error);
    }
    if error.is::<PermanentFailure>() {
        return ExitCode::from(PERMANENT_FAILURE);
    }
    ExitCode::FAILURE
}

/// Prints an error with its causes as a sentence.
pub fn print_error(error: &anyhow::Error) {
    let red = AnsiColor::Red.on_default().bold();
    let _ = writeln!(anstream::stderr(), "{red}error:{red:#} {error:#}");
}

/// Formats a count with its noun: `1 movie`, `2 movies`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}
