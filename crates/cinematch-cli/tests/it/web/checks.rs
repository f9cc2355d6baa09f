//! Checks that apply to every page.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::tab::Tab;

/// The only external host that pages may request, for posters.
const POSTERS: &str = "https://image.tmdb.org/";

/// Network traffic since the last measurement.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Requested URLs.
    pub asked: Vec<String>,
    /// Bytes transferred, including response headers.
    pub transferred: u64,
    /// Bytes after decompression.
    pub unpacked: u64,
}

impl Tab {
    /// Checks every page invariant at the current look, and saves a screenshot.
    pub fn check(&self, name: &str) {
        let found = self.problems(name);
        assert!(found.is_empty(), "{name} ({}):\n{}", self.look.name(), found.join("\n"));
    }

    /// Returns the faults of the open page.
    pub fn problems(&self, name: &str) -> Vec<String> {
        let looks = self.look;
        if !looks.has_scripts {
            // With scripts off, the page's own scripts did not run; timers are allowed from here on.
            let on = json!({"value": false});
            self.browser.tell("Emulation.setScriptExecutionDisabled", &on);
        }
        self.shoot(name);
        let mut found = self.shape();
        if looks.is_for_axe() {
            found.extend(self.violations());
        }
        found.extend(self.shifts());
        found.extend(self.complaints());
        found.extend(external_requests(&self.origin, &self.traffic()));
        looks.apply(&self.browser);
        found
    }

    /// Returns console messages, including policy violations. Missing posters are ignored.
    fn complaints(&self) -> Vec<String> {
        let log = self.browser.log("browser");
        let message = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        let written = log.iter().map(message).filter(|text| !text.starts_with(POSTERS));
        written.map(|text| format!("the console says: {text}")).collect()
    }

    /// Consumes the console message for an open page that was refused with this status.
    pub fn expect_refusal(&self, status: u16) {
        let wanted = format!("status of {status}");
        let said = self.until(&wanted, || Some(self.complaints()).filter(|said| !said.is_empty()));
        assert!(said.len() == 1 && said[0].contains(&wanted), "{wanted}: {said:?}");
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
                    traffic.asked.push(url.to_owned());
                }
                "Network.loadingFinished" => traffic.transferred += number("encodedDataLength"),
                "Network.dataReceived" => traffic.unpacked += number("dataLength"),
                _ => {}
            }
        }
        traffic
    }

    /// Returns axe-core violations.
    fn violations(&self) -> Vec<String> {
        if self.js("return typeof axe").as_str() != Some("object") {
            self.js(&fs::read_to_string(&self.axe).unwrap());
        }
        let said = self.js_later(RUN_AXE, vec![]);
        let said = said.as_array().unwrap_or_else(|| panic!("axe-core does not run: {said}"));
        said.iter().map(|it| format!("axe-core: {}", it.as_str().unwrap_or_default())).collect()
    }

    /// Returns unexpected layout shifts.
    fn shifts(&self) -> Vec<String> {
        let said = self.js_later(SHIFTS, vec![]);
        said.as_array().unwrap().iter().map(|it| format!("the layout shifted: {it}")).collect()
    }

    /// Returns layout faults: headings, names, and elements that overflow the window.
    fn shape(&self) -> Vec<String> {
        let said = self.js_with(SHAPE, vec![self.look.width.into()]);
        said.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    /// Returns faults at twice the text size.
    pub fn problems_of_large_text(&self, name: &str) -> Vec<String> {
        self.js(LARGE_TEXT);
        self.shoot(&format!("{name}-large-text"));
        let found = self.shape();
        self.js("document.adoptedStyleSheets = []");
        found.into_iter().map(|it| format!("with text of 200 %, {it}")).collect()
    }

    /// Milliseconds to first paint and to interactivity, and total blocking time after that.
    pub fn timing(&self) -> Value {
        self.js_later(TIMING, vec![])
    }

    /// Saves a full-page screenshot to `screenshots` in the build directory.
    pub fn shoot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}-{}.png", self.look.name()));
        fs::write(&file, self.picture()).unwrap();
        file
    }

    fn picture(&self) -> Vec<u8> {
        self.browser.wait(self.browser.client.screenshot()).unwrap()
    }
}

/// Returns external requests that the page should not make.
fn external_requests(origin: &str, traffic: &Traffic) -> Vec<String> {
    let is_known = |url: &&String| {
        let own = url.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
        own || url.starts_with(POSTERS) || url.starts_with("data:")
    };
    let external = traffic.asked.iter().filter(|url| !is_known(url));
    external.map(|url| format!("asked elsewhere: {url}")).collect()
}

/// A user style sheet, which the policy does not block.
const LARGE_TEXT: &str = r"
const sheet = new CSSStyleSheet();
sheet.replaceSync('html { font-size: 200% }');
document.adoptedStyleSheets = [sheet]";

/// Returns each violated rule with the elements that violate it.
const RUN_AXE: &str = r"
const done = arguments[arguments.length - 1];
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then(
    result => done(result.violations.map(one => `${one.id}: ${one.help}\n` + one.nodes.slice(0, 5).map(node =>
        `    ${node.target.join(' ')}  ${node.html.slice(0, 200)}\n      ${node.failureSummary.replace(/\n\s*/g, ' ')}`
    ).join('\n'))),
    error => done(String(error)))";

/// Returns layout shifts before any input, and later ones not caused by input. A phone's first layout counts
/// as input, so before the first touch no shift is ignored.
const SHIFTS: &str = r"
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

const SHAPE: &str = r"
const found = [];
const root = document.documentElement;
if (!document.title.trim()) found.push('no title');
if (document.querySelectorAll('h1').length !== 1) found.push(document.querySelectorAll('h1').length + ' headings of the first level');
if (!root.lang) found.push('no language');
if (document.querySelectorAll('main').length !== 1) found.push('not one main part');
const ids = [...document.querySelectorAll('[id]')].map(it => it.id);
for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) found.push('two elements have the id ' + id);
if (document.querySelector('[style]')) found.push('a style in an attribute: ' + document.querySelector('[style]').outerHTML.slice(0, 120));
// A phone zooms out of what is too wide, and says it had more room.
const room = arguments[0];
if (root.scrollWidth > room) {
    const scrolls = it => it && (getComputedStyle(it).overflowX !== 'visible' || scrolls(it.parentElement));
    const wide = [...document.body.querySelectorAll('*')]
        .filter(it => it.getBoundingClientRect().right > room + 0.5 && !scrolls(it.parentElement));
    found.push(`${root.scrollWidth} pixels wide in a window of ${room}: ` + wide.slice(-3).map(it => it.outerHTML.slice(0, 120)).join(' … '));
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
