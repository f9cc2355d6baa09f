use super::model::{ContentModel, Profile, Signal};
use crate::features::layout::Layout;
use crate::features::plain::PlainFeatures;
use crate::features::ranking::{FeatureSet, RankingFeatures};
use crate::features::tags::TagCounts;
use crate::features::text::TfidfParams;
use crate::fixtures::catalog;
use crate::ids::MovieIdx;
use crate::retrieval::{Scores, top_k};

/// Fits the model to [`catalog`].
pub(crate) fn model(feature_set: FeatureSet) -> ContentModel {
    let movies = catalog();
    let plain = PlainFeatures::fit(&movies, TfidfParams::default()).unwrap();
    let tags = TagCounts::default();
    let features = RankingFeatures::fit(feature_set, &movies, &plain, &tags).unwrap();
    let features = features.with_labels(&movies, None);
    ContentModel::fit(features, &layout())
}

/// Orders the movies in [`catalog`] by kind.
fn layout() -> Layout {
    Layout::new(12, |movie| movie.0 % 3)
}

/// Returns each movie's affinity to `profile`.
fn affinities(model: &ContentModel, profile: &Profile) -> Vec<f32> {
    let (layout, mut own) = (layout(), vec![0.0; model.n_movies()]);
    let parts = model.add_scores(profile, &mut own);
    let scores = Scores { layout: &layout, own: &own, shared: parts };
    let mut affinities = vec![0.0; model.n_movies()];
    for movie in top_k(12, &scores, |_| true) {
        affinities[movie.movie.row()] = movie.score;
    }
    affinities
}

#[test]
fn ranks_liked_kinds_above_disliked_ones() {
    for feature_set in [FeatureSet::Full, FeatureSet::Seed] {
        let model = model(feature_set);
        let history = [
            Signal { movie: MovieIdx(0), weight: 1.0 },
            Signal { movie: MovieIdx(1), weight: -0.7 },
        ];
        let profile = model.profile(&history);
        let scores = affinities(&model, &profile);
        let of_kind = |kind: usize| (0..12).filter(move |at| at % 3 == kind && *at > 2);
        let worst_heist = of_kind(0).map(|at| scores[at]).fold(f32::MAX, f32::min);
        let best_musical = of_kind(1).map(|at| scores[at]).fold(f32::MIN, f32::max);
        assert!(worst_heist > best_musical, "{feature_set:?}: {scores:?}");
    }
}

#[test]
fn contributions_sum_to_the_score_and_named_features_are_part_of_them() {
    let model = model(FeatureSet::Full);
    let history: Vec<Signal> = [(0, 1.0), (4, 0.5), (7, -0.8)]
        .map(|(movie, weight)| Signal { movie: MovieIdx(movie), weight })
        .into();
    let profile = model.profile(&history);
    let scores = affinities(&model, &profile);
    let movies: Vec<MovieIdx> = (0..12).map(MovieIdx).collect();
    let mut explained = 0;
    model.explain(&profile, &history, &movies, |movie, affinity| {
        let features = model.named_features(affinity, &profile, &history);
        for (place, part) in affinity.parts.iter().enumerate() {
            let of_signal = features.iter().filter(|named| named.signal == place);
            let named: f32 = of_signal.map(|named| named.feature.contribution.abs()).sum();
            assert!(named <= part.abs() + 1e-5, "{named} {part}");
        }
        let sum: f32 = affinity.parts.iter().sum();
        let score = scores[movie.row()];
        assert!((score - sum).abs() < 1e-5, "{score} {sum}");
        explained += 1;
    });
    assert_eq!(explained, movies.len());
}

#[test]
fn scores_are_zero_for_an_empty_history() {
    let model = model(FeatureSet::Full);
    let profile = model.profile(&[]);
    let scores = affinities(&model, &profile);
    assert!(scores.iter().all(|score| score.abs() < f32::EPSILON));
}

#[test]
fn a_movie_is_most_similar_to_itself() {
    let model = model(FeatureSet::Full);
    let mut similarity_pool = model.similarity_pool();
    (0..12).for_each(|at| similarity_pool.push(MovieIdx(at)));
    for at in 0..12 {
        let alike = similarity_pool.similarities_to(MovieIdx(at as u32)).to_vec();
        assert!(alike[at] <= 1.0 + 1e-5);
        assert!(alike.iter().all(|other| *other <= alike[at] + 1e-5));
    }
    // Dropping a pool resets the list heads that the next pool reuses.
    drop(similarity_pool);
    assert!(model.similarity_pool().similarities_to(MovieIdx(0)).is_empty());
    let mut again = model.similarity_pool();
    again.push(MovieIdx(1));
    assert_eq!(again.similarities_to(MovieIdx(1)).len(), 1);
}
