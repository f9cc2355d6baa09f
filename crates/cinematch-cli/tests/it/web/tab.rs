//! What a person does in a browser's tab, and what they find there.

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

/// How long something may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// The tab, as long as a test has it.
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

    /// Begins anew at a server, with this screen and theme: no cookies, nothing kept.
    pub fn begin(&mut self, server: &Server, look: Look) {
        self.begin_at(&server.address, look);
    }

    /// The same at any address.
    pub fn begin_at(&mut self, origin: &str, look: Look) {
        // A page left open would go on asking its server, which may be gone.
        self.browser.wait(self.browser.client.goto("about:blank")).unwrap();
        self.browser.tell("Network.clearBrowserCookies", &json!({}));
        self.browser.tell("Network.clearBrowserCache", &json!({}));
        origin.clone_into(&mut self.origin);
        self.browser.log("browser");
        self.browser.log("performance");
        self.view(look);
    }

    /// Goes on with another screen or theme; what is open stays open.
    pub fn view(&mut self, look: Look) {
        self.look = look;
        look.apply(&self.browser);
    }

    /// Opens one of the server's pages.
    pub fn open(&self, path: &str) {
        let address = format!("{}{path}", self.origin);
        self.browser.wait(self.browser.client.goto(&address)).unwrap();
    }

    /// The path and query of the page that is open.
    pub fn path(&self) -> String {
        let url = self.browser.wait(self.browser.client.current_url()).unwrap();
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    /// What a script says that is run in the page, scripts off or on.
    pub fn js(&self, script: &str) -> Value {
        self.js_with(script, vec![])
    }

    pub fn js_with(&self, script: &str, given: Vec<Value>) -> Value {
        let said = self.browser.wait(self.browser.client.execute(script, given));
        said.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The same where the page may be about to change.
    fn try_js(&self, script: &str, given: Vec<Value>) -> Option<Value> {
        self.browser.wait(self.browser.client.execute(script, given)).ok()
    }

    /// What a script that waits says at last; `done` is its last argument.
    pub fn js_later(&self, script: &str, given: Vec<Value>) -> Value {
        let said = self.browser.wait(self.browser.client.execute_async(script, given));
        said.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The first element that a selector finds, now.
    pub fn try_find(&self, css: &str) -> Option<Element> {
        let found = self.browser.wait(self.browser.client.find(Locator::Css(css)));
        match found {
            Ok(element) => Some(element),
            Err(error) if error.is_no_such_element() => None,
            Err(error) => panic!("{css}: {error}"),
        }
    }

    /// The first element that a selector finds, when it is there.
    pub fn find(&self, css: &str) -> Element {
        self.until(css, || self.try_find(css))
    }

    /// How many elements a selector finds.
    pub fn count(&self, css: &str) -> usize {
        let script = "return document.querySelectorAll(arguments[0]).length";
        self.js_with(script, vec![css.into()]).as_u64().unwrap() as usize
    }

    /// The text of every element that a selector finds.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map(it => it.textContent.trim())";
        let said = self.js_with(script, vec![css.into()]);
        said.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    /// The text of one that has to be there, as it is seen.
    pub fn text(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText.trim()";
        self.until(css, || Some(self.try_js(script, vec![css.into()])?.as_str()?.to_owned()))
    }

    /// Waits until `ready` has something.
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

    /// Waits until something is so.
    pub fn until_so(&self, what: &str, mut so: impl FnMut() -> bool) {
        self.until(what, || so().then_some(()));
    }

    /// Waits until the live region, or the note at a page's top, says something with these words.
    pub fn until_told(&self, words: &str) {
        self.until_so(words, || self.texts("#note").concat().contains(words));
    }

    /// Clicks, or taps.
    pub fn click(&self, css: &str) {
        let element = self.find(css);
        self.click_element(css, &element);
    }

    /// Clicks what is called so.
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

    /// Scrolls to where nothing covers it, as a person does, and clicks.
    fn click_element(&self, name: &str, element: &Element) {
        let given = serde_json::to_value(element).unwrap();
        self.try_js("arguments[0].scrollIntoView({block: 'center'})", vec![given]);
        let done = self.browser.wait(element.click());
        done.unwrap_or_else(|error| panic!("“{name}” cannot be clicked: {error}"));
    }

    /// Does what leads to another page, and waits for it.
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

    /// Clicks what leads to another page.
    pub fn go(&self, css: &str) {
        self.through(|tab| tab.click(css));
    }

    /// Clicks what is called so and leads to another page.
    pub fn go_named(&self, name: &str) {
        self.through(|tab| tab.click_named(name));
    }

    /// Writes into a field, in place of what it holds.
    pub fn fill(&self, css: &str, text: &str) {
        let element = self.find(css);
        self.browser.wait(element.clear()).unwrap();
        self.browser.wait(element.send_keys(text)).unwrap();
    }

    /// Chooses files in a file field.
    pub fn choose_file(&self, css: &str, path: &str) {
        let element = self.find(css);
        self.browser.wait(element.send_keys(path)).unwrap();
    }

    /// Chooses an option of a select by its value.
    pub fn choose(&self, css: &str, value: &str) {
        let element = self.find(css);
        self.browser.wait(element.select_by_value(value)).unwrap();
    }

    /// Presses a key, wherever the focus is.
    pub fn press(&self, key: Key) {
        self.press_with(&[], key.into());
    }

    /// Presses a key while others are held.
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

    /// Types, wherever the focus is.
    pub fn type_text(&self, text: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in text.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.browser.wait(self.browser.client.perform_actions(actions)).unwrap();
    }

    /// What a screen reader would say the focus is on.
    pub fn focused(&self) -> String {
        self.js(FOCUSED).as_str().unwrap().to_owned()
    }

    /// Goes on with the tab key until the focus is on what is called so. Wherever it stops, it has to be seen.
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

/// The name of what has the focus: its label, or what it says.
const FOCUSED: &str = r"
const it = document.activeElement;
if (!it || it === document.body) return 'body';
const labelled = (it.getAttribute('aria-labelledby') || '').split(' ')
    .map(id => document.getElementById(id)?.textContent ?? '').join(' ').trim();
const label = it.labels?.[0]?.textContent;
return (it.getAttribute('aria-label') || labelled || label || it.textContent || it.value || it.tagName)
    .replace(/\s+/g, ' ').trim()";

/// Why the focus is not seen; nothing where it is.
const FOCUS_IS_SEEN: &str = r"
const it = document.activeElement;
let shown = it;
// What is drawn in place of a control that is hidden beneath it, as its label is.
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

/// A text as `XPath` writes it.
fn literal(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(r#","'","#))
}
