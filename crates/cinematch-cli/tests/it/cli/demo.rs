//! `cinematch demo`: its output, and running it without a network.

use cinematch_testing::did_not_run;

use crate::support::folder::Folder;

#[test]
fn prints_two_lists_with_reasons() {
    let folder = Folder::empty();
    let text = folder.ok(&["demo", "--once"]);
    insta::assert_snapshot!(text);
    // The demo leaves no files in the working directory.
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 0);
}

#[test]
fn works_without_a_network() {
    // `unshare -rn` runs the process in an empty network namespace; some machines do not allow it.
    let probe = std::process::Command::new("unshare").args(["-rn", "true"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        did_not_run("works_without_a_network", "`unshare -rn` is not permitted");
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
