//! Tests for promotion, rollback, pruning and fallback.

use super::*;

const AT: &str = "2026-02-01T00:00:00Z";

/// Creates `n` generations. The first is the champion.
fn with_candidates(n: u64) -> (tempfile::TempDir, Generations) {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    generations.publish(&trained(1), 9).unwrap();
    for seed in 2..=n {
        generations.add(&trained(seed), 9).unwrap();
    }
    (folder, generations)
}

fn promote(generations: &Generations, generation: u64) {
    generations.promote(generation, AT, "a test").unwrap();
}

fn roles(generations: &Generations) -> Vec<(u64, Role)> {
    generations.list().unwrap().iter().map(|info| (info.generation, info.role)).collect()
}

#[test]
fn added_generations_are_not_served_until_promoted() {
    let (_folder, generations) = with_candidates(2);
    assert_eq!(generations.load().unwrap().generation, 1);
    assert_eq!(roles(&generations), [(1, Role::Champion), (2, Role::Candidate)]);
    assert_eq!(generations.load_generation(2).unwrap().manifest.settings.seed, 2);
    let promoted = generations.promote(2, AT, "better").unwrap();
    assert_eq!((promoted.generation, promoted.previous), (2, Some(1)));
    assert_eq!(generations.load().unwrap().generation, 2);
    assert_eq!(roles(&generations), [(1, Role::Previous), (2, Role::Champion)]);
    let last = generations.promotions().unwrap().pop().unwrap();
    assert_eq!((last.generation, last.at.as_str(), last.reason.as_str()), (2, AT, "better"));
    assert_eq!(last.model_id, generations.manifest().unwrap().1.model_id);
    let missing = generations.promote(7, AT, "").unwrap_err().to_string();
    let expected = "has no generation 7; the existing generations are 1 and 2";
    assert!(missing.ends_with(expected), "{missing}");
}

#[test]
fn repeated_rollbacks_go_further_back() {
    let (_folder, generations) = with_candidates(3);
    promote(&generations, 2);
    promote(&generations, 3);
    for expected in [2, 1] {
        assert_eq!(generations.previous().unwrap(), Some(expected));
        assert_eq!(generations.rollback(AT, "").unwrap().generation, expected);
        assert_eq!(generations.champion(), Some(expected));
    }
    let error = generations.rollback(AT, "").unwrap_err().to_string();
    assert!(error.contains("no earlier generation to roll back to: generation 1"), "{error}");
    // A rolled-back generation can be promoted again. Rolling back then restores the champion that preceded it.
    promote(&generations, 3);
    assert_eq!(generations.previous().unwrap(), Some(1));
}

#[test]
fn recorded_but_incomplete_promotions_are_ignored() {
    let (_folder, generations) = with_candidates(3);
    promote(&generations, 2);
    let manifest = generations.manifest_of(3).unwrap();
    let model_id = manifest.model_id;
    let (at, why) = (AT.to_owned(), String::new());
    // Simulates a crash after recording the promotion.
    let promotion = Promotion { generation: 3, model_id, at, reason: why, is_rollback: false };
    generations.record_promotion(promotion).unwrap();
    assert_eq!(generations.promotions().unwrap().len(), 2);
    assert_eq!(generations.previous().unwrap(), Some(1));
    promote(&generations, 3);
    assert_eq!(generations.promotions().unwrap().len(), 3);
    assert_eq!(generations.previous().unwrap(), Some(2));
}

#[test]
fn artifacts_without_recorded_promotions_can_be_rolled_back() {
    let (folder, generations) = with_candidates(1);
    generations.publish(&trained(2), 9).unwrap();
    generations.publish(&trained(3), 9).unwrap();
    let history = folder.path().join("promotions.json");
    fs::remove_file(&history).unwrap();
    let expected = [(1, Role::Retired), (2, Role::Previous), (3, Role::Champion)];
    assert_eq!(roles(&generations), expected);
    generations.add(&trained(4), 9).unwrap();
    promote(&generations, 4);
    assert_eq!(generations.previous().unwrap(), Some(3));
    assert_eq!(generations.promotions().unwrap()[0].reason, "promotion not recorded");
    // Simulates an operator changing `current`.
    fs::remove_file(folder.path().join("current")).unwrap();
    std::os::unix::fs::symlink("generations/000001", folder.path().join("current")).unwrap();
    assert_eq!(generations.previous().unwrap(), Some(4));
    fs::write(&history, "{").unwrap();
    let error = generations.promote(2, AT, "").unwrap_err().to_string();
    assert!(error.contains("promotions.json: ") && error.contains("move it away"), "{error}");
    assert_eq!(generations.champion(), Some(1));
}

#[test]
fn pruning_keeps_the_champion_and_its_predecessor() {
    let (_folder, generations) = with_candidates(2);
    promote(&generations, 2);
    for seed in 3..=6 {
        let added = generations.add(&trained(seed), 1).unwrap();
        assert_eq!(added.generation, seed);
        assert_eq!(generations.numbers(), [1, 2, seed]);
    }
    assert_eq!(generations.rollback(AT, "").unwrap().generation, 1);
    // The number of a promoted generation is not reused, even if the generation was removed.
    promote(&generations, 6);
    fs::remove_dir_all(generations.generation_path(6)).unwrap();
    assert_eq!(generations.publish(&trained(7), 3).unwrap().generation, 7);
}

#[test]
fn load_best_falls_back_to_the_last_intact_generation() {
    let (_folder, generations) = with_candidates(4);
    promote(&generations, 2);
    promote(&generations, 3);
    assert!(generations.load_with_fallback().unwrap().champion_error.is_none());
    let break_file = |generation, name| {
        let path = generations.generation_path(generation).join(name);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    break_file(3, "movies_meta.json");
    break_file(2, "manifest.json");
    let best = generations.load_with_fallback().unwrap();
    assert_eq!(best.bundle.generation, 1);
    let refused = best.champion_error.unwrap().to_string();
    assert!(refused.contains("000003/movies_meta.json: its checksum"), "{refused}");
    // Damaged generations can't be promoted, either directly or by a rollback.
    for broken in [2, 3] {
        generations.promote(broken, AT, "").unwrap_err();
    }
    generations.rollback(AT, "").unwrap_err();
    assert_eq!(generations.champion(), Some(3));
    // A candidate that was never promoted is not used as a fallback.
    fs::remove_dir_all(generations.generation_path(1)).unwrap();
    let none = generations.load_with_fallback().unwrap_err().to_string();
    assert!(none.contains("000003/movies_meta.json"), "{none}");
    let infos = generations.list().unwrap();
    assert!(infos[0].error.as_ref().unwrap().contains("manifest.json"), "{infos:?}");
}
