//! Sign-in and the operator's pages.

use serde_json::Value;

use super::fixtures::folder;
use super::tab::Tab;
use super::{DESKTOP, NARROW, PHONE, tab};
use crate::support::folder::Folder;
use crate::support::server::Server;

const PASSWORD: &str = "correct horse ";

fn serve_with_accounts(folder: &Folder) -> Server {
    let input = format!("{PASSWORD}\n");
    folder.ok_with_input(&["user", "add", "ada@example.org", "--name", "Ada"], &input);
    Server::start_with(folder, &["--access", "accounts", "--rate-limit", "0", "--no-jobs"])
}

fn sign_in(tab: &Tab, password: &str) {
    tab.fill("#email", "ada@example.org");
    tab.fill("#password", password);
    tab.go_named("Sign in");
}

#[test]
fn sign_in_and_out_work_with_and_without_scripts() {
    let Some(mut tab) = tab("sign_in_and_out_work_with_and_without_scripts") else { return };
    let folder = folder();
    let server = serve_with_accounts(&folder);
    for look in [DESKTOP.without_scripts(), PHONE.dark()] {
        tab.begin(&server, look);
        tab.open("/");
        assert_eq!(tab.path(), "/sign-in");
        tab.check("sign-in");
        sign_in(&tab, "incorrect horse");
        assert_eq!(tab.text("#wrong"), "The email address or the password is wrong.");
        tab.expect_error_status(401);
        tab.check("sign-in-wrong");
        sign_in(&tab, PASSWORD);
        assert_eq!(tab.path(), "/");
        assert!(tab.text(".person").starts_with("Ada"));
        tab.open("/sign-in");
        tab.check("sign-out");
        tab.go(".person button");
        assert_eq!(tab.path(), "/sign-in");
        tab.open("/");
        assert_eq!(tab.path(), "/sign-in");
    }
    // Repeated failed attempts are rate-limited.
    tab.wait_until("too many attempts", || {
        sign_in(&tab, "incorrect horse");
        tab.text("#wrong").starts_with("Too many attempts to sign in; wait ")
    });
}

#[test]
fn operator_pages_require_an_admin_key_with_accounts() {
    let Some(mut tab) = tab("operator_pages_require_an_admin_key_with_accounts") else {
        return;
    };
    let folder = folder();
    let server = serve_with_accounts(&folder);
    let key = |scope: &str| {
        let created = folder.ok(&["key", "create", scope, "--scope", scope, "--json"]);
        let created: Value = serde_json::from_str(&created).unwrap();
        created["key"].as_str().unwrap().to_owned()
    };
    tab.begin(&server, PHONE);
    tab.open("/sign-in");
    sign_in(&tab, PASSWORD);
    tab.open("/models");
    tab.expect_error_status(401);
    tab.check("models-key");
    for (value, message) in [
        ("nonsense".to_owned(), "This key is unknown or revoked."),
        (key("write"), "This key doesn’t have the admin scope."),
    ] {
        tab.fill("#key", &value);
        tab.go_named("Continue");
        assert_eq!(tab.text("#wrong"), message);
        tab.expect_error_status(401);
    }
    tab.fill("#key", &key("admin"));
    tab.go_named("Continue");
    tab.check("models-of-accounts");
    assert!(tab.text("#in-service").contains("Generation 1"));
    // A browser without the key can't post either.
    let post = |headers: &[(&str, &str)]| {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        server
            .send(("POST", "/models/jobs"), &[&form, headers].concat(), Some(b"kind=retrain"))
            .status
    };
    assert_eq!(post(&[]), 401);
    assert_eq!(post(&[("cookie", "cinematch_operator=cm_000000000000_0")]), 401);
    tab.go_named("Remove key");
    tab.expect_error_status(401);
    assert_eq!(tab.count("#key"), 1);
}

#[test]
fn operator_can_retrain_and_roll_back() {
    let Some(mut tab) = tab("operator_can_retrain_and_roll_back") else { return };
    let folder = folder();
    folder.add_ratings();
    // The sample has few users, so the margin is wide.
    let margin = ("CINEMATCH_MARGIN", "0.2");
    let server = Server::start_in(&folder, &["--jobs-speed", "20"], &[margin]);
    tab.begin(&server, DESKTOP);
    tab.open("/models");
    tab.check("models-first");
    tab.click_named("Retrain");
    tab.wait_for_note("is queued");
    tab.check("models-busy");
    // The page refreshes itself.
    tab.wait_until("the end of the job", || tab.text("#jobs").contains("Training is done"));
    assert!(tab.text("#jobs").contains("Generation 2: "));
    tab.wait_until("the new generation", || tab.text("#in-service").contains("Generation 2"));
    tab.wait_for_note("No jobs are running");

    for look in [DESKTOP, NARROW.dark().without_scripts()] {
        tab.set_look(look);
        tab.open("/models");
        tab.check("models");
        tab.open("/models/2");
        assert!(tab.count(".plot svg[role=img]") >= 2);
        tab.check("models-2");
    }
    assert_eq!(tab.problems_of_large_text("models-2"), Vec::<String>::new());
    // Actions that affect all users require confirmation.
    tab.open("/models");
    tab.go_named("Roll back to generation 1");
    tab.check("models-rollback");
    tab.go_named("Roll back");
    assert_eq!(tab.path(), "/models");
    assert!(tab.text("#note").contains("Rolled back to generation 1."));
    tab.wait_until("generation 1", || {
        tab.open("/models");
        tab.text("#in-service a") == "Generation 1"
    });
    tab.open("/models/2");
    tab.go_named("Serve this generation");
    tab.check("models-promote");
    tab.go_named("Serve generation 2");
    assert!(tab.text("#note").contains("Generation 2 is loading"));
    tab.open("/models/99");
    tab.expect_error_status(404);
    assert!(tab.text("main").contains("Generation 99 does not exist"));
}
