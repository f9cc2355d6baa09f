//! Starts a server under test on a free port, waits until it is ready, and stops it on drop.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::http::{self, Connection};
use super::load::Target;
use super::measure;
use super::process::{self, Memory};

/// Route that the load generator requests.
const ROUTE: &str = "/api/recommendations";
const READY_TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// A running server. Dropping it stops the server and its workers.
pub struct Server {
    /// Name in messages.
    pub name: String,
    /// Address of the server, and the requests to send to it.
    pub target: Target,
    /// Seconds from just before the process starts to the first successful reply.
    pub ready_after: f64,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts the server that `command` returns for a port, and waits for the first successful reply.
    pub fn start(
        name: &str,
        log: &Path,
        bodies: &[String],
        command: impl FnOnce(u16) -> Command,
    ) -> Result<Self> {
        let port = free_port()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let requests = bodies.iter().map(|body| http::post(ROUTE, address, body)).collect();
        let mut command = command(port);
        measure::redirect(&mut command, log)?;
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let target = Target { address, requests };
        let mut server =
            Self { name: name.to_owned(), target, ready_after: 0.0, child, log: log.to_owned() };
        server.wait_until_ready(started)?;
        server.ready_after = started.elapsed().as_secs_f64();
        Ok(server)
    }

    fn wait_until_ready(&mut self, started: Instant) -> Result<()> {
        let name = &self.name;
        let Target { address, requests } = &self.target;
        loop {
            let attempt = Connection::open(*address)
                .and_then(|mut connection| Ok(connection.exchange(&requests[0])?.status));
            if matches!(attempt, Ok(200)) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{name} exited ({status})\n{}", measure::tail(&self.log));
            }
            if started.elapsed() > READY_TIMEOUT {
                bail!(
                    "{name} was not ready within {READY_TIMEOUT:?}; last attempt: {attempt:?}\n{}",
                    measure::tail(&self.log)
                );
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Returns the CPU time of the server and its workers, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.child.id())
    }

    /// Returns the memory of the server and its workers.
    pub fn memory(&self) -> Option<Memory> {
        process::tree_memory(self.child.id())
    }

    /// Returns an error message with the last lines of the logs.
    pub fn failure(&self) -> String {
        format!(
            "{} failed under load; the last lines of its logs:\n{}",
            self.name,
            measure::tail(&self.log)
        )
    }
}

impl Drop for Server {
    /// Sends SIGTERM, and SIGKILL to processes that remain after [`STOP_TIMEOUT`].
    fn drop(&mut self) {
        let all = process::tree(self.child.id());
        if let Ok(None) = self.child.try_wait() {
            signal("TERM", &[self.child.id()]);
        }
        let signaled = Instant::now();
        while signaled.elapsed() < STOP_TIMEOUT && !matches!(self.child.try_wait(), Ok(Some(_))) {
            thread::sleep(POLL_INTERVAL);
        }
        // Workers that outlive their supervisor would use CPU time during the next measurement.
        let survivors: Vec<u32> =
            all.iter().filter(|process| process.exists()).map(|process| process.pid).collect();
        if !survivors.is_empty() {
            signal("KILL", &survivors);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal with the shell's `kill`, since the standard library supports only SIGKILL.
fn signal(name: &str, pids: &[u32]) {
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    let _ = Command::new("sh")
        .args(["-c", &format!("kill -{name} {}", pids.join(" "))])
        .stderr(Stdio::null())
        .status();
}

/// Finds a free port below the ephemeral range. A client that polls an ephemeral port before the
/// server listens can connect to itself.
fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let end = range.split_whitespace().next().and_then(|low| low.parse().ok()).unwrap_or(32_768);
    let first = end - end / 4;
    for _ in first..end {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % (end - first);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port from {first} to {end} is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_different_free_ports() {
        let (one, two) = (free_port().unwrap(), free_port().unwrap());
        assert_ne!(one, two);
        TcpListener::bind((Ipv4Addr::LOCALHOST, one)).unwrap();
    }

    #[test]
    fn returns_an_error_with_the_output_of_a_server_that_exits() {
        let log = std::env::temp_dir().join(format!("xtask-server-{}", std::process::id()));
        let started = Server::start("it", &log, &["{}".to_owned()], |_| {
            let mut command = Command::new("sh");
            command.args(["-c", "echo no data >&2; exit 4"]);
            command
        });
        let error = started.err().map(|error| error.to_string()).unwrap_or_default();
        for extension in ["out", "err"] {
            fs::remove_file(log.with_extension(extension)).unwrap();
        }
        assert!(error.contains("it exited (exit status: 4)"), "{error}");
        assert!(error.contains("no data"), "{error}");
    }
}
