//! Measures the effect of a dislike on similar movies.
//!
//! `dislikes ARTIFACTS`, for example `dislikes ml/artifacts`
//!
//! A movie X, drawn from the movies with the most votes, is added to a history of liked movies as a dislike or
//! with a low rating. The movies most similar to X, by content or by X's weights in the item-item models, should
//! rank lower than before.

use std::path::Path;

use cinematch::bundle::Bundle;
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::models::Fitted;
use cinematch::ranking::{Query, Rating, Recommender};
use cinematch::retrieval::Filter;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::outcome::Outcome;

/// Number of movies to draw from.
const N_POPULAR: usize = 600;
/// Number of movies per history.
const HISTORY_LENGTH: usize = 12;
/// Number of histories.
const N_TRIALS: usize = 300;
/// Number of most similar movies to look up for each X.
const N_NEAREST: usize = 20;
/// Number of top ranks that count as visible.
const TOP_RANKS: usize = 100;
const NEIGHBOR_KINDS: [&str; 3] = ["content", "ratings", "content, in the top 100 before"];

/// Runs the measurement.
pub fn run(args: &[&str]) -> Outcome<()> {
    let [artifacts] = args else { return Err("expected ARTIFACTS".into()) };
    let bundle = Bundle::load(Path::new(artifacts))?;
    let recommender = &bundle.recommender;
    let mut popular: Vec<MovieIdx> = (0..recommender.movies().len() as u32).map(MovieIdx).collect();
    popular.sort_by_key(|movie| std::cmp::Reverse(recommender.movie(*movie).vote_count));
    popular.truncate(N_POPULAR);
    println!("| feedback on X | neighbors by | mean rank before | after | fell |");
    println!("|---|---|---|---|---|");
    for (name, stars) in [("disliked", None), ("1★", Some(1.0)), ("0.5★", Some(0.5))] {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut rows = [(0.0, 0.0, 0, 0); 3];
        for _ in 0..N_TRIALS {
            let mut draw = || popular[random.next_u64() as usize % popular.len()];
            let x = draw();
            let liked: Vec<MovieIdx> =
                (0..HISTORY_LENGTH).map(|_| draw()).filter(|movie| *movie != x).collect();
            let before = ranks(recommender, &liked, None)?;
            let after = ranks(recommender, &liked, Some((x, stars)))?;
            let [content, users] = nearest(recommender, x);
            let shown = content.iter().filter(|movie| before[movie.row()] < TOP_RANKS);
            let shown = shown.copied().collect();
            for (row, nearest) in rows.iter_mut().zip([content, users, shown]) {
                if nearest.is_empty() {
                    continue;
                }
                let mean = |ranks: &[usize]| {
                    let of = nearest.iter().map(|movie| ranks[movie.row()] as f64);
                    of.sum::<f64>() / nearest.len() as f64
                };
                let (before, after) = (mean(&before), mean(&after));
                row.0 += before;
                row.1 += after;
                row.2 += usize::from(after > before);
                row.3 += 1;
            }
        }
        for ((before, after, n_fell, n), by) in rows.into_iter().zip(NEIGHBOR_KINDS) {
            let (before, after) = (before / f64::from(n), after / f64::from(n));
            println!("| {name} | {by} | {before:.0} | {after:.0} | {n_fell} of {n} |");
        }
    }
    Ok(())
}

/// Returns the movies most similar to X by content, and those with the largest weights from X in the item-item
/// model.
fn nearest(recommender: &Recommender, x: MovieIdx) -> [Vec<MovieIdx>; 2] {
    let mut pool = recommender.model().similarity_pool();
    pool.push(x);
    let all = (0..recommender.movies().len() as u32).map(MovieIdx).filter(|movie| *movie != x);
    let by_content = all.map(|movie| (pool.similarities_to(movie)[0], movie)).collect();
    let mut by_users = Vec::new();
    for learned in &recommender.blend().models {
        if let Fitted::ItemItem(model) = &learned.model {
            let entries = model.weights().entries(x.row());
            by_users = entries.map(|(movie, weight)| (weight, MovieIdx(movie))).collect();
        }
    }
    [by_content, by_users].map(|mut movies: Vec<(f32, MovieIdx)>| {
        movies.sort_by(|a, b| b.0.total_cmp(&a.0));
        movies.into_iter().take(N_NEAREST).map(|(_, movie)| movie).collect()
    })
}

/// Returns the rank of each movie by score, from 0, including movies in the history.
fn ranks(
    recommender: &Recommender,
    liked: &[MovieIdx],
    feedback: Option<(MovieIdx, Option<f32>)>,
) -> Outcome<Vec<usize>> {
    let id = |movie: MovieIdx| recommender.movie(movie).movie_id;
    let ids: Vec<MovieId> = liked.iter().map(|movie| id(*movie)).collect();
    let mut query = Query { liked: ids, limit: 1, diversity: Some(0.0), ..Query::default() };
    match feedback {
        Some((x, None)) => query.disliked.push(id(x)),
        Some((x, Some(rating))) => query.ratings.push(Rating { movie_id: id(x), rating }),
        None => {}
    }
    let (mut request, _) = recommender.resolve(&query)?;
    request.limit = recommender.movies().len();
    request.filter = Filter::default();
    let mut ranks = vec![0; recommender.movies().len()];
    for (rank, item) in recommender.recommend(&request).items.iter().enumerate() {
        ranks[item.movie.row()] = rank;
    }
    Ok(ranks)
}
