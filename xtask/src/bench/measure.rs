//! Runs and measures processes alternately, and computes the statistics for the tables.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::process;

/// Interval between samples of a process's peak memory.
const SAMPLE_EVERY: Duration = Duration::from_millis(2);

/// Measurements of a process that exited successfully.
pub struct Finished {
    /// Wall time from just before the process starts until it exits, in seconds.
    pub seconds: f64,
    /// Peak memory in bytes; `None` on systems other than Linux.
    pub peak_bytes: Option<u64>,
    /// Standard output.
    pub stdout: String,
}

/// Runs and measures a command, with output in `<log>.out` and `<log>.err`. Returns an error if it fails.
pub fn run(command: &mut Command, log: &Path) -> Result<Finished> {
    redirect(command, log)?;
    // Flushes writes from earlier processes, which would otherwise delay the first sync of this one.
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
    let stdout = fs::read(log.with_extension("out")).context("cannot read the command's output")?;
    let peak_bytes = Some(peak.into_inner()).filter(|bytes| *bytes > 0);
    Ok(Finished { seconds, peak_bytes, stdout: String::from_utf8_lossy(&stdout).into_owned() })
}

/// Redirects a command's output to `<log>.out` and `<log>.err`.
pub fn redirect(command: &mut Command, log: &Path) -> Result<()> {
    let file = |extension: &str| {
        let path = log.with_extension(extension);
        File::create(&path).with_context(|| format!("cannot create {}", path.display()))
    };
    command.stdin(Stdio::null()).stdout(file("out")?).stderr(file("err")?);
    Ok(())
}

/// Returns the last 15 lines of each log that a command wrote.
pub fn tail(log: &Path) -> String {
    let mut lines = Vec::new();
    for extension in ["out", "err"] {
        let text = fs::read(log.with_extension(extension)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        let last = &all[all.len().saturating_sub(15)..];
        lines.extend(last.iter().map(|line| format!("    {line}")));
    }
    if lines.is_empty() { "    (no output)".to_owned() } else { lines.join("\n") }
}

/// One side of a comparison. Each call takes one measurement.
pub type Contender<'a, T> = &'a mut dyn FnMut() -> Result<T>;

/// Measures each contender once as a warm-up, then all of them alternately, `runs` times.
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

/// Median and range of measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Median: the middle value, or the mean of the two middle values.
    pub median: f64,
    /// Smallest measurement.
    pub min: f64,
    /// Largest measurement.
    pub max: f64,
}

/// Summarizes measurements. Returns `None` for an empty slice.
pub fn summarize(values: &[f64]) -> Option<Summary> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let upper = sorted[sorted.len() / 2];
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(Summary { median: f64::midpoint(lower, upper), min, max })
}

/// Returns the nearest-rank percentile: the smallest value such that at least `percent` % of the values are
/// less than or equal to it.
pub fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_returns_one_of_the_values() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        for (percent, expected) in [(0.0, 1.0), (50.0, 50.0), (99.0, 99.0), (100.0, 100.0)] {
            assert_eq!(percentile(&hundred, percent), Some(expected));
        }
        assert_eq!(percentile(&[1.0, 2.0, 3.0], 50.0), Some(2.0));
        assert_eq!(percentile(&[7.0], 99.9), Some(7.0));
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn summarizes_unsorted_values() {
        let odd = Summary { median: 3.0, min: 1.0, max: 9.0 };
        assert_eq!(summarize(&[9.0, 1.0, 3.0]), Some(odd));
        let even = Summary { median: 2.5, min: 1.0, max: 4.0 };
        assert_eq!(summarize(&[4.0, 1.0, 3.0, 2.0]), Some(even));
        assert_eq!(summarize(&[]), None);
    }

    #[test]
    fn alternates_contenders_after_a_warm_up() {
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
    fn returns_an_error_with_the_output_of_a_failed_command() {
        let log = std::env::temp_dir().join(format!("xtask-measure-{}", std::process::id()));
        let result = run(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), &log);
        let error = result.err().map(|error| error.to_string()).unwrap_or_default();
        for extension in ["out", "err"] {
            fs::remove_file(log.with_extension(extension)).unwrap();
        }
        assert!(error.contains("exit status: 3") && error.contains("why"), "{error}");
    }
}
