//! Picking up a new generation: loaded, checked and warmed beside the running one, then swapped in one
//! step. One that cannot be used is refused and named; the old one serves on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cinematch::bundle::{Bundle, Generations};
use cinematch::ranking::Query;
use metrics::counter;

use crate::service::Service;
use crate::serving::Serving;

/// How often the published generation is looked at: one `readlink`.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long after a refusal the same generation is tried again: what was wrong may pass.
const RETRY: Duration = Duration::from_secs(30);

/// How willingly the threads that load make way for those that answer: as willingly as can be.
const NICENESS: i32 = 19;

/// Runs until aborted.
pub async fn watch(service: Service) {
    let artifacts = service.artifacts().to_owned();
    let generations = Generations::at(&artifacts);
    let mut ticks = tokio::time::interval(INTERVAL);
    // The generation last looked at, and when to look at it again if it was refused.
    let mut looked_at = None;
    let mut again: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let mark = generations.mark();
        let due = again.is_some_and(|at| Instant::now() >= at);
        if mark.is_none() || (mark == looked_at && !due) {
            continue;
        }
        looked_at = mark;
        again = None;
        let serving = service.bundle();
        let in_service = generations.manifest().is_ok_and(|(generation, manifest)| {
            generation == serving.generation && manifest.model_id == serving.manifest.model_id
        });
        if in_service {
            service.refuse(false);
            continue;
        }
        let path = artifacts.clone();
        let begun = Instant::now();
        let loaded = tokio::task::spawn_blocking(move || load(&path)).await;
        let refused = match loaded {
            Ok(Ok(next)) => {
                let generation = next.bundle.generation;
                let model_id = next.bundle.manifest.model_id.clone();
                let old = service.swap(next);
                counter!("cinematch_model_swaps_total").increment(1);
                let seconds = begun.elapsed().as_secs_f64();
                tracing::info!(generation, model_id, seconds, "new generation in service");
                tokio::spawn(put_away(old));
                continue;
            }
            Ok(Err(error)) => error,
            Err(error) => error.to_string(),
        };
        tracing::error!(serving = serving.generation, error = refused, "generation refused");
        counter!("cinematch_model_refused_total").increment(1);
        service.refuse(true);
        again = Some(Instant::now() + RETRY);
    }
}

/// Loads the published generation on threads that make way for requests.
fn load(artifacts: &std::path::Path) -> Result<Arc<Serving>, String> {
    let threads = rayon::ThreadPoolBuilder::new()
        .start_handler(|_| {
            // The priority is the thread's own on Linux; elsewhere the server is asked less at night.
            if cfg!(target_os = "linux") {
                let _ = rustix::process::nice(NICENESS);
            }
        })
        .build()
        .map_err(|error| error.to_string())?;
    threads.install(|| {
        let bundle = Bundle::load(artifacts).map_err(|error| error.to_string())?;
        let serving = Serving::new(bundle);
        check(&serving)?;
        Ok(serving)
    })
}

/// Asks a model for what everybody may ask, which also fetches its memory: for lists without a history, and
/// for somebody who likes its first films. One that gives none, or no numbers, is not put into service.
fn check(serving: &Serving) -> Result<(), String> {
    let recommender = &serving.bundle.recommender;
    let movies = recommender.movies();
    let liked = movies.iter().take(5).map(|movie| movie.movie_id).collect();
    let asked = Query { limit: movies.len().min(20), explain: true, ..Query::default() };
    for query in [asked.clone(), Query { liked, ..asked }] {
        let known = query.liked.len();
        let (request, _) = recommender.resolve(&query).map_err(|error| error.to_string())?;
        let ranked = recommender.recommend(&request);
        let expected = request.limit.min(movies.len() - known);
        if ranked.items.len() < expected {
            return Err(format!(
                "{}: asked for {expected} films, it gives {}",
                serving.bundle.manifest.model_id,
                ranked.items.len()
            ));
        }
        if let Some(item) = ranked.items.iter().find(|item| !item.score.is_finite()) {
            let title = &recommender.movie(item.movie).title;
            let model_id = &serving.bundle.manifest.model_id;
            return Err(format!("{model_id}: the score of {title} is no number"));
        }
    }
    Ok(())
}

/// Gives a model's memory back where no request waits for it, once the last that uses it has ended.
async fn put_away(old: Arc<Serving>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    while Arc::strong_count(&old) > 1 {
        ticks.tick().await;
    }
    let _ = tokio::task::spawn_blocking(move || drop(old)).await;
}
