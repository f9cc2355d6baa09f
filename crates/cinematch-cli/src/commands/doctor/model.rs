//! Checks the generations, and the lists that the served generation produces.

use cinematch::bundle::{ArtifactsError, Bundle, Generations};
use cinematch::catalog::{Interactions, Rated};
use cinematch::evaluation::Exposure;
use cinematch::ids::{MovieIdx, UserIdx};
use cinematch::ranking::{Filters, Query, Rating, Recommender};

use super::data::Table;
use super::findings::Findings;
use super::paths::DoctorPaths;
use crate::options::Global;
use crate::output::{Output, counted, thousands};
use crate::paths::display_path;
use crate::pipeline::inputs::{ReadMode, load_ratings, ratings_path};

/// Number of movies per list.
const LIST_LENGTH: usize = 20;
/// Recommendations are based on at most this many of a user's latest ratings.
const MAX_HISTORY: usize = 100;
/// The check warns if more than this share of users have rated only movies unknown to the rating models.
const MAX_FALLBACK_SHARE: f64 = 0.2;
/// The check warns if the most-rated 1 % of movies fill more than this share of list positions, because
/// such lists are barely personalized.
const MAX_POPULARITY_SHARE: f64 = 0.8;
/// The check warns if the lists contain less than this share of the movies they could contain, because all
/// users then get similar lists.
const MIN_COVERAGE: f64 = 0.02;
/// The check warns if more than this share of movies are missing from the training data.
const MAX_COLD_SHARE: f64 = 0.05;

/// Loads the served generation, verifying the checksum of every file, and checks the lists it produces.
pub fn check(
    (paths, sample): (&DoctorPaths, usize),
    global: &Global,
    (silent, table): (&Output, Option<&Table>),
    findings: &mut Findings,
) {
    let generations = Generations::new(&paths.artifacts.resolve(global));
    // Loading reads only the files that are served.
    let bundle = match generations.check().and_then(|_| generations.load()) {
        Ok(bundle) => bundle,
        Err(error) => {
            let advice = match &error {
                ArtifactsError::NotFound { .. } => "run `cinematch train`",
                ArtifactsError::NotServed { .. } => "run `cinematch models promote N`",
                _ => "run `cinematch models rollback`, or `cinematch train`",
            };
            findings.fail("model.files", error.to_string(), advice);
            return;
        }
    };
    let manifest = &bundle.manifest;
    findings.ok(
        "model.files",
        format!(
            "generation {}, {}: {} files, all checksums match",
            bundle.generation,
            manifest.model_id,
            manifest.files.len()
        ),
    );
    match generations.numbers().last() {
        Some(newest) if *newest > bundle.generation => findings.warn(
            "model.newest",
            format!("generation {} is served; {newest} is newer", bundle.generation),
            "it was not promoted, or was rolled back: see `cinematch models list`",
        ),
        _ => findings.ok("model.newest", "the newest generation is served"),
    }
    if let Some(Table { movies, sum }) = table {
        let input = manifest.inputs.iter().find(|input| input.name == sum.name);
        let is_stale = input.is_some_and(|input| input.sha256 != sum.sha256);
        let vocabulary = bundle.recommender.vocabulary();
        let new =
            movies.iter().filter(|movie| vocabulary.index_of(movie.movie_id).is_none()).count();
        let found = if is_stale {
            let new = counted(new as u64, "movie");
            format!("the merged table has changed since: {new} added")
        } else {
            "built from the current merged table".to_owned()
        };
        findings.warn_if(is_stale, "model.stale", found, "run `cinematch update`");
    }
    let n_cold_start = manifest.counts.movies - manifest.learned_movies();
    let share = n_cold_start as f64 / manifest.counts.movies.max(1) as f64;
    let found = format!("{} outside the training data", counted(n_cold_start as u64, "movie"));
    findings.warn_if(share > MAX_COLD_SHARE, "model.newcomers", found, "run `cinematch train`");
    lists((paths, sample), &bundle, (global, silent), findings);
}

/// Recommends movies for users in ratings.csv and checks their lists.
fn lists(
    (paths, sample): (&DoctorPaths, usize),
    bundle: &Bundle,
    (global, silent): (&Global, &Output),
    findings: &mut Findings,
) {
    let recommender = &bundle.recommender;
    let path = ratings_path(&paths.raw.resolve(global));
    if sample == 0 || !path.exists() {
        findings.ok("model.lists", "skipped: there are no ratings, or --sample is 0");
        return;
    }
    let mode = ReadMode { refresh: false, read_only: true };
    let loaded = match load_ratings(mode, &paths.raw, &paths.packed, global, silent) {
        Ok(loaded) => loaded,
        Err(error) => {
            let advice = "run `cinematch ratings` to list the problems";
            findings.fail("data.ratings", format!("{}: {error:#}", display_path(&path)), advice);
            return;
        }
    };
    let interactions = loaded.interactions.restricted_to(recommender.vocabulary());
    let n_movies = recommender.movies().len();
    let n_ratings: Vec<u32> = (0..n_movies as u32)
        .map(|row| interactions.movie_ratings(MovieIdx(row)).len() as u32)
        .collect();
    let sampled = sample_lists(recommender, &interactions, sample);
    if sampled.lists.is_empty() {
        findings.ok("model.lists", "no ratings of movies in the catalog");
        return;
    }
    let n_users = sampled.lists.len();
    let is_candidate = vec![true; n_movies];
    let exposure = Exposure::new(LIST_LENGTH, &sampled.lists, n_movies);

    let short =
        sampled.lists.iter().filter(|list| list.len() < LIST_LENGTH.min(n_movies / 2)).count();
    let found = format!("{}, {short} lists too short", counted(n_users as u64, "user"));
    findings.warn_if(short > 0, "model.lists", found, "the catalog is too small for its users");

    let fallbacks = sampled.fallbacks as f64 / n_users as f64;
    let found = format!(
        "{:.0} % of users have rated only movies unknown to the rating models",
        fallbacks * 100.0
    );
    let advice = "rated movies are missing from the training data: run `cinematch train`";
    findings.warn_if(fallbacks > MAX_FALLBACK_SHARE, "model.fallbacks", found, advice);

    let share = exposure.popularity_share(&is_candidate, &n_ratings);
    let found = format!("the most-rated 1 % of movies fill {:.0} % of lists", share * 100.0);
    let advice = "lists are barely personalized: see `cinematch evaluate`, lower the weight of popular, or \
                  request more novelty";
    findings.warn_if(share > MAX_POPULARITY_SHARE, "model.popularity", found, advice);

    // The number of distinct movies is limited by the number of list positions and by the size of the
    // catalog.
    let shown = exposure.coverage(&is_candidate) * n_movies as f64;
    let n_possible = n_movies.min(n_users * LIST_LENGTH) as f64;
    let found = format!(
        "{} distinct movies in {} places",
        thousands(shown.round() as u64),
        thousands((n_users * LIST_LENGTH) as u64)
    );
    let advice = "users with different tastes get similar lists: train again, and compare with \
                  `cinematch evaluate`";
    findings.warn_if(shown < n_possible * MIN_COVERAGE, "model.coverage", found, advice);
}

/// Recommendations for a sample of users.
struct SampledLists {
    lists: Vec<Vec<MovieIdx>>,
    /// Number of users whose rated movies are all unknown to the rating models.
    fallbacks: usize,
}

/// Recommends movies, as a server would, for a sample of users spread evenly over all users.
fn sample_lists(
    recommender: &Recommender,
    interactions: &Interactions,
    max_users: usize,
) -> SampledLists {
    let n_users = interactions.n_users();
    let step = n_users.div_ceil(max_users).max(1);
    let models = &recommender.blend().models;
    let mut sampled = SampledLists { lists: Vec::new(), fallbacks: 0 };
    for user in (0..n_users).step_by(step) {
        let mut history: Vec<Rated> = interactions.user_ratings(UserIdx(user as u32)).collect();
        if history.is_empty() {
            continue;
        }
        history.sort_by_key(|rated| std::cmp::Reverse(rated.time));
        history.truncate(MAX_HISTORY);
        let is_known =
            |rated: &Rated| models.iter().any(|learned| learned.model.has_learned(rated.movie));
        if !models.is_empty() && !history.iter().any(is_known) {
            sampled.fallbacks += 1;
        }
        let rating = |rated: &Rated| Rating {
            movie_id: recommender.movie(rated.movie).movie_id,
            rating: rated.stars.value(),
        };
        let query = Query {
            ratings: history.iter().map(rating).collect(),
            limit: LIST_LENGTH,
            filters: Filters {
                include_adult: true,
                include_unreleased: true,
                ..Filters::default()
            },
            ..Query::default()
        };
        // The query is always valid, because its movies come from the catalog.
        if let Ok((request, _)) = recommender.resolve(&query) {
            let list = recommender.recommend(&request);
            sampled.lists.push(list.items.iter().map(|item| item.movie).collect());
        }
    }
    sampled
}
