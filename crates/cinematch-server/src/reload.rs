//! Picking up a new generation: loaded and checked beside the running one, then swapped in one
//! step. One that cannot be used is refused and named; the old one serves on.

use std::time::Duration;

use cinematch::bundle::{Bundle, Generations};

use crate::state::AppState;

/// How often the published generation is looked at: one `readlink`.
const INTERVAL: Duration = Duration::from_millis(500);

/// Runs until aborted.
pub async fn watch(state: AppState) {
    let artifacts = state.config().artifacts.clone();
    let generations = Generations::at(&artifacts);
    let mut refused = None;
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        let published = generations.published();
        let serving = state.bundle().generation;
        let Some(published) = published.filter(|it| *it != serving && Some(*it) != refused) else {
            continue;
        };
        let path = artifacts.clone();
        let loaded = tokio::task::spawn_blocking(move || Bundle::load(&path)).await;
        match loaded {
            Ok(Ok(bundle)) => {
                let (generation, model_id) = (bundle.generation, bundle.manifest.model_id.clone());
                state.swap(bundle);
                refused = None;
                tracing::info!(generation, model_id, "new generation in service");
            }
            Ok(Err(error)) => {
                tracing::error!(generation = published, serving, %error, "generation refused");
                refused = Some(published);
            }
            Err(error) => {
                tracing::error!(generation = published, serving, %error, "loading failed");
                refused = Some(published);
            }
        }
    }
}
