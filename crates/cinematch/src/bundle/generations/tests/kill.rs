//! Crash tests: kills a process with SIGKILL at random moments while it adds, publishes, promotes and rolls
//! back generations.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;

/// Number of processes to kill.
const KILLS: u32 = 500;
/// Environment variable that passes the artifacts directory to the child process.
const FOLDER: &str = "CINEMATCH_TEST_KILLED_FOLDER";
/// Prefix of the lines in which the child process acknowledges a promotion.
const SERVED: &str = "served ";

/// Child process: changes the champion and prints an acknowledgment, in a loop, until it is killed.
#[test]
#[ignore = "child process of the test below, which kills it"]
fn child_runs_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let generations = Generations::new(Path::new(&folder));
    let [first, second] = [1, 2].map(trained);
    let acknowledge = |generation: u64| println!("{SERVED}{generation}");
    for round in 0_u64.. {
        acknowledge(generations.publish(&first, 3).unwrap().generation);
        let added = generations.add(&second, 3).unwrap().generation;
        acknowledge(generations.promote(added, "now", "a test").unwrap().generation);
        if round.is_multiple_of(2) {
            acknowledge(generations.rollback("now", "a test").unwrap().generation);
        }
    }
}

fn start(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "bundle::generations::tests::kill::child_runs_until_killed"]);
    command.args(["--include-ignored", "--nocapture", "--test-threads", "1"]);
    command.env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Returns pseudo-random delays of up to 30 ms, enough for several rounds of the child process.
fn instants() -> impl Iterator<Item = Duration> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Duration::from_micros(state % 30_000)
    })
}

#[test]
fn kills_leave_a_valid_champion_and_lose_no_acknowledged_promotion() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    let (mut acknowledged, mut moved) = (0, 0);
    for (kill, instant) in instants().take(KILLS as usize).enumerate() {
        let mut child = start(folder.path());
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let served = |line: &str| line.strip_prefix(SERVED)?.parse::<u64>().ok();
        let mut last = said.by_ref().find_map(|line| served(&line.unwrap()));
        // Sleep on purpose: the process must be killed at a random moment, not once some condition holds.
        std::thread::sleep(instant);
        child.kill().unwrap();
        child.wait().unwrap();
        for line in said {
            // The kill may have truncated the last line.
            let Ok(line) = line else { break };
            acknowledged += 1;
            last = served(&line).or(last);
        }
        let last = last.expect("the child acknowledged a promotion before the kill");

        // Loading verifies the checksum of every file.
        let bundle = generations.load().unwrap();
        let promotions = generations.promotions().unwrap();
        let serving = promotions.last().unwrap();
        assert_eq!(serving.generation, bundle.generation, "kill {kill}");
        assert_eq!(serving.model_id, bundle.manifest.model_id, "kill {kill}");
        // The champion is the last acknowledged generation or the one promoted after it.
        let at = promotions.iter().rposition(|promotion| promotion.generation == last);
        let later = promotions.len() - 1 - at.expect("acknowledged promotions are recorded");
        assert!(later <= 1, "kill {kill}: {later} promotions recorded after generation {last}");
        moved += later;
        // On a slow machine, the process may be killed after its first promotion.
        let previous = generations.previous().unwrap();
        assert_eq!(previous.is_some(), promotions.len() > 1, "kill {kill}: a rollback target");
        if let Some(previous) = previous {
            generations.check_generation(previous).unwrap();
        }
    }
    println!(
        "{KILLS} kills, {acknowledged} lines after the first, {moved} unacknowledged promotions"
    );
    // Publishing removes the temporary directories of killed processes.
    generations.publish(&trained(1), 3).unwrap();
    let leftovers = fs::read_dir(folder.path().join("generations")).unwrap().flatten();
    let leftovers: Vec<_> =
        leftovers.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}
