mod assess;
mod counterfactual;
mod dislikes;
mod diversity;
mod group;
mod included;
mod matches;
mod novelty;
mod popularity;
mod series;
mod wall;

use proptest::prelude::*;

use std::cmp::Reverse;

use super::*;
use crate::catalog::{Movie, Rated};
use crate::features::CsrMatrix;
use crate::features::plain::PlainFeatures;
use crate::features::ranking::{FeatureSet, RankingFeatures};
use crate::features::tags::TagCounts;
use crate::features::text::TfidfParams;
use crate::fixtures::{catalog, movie};
use crate::ids::{MovieId, MovieIdx};
use crate::models::content::tests::model;
use crate::models::content::{Signal, StandaloneContent};
use crate::models::hybrid::Hybrid;
use crate::models::ials::{Ials, IalsParams};
use crate::models::popular::Popular;
use crate::models::{Confidence, Fitted, ItemItem, Model};
use crate::rating::Stars;
use crate::retrieval::{Candidate, Filter, FilterIndex, FilterKind};

fn recommender() -> Recommender {
    with_models(Vec::new())
}

/// Returns an item-item model, a factor model and a popularity model.
fn models() -> Vec<WeightedModel> {
    let mut weights = CsrMatrix::new(12);
    for row in 0..12_u32 {
        let fits = |column: &u32| (row + column).is_multiple_of(5) && row != *column;
        weights.push_row((0..12).filter(fits).map(|column| (column, 0.1 + column as f32 * 0.02)));
    }
    let factors: Vec<f32> = (0..36_u16).map(|at| f32::from(at * 7 % 11) / 11.0).collect();
    let params = IalsParams { factors: 3, ..IalsParams::default() }.check().unwrap();
    let confidence = Confidence::default();
    let ials = Ials::from_factors(params, confidence, (12, 12), &factors).unwrap();
    let popular = Popular::from_scores((0_u8..12).map(f32::from).collect());
    let learned = |name, model, weight| WeightedModel { name, model, weight };
    vec![
        learned("edlae", Fitted::ItemItem(ItemItem::from_weights(confidence, weights)), 1.0),
        learned("ials", Fitted::Ials(ials), 0.5),
        learned("popular", Fitted::Popular(popular), 0.2),
    ]
}

fn with_models(models: Vec<WeightedModel>) -> Recommender {
    with_movies(catalog(), models)
}

fn with_movies(mut movies: Vec<Movie>, models: Vec<WeightedModel>) -> Recommender {
    for (at, movie) in movies.iter_mut().enumerate() {
        movie.services = vec![if at % 2 == 0 { "Netflix" } else { "MUBI" }.to_owned()];
        movie.original_language = (at % 4 != 3).then(|| "en".to_owned());
    }
    let features = model(FeatureSet::Full).features().clone();
    let content = if models.is_empty() { 1.0 } else { 0.3 };
    let name = if models.is_empty() { "content" } else { "hybrid" };
    Recommender::new(movies, features, Blend { name, models, content }, Votes::Count)
}

fn query() -> Query {
    Query { limit: 5, explain: true, ..Query::default() }
}

fn ids(recommender: &Recommender, ranked: &Ranked<'_>) -> Vec<u32> {
    ranked.items.iter().map(|item| recommender.movie(item.movie).movie_id.0).collect()
}

/// Returns the error message for an invalid query.
fn error_of(query: &Query) -> String {
    recommender().resolve(query).unwrap_err().to_string()
}

#[test]
fn the_default_query_is_valid_and_lists_movies() {
    let recommender = recommender();
    let (request, unknown) = recommender.resolve(&Query::default()).unwrap();
    assert!(unknown.is_empty());
    assert_eq!(recommender.recommend(&request).items.len(), recommender.movies().len().min(20));
}

#[test]
fn suggests_similar_names_for_unknown_names() {
    let typo = Query { preferred_genres: vec!["musicla".to_owned()], ..query() };
    assert_eq!(
        error_of(&typo),
        "preferred_genres[0]: unknown genre `musicla`; did you mean musical?"
    );
    let filters = Filters { services: vec!["Netflx".to_owned()], ..Filters::default() };
    assert!(error_of(&Query { filters, ..query() }).contains("did you mean Netflix?"));
}

#[test]
fn rejects_numbers_out_of_range_with_their_field() {
    let rating = Rating { movie_id: MovieId(100), rating: 5.5 };
    let filters = Filters {
        year_min: Some(2001),
        year_max: Some(2000),
        runtime_min: Some(9),
        runtime_max: Some(8),
        rating_min: Some(10.5),
        ..Filters::default()
    };
    let wrong = Query {
        limit: 101,
        diversity: Some(f32::NAN),
        novelty: -1.1,
        ratings: vec![rating],
        filters,
        ..query()
    };
    let error = recommender().resolve(&wrong).unwrap_err();
    let fields: Vec<&str> = error.errors.iter().map(|error| error.field.as_str()).collect();
    let numbers = ["limit", "diversity", "novelty", "ratings[0].rating"];
    let filters = ["filters.year_min", "runtime_min", "filters.rating_min"];
    assert_eq!(fields, [&numbers[..], &filters].concat());
}

#[test]
fn reports_a_shortfall_for_a_known_service_without_movies() {
    let recommender = recommender();
    let filters = Filters { services: vec!["hulu".to_owned()], ..Filters::default() };
    let (request, _) = recommender.resolve(&Query { filters, ..query() }).unwrap();
    let shortfall = recommender.recommend(&request).shortfall.unwrap();
    assert_eq!((shortfall.requested, shortfall.returned), (5, 0));
    assert_eq!(shortfall.removed_by, [(FilterKind::Services, 12)].into());
}

#[test]
fn a_rating_overrides_a_dislike_and_a_dislike_overrides_a_like() {
    let recommender = recommender();
    let query = Query {
        liked: vec![MovieId(100), MovieId(101), MovieId(9)],
        disliked: vec![MovieId(101), MovieId(102)],
        ratings: vec![Rating { movie_id: MovieId(102), rating: 4.0 }],
        ..query()
    };
    let (request, unknown) = recommender.resolve(&query).unwrap();
    let feedback: Vec<Feedback> = request.history.iter().map(|item| item.feedback).collect();
    assert_eq!(feedback, [Feedback::Liked, Feedback::Disliked, Feedback::Rated(4.0)]);
    assert_eq!(unknown, [MovieId(9)]);
}

#[test]
fn lists_all_kinds_of_movies_for_a_user_without_history() {
    let recommender = recommender();
    let (request, _) = recommender.resolve(&Query { limit: 3, ..query() }).unwrap();
    let ranked = recommender.recommend(&request);
    let kinds: std::collections::BTreeSet<u32> =
        ids(&recommender, &ranked).iter().map(|id| (id - 100) % 3).collect();
    assert_eq!(kinds.len(), 3);
}

#[test]
fn explains_a_liked_movie_with_its_features() {
    let recommender = recommender();
    let query = Query { liked: vec![MovieId(100)], limit: 1, ..query() };
    let (request, _) = recommender.resolve(&query).unwrap();
    let ranked = recommender.recommend(&request);
    let line = explanation(&ranked.items[0].reasons);
    assert_eq!(line, "About heists and the police, like Film A.");
}

#[test]
fn serves_the_same_lists_as_the_evaluated_hybrid() {
    let recommender = with_models(models());
    let content = StandaloneContent::fit(model(FeatureSet::Full).features().clone());
    let mut parts: Vec<(Fitted, f32)> =
        models().into_iter().map(|learned| (learned.model, learned.weight)).collect();
    parts.push((Fitted::Content(content), 0.3));
    let hybrid = Hybrid::new(parts);
    let rated = |movie, halves| Rated {
        movie: MovieIdx(movie),
        stars: Stars::from_halves(halves).unwrap(),
        time: 0,
    };
    for history in [vec![], vec![rated(3, 10)], vec![rated(1, 9), rated(4, 6), rated(8, 2)]] {
        let mut scores = vec![0.0; 12];
        hybrid.score(&history, &mut scores);
        let seen = |movie: u32| history.iter().any(|rated| rated.movie.0 == movie);
        let mut expected: Vec<u32> = (0..12).filter(|movie| !seen(*movie)).collect();
        expected.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]));
        let best = recommender.top_k_for(ModelChoice::All, &[&history], 20).remove(0);
        assert_eq!(best.iter().map(|best| best.movie.0).collect::<Vec<_>>(), expected);
        assert!((best[0].score - 1.0).abs() < 1e-6);
    }
}

#[test]
fn a_selected_model_ranks_as_if_it_were_the_only_one() {
    let recommender = with_models(models());
    let list = |recommender: &Recommender, model: Option<&str>| {
        let liked = vec![MovieId(103), MovieId(104)];
        let query = Query { liked, limit: 9, model: model.map(str::to_owned), ..query() };
        let (request, _) = recommender.resolve(&query).unwrap();
        let items = recommender.recommend(&request).items;
        items.into_iter().map(|item| (item.movie, item.score)).collect::<Vec<_>>()
    };
    let all = list(&recommender, None);
    assert_eq!(list(&recommender, Some("hybrid")), all);
    for learned in models() {
        let (movies, features) = (recommender.movies().to_vec(), recommender.model().features());
        let (name, weight) = (learned.name, 1.0);
        let blend = Blend { name, models: vec![WeightedModel { weight, ..learned }], content: 0.0 };
        let alone = Recommender::new(movies, features.clone(), blend, Votes::Count);
        let expected = list(&alone, None);
        assert_eq!(list(&recommender, Some(name)), expected, "{name}");
        assert_eq!(list(&alone, Some(name)), expected, "{name}");
        assert_ne!(expected, all, "{name}");
        assert_eq!(
            alone.choose("content").unwrap_err().to_string(),
            format!("unknown model `content`; available: {name}")
        );
    }
    assert_ne!(list(&recommender, Some("content")), all);
    let model = Some("iasl".to_owned());
    assert_eq!(
        recommender.resolve(&Query { model, ..query() }).unwrap_err().to_string(),
        "model: unknown model `iasl`; available: hybrid, edlae, ials, popular, content"
    );
}

#[test]
fn explanations_mention_other_users_and_popularity() {
    let recommender = with_models(models());
    let line = |query| {
        let (request, _) = recommender.resolve(&query).unwrap();
        explanation(&recommender.recommend(&request).items[0].reasons)
    };
    let one = line(Query { liked: vec![MovieId(103)], ..query() });
    assert_eq!(one, "Fans of Film D like this too.");
    assert_eq!(line(query()), "Liked by many users.");
}

#[test]
fn finds_movies_by_every_spelling_of_a_genre() {
    let with = |id, genre: &str| Movie { genres: vec![genre.to_owned()], ..movie(id, "Film") };
    let movies =
        vec![with(1, "sci-fi"), with(2, "sci fi"), with(3, "science fiction"), with(4, "war")];
    let tags = TagCounts::default();
    let plain = PlainFeatures::fit(&movies, TfidfParams::default()).unwrap();
    let features = RankingFeatures::fit(FeatureSet::Full, &movies, &plain, &tags).unwrap();
    let recommender = Recommender::new(movies, features, Blend::CONTENT, Votes::Count);
    for typed in ["sci-fi", "Sci Fi", "science fiction"] {
        let any = GenreFilter { any: vec![typed.to_owned()], ..GenreFilter::default() };
        let filters = Filters { genres: any, ..Filters::default() };
        let (request, _) = recommender.resolve(&Query { filters, limit: 4, ..query() }).unwrap();
        let mut found = ids(&recommender, &recommender.recommend(&request));
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3], "{typed}");
    }
}

prop_compose! {
    fn queries()(
        liked in proptest::collection::vec(98_u32..114, 0..4),
        disliked in proptest::collection::vec(98_u32..114, 0..3),
        ratings in proptest::collection::vec((98_u32..114, 1_u8..=10), 0..4),
        exclude in proptest::collection::vec(98_u32..114, 0..3),
        seen in proptest::collection::vec(98_u32..114, 0..3),
        preferred in proptest::collection::vec(prop_oneof!["crime", "western"], 0..3),
        any in proptest::collection::vec(prop_oneof!["crime", "musical"], 0..2),
        none in proptest::collection::vec(prop_oneof!["comedy", "western"], 0..2),
        services in proptest::collection::vec(prop_oneof!["Netflix", "mubi"], 0..2),
        (year_min, runtime_max, least_tenths) in (
            proptest::option::of(1980_u16..2015),
            proptest::option::of(80_u32..150),
            proptest::option::of(55_u8..90),
        ),
        (limit, offset) in (1_usize..14, 0_usize..4),
        (diversity, novelty) in (proptest::option::of(0_f32..=1.0), -1_f32..=1.0),
        model in proptest::option::of(prop_oneof!["edlae", "ials", "popular", "content"]),
        order in prop_oneof![3 => Just(Order::Taste), 1 => Just(Order::Popularity)],
    ) -> Query {
        let ids = |ids: Vec<u32>| ids.into_iter().map(MovieId).collect::<Vec<_>>();
        let rated = |(id, half): (u32, u8)| Rating {
            movie_id: MovieId(id),
            rating: f32::from(half) / 2.0,
        };
        Query {
            liked: ids(liked),
            disliked: ids(disliked),
            ratings: ratings.into_iter().map(rated).collect(),
            preferred_genres: preferred,
            filters: Filters {
                genres: GenreFilter { any, all: Vec::new(), none },
                services,
                year_min,
                runtime_max,
                rating_min: least_tenths.map(|tenths| f64::from(tenths) / 10.0),
                ..Filters::default()
            },
            exclude: ids(exclude),
            only: Vec::new(),
            seen: ids(seen),
            today: None,
            limit,
            offset,
            diversity,
            novelty,
            explain: true,
            model,
            order,
        }
    }
}

/// Returns a recommender that contains the query's model: a blend, or the content model alone.
fn for_query(query: &Query, blended: bool) -> Recommender {
    let learned = query.model.as_ref().is_some_and(|model| model != "content");
    with_models(if blended || learned { models() } else { Vec::new() })
}

/// Returns whether `query` allows `movie`, without using the code under test.
fn may_be_shown(movie: &Movie, query: &Query) -> bool {
    let has = |genre: &String| movie.genres.contains(genre);
    let genres = &query.filters.genres;
    let services = &query.filters.services;
    let is_known = query.liked.contains(&movie.movie_id)
        || query.disliked.contains(&movie.movie_id)
        || query.ratings.iter().any(|rating| rating.movie_id == movie.movie_id)
        || query.seen.contains(&movie.movie_id)
        || query.exclude.contains(&movie.movie_id);
    !is_known
        && (genres.any.is_empty() || genres.any.iter().any(has))
        && !genres.none.iter().any(has)
        && (services.is_empty()
            || services.iter().any(|name| movie.services[0].eq_ignore_ascii_case(name)))
        && query.filters.year_min.is_none_or(|min| movie.year.unwrap() >= min)
        && query.filters.runtime_max.is_none_or(|max| movie.runtime.unwrap() <= max)
        && query.filters.rating_min.is_none_or(|min| movie.vote_average.unwrap() >= min as f32)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn returns_k_allowed_movies_with_exact_reasons(query in queries(), blended in proptest::bool::ANY) {
        let recommender = for_query(&query, blended);
        let (request, _) = recommender.resolve(&query).unwrap();
        let ranked = recommender.recommend(&request);
        let eligible = recommender.movies().iter().filter(|movie| may_be_shown(movie, &query)).count();

        // The list has exactly k movies if k are eligible, and each is allowed and occurs once.
        prop_assert_eq!(ranked.items.len(), query.limit.min(eligible.saturating_sub(query.offset)));
        let mut shown = ids(&recommender, &ranked);
        prop_assert!(ranked.items.iter().all(|item| may_be_shown(recommender.movie(item.movie), &query)));
        shown.sort_unstable();
        shown.dedup();
        prop_assert_eq!(shown.len(), ranked.items.len());

        // A shortfall is reported and accounts for every movie.
        prop_assert_eq!(ranked.shortfall.is_some(), ranked.items.len() < query.limit);
        if let Some(shortfall) = &ranked.shortfall {
            prop_assert_eq!(shortfall.removed_by.values().sum::<usize>() + eligible, 12);
        }

        // The contributions of the reasons add up to the score.
        for item in &ranked.items {
            let sum: f32 = item.reasons.iter().map(Reason::contribution).sum();
            let rounding = 1e-5 * item.score.abs().max(1.0);
            prop_assert!((sum - item.score).abs() < rounding, "{} {}", sum, item.score);
        }

        // Ranking is deterministic.
        prop_assert_eq!(&recommender.recommend(&request), &ranked);
    }

    #[test]
    fn consecutive_pages_form_the_whole_list(query in queries(), cut in 1_usize..6, blended in proptest::bool::ANY) {
        let recommender = for_query(&query, blended);
        let list = |offset, limit| {
            let page = Query { limit, offset, ..query.clone() };
            let (request, _) = recommender.resolve(&page).unwrap();
            ids(&recommender, &recommender.recommend(&request))
        };
        let mut pages = list(0, cut);
        pages.extend(list(cut, 12));
        prop_assert_eq!(pages, list(0, 12 + cut));
    }
}

/// Without likes, a dislike lowers similar movies and leaves the others unchanged.
#[test]
fn dislikes_alone_subtract_at_most_the_best_score() {
    let recommender = with_models(models());
    for dislikes in [1, 3, 6] {
        let disliked = (100..100 + dislikes).map(MovieId).collect();
        let query = Query { disliked, diversity: Some(0.0), limit: 12, ..query() };
        let (request, _) = recommender.resolve(&query).unwrap();
        let ranked = recommender.recommend(&request);
        assert!(ranked.items[0].score <= 1.1, "{}", ranked.items[0].score);
        for item in &ranked.items {
            let against: f32 = item
                .reasons
                .iter()
                .filter(|reason| {
                    matches!(reason, Reason::Movie { .. } | Reason::OtherMovies { .. })
                })
                .map(Reason::contribution)
                .sum();
            assert!((-1.001..=0.001).contains(&against), "{dislikes}: {against}");
        }
    }
}
