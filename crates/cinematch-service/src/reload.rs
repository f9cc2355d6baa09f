//! Hot reload of a newly published generation.
//!
//! The new generation is loaded, checked and warmed up while the current one serves, then swapped in
//! atomically. A generation that fails to load or to pass the check is logged and refused; the current one
//! remains in service.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cinematch::bundle::{Bundle, Generations};
use cinematch::ranking::{Filters, Query};
use metrics::counter;

use crate::service::Service;
use crate::serving::Serving;

/// Polling interval of the published generation. Each poll costs two system calls.
const INTERVAL: Duration = Duration::from_millis(500);

/// Delay before retrying a generation that failed to load, in case the failure was transient.
const RETRY: Duration = Duration::from_secs(30);

/// Niceness of the threads that load a generation: the lowest priority.
const NICENESS: i32 = 19;

/// Polls for a newly published generation and puts it into service. Runs until aborted.
pub async fn watch(service: Service) {
    let artifacts = service.artifacts().to_owned();
    let generations = Generations::new(&artifacts);
    let mut ticks = tokio::time::interval(INTERVAL);
    // The generation last seen, and the time of the next attempt if it was refused.
    let mut last_version = None;
    let mut retry_at: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let version = generations.champion_version();
        let due = retry_at.is_some_and(|at| Instant::now() >= at);
        if version.is_none() || (version == last_version && !due) {
            continue;
        }
        last_version = version;
        retry_at = None;
        let serving = service.bundle();
        let in_service = generations.manifest().is_ok_and(|(generation, manifest)| {
            generation == serving.generation && manifest.model_id == serving.manifest.model_id
        });
        if in_service {
            service.set_reload_failed(false);
            continue;
        }
        let path = artifacts.clone();
        let started = Instant::now();
        let loaded = tokio::task::spawn_blocking(move || load(&path)).await;
        let error = match loaded {
            Ok(Ok(next)) => {
                let generation = next.bundle.generation;
                let model_id = next.bundle.manifest.model_id.clone();
                let old = service.swap(next);
                counter!("cinematch_model_swaps_total").increment(1);
                let seconds = started.elapsed().as_secs_f64();
                tracing::info!(generation, model_id, seconds, "new generation in service");
                tokio::spawn(drop_when_unused(old));
                continue;
            }
            Ok(Err(error)) => error,
            Err(error) => error.to_string(),
        };
        tracing::error!(serving = serving.generation, error, "generation refused");
        counter!("cinematch_model_refused_total").increment(1);
        service.set_reload_failed(true);
        retry_at = Some(Instant::now() + RETRY);
    }
}

/// Loads the published generation on low-priority threads.
fn load(artifacts: &std::path::Path) -> Result<Arc<Serving>, String> {
    let threads = rayon::ThreadPoolBuilder::new()
        .start_handler(|_| {
            // `nice` applies to a single thread only on Linux; elsewhere it would slow the whole process.
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

/// Checks that a bundle returns full lists with finite scores, for an empty history and for a history of its
/// first five movies. The queries also page the model into memory.
fn check(serving: &Serving) -> Result<(), String> {
    let recommender = &serving.bundle.recommender;
    let movies = recommender.movies();
    let liked = movies.iter().take(5).map(|movie| movie.movie_id).collect();
    let filters = Filters { include_adult: true, include_unreleased: true, ..Filters::default() };
    let limit = movies.len().min(20);
    let cold_start = Query { filters, limit, explain: true, ..Query::default() };
    for query in [cold_start.clone(), Query { liked, ..cold_start }] {
        let known = query.liked.len();
        let (request, _) = recommender.resolve(&query).map_err(|error| error.to_string())?;
        let ranked = recommender.recommend(&request);
        let expected = request.limit.min(movies.len() - known);
        if ranked.items.len() < expected {
            return Err(format!(
                "{}: expected a list of {expected} movies, got {}",
                serving.bundle.manifest.model_id,
                ranked.items.len()
            ));
        }
        if let Some(item) = ranked.items.iter().find(|item| !item.score.is_finite()) {
            let title = &recommender.movie(item.movie).title;
            let model_id = &serving.bundle.manifest.model_id;
            return Err(format!("{model_id}: the score of {title} is not a finite number"));
        }
    }
    Ok(())
}

/// Drops a replaced bundle on a blocking thread, after the last request that uses it has finished.
async fn drop_when_unused(old: Arc<Serving>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    while Arc::strong_count(&old) > 1 {
        ticks.tick().await;
    }
    let _ = tokio::task::spawn_blocking(move || drop(old)).await;
}
