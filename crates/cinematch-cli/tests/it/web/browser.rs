//! One headless Chromium for all tests in a process, driven through chromedriver.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use axum::http::Method;
use cinematch_testing::did_not_run;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::{ParseError, Url};

/// Starts chromedriver, `$1`, and kills it and its browser when standard input closes, which also happens when
/// the tests are killed. Both run in a separate process group and write to one temporary folder.
const SUPERVISOR: &str = r#"
trap '' HUP INT PIPE
TMPDIR=$(mktemp -d)
export TMPDIR
setsid "$1" --port=0 2>/dev/null &
group=$!
read -r _
kill -KILL "-$group"
wait
until rm -rf "$TMPDIR" 2>/dev/null; do sleep 0.1; done
"#;

/// Browser arguments. They block every host except this machine, so pages are tested without internet access.
const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// The browser and the process that supervises it.
pub struct Browser {
    runtime: Runtime,
    pub client: Client,
    // The supervisor's standard input closes when the test process exits. The supervisor then kills the
    // browser.
    _supervisor: Child,
    // Must stay open, or chromedriver's writes to the pipe fail.
    _stdout: BufReader<ChildStdout>,
}

/// Locks the browser, and returns it with the path of axe-core. If no browser is available, prints a notice and
/// returns `None`.
pub fn lock(test: &str) -> Option<(MutexGuard<'static, Browser>, PathBuf)> {
    static BROWSER: LazyLock<Option<Mutex<Browser>>> =
        LazyLock::new(|| Some(Mutex::new(Browser::start(tool("CINEMATCH_TEST_CHROMEDRIVER")?))));
    let axe = tool("CINEMATCH_TEST_AXE").filter(|_| BROWSER.is_some());
    let (Some(browser), Some(axe)) = (BROWSER.as_ref(), axe) else {
        let why = "CINEMATCH_TEST_CHROMEDRIVER or CINEMATCH_TEST_AXE is not set; `cargo xtask test` sets both";
        did_not_run(test, why);
        return None;
    };
    // A failed test leaves the browser usable, so ignore a poisoned lock.
    Some((browser.lock().unwrap_or_else(PoisonError::into_inner), axe))
}

fn tool(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

impl Browser {
    fn start(driver: PathBuf) -> Self {
        let mut supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(driver)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(supervisor.stdout.take().unwrap());
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "chromedriver did not start");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end().trim_end_matches('.').to_owned();
            }
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let capabilities = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {
                "args": ARGUMENTS,
                "perfLoggingPrefs": {"enableNetwork": true, "enablePage": false},
            },
        });
        let client = runtime.block_on(async {
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.as_object().unwrap().clone())
                .connect(&format!("http://127.0.0.1:{port}"))
                .await
                .unwrap()
        });
        Self { runtime, client, _supervisor: supervisor, _stdout: stdout }
    }

    /// Blocks until `request` completes.
    pub fn wait<T>(
        &self,
        request: impl Future<Output = Result<T, CmdError>>,
    ) -> Result<T, CmdError> {
        self.runtime.block_on(request)
    }

    /// Sends a Chrome DevTools Protocol command.
    pub fn send_command(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        let request = Extension { path: "goog/cdp/execute", body };
        let reply = self.wait(self.client.issue_cmd(request));
        reply.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Returns the entries added to a log (`browser` or `performance`) since the last call.
    pub fn log(&self, kind: &str) -> Vec<Value> {
        let request = Extension { path: "se/log", body: json!({"type": kind}) };
        let entries = self.wait(self.client.issue_cmd(request)).unwrap();
        entries.as_array().unwrap().clone()
    }
}

/// A chromedriver command that is not part of `WebDriver`.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
