//! Memory use of a running process.

use std::process::Child;
use std::time::Duration;

/// Waits until `child` exits, and returns its peak resident memory in MiB, sampled every `interval`.
pub fn peak_memory(child: &mut Child, interval: Duration) -> u64 {
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0));
        if child.try_wait().unwrap().is_some() {
            return peak >> 10;
        }
        std::thread::sleep(interval);
    }
}
