//! Tests for onboarding questions.

use super::*;

/// Gives `answer` to every question until none are left. Returns the indices of the movies asked about.
fn all_questions(recommender: &Recommender, answer: Answer) -> Vec<u32> {
    let mut answers = Vec::new();
    while let Some(movie) = recommender.next_question(&[], &answers) {
        answers.push((movie, answer));
        assert!(answers.len() <= 12);
    }
    answers.iter().map(|(movie, _)| movie.0).collect()
}

#[test]
fn asks_about_every_known_movie_once() {
    for models in [Vec::new(), models()] {
        let recommender = with_models(models);
        let known = (0..12).filter(|row| n_votes(&recommender, *row) > 0.0).count();
        for answer in [Answer::Seen, Answer::NotSeen, Answer::Skipped] {
            let mut asked = all_questions(&recommender, answer);
            assert_eq!(
                asked,
                all_questions(&recommender, answer),
                "questions must be deterministic"
            );
            asked.sort_unstable();
            asked.dedup();
            assert_eq!(asked.len(), known);
        }
    }
}

fn n_votes(recommender: &Recommender, row: u32) -> f32 {
    match recommender.blend.models.iter().find(|learned| learned.name == "popular") {
        Some(WeightedModel { model: Fitted::Popular(popular), .. }) => {
            popular.scores()[row as usize]
        }
        _ => recommender.movie(MovieIdx(row)).vote_count.unwrap_or(0) as f32,
    }
}

/// The catalog has three kinds of movies, all equally well known.
#[test]
fn consecutive_questions_are_about_different_kinds() {
    let kinds = ["crime", "western", "musical"];
    let movies: Vec<Movie> = (0..30)
        .map(|id| {
            let kind = kinds[id as usize % 3];
            let keywords = vec![format!("{kind} one"), format!("{kind} two"), kind.to_owned()];
            let genres = vec![kind.to_owned()];
            Movie { genres, keywords, vote_count: Some(1000), ..movie(id, &format!("Film {id}")) }
        })
        .collect();
    let plain = PlainFeatures::fit(&movies, TfidfParams::default()).unwrap();
    let tags = TagCounts::default();
    let features = RankingFeatures::fit(FeatureSet::Full, &movies, &plain, &tags).unwrap();
    let recommender = Recommender::new(movies, features, Blend::CONTENT, Votes::Count);
    let kind = |movie: MovieIdx| movie.0 % 3;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let movie = recommender.next_question(&[], &answers).unwrap();
        assert!(answers.iter().all(|(other, _)| kind(*other) != kind(movie)));
        answers.push((movie, Answer::Seen));
    }
    // Neither the order of the answers nor repeating one has an effect.
    let next = recommender.next_question(&[], &answers);
    answers.reverse();
    answers.push(answers[0]);
    assert_eq!(recommender.next_question(&[], &answers), next);
    // A movie that the user has not seen or has skipped is not asked about again.
    let first = recommender.next_question(&[], &[]).unwrap();
    for answer in [Answer::NotSeen, Answer::Skipped] {
        assert_ne!(recommender.next_question(&[], &[(first, answer)]), Some(first), "{answer:?}");
    }
}

/// All movies are equally well known, so only the models trained on ratings distinguish them.
#[test]
fn asks_first_about_movies_that_users_with_the_same_history_watched() {
    let mut weights = CsrMatrix::new(12);
    for row in 0..12_u32 {
        let fits = |column: &u32| *column != row && column % 3 == row % 3;
        weights.push_row((0..12).filter(fits).map(|column| (column, 1.0)));
    }
    let model = Fitted::ItemItem(ItemItem::from_weights(Confidence::default(), weights));
    let popular = Fitted::Popular(Popular::from_scores(vec![1.0; 12]));
    let recommender = with_models(vec![
        WeightedModel { name: "edlae", model, weight: 1.0 },
        WeightedModel { name: "popular", model: popular, weight: 0.1 },
    ]);
    for liked in 0..12_u32 {
        let query = Query { liked: vec![MovieId(100 + liked)], ..query() };
        let (request, _) = recommender.resolve(&query).unwrap();
        let answers = [(MovieIdx(liked), Answer::Seen)];
        let next = recommender.next_question(&request.history, &answers).unwrap();
        assert_eq!(next.0 % 3, liked % 3);
    }
}

#[test]
fn a_catalog_without_votes_has_no_questions() {
    let movies: Vec<Movie> = (0..3).map(|id| movie(id, "Film")).collect();
    let plain = PlainFeatures::fit(&movies, TfidfParams::default()).unwrap();
    let tags = TagCounts::default();
    let features = RankingFeatures::fit(FeatureSet::Full, &movies, &plain, &tags).unwrap();
    let recommender = Recommender::new(movies, features, Blend::CONTENT, Votes::Count);
    assert_eq!(recommender.next_question(&[], &[]), None);
}
