//! Kills `preprocess` and `train` with SIGKILL at random moments and checks that the disk holds either the old state
//! or the new one.

use std::time::{Duration, Instant};

use cinematch_testing::Dice;

use crate::support::folder::Folder;

/// Returns pseudo-random moments within the duration of a full run, four for each kill that the test needs.
fn instants(full_run: Duration, kills: u32) -> impl Iterator<Item = Duration> {
    let mut dice = Dice::new(1);
    std::iter::repeat_with(move || full_run.mul_f64(dice.below(1000) as f64 / 1000.0))
        .take(kills as usize * 4)
}

/// Starts a command, kills it after `instant`, and returns whether it was still running.
fn kill_after(folder: &Folder, arguments: &[&str], instant: Duration) -> bool {
    let null = std::process::Stdio::null;
    let mut command = folder.command(arguments);
    let mut child = command.stdout(null()).stderr(null()).spawn().unwrap();
    // Sleeping is deliberate here: the kill must come at a random moment, not when a condition holds.
    std::thread::sleep(instant);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

fn duration_of(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

#[test]
fn preprocess_killed_at_any_instant_leaves_the_old_table_or_the_new_one() {
    let folder = Folder::with_sample();
    let settings: [&[&str]; 2] =
        [&["preprocess", "--min-year", "none"], &["preprocess", "--min-year", "1990"]];
    let mut tables = Vec::new();
    let mut full_run = Duration::ZERO;
    for arguments in settings {
        full_run = duration_of(|| drop(folder.ok(arguments)));
        tables.push(folder.read("data/movies_merged.csv"));
    }
    let (kills, mut killed) = (105, 0);
    for (at, instant) in instants(full_run, kills).enumerate() {
        killed += u32::from(kill_after(&folder, settings[at % 2], instant));
        let table = folder.read("data/movies_merged.csv");
        assert!(tables.contains(&table), "kill {at} after {instant:?}: unexpected table");
        folder.json("data/preprocess_report.json");
        if killed == kills {
            break;
        }
    }
    assert_eq!(killed, kills, "too many runs ended before they could be killed");
    // Leftovers from killed runs don't affect the next run.
    folder.ok(settings[0]);
    assert_eq!(folder.read("data/movies_merged.csv"), tables[0]);
}

#[test]
fn train_killed_at_any_instant_leaves_a_usable_generation() {
    kill_trainings(15);
}

#[test]
#[ignore = "campaign: 100 kills"]
fn train_killed_at_a_hundred_instants_leaves_a_usable_generation() {
    kill_trainings(105);
}

/// Kills training runs at random moments and loads the served generation after each kill.
fn kill_trainings(kills: u32) {
    let folder = Folder::trained();
    let mut full_run = Duration::ZERO;
    for seed in ["1", "2"] {
        full_run = duration_of(|| drop(folder.ok(&["train", "--seed", seed])));
    }
    let artifacts = folder.path("ml/artifacts");
    let mut killed = 0;
    for (at, instant) in instants(full_run, kills).enumerate() {
        let seed = at.to_string();
        killed += u32::from(kill_after(&folder, &["train", "--seed", &seed], instant));
        // Loading verifies the checksum of every file.
        let bundle = cinematch::bundle::Bundle::load(&artifacts).unwrap();
        assert_eq!(bundle.recommender.movies().len(), 353);
        if killed == kills {
            break;
        }
    }
    assert_eq!(killed, kills, "too many runs ended before they could be killed");
    folder.ok(&["train"]);
    let leftovers: Vec<_> = std::fs::read_dir(folder.path("ml/artifacts/generations"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}
