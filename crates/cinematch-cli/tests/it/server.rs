//! A running server and requests to it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::folder::Folder;

/// `cinematch serve` on a free port, its log in `server.log`; killed when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    agent: ureq::Agent,
}

/// A reply: status, headers that matter, body.
pub struct Reply {
    pub status: u16,
    pub content_type: String,
    pub request_id: String,
    pub text: String,
    pub headers: ureq::http::HeaderMap,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The problem document of a refused request.
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.content_type, "application/problem+json");
        let document = self.json();
        assert_eq!(document["status"], status);
        assert_eq!(document["request_id"], self.request_id.as_str());
        assert!(document["detail"].as_str().unwrap().contains(' '), "{document}");
        document
    }
}

impl Server {
    pub fn start(folder: &Folder) -> Self {
        Self::start_with(folder, &[])
    }

    pub fn start_with(folder: &Folder, more: &[&str]) -> Self {
        Self::start_in(folder, more, &[])
    }

    /// The same with more in its environment.
    pub fn start_in(folder: &Folder, more: &[&str], variables: &[(&str, &str)]) -> Self {
        let arguments = [&["serve", "--port", "0", "--json"], more].concat();
        let mut command = folder.command(&arguments);
        command.envs(variables.iter().copied());
        Self::of(folder, command)
    }

    /// One that is told when a file cannot grow, instead of being killed: `prlimit` then makes the disk full.
    pub fn start_on_a_disk_that_may_fill(folder: &Folder) -> Self {
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
        Self::of(folder, command)
    }

    fn of(folder: &Folder, mut command: std::process::Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.path("server.log")).unwrap())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while !said.ends_with("}\n") {
            assert!(lines.read_line(&mut said).unwrap() > 0, "the server ended: {said}");
        }
        let said: Value = serde_json::from_str(&said).unwrap();
        let address = said["listening"].as_str().unwrap().replace("localhost", "127.0.0.1");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self { child, address, agent: config.into() }
    }

    fn reply(mut response: ureq::http::Response<ureq::Body>) -> Reply {
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        Reply {
            status: response.status().as_u16(),
            content_type: header("content-type"),
            request_id: header("x-request-id"),
            headers: response.headers().clone(),
            text: response.body_mut().read_to_string().unwrap(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub fn get(&self, path: &str) -> Reply {
        Self::reply(self.agent.get(self.url(path)).call().unwrap())
    }

    pub fn get_as(&self, path: &str, accept: &str) -> Reply {
        Self::reply(self.agent.get(self.url(path)).header("accept", accept).call().unwrap())
    }

    pub fn delete(&self, path: &str) -> Reply {
        Self::reply(self.agent.delete(self.url(path)).call().unwrap())
    }

    pub fn put(&self, path: &str) -> Reply {
        Self::reply(self.agent.put(self.url(path)).send_empty().unwrap())
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_raw(path, "application/json", &body.to_string())
    }

    pub fn post_raw(&self, path: &str, kind: &str, body: &str) -> Reply {
        let request = self.agent.post(self.url(path)).header("content-type", kind);
        Self::reply(request.send(body).unwrap())
    }

    /// Any request: its method, its address, headers, and a body if it has one.
    pub fn send(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Reply {
        Self::reply(self.try_send((method, path), headers, body).unwrap())
    }

    /// The same, and what it leads to is not followed.
    pub fn send_here(
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

    /// A request of somebody, with or without JSON.
    pub fn as_user(&self, user: &str, call: (&str, &str), body: Option<&Value>) -> Reply {
        let headers = [("x-user-id", user), ("content-type", "application/json")];
        let text = body.map(Value::to_string);
        self.send(call, &headers, text.as_deref().map(str::as_bytes))
    }

    /// The status of such a request, which may find the server gone.
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

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process, if it is still there, and waits for its end.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM and waits for the end; whether it ended well.
    pub fn terminate(&mut self) -> bool {
        self.tell_to_stop();
        self.ended_well()
    }

    /// Sends SIGTERM.
    pub fn tell_to_stop(&self) {
        let pid = self.child.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    }

    /// Waits for the end; whether it ended well.
    pub fn ended_well(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    /// The origin whose pages may read the reply to a page of `origin`.
    pub fn allowed_origin(&self, path: &str, origin: &str) -> String {
        let response = self.agent.get(self.url(path)).header("origin", origin).call().unwrap();
        let allowed = response.headers().get("access-control-allow-origin");
        allowed.map(|origin| origin.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `done`, for at most half a minute.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        std::thread::yield_now();
    }
}
