//! User actions in a browser tab, and queries on the open page.

use std::path::PathBuf;
use std::sync::MutexGuard;
use std::time::Instant;

use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::browser::{self, Browser};
use super::look::{DESKTOP, Look};
use crate::support::server::{PATIENCE, Server};

/// The browser tab, locked for the duration of a test.
pub struct Tab {
    pub browser: MutexGuard<'static, Browser>,
    pub axe: PathBuf,
    pub look: Look,
    pub origin: String,
}

/// Returns the browser's only tab, reset for each test. If no browser is available, prints a notice and returns
/// `None`.
pub fn tab(test: &str) -> Option<Tab> {
    let (browser, axe) = browser::lock(test)?;
    Some(Tab { browser, axe, look: DESKTOP, origin: String::new() })
}

impl Tab {
    /// Starts a fresh browser session on `server`, with no cookies or stored data, using the settings in `look`.
    pub fn begin(&mut self, server: &Server, look: Look) {
        self.begin_at(&server.address, look);
    }

    /// Starts a fresh browser session at `origin`, using the settings in `look`.
    pub fn begin_at(&mut self, origin: &str, look: Look) {
        // An open page would send further requests to its server, which may have exited.
        self.browser.wait(self.browser.client.goto("about:blank")).unwrap();
        self.browser.send_command("Network.clearBrowserCookies", &json!({}));
        self.browser.send_command("Network.clearBrowserCache", &json!({}));
        origin.clone_into(&mut self.origin);
        self.browser.log("browser");
        self.browser.log("performance");
        self.set_look(look);
    }

    /// Switches to the settings in `look` without reloading the page.
    pub fn set_look(&mut self, look: Look) {
        self.look = look;
        look.apply(&self.browser);
    }

    /// Opens `path` on the server.
    pub fn open(&self, path: &str) {
        let address = format!("{}{path}", self.origin);
        self.browser.wait(self.browser.client.goto(&address)).unwrap();
        self.wait_for("the page", || self.shown_page());
    }

    /// Identifies the open page if it is loaded and visible. The browser ignores keys before its first paint.
    fn shown_page(&self) -> Option<Value> {
        let script = "return document.readyState === 'complete'
             && performance.getEntriesByType('paint').length > 0 ? performance.timeOrigin : null";
        self.try_js(script, vec![]).filter(|origin| !origin.is_null())
    }

    /// Returns the path and query of the open page.
    pub fn path(&self) -> String {
        let url = self.browser.wait(self.browser.client.current_url()).unwrap();
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    /// Runs a script in the page and returns its result. Works even if the page's own scripts are off.
    pub fn js(&self, script: &str) -> Value {
        self.js_with(script, vec![])
    }

    pub fn js_with(&self, script: &str, arguments: Vec<Value>) -> Value {
        let result = self.browser.wait(self.browser.client.execute(script, arguments));
        result.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Like [`Self::js_with`], but returns `None` on an error, such as a navigation during the script.
    pub fn try_js(&self, script: &str, arguments: Vec<Value>) -> Option<Value> {
        self.browser.wait(self.browser.client.execute(script, arguments)).ok()
    }

    /// Runs an asynchronous script, whose last argument is `done`, and returns its result.
    pub fn js_later(&self, script: &str, arguments: Vec<Value>) -> Value {
        let result = self.browser.wait(self.browser.client.execute_async(script, arguments));
        result.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Returns the first element that matches `css`, without waiting.
    pub fn try_find(&self, css: &str) -> Option<Element> {
        let found = self.browser.wait(self.browser.client.find(Locator::Css(css)));
        match found {
            Ok(element) => Some(element),
            Err(error) if error.is_no_such_element() => None,
            Err(error) => panic!("{css}: {error}"),
        }
    }

    /// Waits for the first element that matches `css`.
    pub fn find(&self, css: &str) -> Element {
        self.wait_for(css, || self.try_find(css))
    }

    /// Returns the number of elements that match `css`.
    pub fn count(&self, css: &str) -> usize {
        let script = "return document.querySelectorAll(arguments[0]).length";
        self.js_with(script, vec![css.into()]).as_u64().unwrap() as usize
    }

    /// Returns the text of every element that matches `css`.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map(it => it.textContent.trim())";
        let result = self.js_with(script, vec![css.into()]);
        result.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    /// Waits for the first element that matches `css`, and returns its rendered text.
    pub fn text(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText.trim()";
        self.wait_for(css, || Some(self.try_js(script, vec![css.into()])?.as_str()?.to_owned()))
    }

    /// Waits until `ready` returns a value.
    pub fn wait_for<T>(&self, what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = ready() {
                return found;
            }
            if start.elapsed() > PATIENCE {
                let shot = self.screenshot("timeout");
                panic!("timed out waiting for {what} at {}; see {}", self.path(), shot.display());
            }
        }
    }

    /// Waits until `condition` returns true.
    pub fn wait_until(&self, what: &str, mut condition: impl FnMut() -> bool) {
        self.wait_for(what, || condition().then_some(()));
    }

    /// Waits until the live region, or the note at the top of the page, contains `words`.
    pub fn wait_for_note(&self, words: &str) {
        self.wait_until(words, || self.texts("#note").concat().contains(words));
    }

    /// Clicks or taps the first element that matches `css`.
    pub fn click(&self, css: &str) {
        let element = self.find(css);
        self.click_element(css, &element);
    }

    /// Clicks the link, button, summary or label named `name`.
    pub fn click_named(&self, name: &str) {
        let literal = literal(name);
        let xpath = format!(
            "//*[self::a or self::button or self::summary or self::label]\
             [normalize-space()={literal} or @aria-label={literal}]"
        );
        let element = self.wait_for(name, || {
            self.browser.wait(self.browser.client.find(Locator::XPath(&xpath))).ok()
        });
        self.click_element(name, &element);
    }

    /// Scrolls the element into an unobstructed position and clicks it.
    fn click_element(&self, name: &str, element: &Element) {
        let target = serde_json::to_value(element).unwrap();
        self.try_js("arguments[0].scrollIntoView({block: 'center'})", vec![target]);
        let done = self.browser.wait(element.click());
        done.unwrap_or_else(|error| panic!("“{name}” cannot be clicked: {error}"));
    }

    /// Performs an action that navigates, and waits for the new page to load.
    pub fn navigate(&self, action: impl FnOnce(&Self)) {
        let before = self.wait_for("the page", || self.shown_page());
        action(self);
        self.wait_for("the next page", || self.shown_page().filter(|page| *page != before));
    }

    /// Clicks an element that navigates, and waits for the new page.
    pub fn go(&self, css: &str) {
        self.navigate(|tab| tab.click(css));
    }

    /// Clicks the link or button named `name`, which navigates, and waits for the new page.
    pub fn go_named(&self, name: &str) {
        self.navigate(|tab| tab.click_named(name));
    }

    /// Replaces the value of a field.
    pub fn fill(&self, css: &str, text: &str) {
        let element = self.find(css);
        self.browser.wait(element.clear()).unwrap();
        self.browser.wait(element.send_keys(text)).unwrap();
    }

    /// Selects files in a file field.
    pub fn choose_file(&self, css: &str, path: &str) {
        let element = self.find(css);
        self.browser.wait(element.send_keys(path)).unwrap();
    }

    /// Selects an option by its value.
    pub fn choose(&self, css: &str, value: &str) {
        let element = self.find(css);
        self.browser.wait(element.select_by_value(value)).unwrap();
    }

    /// Presses `key` in the focused element.
    pub fn press(&self, key: Key) {
        self.press_with_modifiers(&[], key.into());
    }

    /// Presses `key` in the focused element while holding `modifiers`.
    pub fn press_with_modifiers(&self, modifiers: &[Key], key: char) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for modifier in modifiers {
            actions = actions.then(KeyAction::Down { value: (*modifier).into() });
        }
        actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        for modifier in modifiers.iter().rev() {
            actions = actions.then(KeyAction::Up { value: (*modifier).into() });
        }
        self.browser.wait(self.browser.client.perform_actions(actions)).unwrap();
    }

    /// Types text into the focused element.
    pub fn type_text(&self, text: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in text.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.browser.wait(self.browser.client.perform_actions(actions)).unwrap();
    }

    /// Returns the accessible name of the focused element.
    pub fn focused(&self) -> String {
        self.js(FOCUSED).as_str().unwrap().to_owned()
    }

    /// Presses Tab until the element named `name` has focus, and returns the names of the elements passed. Asserts that
    /// the focus is visible at every step.
    pub fn tab_to(&self, name: &str) -> Vec<String> {
        let mut passed = Vec::new();
        for _ in 0..400 {
            self.press(Key::Tab);
            let focused = self.focused();
            if focused == "body" {
                continue;
            }
            let problem = self.js(FOCUS_PROBLEM);
            assert!(problem.is_null(), "the focus on “{focused}” is not visible: {problem}");
            if focused == name {
                return passed;
            }
            passed.push(focused);
        }
        panic!("the Tab key does not reach “{name}”: {passed:?}");
    }
}

/// Returns the accessible name of the focused element: its label or its text.
const FOCUSED: &str = r"
const it = document.activeElement;
if (!it || it === document.body) return 'body';
const labelled = (it.getAttribute('aria-labelledby') || '').split(' ')
    .map(id => document.getElementById(id)?.textContent ?? '').join(' ').trim();
const label = it.labels?.[0]?.textContent;
return (it.getAttribute('aria-label') || labelled || label || it.textContent || it.value || it.tagName)
    .replace(/\s+/g, ' ').trim()";

/// Returns the reason the focus is not visible, or null if it is visible.
const FOCUS_PROBLEM: &str = r"
const it = document.activeElement;
let shown = it;
// Pages may draw another element in place of a hidden control, such as its label.
const styles = [it, it.labels?.[0], it.parentElement, it.nextElementSibling].filter(Boolean)
    .map(one => getComputedStyle(one));
const marked = styles.some(style =>
    (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none');
if (!marked) return 'no outline';
const box = it.getBoundingClientRect();
const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return 'outside of the window';
const above = document.elementFromPoint(x, y);
if (above && (it.contains(above) || above.contains(it) || [...(it.labels ?? [])].some(one => one.contains(above))))
    return null;
return 'covered by ' + (above ? above.outerHTML.slice(0, 120) : 'nothing')";

/// Returns `text` as an `XPath` literal.
fn literal(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(r#","'","#))
}
