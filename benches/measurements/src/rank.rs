//! Measures how long a recommendation request takes without the network: folding in a history and ranking.
//!
//! `rank ml/artifacts [--requests 400]`
//!
//! Histories of several lengths are drawn from the movies with the most votes. For each, the program measures
//! folding the history into iALS (`fold_in`, if the bundle has the model) and a complete request with all
//! models, diversity and reasons for the top 20 movies (`recommend`). It uses one thread and discards the
//! first tenth of the requests as warm-up. Prints one JSON object.

use std::path::Path;
use std::time::Instant;

use cinematch::bundle::Bundle;
use cinematch::catalog::Rated;
use cinematch::ids::MovieIdx;
use cinematch::models::Fitted;
use cinematch::ranking::{Query, Rating, WeightedModel};
use cinematch::rating::Stars;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::outcome::Outcome;

const HISTORY_LENGTHS: [usize; 4] = [1, 8, 50, 500];
const LIST_LENGTH: usize = 20;
/// Number of movies to draw from.
const N_POPULAR: usize = 5_000;

/// Runs the measurement.
pub fn run(args: &[&str]) -> Outcome<()> {
    let (artifacts, requests) = match args {
        [artifacts] => (artifacts, 400),
        [artifacts, "--requests", number] => (artifacts, number.parse::<usize>()?),
        _ => return Err("expected ARTIFACTS [--requests NUMBER]".into()),
    };
    let bundle = Bundle::load(Path::new(artifacts))?;
    let recommender = &bundle.recommender;
    let mut popular: Vec<MovieIdx> = (0..recommender.movies().len() as u32).map(MovieIdx).collect();
    popular.sort_by_key(|movie| std::cmp::Reverse(recommender.movie(*movie).vote_count));
    popular.truncate(N_POPULAR);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut rows = Vec::new();
    for length in HISTORY_LENGTHS {
        let mut times = [Vec::new(), Vec::new()];
        for at in 0..requests {
            let history = history(popular.clone(), length, &mut random);
            let rating = |rated: &Rated| Rating {
                movie_id: recommender.movie(rated.movie).movie_id,
                rating: rated.stars.value(),
            };
            let ratings = history.iter().map(rating).collect();
            let query = Query { ratings, limit: LIST_LENGTH, explain: true, ..Query::default() };
            let (request, _) = recommender.resolve(&query)?;
            let start = Instant::now();
            for WeightedModel { model, .. } in &recommender.blend().models {
                if let Fitted::Ials(model) = model {
                    std::hint::black_box(model.fold_in(&[&history]));
                }
            }
            let fold_in = start.elapsed();
            let start = Instant::now();
            std::hint::black_box(recommender.recommend(&request));
            let total = start.elapsed();
            if at >= requests / 10 {
                times[0].push(fold_in.as_secs_f64() * 1e3);
                times[1].push(total.as_secs_f64() * 1e3);
            }
        }
        let [fold_in, total] = times.map(|mut times| {
            times.sort_unstable_by(f64::total_cmp);
            let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
            serde_json::json!({"p50_ms": at(0.5), "p99_ms": at(0.99)})
        });
        rows.push(serde_json::json!({"films": length, "fold_in": fold_in, "recommend": total}));
    }
    println!("{}", serde_json::json!({"model_id": bundle.manifest.model_id, "histories": rows}));
    Ok(())
}

/// Draws `length` distinct movies, each with a rating.
fn history(mut popular: Vec<MovieIdx>, length: usize, random: &mut ChaCha8Rng) -> Vec<Rated> {
    let mut history = Vec::with_capacity(length);
    while history.len() < length && !popular.is_empty() {
        let movie = popular.swap_remove(random.next_u64() as usize % popular.len());
        let halves = 4 + (random.next_u64() % 7) as u8;
        history.extend(Stars::from_halves(halves).map(|stars| Rated { movie, stars, time: 0 }));
    }
    history
}
