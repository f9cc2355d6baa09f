//! Starts a separate Redis server for each test, so that the test can stall, kill and restart it. `cargo xtask test`
//! locates the Redis executable.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cinematch_testing::did_not_run;

use crate::support::server::wait_until;

/// Starts the server `$1` on the socket `$2`, prints its process ID, and kills it when standard input closes, which
/// also happens when the test is killed.
const SUPERVISOR: &str = r#"
"$1" --port 0 --unixsocket "$2" --save "" --appendonly no --daemonize no >/dev/null 2>&1 &
echo $!
read -r _
kill -KILL $!
"#;

/// A running Redis server, killed on drop.
pub struct Redis {
    program: PathBuf,
    folder: tempfile::TempDir,
    supervisor: Child,
    pid: String,
}

impl Redis {
    /// Starts an empty server. If Redis is unavailable, prints a notice and returns `None`.
    pub fn start(test: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("CINEMATCH_TEST_REDIS").map(PathBuf::from) else {
            let why = "CINEMATCH_TEST_REDIS is not set; `cargo xtask test` sets it";
            did_not_run(test, why);
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let (supervisor, pid) = supervise(&program, &folder.path().join("redis.sock"));
        let redis = Self { program, folder, supervisor, pid };
        redis.wait_until_ready();
        Some(redis)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Returns the value for `--redis-url`.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn wait_until_ready(&self) {
        wait_until("Redis", || self.try_call(&["PING"]).as_deref() == Some("PONG"));
    }

    fn try_call(&self, words: &[&str]) -> Option<String> {
        let client = self.program.with_file_name("redis-cli");
        let output =
            Command::new(client).arg("-s").arg(self.socket()).args(words).output().unwrap();
        let reply = output.status.success().then_some(output.stdout)?;
        Some(String::from_utf8(reply).unwrap().trim_end().to_owned())
    }

    /// Sends a command and returns its reply.
    pub fn call(&self, words: &[&str]) -> String {
        self.try_call(words).unwrap_or_else(|| panic!("no reply from Redis to {words:?}"))
    }

    /// Returns the number of cache hits since the server started.
    pub fn hits(&self) -> u64 {
        let info = self.call(&["INFO", "stats"]);
        let hits = info.lines().find_map(|line| line.strip_prefix("keyspace_hits:"));
        hits.unwrap().trim().parse().unwrap()
    }

    /// Returns the number of replies stored since the server started.
    pub fn writes(&self) -> u64 {
        let info = self.call(&["INFO", "commandstats"]);
        let calls = info.lines().find_map(|line| line.strip_prefix("cmdstat_set:calls="));
        calls.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
    }

    /// Suspends the server: connections stay open, but commands get no reply.
    pub fn stall(&self) {
        signal("-STOP", &self.pid);
    }

    /// Resumes a stalled server.
    pub fn resume(&self) {
        signal("-CONT", &self.pid);
    }

    /// Kills the server and waits for it to exit.
    pub fn kill(&mut self) {
        drop(self.supervisor.stdin.take());
        self.supervisor.wait().unwrap();
        let _ = std::fs::remove_file(self.socket());
    }

    /// Starts an empty server on the same socket.
    pub fn restart(&mut self) {
        (self.supervisor, self.pid) = supervise(&self.program, &self.socket());
        self.wait_until_ready();
    }
}

fn supervise(program: &Path, socket: &Path) -> (Child, String) {
    let mut supervisor = Command::new("sh")
        .args(["-c", SUPERVISOR, "supervisor"])
        .arg(program)
        .arg(socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pid = String::new();
    BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut pid).unwrap();
    (supervisor, pid.trim().to_owned())
}

fn signal(name: &str, pid: &str) {
    assert!(Command::new("kill").args([name, pid]).status().unwrap().success());
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}
