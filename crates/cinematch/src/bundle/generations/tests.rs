mod kill;
mod refit;
mod service;

use std::fmt::Write as _;

use super::*;
use crate::bundle::{InputChecksum, Settings, Trained, Training, train};
use crate::catalog::{Interactions, Rated};
use crate::evaluation::{BlendWeights, Change, FittedWeight};
use crate::features::ranking::FeatureSet;
use crate::features::tags::TagCounts;
use crate::features::text::TfidfParams;
use crate::ids::{MovieId, MovieIdx, UserIdx, Vocabulary};
use crate::models::spec::{Kind, NAMES, Weighted};
use crate::models::{Model, Spec, TrainingSet};
use crate::ranking::ModelChoice;
use crate::rating::Stars;
use crate::sources::ratings;

use crate::fixtures::catalog;

fn trained(seed: u64) -> Trained {
    trained_by(Spec::content(), seed)
}

/// Returns ratings by two groups of users: one prefers movies with an even index, the other movies with an odd
/// index. The last movie has no ratings.
fn ratings() -> Interactions {
    ratings_of(11)
}

/// Returns the ratings of [`ratings`] for the first `n_movies` movies.
fn ratings_of(n_movies: u32) -> Interactions {
    let mut csv = "userId,movieId,rating,timestamp\n".to_owned();
    for (user, movie) in (1..=20).flat_map(|user| (0..n_movies).map(move |movie| (user, movie))) {
        if (user * 7 + movie * 5) % 3 > 0 {
            let stars = if user % 2 == movie % 2 { 5 } else { 2 };
            writeln!(csv, "{user},{},{stars}.0,{}", 100 + movie, user * 1000).unwrap();
        }
    }
    let movies = Vocabulary::new((90..120).map(MovieId));
    let mut read = ratings::read("ratings.csv", csv.as_bytes(), &movies).unwrap();
    Interactions::new("ratings.csv", movies, &mut read)
}

fn trained_by(model: Spec, seed: u64) -> Trained {
    train(training(model, seed), &mut |_, _| ()).unwrap()
}

fn training(model: Spec, seed: u64) -> Training {
    Training {
        availability: None,
        movies: catalog(),
        tags: TagCounts::default(),
        ratings: Some(ratings()),
        holdout: None,
        refit: false,
        fit_weights: false,
        inputs: vec![InputChecksum { name: "m.csv".to_owned(), rows: 12, sha256: "0".to_owned() }],
        settings: Settings {
            model,
            features: FeatureSet::Full,
            tfidf: TfidfParams::default(),
            seed,
            without_tmdb_text: false,
        },
        created_at: format!("2026-01-0{seed}T00:00:00Z"),
    }
}

#[test]
fn training_is_deterministic_at_any_number_of_threads() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| trained(1))
    };
    let (one, two) = (with(1), with(2));
    assert_eq!(one.files, two.files);
    assert_eq!(one.manifest.model_id, two.manifest.model_id);
    assert_ne!(one.manifest.model_id, trained(2).manifest.model_id);
}

#[test]
fn published_generations_load_and_the_last_three_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    assert!(matches!(generations.load(), Err(ArtifactsError::NotFound { .. })));
    for seed in 1..=5 {
        let published = generations.publish(&trained(seed), 3).unwrap();
        assert_eq!(published.generation, seed);
        assert!(published.not_replaced.is_empty());
        let bundle = generations.load().unwrap();
        assert_eq!((bundle.generation, bundle.manifest.settings.seed), (seed, seed));
        assert_eq!(bundle.recommender.movies(), catalog());
    }
    assert_eq!(generations.numbers(), [3, 4, 5]);
    let linked = fs::read(folder.path().join("item_features.npz")).unwrap();
    assert_eq!(linked, trained(1).files["item_features.npz"]);
}

#[test]
fn a_missing_or_dangling_link_to_the_champion_is_repaired_by_promoting_a_generation() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    for seed in 1..=3 {
        generations.publish(&trained(seed), 3).unwrap();
    }
    let current = folder.path().join("current");
    let check = |expect: &str| {
        let expect = format!("{} {expect}", current.display());
        for error in [generations.load().unwrap_err(), generations.manifest().unwrap_err()] {
            assert_eq!(error.to_string(), expect);
        }
        generations.promote(2, "2026-01-01T00:00:00Z", "r").unwrap();
        assert_eq!(generations.load().unwrap().generation, 2);
    };
    fs::remove_file(&current).unwrap();
    check(
        "not found: run `cinematch models promote N` to serve a generation; the existing generations \
         are 1, 2 and 3",
    );
    fs::remove_file(&current).unwrap();
    std::os::unix::fs::symlink("generations/000009", &current).unwrap();
    check(
        "points to generation 9, which does not exist: run `cinematch models promote N` to serve a \
         generation; the existing generations are 1, 2 and 3",
    );
    fs::remove_dir_all(folder.path().join("generations")).unwrap();
    assert!(matches!(generations.load(), Err(ArtifactsError::NotFound { .. })));
}

#[test]
fn publishing_removes_temporary_directories_and_keeps_foreign_files() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    fs::create_dir_all(folder.path().join("generations/.tmp-000001")).unwrap();
    fs::write(folder.path().join("generations/.tmp-000001/half"), "x").unwrap();
    fs::write(folder.path().join("item_features.npz"), "mine").unwrap();
    let published = generations.publish(&trained(1), 3).unwrap();
    assert_eq!(published.not_replaced, [folder.path().join("item_features.npz")]);
    assert_eq!(fs::read(folder.path().join("item_features.npz")).unwrap(), b"mine");
    assert!(!folder.path().join("generations/.tmp-000001").exists());
}

#[test]
fn loaded_models_are_blended_with_the_fitted_weights() {
    let mut trained = trained_by(Spec::default(), 1);
    assert_eq!(trained.manifest.blend_weights, None);
    let mut settings = Spec::default();
    let doubled = settings.blend_weights().into_iter().map(|(name, given)| FittedWeight {
        name,
        given: *given,
        fitted: 2.0 * *given,
    });
    trained.manifest.blend_weights = Some(BlendWeights {
        weights: doubled.collect(),
        is_used: true,
        users: 100,
        ndcg_10: Change::default(),
        ips_ndcg_10: Change::default(),
    });
    trained.manifest.model_id = trained.manifest.computed_id();
    let bundle = trained.into_bundle().unwrap();
    let blend = bundle.recommender.blend();
    let Kind::Hybrid { parts } = Spec::default().model else { panic!("expected a hybrid") };
    for Weighted { weight, model } in parts {
        let loaded = match &model {
            Kind::Content(_) => blend.content,
            model => blend.models.iter().find(|it| it.name == model.name()).unwrap().weight,
        };
        // The weights of `taste` are those of its terms.
        let factor = if model.name() == "taste" { 1.0 } else { 2.0 };
        assert_eq!(loaded.to_bits(), (factor * weight).to_bits(), "{}", model.name());
    }
    let popularity = |mut spec: Spec| *spec.blend_weights().pop().unwrap().1;
    let expected = 2.0 * popularity(Spec::default());
    assert_eq!(popularity(bundle.manifest.spec()).to_bits(), expected.to_bits());
    assert_eq!(bundle.manifest.settings.model, Spec::default());
}

#[test]
fn every_loaded_model_ranks_like_the_fitted_one() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    let stars = Stars::from_halves(10).unwrap();
    let history = [0, 4].map(|movie| Rated { movie: MovieIdx(movie), stars, time: 0 });
    for name in NAMES {
        let spec = Spec::named(name).unwrap();
        let trained = trained_by(spec.clone(), 1);
        generations.publish(&trained, 1).unwrap();
        let bundle = generations.load().unwrap();
        assert_eq!(bundle.manifest.settings.model, spec);

        let vocabulary = bundle.recommender.vocabulary();
        let interactions = ratings().restricted_to(vocabulary);
        let users: Vec<UserIdx> = interactions.users().collect();
        let features = bundle.recommender.model().features();
        let data = TrainingSet { interactions: &interactions, users: &users, features };
        let fitted = spec.fit(data, &mut |_, _| ()).unwrap();
        let mut scores = vec![0.0; 12];
        fitted.score(&history, &mut scores);
        let mut expected: Vec<u32> = (0..12).filter(|movie| ![0, 4].contains(movie)).collect();
        expected.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]));
        let best = bundle.recommender.top_k_for(ModelChoice::All, &[&history], 3).remove(0);
        let loaded: Vec<u32> = best.iter().map(|best| best.movie.0).collect();
        assert_eq!(loaded, expected[..3], "{name}");
        let twice = trained_by(spec, 1);
        assert_eq!(twice.files, trained.files, "{name}");
    }
}

#[test]
fn training_a_rating_model_without_ratings_fails() {
    let none = Training { ratings: None, ..training(Spec::default(), 1) };
    let error = train(none, &mut |_, _| ()).unwrap_err();
    assert!(error.to_string().starts_with("the model `hybrid` learns from ratings"), "{error}");
}

#[test]
fn load_errors_name_the_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    generations.publish(&trained(1), 3).unwrap();
    let directory = folder.path().join("generations/000001");
    for (file, needle) in [
        ("ranking_features.npz", "ranking_features.npz: its checksum"),
        ("movies_meta.json", "movies_meta.json: its checksum"),
        ("manifest.json", "manifest.json: "),
    ] {
        let path = directory.join(file);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        fs::write(&path, bad).unwrap();
        let error = generations.load().unwrap_err().to_string();
        assert!(error.contains(needle) && error.contains("cinematch train"), "{error}");
        fs::write(&path, good).unwrap();
    }
    let manifest = fs::read_to_string(directory.join("manifest.json")).unwrap();
    let newer = manifest.replace("\"format_version\": 2", "\"format_version\": 3");
    fs::write(directory.join("manifest.json"), newer).unwrap();
    let error = generations.load().unwrap_err().to_string();
    assert!(error.contains("format_version 2 expected, got 3"), "{error}");
}

#[test]
fn publishing_fails_while_another_process_holds_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    fs::create_dir_all(folder.path().join("generations")).unwrap();
    let lock = generations.lock().unwrap();
    let error = generations.publish(&trained(1), 3).unwrap_err();
    assert!(matches!(error, ArtifactsError::Busy { .. }));
    drop(lock);
    generations.publish(&trained(1), 3).unwrap();
}
