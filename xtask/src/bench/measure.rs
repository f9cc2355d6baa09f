//! Measuring: whole processes run in turn, and the few statistics that the tables show.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::process;

/// How often a running process is asked for its peak memory.
const SAMPLE_EVERY: Duration = Duration::from_millis(2);

/// A process that ran to its end.
pub struct Finished {
    /// Wall time from before its start until its end.
    pub seconds: f64,
    /// The most memory it held, where that is known.
    pub peak_bytes: Option<u64>,
    /// What it printed.
    pub stdout: String,
}

/// Runs a command to a successful end; its output goes to `<log>.out` and `<log>.err`.
pub fn run(command: &mut Command, log: &Path) -> Result<Finished> {
    redirect(command, log)?;
    // What the process before left to write would otherwise be waited for by the first that syncs.
    let _ = Command::new("sync").status();
    let started = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let pid = child.id();
    let ended = AtomicBool::new(false);
    let peak = AtomicU64::new(0);
    let (status, seconds) = thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                if let Some(memory) = process::memory(pid) {
                    peak.fetch_max(memory.peak, Ordering::Relaxed);
                }
                thread::sleep(SAMPLE_EVERY);
            }
        });
        let status = child.wait();
        let seconds = started.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (status, seconds)
    });
    let status = status.with_context(|| format!("cannot wait for {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed ({status})\n{}", tail(log));
    }
    let stdout = fs::read(log.with_extension("out")).context("cannot read the output back")?;
    let peak_bytes = Some(peak.into_inner()).filter(|bytes| *bytes > 0);
    Ok(Finished { seconds, peak_bytes, stdout: String::from_utf8_lossy(&stdout).into_owned() })
}

/// Sends a command's output to `<log>.out` and `<log>.err`.
pub fn redirect(command: &mut Command, log: &Path) -> Result<()> {
    let file = |extension: &str| {
        let path = log.with_extension(extension);
        File::create(&path).with_context(|| format!("cannot create {}", path.display()))
    };
    command.stdin(Stdio::null()).stdout(file("out")?).stderr(file("err")?);
    Ok(())
}

/// The last lines that a command wrote to its logs.
pub fn tail(log: &Path) -> String {
    let mut lines = Vec::new();
    for extension in ["out", "err"] {
        let text = fs::read(log.with_extension(extension)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        let last = &all[all.len().saturating_sub(15)..];
        lines.extend(last.iter().map(|line| format!("    {line}")));
    }
    if lines.is_empty() { "    (nothing)".to_owned() } else { lines.join("\n") }
}

/// One side of a comparison: measured each time it is called.
pub type Contender<'a, T> = &'a mut dyn FnMut() -> Result<T>;

/// Measures every contender once to warm up, then all of them in turn, `runs` times.
pub fn alternate<T, const N: usize>(
    runs: usize,
    mut contenders: [Contender<'_, T>; N],
) -> Result<[Vec<T>; N]> {
    let mut measured = [const { Vec::new() }; N];
    for contender in &mut contenders {
        contender()?;
    }
    for _ in 0..runs {
        for (contender, measured) in contenders.iter_mut().zip(&mut measured) {
            measured.push(contender()?);
        }
    }
    Ok(measured)
}

/// The middle of some measurements and their bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The middle value, or the mean of the two middle values.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// Summarizes measurements; of none there is no summary.
pub fn summarize(values: &[f64]) -> Option<Summary> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let upper = sorted[sorted.len() / 2];
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(Summary { median: f64::midpoint(lower, upper), min, max })
}

/// The nearest-rank percentile: the least value that `percent` of all values do not exceed.
pub fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_one_of_the_values() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        for (percent, expected) in [(0.0, 1.0), (50.0, 50.0), (99.0, 99.0), (100.0, 100.0)] {
            assert_eq!(percentile(&hundred, percent), Some(expected));
        }
        assert_eq!(percentile(&[1.0, 2.0, 3.0], 50.0), Some(2.0));
        assert_eq!(percentile(&[7.0], 99.9), Some(7.0));
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn the_median_does_not_depend_on_order() {
        let odd = Summary { median: 3.0, min: 1.0, max: 9.0 };
        assert_eq!(summarize(&[9.0, 1.0, 3.0]), Some(odd));
        let even = Summary { median: 2.5, min: 1.0, max: 4.0 };
        assert_eq!(summarize(&[4.0, 1.0, 3.0, 2.0]), Some(even));
        assert_eq!(summarize(&[]), None);
    }

    #[test]
    fn contenders_take_turns_after_a_warm_up() {
        let order = std::cell::RefCell::new(String::new());
        let call = |name: char| {
            order.borrow_mut().push(name);
            Ok(order.borrow().len())
        };
        let [a, b] = alternate(2, [&mut || call('a'), &mut || call('b')]).unwrap();
        assert_eq!(order.borrow().as_str(), "ababab");
        assert_eq!((a, b), (vec![3, 5], vec![4, 6]));
    }

    #[test]
    fn a_failing_command_is_an_error_that_quotes_it() {
        let log = std::env::temp_dir().join(format!("xtask-measure-{}", std::process::id()));
        let result = run(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), &log);
        let error = result.err().map(|error| error.to_string()).unwrap_or_default();
        for extension in ["out", "err"] {
            fs::remove_file(log.with_extension(extension)).unwrap();
        }
        assert!(error.contains("exit status: 3") && error.contains("why"), "{error}");
    }
}
