use super::*;
use crate::bundle::{InputSum, Settings, Training, train};
use crate::features::ranking::FeatureSet;
use crate::features::tags::TagCounts;
use crate::features::text::TfidfParams;
use crate::models::content::tests::catalogue;

fn trained(seed: u64) -> Trained {
    train(Training {
        movies: catalogue(),
        tags: TagCounts::default(),
        inputs: vec![InputSum { name: "m.csv".to_owned(), rows: 12, sha256: "0".to_owned() }],
        settings: Settings {
            model: "content".to_owned(),
            features: FeatureSet::Full,
            tfidf: TfidfParams::default(),
            seed,
        },
        created_at: format!("2026-01-0{seed}T00:00:00Z"),
    })
    .unwrap()
}

#[test]
fn the_same_training_gives_the_same_bytes_at_any_number_of_threads() {
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
fn what_is_published_is_loaded_and_the_last_three_stay() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::at(folder.path());
    assert!(matches!(generations.load(), Err(ArtifactsError::NotFound { .. })));
    for seed in 1..=5 {
        let published = generations.publish(&trained(seed), 3).unwrap();
        assert_eq!(published.generation, seed);
        assert!(published.left_alone.is_empty());
        let bundle = generations.load().unwrap();
        assert_eq!((bundle.generation, bundle.manifest.settings.seed), (seed, seed));
        assert_eq!(bundle.recommender.movies(), catalogue());
    }
    assert_eq!(generations.all(), [3, 4, 5]);
    let linked = fs::read(folder.path().join("item_features.npz")).unwrap();
    assert_eq!(linked, trained(1).files["item_features.npz"]);
}

#[test]
fn leftovers_are_swept_and_files_of_the_users_own_stay() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::at(folder.path());
    fs::create_dir_all(folder.path().join("generations/.tmp-000001")).unwrap();
    fs::write(folder.path().join("generations/.tmp-000001/half"), "x").unwrap();
    fs::write(folder.path().join("item_features.npz"), "mine").unwrap();
    let published = generations.publish(&trained(1), 3).unwrap();
    assert_eq!(published.left_alone, [folder.path().join("item_features.npz")]);
    assert_eq!(fs::read(folder.path().join("item_features.npz")).unwrap(), b"mine");
    assert!(!folder.path().join("generations/.tmp-000001").exists());
}

#[test]
fn damage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::at(folder.path());
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
    let newer = manifest.replace("\"format_version\": 1", "\"format_version\": 2");
    fs::write(directory.join("manifest.json"), newer).unwrap();
    let error = generations.load().unwrap_err().to_string();
    assert!(error.contains("format_version 1 expected, got 2"), "{error}");
}

#[test]
fn a_second_publisher_is_told_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::at(folder.path());
    fs::create_dir_all(folder.path().join("generations")).unwrap();
    let lock = generations.lock().unwrap();
    let error = generations.publish(&trained(1), 3).unwrap_err();
    assert!(matches!(error, ArtifactsError::Busy { .. }));
    drop(lock);
    generations.publish(&trained(1), 3).unwrap();
}
