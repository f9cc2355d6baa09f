//! `cinematch models`: lists, shows, promotes and rolls back generations.

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::server::{Server, wait_until};

fn list(folder: &Folder) -> Value {
    serde_json::from_str(&folder.ok(&["models", "list", "--json"])).unwrap()
}

#[test]
fn lists_shows_promotes_and_rolls_back_generations() {
    let folder = Folder::trained();
    folder.ok(&["train", "--seed", "2"]);
    let text = folder.ok(&["models", "list"]);
    assert!(text.contains("previous") && text.contains("353 movies"), "{text}");
    let found = list(&folder);
    assert_eq!((&found["champion"], &found["previous"]), (&json!(2), &json!(1)));
    assert_eq!(found["generations"][1]["why"], "published without an evaluation");

    let shown = folder.ok(&["models", "show"]);
    assert!(
        shown.contains("     2  served") && shown.contains("every checksum verified"),
        "{shown}"
    );
    let shown: Value =
        serde_json::from_str(&folder.ok(&["models", "show", "1", "--json"])).unwrap();
    assert_eq!(
        (&shown["role"], &shown["manifest"]["settings"]["seed"]),
        (&json!("previous"), &json!(42))
    );

    let text = folder.ok(&["models", "rollback", "--why", "worse on sequels"]);
    assert!(text.starts_with("generation 1 is served instead of 2"), "{text}");
    let found = list(&folder);
    assert_eq!((&found["champion"], &found["previous"]), (&json!(1), &json!(null)));
    assert_eq!(found["generations"][0]["why"], "rolled back: worse on sequels");
    let error = folder.fails(&["models", "rollback"]);
    assert!(error.contains("no earlier generation to roll back to: generation 1"), "{error}");

    let text = folder.ok(&["models", "promote", "2", "--json"]);
    let outcome: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&outcome["generation"], &outcome["before"]), (&json!(2), &json!(1)));
    let error = folder.fails(&["models", "promote", "9"]);
    assert!(error.contains("no generation 9; the existing generations are 1 and 2"), "{error}");
    let empty = Folder::empty();
    assert!(empty.ok(&["models", "list"]).contains("cinematch train"));
    assert!(empty.fails(&["models", "rollback"]).contains("run `cinematch train` first"));
}

#[test]
fn a_running_server_loads_the_generation_after_a_rollback() {
    let folder = Folder::trained();
    folder.ok(&["train", "--seed", "2"]);
    let server = Server::start(&folder);
    let is_served = |number: u64| server.get("/health").json()["generation"] == number;
    assert!(is_served(2));
    folder.ok(&["models", "rollback"]);
    wait_until("the previous generation", || is_served(1));
    folder.ok(&["models", "promote", "2"]);
    wait_until("generation 2 again", || is_served(2));
}
