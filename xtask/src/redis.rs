//! Redis: finds the program for tests, which start, stall and kill servers themselves, and runs a server for
//! benchmarks.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::process;
use crate::debian;

const PROGRAM: &str = "redis-server";

/// Finds the program, or installs it if permitted.
pub fn program() -> Result<PathBuf> {
    if let Some(found) = debian::find_on_path(PROGRAM) {
        return Ok(found);
    }
    debian::install(PROGRAM)?;
    if let Some(found) = debian::find_on_path(PROGRAM) {
        return Ok(found);
    }
    bail!(
        "{PROGRAM} is not on PATH. On Debian and Ubuntu: `sudo apt-get install -y \
         --no-install-recommends redis-server`; with Homebrew: `brew install redis`"
    )
}

/// A local server without persistence, stopped on drop.
pub struct Redis {
    client: PathBuf,
    child: Child,
    port: u16,
}

impl Redis {
    /// Starts a server and waits until it responds.
    pub fn start() -> Result<Self> {
        const START_TIMEOUT: Duration = Duration::from_secs(10);
        let program = program()?;
        let port = TcpListener::bind("127.0.0.1:0")
            .context("cannot find a free port")?
            .local_addr()?
            .port();
        let child = Command::new(&program)
            .args(["--bind", "127.0.0.1", "--save", "", "--maxmemory", "256mb"])
            .args(["--maxmemory-policy", "allkeys-lru", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let redis = Self { client: program.with_file_name("redis-cli"), child, port };
        let started = Instant::now();
        while redis.run_command("PING").is_err() {
            if started.elapsed() > START_TIMEOUT {
                bail!("redis-server does not respond on port {port}");
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(redis)
    }

    /// Returns the URL for `--redis-url`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Deletes all keys.
    pub fn flush(&self) -> Result<()> {
        self.run_command("FLUSHALL")
    }

    /// Returns the CPU time of the server, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.child.id())
    }

    fn run_command(&self, command: &str) -> Result<()> {
        let port = self.port.to_string();
        let output = Command::new(&self.client).args(["-p", &port, command]).output();
        if output.context("cannot run redis-cli")?.status.success() {
            return Ok(());
        }
        bail!("the Redis command {command} failed")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
