//! Tests the checks themselves, on pages with known faults.

use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use fantoccini::key::Key;

use super::{DESKTOP, NARROW, PHONE, tab};

const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'";

/// A page without faults.
const GOOD: &str = r#"<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Good</title><main><h1>A page</h1><p>Some words.</p></main></html>"#;

/// A page with every fault.
const BAD: &str = r#"<!doctype html><html><meta name="viewport" content="width=device-width">
<h1>One</h1><h1>Another</h1><img src="/none.png"><img src="https://example.org/picture.png">
<p style="color: #777">An attribute that the policy forbids.</p><pre>A_line_that_is_far_too_long_for_a_phone__________________________________________</pre>
<p id="late"></p><p>Below it.</p><script>document.title = 'hacked'</script><script src="/move.js"></script></html>"#;

/// A script that adds content late, which shifts the layout.
const MOVE: &str = "document.documentElement.dataset.ran = 'yes';
setTimeout(() => {
    document.getElementById('late').textContent = 'Too late.';
    console.error('moved');
}, 300);";

/// A page with a form and a link, for tests of user input.
const FORM: &str = r#"<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Form</title><style>button:focus { outline: none }</style>
<main><h1>A form</h1><form action="/form"><label>Name <input name="name" value="old"></label>
<label for="genre">Genre</label><select id="genre" name="genre"><option value="any">any</option><option value="crime">crime</option></select>
<input type="file" name="file" aria-label="File"><button>It's done</button></form><p id="note" role="status"></p>
<a href="/good" style="outline: none">Away</a></main></html>"#;

/// Serves the pages above until the process exits. Returns the server's address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let with_policy = |page: &'static str| async move {
        ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page))
    };
    let script = ([(header::CONTENT_TYPE, "text/javascript")], MOVE);
    let router = Router::new()
        .route("/good", get(move || with_policy(GOOD)))
        .route("/bad", get(move || with_policy(BAD)))
        .route("/form", get(|| async { Html(FORM) }))
        .route("/move.js", get(move || async move { script }))
        .route("/favicon.ico", get(|| async { "" }));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    address
}

#[test]
fn checks_detect_every_fault_of_a_page() {
    let Some(mut tab) = tab("checks_detect_every_fault_of_a_page") else { return };
    let address = serve();
    tab.begin_at(&address, PHONE);
    tab.open("/good");
    tab.check("proof-good");
    assert!(tab.screenshot("proof-good").is_file());

    tab.open("/bad");
    tab.wait_until("the late text", || tab.text("#late") == "Too late.");
    let found = tab.problems("proof-bad").join("\n");
    for expected in [
        "no title",
        "2 h1 elements",
        "no lang attribute",
        "not exactly one main element",
        "style attribute",
        "pixels wide in a window of 360",
        "axe-core: image-alt",
        "axe-core: html-has-lang",
        "the layout shifted",
        "console: ",
        "moved",
        "Executing inline script violates",
        "Applying inline style violates",
        "external request: https://example.org/picture.png",
    ] {
        assert!(found.contains(expected), "{expected} is not among\n{found}");
    }
    assert!(!found.contains("hacked"));
}

#[test]
fn browser_applies_screen_size_and_theme() {
    let Some(mut tab) = tab("browser_applies_screen_size_and_theme") else { return };
    let address = serve();
    let script = "return [document.documentElement.clientWidth, matchMedia('(prefers-color-scheme: dark)').matches, \
                matchMedia('(pointer: coarse)').matches]";
    for (look, expected) in [
        (DESKTOP, "[1280,false,false]"),
        (PHONE.dark(), "[360,true,true]"),
        (NARROW.without_scripts(), "[320,false,true]"),
    ] {
        tab.begin_at(&address, look);
        tab.open("/bad");
        assert_eq!(tab.js(script).to_string(), expected, "{look:?}");
        let ran = tab.count("html[data-ran]") == 1;
        assert_eq!(ran, look.has_scripts, "{look:?}");
    }
}

#[test]
fn user_input_reaches_the_page() {
    let Some(mut tab) = tab("user_input_reaches_the_page") else { return };
    let address = serve();
    tab.begin_at(&address, DESKTOP);
    tab.open("/form");
    tab.fill("[name=name]", "Zoë");
    tab.choose("#genre", "crime");
    tab.choose_file("[name=file]", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    tab.go_named("It's done");
    assert_eq!(tab.path(), "/form?name=Zo%C3%AB&genre=crime&file=Cargo.toml");

    // Repeat with only the keyboard.
    tab.tab_to("Name");
    tab.press_with_modifiers(&[Key::Control], 'a');
    tab.type_text("Ada");
    tab.tab_to("Genre");
    tab.type_text("cr");
    tab.press_with_modifiers(&[Key::Shift], Key::Tab.into());
    assert_eq!(tab.focused(), "Name");
    tab.navigate(|tab| tab.press(Key::Enter));
    assert_eq!(tab.path(), "/form?name=Ada&genre=crime&file=");
    let panic = catch_unwind(AssertUnwindSafe(|| tab.tab_to("It's done"))).unwrap_err();
    let message = panic.downcast::<String>().unwrap();
    assert!(message.contains("“It's done” is not visible: \"no outline\""), "{message}");

    tab.js("setTimeout(() => { document.getElementById('note').textContent = 'Saved.' }, 50)");
    tab.wait_for_note("Saved");
}
