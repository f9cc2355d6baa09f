//! Picking up a new generation: loaded and checked beside the running one, then swapped in one
//! step. One that cannot be used is refused and named; the old one serves on.

use std::time::{Duration, Instant};

use cinematch::bundle::{Bundle, Generations};

use crate::state::AppState;

/// How often the published generation is looked at: one `readlink`.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long after a refusal the same generation is tried again: what was wrong may pass.
const RETRY: Duration = Duration::from_secs(30);

/// Runs until aborted.
pub async fn watch(state: AppState) {
    let artifacts = state.config().artifacts.clone();
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
        let serving = state.bundle();
        let in_service = generations.manifest().is_ok_and(|(generation, manifest)| {
            generation == serving.generation && manifest.model_id == serving.manifest.model_id
        });
        if in_service {
            continue;
        }
        let path = artifacts.clone();
        let loaded = tokio::task::spawn_blocking(move || Bundle::load(&path)).await;
        let refused = match loaded {
            Ok(Ok(bundle)) => {
                let (generation, model_id) = (bundle.generation, bundle.manifest.model_id.clone());
                state.swap(bundle);
                tracing::info!(generation, model_id, "new generation in service");
                continue;
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(serving = serving.generation, error = refused, "generation refused");
        again = Some(Instant::now() + RETRY);
    }
}
