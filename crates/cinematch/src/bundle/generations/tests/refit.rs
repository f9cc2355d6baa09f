//! Tests for generations with evaluation models beside the served ones.

use std::collections::BTreeMap;

use super::*;
use crate::bundle::{Base, FitStep, Update};
use crate::catalog::Movie;
use crate::evaluation::Holdout;

/// Holds out 5 of the 20 users.
const SHARE: f64 = 0.3;

/// Trains without the holdout, without it and again on all users, and on all users only.
fn trained_three_ways(model: &Spec) -> [Trained; 3] {
    let holdout = Holdout::from_share(SHARE);
    assert_eq!(ratings().n_users() - holdout.unwrap().training_users(&ratings()).len(), 5);
    let all_users = training(model.clone(), 1);
    let no_refit = Training { holdout, ..training(model.clone(), 1) };
    let refit = Training { holdout, refit: true, ..training(model.clone(), 1) };
    [no_refit, refit, all_users].map(|training| train(training, &mut |_, _| ()).unwrap())
}

/// Returns the files whose name starts with `prefix`, keyed by the rest of the name.
fn files<'a>(trained: &'a Trained, prefix: &str) -> BTreeMap<&'a str, &'a [u8]> {
    let named = trained.files.iter();
    named.filter_map(|(name, bytes)| Some((name.strip_prefix(prefix)?, bytes.as_slice()))).collect()
}

/// Asserts that the evaluation models equal the models of `no_refit`, and the served models those of
/// `all_users`.
fn assert_both_sets([no_refit, refit, all_users]: &[Trained; 3]) {
    assert_eq!(files(refit, "evaluation_"), files(no_refit, "model_"));
    assert_eq!(files(refit, "model_"), files(all_users, "model_"));
    for others in [no_refit, all_users] {
        assert!(files(others, "evaluation_").is_empty() && others.manifest.refit.is_none());
    }
    let shared = |trained: &Trained| -> BTreeMap<String, Vec<u8>> {
        let mut files = trained.files.clone();
        files.retain(|name, _| !name.starts_with("model_") && !name.starts_with("evaluation_"));
        files
    };
    assert_eq!(shared(refit), shared(no_refit));
}

#[test]
fn refit_keeps_the_models_without_the_holdout_and_serves_those_of_all_users() {
    for name in NAMES {
        let trained = trained_three_ways(&Spec::named(name).unwrap());
        assert_both_sets(&trained);
        let [no_refit, refit, all_users] = trained.map(|trained| trained.manifest);
        if name == "content" {
            assert_eq!(refit, Manifest { run: refit.run.clone(), ..no_refit });
            continue;
        }
        assert!(no_refit.counts.ratings < all_users.counts.ratings);
        assert_eq!(refit.counts.ratings, all_users.counts.ratings);
        assert_eq!(refit.evaluation_ratings(), no_refit.counts.ratings);
        assert_eq!(no_refit.evaluation_ratings(), no_refit.counts.ratings);
        // Matches are fitted with the models that have not seen the held-out users.
        assert_eq!(refit.match_calibration, no_refit.match_calibration);
        assert!(refit.match_calibration.is_some() || name != NAMES[0], "{name}");
        assert_eq!(all_users.match_calibration, None);
    }
}

#[test]
fn refit_is_deterministic_and_reports_its_own_steps() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let holdout = Holdout::from_share(SHARE);
        let training = Training { holdout, refit: true, ..training(Spec::default(), 1) };
        let mut steps: Vec<FitStep> = Vec::new();
        let trained = pool.install(|| train(training, &mut |step, _| steps.push(step)).unwrap());
        steps.dedup();
        (trained, steps)
    };
    let ((one, steps), (two, _)) = (with(1), with(2));
    assert_eq!(one.files, two.files);
    assert_eq!(one.manifest.model_id, two.manifest.model_id);
    let (first, second) = steps.split_at(steps.len() / 2);
    assert!(first.len() > 3 && first.iter().all(|step| !step.is_refit), "{steps:?}");
    let again: Vec<FitStep> =
        first.iter().map(|step| FitStep { is_refit: true, ..*step }).collect();
    assert_eq!(second, again);
}

#[test]
fn evaluation_uses_the_models_without_the_holdout_and_serving_does_not_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    let [no_refit, refit, _] = trained_three_ways(&Spec::named("ease").unwrap());
    generations.publish(&refit, 3).unwrap();
    generations.add(&no_refit, 3).unwrap();

    let scores = |bundle: &Bundle| {
        let stars = Stars::from_halves(10).unwrap();
        let history = [0, 4].map(|movie| Rated { movie: MovieIdx(movie), stars, time: 0 });
        let mut scores = vec![0.0; 12];
        bundle.recommender.blend().models[0].model.score(&history, &mut scores);
        scores
    };
    let expected = scores(&no_refit.into_bundle().unwrap());
    assert_ne!(scores(&generations.load().unwrap()), expected);
    assert_eq!(scores(&generations.load_for_evaluation(1).unwrap()), expected);
    // A generation without evaluation models is evaluated with the served ones.
    assert_eq!(scores(&generations.load_for_evaluation(2).unwrap()), expected);

    let path = generations.generation_path(1).join("evaluation_0_ease.npz");
    fs::write(&path, b"damaged").unwrap();
    generations.load().unwrap();
    for error in [
        generations.check().map(|_| ()).unwrap_err(),
        generations.load_for_evaluation(1).map(|_| ()).unwrap_err(),
        generations.promote(1, "2026-01-01T00:00:00Z", "r").map(|_| ()).unwrap_err(),
    ] {
        assert!(error.to_string().contains("evaluation_0_ease.npz: its checksum"), "{error}");
    }
}

#[test]
fn update_extends_both_sets_of_models_from_their_own_users() {
    let update = |trained: Trained| {
        let folder = tempfile::tempdir().unwrap();
        let generations = Generations::new(folder.path());
        generations.publish(&trained, 3).unwrap();
        let base = Base::load(&generations).unwrap();
        let mut table = catalog();
        table.push(Movie { movie_id: MovieId(112), ..table[0].clone() });
        let aligned = base.align(table);
        let ratings = ratings_of(13);
        let checksum =
            InputChecksum { name: "ratings.csv".to_owned(), rows: 1, sha256: String::new() };
        let update = Update {
            movies: aligned.movies,
            availability: None,
            tags: &TagCounts::default(),
            ratings: Some((ratings, checksum)),
            inputs: Vec::new(),
            created_at: "2026-02-01T00:00:00Z".to_owned(),
        };
        let updated = base.update(update).unwrap().unwrap();
        generations.publish_over(1, &updated, (3, "a test")).unwrap();
        generations.check().unwrap();
        assert_eq!(generations.load_for_evaluation(2).unwrap().recommender.movies().len(), 13);
        updated
    };
    for name in NAMES {
        let before = trained_three_ways(&Spec::named(name).unwrap());
        let refit_before = before[1].manifest.refit;
        let match_before = before[1].manifest.match_calibration.clone();
        let updated = before.map(update);
        assert_both_sets(&updated);
        let [no_refit, refit, all_users] = updated.map(|trained| trained.manifest);
        assert_eq!(refit.refit, refit_before);
        assert_eq!(refit.match_calibration, match_before);
        let served = if name == "content" { &no_refit } else { &all_users };
        assert_eq!(refit.counts.ratings, served.counts.ratings);
        assert_eq!(no_refit.holdout, refit.holdout);
    }
}
