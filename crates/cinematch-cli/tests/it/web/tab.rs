//! User actions in a browser tab, and queries of the open page.

use std::path::PathBuf;
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::browser::Browser;
use super::look::Look;
use crate::server::Server;

/// Maximum time to wait for a condition.
const PATIENCE: Duration = Duration::from_secs(20);

/// The browser tab, locked for the duration of a test.
pub struct Tab {
    pub browser: MutexGuard<'static, Browser>,
    pub axe: PathBuf,
    pub look: Look,
    pub origin: String,
}

impl Tab {
    pub fn new(browser: MutexGuard<'static, Browser>, axe: PathBuf) -> Self {
        Self { browser, axe, look: super::DESKTOP, origin: String::new() }
    }

    /// Starts a fresh session on a server with this look: no cookies or stored data.
    pub fn begin(&mut self, server: &Server, look: Look) {
        self.begin_at(&server.address, look);
    }

    /// Starts a fresh session at any address.
    pub fn begin_at(&mut self, origin: &str, look: Look) {
        // An open page would continue to request its server, which may be gone.
        self.browser.wait(self.browser.client.goto("about:blank")).unwrap();
        self.browser.tell("Network.clearBrowserCookies", &json!({}));
        self.browser.tell("Network.clearBrowserCache", &json!({}));
        origin.clone_into(&mut self.origin);
        self.browser.log("browser");
        self.browser.log("performance");
        self.view(look);
    }

    /// Switches to another look; the open page stays open.
    pub fn view(&mut self, look: Look) {
        self.look = look;
        look.apply(&self.browser);
    }

    /// Opens a page of the server.
    pub fn open(&self, path: &str) {
        let address = format!("{}{path}", self.origin);
        self.browser.wait(self.browser.client.goto(&address)).unwrap();
    }

    /// Returns the path and query of the open page.
    pub fn path(&self) -> String {
        let url = self.browser.wait(self.browser.client.current_url()).unwrap();
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    /// Runs a script in the page and returns its result, with page scripts off or on.
    pub fn js(&self, script: &str) -> Value {
        self.js_with(script, vec![])
    }

    pub fn js_with(&self, script: &str, given: Vec<Value>) -> Value {
        let said = self.browser.wait(self.browser.client.execute(script, given));
        said.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs a script in a page that may be about to change.
    fn try_js(&self, script: &str, given: Vec<Value>) -> Option<Value> {
        self.browser.wait(self.browser.client.execute(script, given)).ok()
    }

    /// Runs an asynchronous script, whose last argument is `done`, and returns its result.
    pub fn js_later(&self, script: &str, given: Vec<Value>) -> Value {
        let said = self.browser.wait(self.browser.client.execute_async(script, given));
        said.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Returns the first element that matches a selector, without waiting.
    pub fn try_find(&self, css: &str) -> Option<Element> {
        let found = self.browser.wait(self.browser.client.find(Locator::Css(css)));
        match found {
            Ok(element) => Some(element),
            Err(error) if error.is_no_such_element() => None,
            Err(error) => panic!("{css}: {error}"),
        }
    }

    /// Waits for the first element that matches a selector.
    pub fn find(&self, css: &str) -> Element {
        self.until(css, || self.try_find(css))
    }

    /// Number of elements that match a selector.
    pub fn count(&self, css: &str) -> usize {
        let script = "return document.querySelectorAll(arguments[0]).length";
        self.js_with(script, vec![css.into()]).as_u64().unwrap() as usize
    }

    /// Returns the text of every element that matches a selector.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map(it => it.textContent.trim())";
        let said = self.js_with(script, vec![css.into()]);
        said.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    /// Returns the rendered text of a required element.
    pub fn text(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText.trim()";
        self.until(css, || Some(self.try_js(script, vec![css.into()])?.as_str()?.to_owned()))
    }

    /// Waits until `ready` returns a value.
    pub fn until<T>(&self, what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = ready() {
                return found;
            }
            if start.elapsed() > PATIENCE {
                let shot = self.shoot("waited-in-vain");
                panic!("waited in vain for {what} at {}; see {}", self.path(), shot.display());
            }
        }
    }

    /// Waits until a condition holds.
    pub fn until_so(&self, what: &str, mut so: impl FnMut() -> bool) {
        self.until(what, || so().then_some(()));
    }

    /// Waits until the live region, or the note at the top of the page, contains this text.
    pub fn until_told(&self, words: &str) {
        self.until_so(words, || self.texts("#note").concat().contains(words));
    }

    /// Clicks or taps an element.
    pub fn click(&self, css: &str) {
        let element = self.find(css);
        self.click_element(css, &element);
    }

    /// Clicks the element with this name.
    pub fn click_named(&self, name: &str) {
        let literal = literal(name);
        let xpath = format!(
            "//*[self::a or self::button or self::summary or self::label]\
             [normalize-space()={literal} or @aria-label={literal}]"
        );
        let element = self.until(name, || {
            self.browser.wait(self.browser.client.find(Locator::XPath(&xpath))).ok()
        });
        self.click_element(name, &element);
    }

    /// Scrolls the element into an unobstructed position and clicks it.
    fn click_element(&self, name: &str, element: &Element) {
        let given = serde_json::to_value(element).unwrap();
        self.try_js("arguments[0].scrollIntoView({block: 'center'})", vec![given]);
        let done = self.browser.wait(element.click());
        done.unwrap_or_else(|error| panic!("“{name}” cannot be clicked: {error}"));
    }

    /// Performs an action that navigates, and waits for the new page.
    pub fn through(&self, lead: impl FnOnce(&Self)) {
        let page = || {
            let script =
                "return document.readyState === 'complete' ? performance.timeOrigin : null";
            self.try_js(script, vec![]).filter(|origin| !origin.is_null())
        };
        let before = self.until("the page", page);
        lead(self);
        self.until_so("the next page", || page().is_some_and(|after| after != before));
    }

    /// Clicks an element that navigates.
    pub fn go(&self, css: &str) {
        self.through(|tab| tab.click(css));
    }

    /// Clicks the element with this name, which navigates.
    pub fn go_named(&self, name: &str) {
        self.through(|tab| tab.click_named(name));
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

    /// Presses a key in the focused element.
    pub fn press(&self, key: Key) {
        self.press_with(&[], key.into());
    }

    /// Presses a key with modifiers held.
    pub fn press_with(&self, held: &[Key], key: char) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for held in held {
            actions = actions.then(KeyAction::Down { value: (*held).into() });
        }
        actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        for held in held.iter().rev() {
            actions = actions.then(KeyAction::Up { value: (*held).into() });
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

    /// Presses Tab until the element with this name has focus. Every focused element on the way has to be visible.
    pub fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..400 {
            self.press(Key::Tab);
            let focused = self.focused();
            if focused != "body" {
                let hidden = self.js(FOCUS_IS_SEEN);
                assert!(hidden.is_null(), "the focus on “{focused}” is not seen: {hidden}");
            }
            if focused == name {
                return;
            }
            passed.push(focused);
        }
        panic!("the tab key does not reach “{name}”: {passed:?}");
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

/// Returns the reason why the focus is not visible, or nothing if it is.
const FOCUS_IS_SEEN: &str = r"
const it = document.activeElement;
let shown = it;
// Elements that are drawn in place of a hidden control, such as its label.
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

/// Returns the text as an `XPath` literal.
fn literal(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(r#","'","#))
}
