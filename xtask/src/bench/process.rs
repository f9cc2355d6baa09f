//! CPU time and memory of processes, read from `/proc`. Available on Linux only.

use std::collections::HashSet;
use std::fs;

/// Clock ticks per second, the unit of CPU time in `/proc`.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process, identified by ID and start time, since IDs are reused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process {
    /// Process ID.
    pub pid: u32,
    parent: u32,
    started: u64,
    cpu_ticks: u64,
}

/// Memory of one or more processes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory {
    /// Current resident set size (`VmRSS`).
    pub resident: u64,
    /// Peak resident set size (`VmHWM`).
    pub peak: u64,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        Self::parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Parses a line of `/proc/<pid>/stat`. The name in parentheses can contain any character.
    fn parse(pid: u32, stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
        let number = |at: usize| fields.get(at)?.trim().parse::<u64>().ok();
        Some(Self {
            pid,
            parent: u32::try_from(number(1)?).ok()?,
            started: number(19)?,
            cpu_ticks: number(11)? + number(12)?,
        })
    }

    /// Returns true while the process exists. A reused ID does not count.
    pub fn exists(self) -> bool {
        Self::read(self.pid).is_some_and(|now| now.started == self.started)
    }
}

/// Returns a process and its descendants.
pub fn tree(pid: u32) -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut rest: Vec<Process> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(Process::read)
        .collect();
    let mut found: Vec<Process> = rest.extract_if(.., |process| process.pid == pid).collect();
    let mut pids: HashSet<u32> = HashSet::from([pid]);
    loop {
        let children: Vec<Process> =
            rest.extract_if(.., |process| pids.contains(&process.parent)).collect();
        if children.is_empty() {
            return found;
        }
        pids.extend(children.iter().map(|process| process.pid));
        found.extend(children);
    }
}

/// Returns the CPU time of a process and its descendants, in seconds.
pub fn cpu_seconds(pid: u32) -> f64 {
    tree(pid).iter().map(|process| process.cpu_ticks).sum::<u64>() as f64 / TICKS_PER_SECOND
}

/// Returns the memory of a process, excluding its descendants.
pub fn memory(pid: u32) -> Option<Memory> {
    parse_memory(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// Returns the total memory of a process and its descendants. Shared pages are counted once per
/// process.
pub fn tree_memory(pid: u32) -> Option<Memory> {
    tree(pid).iter().filter_map(|process| memory(process.pid)).reduce(|sum, one| Memory {
        resident: sum.resident + one.resident,
        peak: sum.peak + one.peak,
    })
}

fn parse_memory(status: &str) -> Option<Memory> {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    };
    Some(Memory { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_stat_of_a_name_with_spaces_and_parentheses() {
        let stat = "7 (a) b (c) S 3 7 7 0 -1 4194304 1 0 0 0 120 30 0 0 20 0 1 0 99 1 1";
        let process = Process { pid: 7, parent: 3, started: 99, cpu_ticks: 150 };
        assert_eq!(Process::parse(7, stat), Some(process));
        assert_eq!(Process::parse(7, "7 (cut"), None);
    }

    #[test]
    fn parses_memory_in_bytes_and_returns_none_for_a_zombie() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(parse_memory(status), Some(Memory { resident: 1 << 20, peak: 2 << 20 }));
        assert_eq!(parse_memory("Name:\tx\nState:\tZ (zombie)\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn tree_starts_with_its_root_process() {
        let tree = tree(std::process::id());
        assert_eq!(tree[0].pid, std::process::id());
        assert!(tree[0].exists());
        assert!(memory(tree[0].pid).is_some_and(|memory| memory.peak >= memory.resident));
    }
}
