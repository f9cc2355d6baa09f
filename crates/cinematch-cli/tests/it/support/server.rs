//! A running server, and requests to it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cinematch_testing::Reply;
use serde_json::Value;

use crate::support::folder::Folder;

/// Time after which a test counts as hung. No test ends by it unless the product is broken, so it may be long: a test
/// must also pass on a machine that is ten times slower.
pub const PATIENCE: Duration = Duration::from_mins(10);
/// Pause between two checks of a condition, so that waiting does not take a core from what the test waits for.
const PAUSE: Duration = Duration::from_millis(10);

/// A `cinematch serve` process on a free port that logs to `server.log`; killed on drop.
pub struct Server {
    child: Child,
    pub address: String,
    agent: ureq::Agent,
}

impl Server {
    pub fn start(folder: &Folder) -> Self {
        Self::start_with(folder, &[])
    }

    pub fn start_with(folder: &Folder, flags: &[&str]) -> Self {
        Self::start_in(folder, flags, &[])
    }

    /// Starts a server with additional environment variables.
    pub fn start_in(folder: &Folder, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let arguments = [&["serve", "--port", "0", "--json"], flags].concat();
        let mut command = folder.command(&arguments);
        command.envs(variables.iter().copied());
        Self::spawn(folder, command)
    }

    /// Starts a server that ignores SIGXFSZ, so that writes beyond a `prlimit` on file size fail as they would on a
    /// full disk.
    pub fn start_ignoring_sigxfsz(folder: &Folder) -> Self {
        let plain = folder.command(&[]);
        let mut shell = folder.command(&[]);
        let script = "trap '' XFSZ; exec \"$0\" serve --port 0 --json";
        let mut command = std::process::Command::new("sh");
        command.args(["-c", script]).arg(plain.get_program());
        command.current_dir(folder.path(""));
        for (name, value) in shell.env("CINEMATCH_LOG", "warn").get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Self::spawn(folder, command)
    }

    fn spawn(folder: &Folder, mut command: std::process::Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.path("server.log")).unwrap())
            .spawn()
            .unwrap();
        let mut report = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while !report.ends_with("}\n") {
            assert!(lines.read_line(&mut report).unwrap() > 0, "the server exited: {report}");
        }
        let report: Value = serde_json::from_str(&report).unwrap();
        let address = report["listening"].as_str().unwrap().replace("localhost", "127.0.0.1");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build();
        Self { child, address, agent: config.into() }
    }

    fn reply(mut response: ureq::http::Response<ureq::Body>) -> Reply {
        let text = response.body_mut().read_to_string().unwrap();
        Reply::new(&response, text)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub fn get(&self, path: &str) -> Reply {
        Self::reply(self.agent.get(self.url(path)).call().unwrap())
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_raw(path, "application/json", &body.to_string())
    }

    pub fn post_raw(&self, path: &str, content_type: &str, body: &str) -> Reply {
        let request = self.agent.post(self.url(path)).header("content-type", content_type);
        Self::reply(request.send(body).unwrap())
    }

    /// Sends a request with the given method, URL, headers and optional body.
    pub fn send(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Reply {
        Self::reply(self.try_send((method, path), headers, body).unwrap())
    }

    /// Sends a request without following redirects.
    pub fn send_without_redirects(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent: ureq::Agent = config.build().into();
        let mut request = ureq::http::Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Self::reply(match method {
            "GET" => agent.run(request.body(()).unwrap()).unwrap(),
            _ => agent.run(request.body(body).unwrap()).unwrap(),
        })
    }

    fn try_send(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match (method, body) {
            ("GET" | "DELETE", None) => self.agent.run(request.body(()).unwrap()),
            (_, body) => self.agent.run(request.body(body.unwrap_or_default()).unwrap()),
        }
    }

    /// Sends a request on behalf of `user`, with an optional JSON body.
    pub fn as_user(&self, user: &str, call: (&str, &str), body: Option<&Value>) -> Reply {
        let headers = [("x-user-id", user), ("content-type", "application/json")];
        let text = body.map(Value::to_string);
        self.send(call, &headers, text.as_deref().map(str::as_bytes))
    }

    /// Sends a request on behalf of `user` and returns the status, or `None` if no reply arrives.
    pub fn try_as_user(&self, user: &str, call: (&str, &str), body: Option<&Value>) -> Option<u16> {
        let headers = [("x-user-id", user), ("content-type", "application/json")];
        let text = body.map(Value::to_string);
        let reply = self.try_send(call, &headers, text.as_deref().map(str::as_bytes));
        reply.ok().map(|response| response.status().as_u16())
    }

    pub fn recommend(&self, body: &Value) -> Value {
        let reply = self.post("/api/recommendations", body);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    /// Returns the process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process if it is still running, and waits for it to exit.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM, waits for the server to exit, and returns whether it exited successfully.
    pub fn terminate(&mut self) -> bool {
        self.send_sigterm();
        self.exits_successfully()
    }

    /// Sends SIGTERM.
    pub fn send_sigterm(&self) {
        let pid = self.child.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    }

    /// Waits for the server to exit, and returns whether it exited successfully.
    pub fn exits_successfully(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `done` returns true.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "timed out waiting for {what}");
        std::thread::sleep(PAUSE);
    }
}
