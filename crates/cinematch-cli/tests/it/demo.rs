//! `cinematch demo`: what a newcomer sees first.

use crate::folder::{Folder, did_not_run};

#[test]
fn the_demo_prints_two_lists_with_reasons() {
    let folder = Folder::empty();
    let text = folder.ok(&["demo", "--once"]);
    insta::assert_snapshot!(text);
    // Nothing is left behind.
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 0);
}

#[test]
fn the_demo_works_without_a_network() {
    // `unshare -rn` gives the process a network without any way out; not every machine allows it.
    let probe = std::process::Command::new("unshare").args(["-rn", "true"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        did_not_run("the_demo_works_without_a_network", "no `unshare -rn` here");
        return;
    }
    let folder = Folder::empty();
    let output = std::process::Command::new("unshare")
        .args(["-rn", env!("CARGO_BIN_EXE_cinematch"), "demo", "--once"])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
