//! Checks that apply to every page.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::tab::Tab;

/// The only external host that pages may contact, to load posters.
const POSTERS: &str = "https://image.tmdb.org/";

/// Network traffic since the last measurement.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Requested URLs.
    pub requested: Vec<String>,
    /// Bytes transferred, including response headers.
    pub transferred: u64,
    /// Bytes after decompression.
    pub decompressed: u64,
}

impl Tab {
    /// Checks every page invariant with the current browser settings, and saves a screenshot.
    pub fn check(&self, name: &str) {
        let found = self.problems(name);
        assert!(found.is_empty(), "{name} ({}):\n{}", self.look.name(), found.join("\n"));
    }

    /// Returns the faults found on the open page.
    pub fn problems(&self, name: &str) -> Vec<String> {
        let look = self.look;
        if !look.has_scripts {
            // The page's own scripts have not run. Turn scripts on, because the checks below need scripts and
            // timers.
            let on = json!({"value": false});
            self.browser.send_command("Emulation.setScriptExecutionDisabled", &on);
        }
        self.screenshot(name);
        let mut found = self.layout_faults();
        if look.is_for_axe() {
            found.extend(self.axe_violations());
        }
        found.extend(self.layout_shifts());
        found.extend(self.console_messages());
        found.extend(external_requests(&self.origin, &self.traffic()));
        look.apply(&self.browser);
        found
    }

    /// Returns console messages, including content security policy violations. Ignores missing posters.
    fn console_messages(&self) -> Vec<String> {
        let log = self.browser.log("browser");
        let message = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        let texts = log.iter().map(message).filter(|text| !text.starts_with(POSTERS));
        texts.map(|text| format!("console: {text}")).collect()
    }

    /// Waits for the console message about a page with the error status `status`, and consumes it.
    pub fn expect_error_status(&self, status: u16) {
        let expected = format!("status of {status}");
        let some = || Some(self.console_messages()).filter(|messages| !messages.is_empty());
        let messages = self.wait_for(&expected, some);
        assert!(messages.len() == 1 && messages[0].contains(&expected), "{expected}: {messages:?}");
    }

    /// Returns the traffic since the last call.
    pub fn traffic(&self) -> Traffic {
        let mut traffic = Traffic::default();
        for entry in self.browser.log("performance") {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let event = &event["message"];
            let number = |name: &str| event["params"][name].as_f64().unwrap_or(0.0) as u64;
            match event["method"].as_str().unwrap_or_default() {
                "Network.requestWillBeSent" => {
                    let url = event["params"]["request"]["url"].as_str().unwrap();
                    traffic.requested.push(url.to_owned());
                }
                "Network.loadingFinished" => traffic.transferred += number("encodedDataLength"),
                "Network.dataReceived" => traffic.decompressed += number("dataLength"),
                _ => {}
            }
        }
        traffic
    }

    /// Returns axe-core violations.
    fn axe_violations(&self) -> Vec<String> {
        if self.js("return typeof axe").as_str() != Some("object") {
            self.js(&fs::read_to_string(&self.axe).unwrap());
        }
        let found = self.js_later(RUN_AXE, vec![]);
        let found = found.as_array().unwrap_or_else(|| panic!("axe-core failed: {found}"));
        found.iter().map(|it| format!("axe-core: {}", it.as_str().unwrap_or_default())).collect()
    }

    /// Returns unexpected layout shifts.
    fn layout_shifts(&self) -> Vec<String> {
        let found = self.js_later(LAYOUT_SHIFTS, vec![]);
        found.as_array().unwrap().iter().map(|it| format!("the layout shifted: {it}")).collect()
    }

    /// Returns faults in the document structure, and elements that overflow the window.
    fn layout_faults(&self) -> Vec<String> {
        let found = self.js_with(LAYOUT_FAULTS, vec![self.look.width.into()]);
        found.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    /// Doubles the text size and returns the layout faults.
    pub fn problems_of_large_text(&self, name: &str) -> Vec<String> {
        self.js(LARGE_TEXT);
        self.screenshot(&format!("{name}-large-text"));
        let found = self.layout_faults();
        self.js("document.adoptedStyleSheets = []");
        found.into_iter().map(|it| format!("at 200 % text size: {it}")).collect()
    }

    /// Returns the times to first byte, first paint, load and interactivity, in milliseconds.
    pub fn timing(&self) -> Value {
        self.js_later(TIMING, vec![])
    }

    /// Saves a full-page screenshot to `screenshots` in the build directory.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}-{}.png", self.look.name()));
        fs::write(&file, self.png()).unwrap();
        file
    }

    fn png(&self) -> Vec<u8> {
        self.browser.wait(self.browser.client.screenshot()).unwrap()
    }
}

/// Returns external requests that the page should not make.
fn external_requests(origin: &str, traffic: &Traffic) -> Vec<String> {
    let is_known = |url: &&String| {
        let own = url.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
        own || url.starts_with(POSTERS) || url.starts_with("data:")
    };
    let external = traffic.requested.iter().filter(|url| !is_known(url));
    external.map(|url| format!("external request: {url}")).collect()
}

/// Doubles the text size. The content security policy doesn't block constructed style sheets.
const LARGE_TEXT: &str = r"
const sheet = new CSSStyleSheet();
sheet.replaceSync('html { font-size: 200% }');
document.adoptedStyleSheets = [sheet]";

/// Runs axe-core and returns each violated rule with the elements that violate it.
const RUN_AXE: &str = r"
const done = arguments[arguments.length - 1];
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then(
    result => done(result.violations.map(one => `${one.id}: ${one.help}\n` + one.nodes.slice(0, 5).map(node =>
        `    ${node.target.join(' ')}  ${node.html.slice(0, 200)}\n      ${node.failureSummary.replace(/\n\s*/g, ' ')}`
    ).join('\n'))),
    error => done(String(error)))";

/// Returns all layout shifts before the first input, and later ones not caused by input. On a phone, the first
/// layout counts as input, so no shift is ignored before the first touch.
const LAYOUT_SHIFTS: &str = r"
const done = arguments[arguments.length - 1];
const [seen, inputs] = [[], []];
const watch = (type, into) =>
    new PerformanceObserver(list => into.push(...list.getEntries())).observe({type, buffered: true});
watch('first-input', inputs);
watch('layout-shift', seen);
setTimeout(() => {
    const untouched = one => one.startTime < (inputs[0]?.startTime ?? Infinity);
    done(seen.filter(one => untouched(one) || !one.hadRecentInput).map(one => ({
        value: one.value,
        what: one.sources.map(source => source.node?.outerHTML?.slice(0, 100) ?? source.node?.textContent)
    })));
}, 0)";

const LAYOUT_FAULTS: &str = r"
const found = [];
const root = document.documentElement;
if (!document.title.trim()) found.push('no title');
if (document.querySelectorAll('h1').length !== 1) found.push(document.querySelectorAll('h1').length + ' h1 elements');
if (!root.lang) found.push('no lang attribute');
if (document.querySelectorAll('main').length !== 1) found.push('not exactly one main element');
const ids = [...document.querySelectorAll('[id]')].map(it => it.id);
for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) found.push('duplicate id: ' + id);
if (document.querySelector('[style]')) found.push('style attribute: ' + document.querySelector('[style]').outerHTML.slice(0, 120));
// Phones zoom out on wide pages and report a wider window, so the width is passed as an argument.
const limit = arguments[0];
if (root.scrollWidth > limit) {
    const scrolls = it => it && (getComputedStyle(it).overflowX !== 'visible' || scrolls(it.parentElement));
    const wide = [...document.body.querySelectorAll('*')]
        .filter(it => it.getBoundingClientRect().right > limit + 0.5 && !scrolls(it.parentElement));
    found.push(`${root.scrollWidth} pixels wide in a window of ${limit}: ` + wide.slice(-3).map(it => it.outerHTML.slice(0, 120)).join(' … '));
}
return found";

const TIMING: &str = r"
const done = arguments[arguments.length - 1];
const long = [];
new PerformanceObserver(list => long.push(...list.getEntries())).observe({type: 'longtask', buffered: true});
requestAnimationFrame(() => requestAnimationFrame(() => {
    const page = performance.getEntriesByType('navigation')[0];
    const ended = long.map(one => one.startTime + one.duration);
    done({
        first_byte: page.responseStart,
        drawn: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
        loaded: page.loadEventEnd,
        interactive: Math.max(page.domContentLoadedEventEnd, ...ended),
    });
}))";
