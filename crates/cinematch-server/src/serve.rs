//! Runs the server until it receives a stop signal.

use std::future::Future;

use tokio::net::TcpListener;

use crate::config::ServerConfig;
use crate::monitor;
use crate::state::{AppState, StartError};
use crate::swappable_router::SwappableRouter;

/// Serves on `listener` until `stop` resolves, then shuts down gracefully.
///
/// During shutdown, the readiness probe fails, but the server keeps serving for `stop_delay`. It then waits for
/// requests in flight to finish.
pub async fn serve(
    state: AppState,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = SwappableRouter::default();
    let background = router.switch_to(&state);
    let stopping = async move {
        stop.await;
        state.stop();
        tokio::time::sleep(state.config.stop_delay).await;
        state
    };
    let state = router.accept_connections(listener, stopping).await;
    background.stop(&state).await;
    Ok(())
}

/// Like [`serve`], but waits for the model and the database if they are not available yet.
///
/// The server listens immediately. Until it is ready, it returns a 503 that names the missing dependency.
pub async fn serve_when_ready(
    config: ServerConfig,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    config.check()?;
    monitor::start();
    let router = SwappableRouter::default();
    let opening = async {
        let state = router.open_state(config).await;
        let background = router.switch_to(&state);
        tracing::info!("ready");
        (state, background)
    };
    let (state_sender, state_receiver) = tokio::sync::watch::channel(None::<AppState>);
    let stopping = async move {
        stop.await;
        let state = state_receiver.borrow().clone();
        if let Some(state) = &state {
            state.stop();
            tokio::time::sleep(state.config.stop_delay).await;
        }
        state
    };
    let serving = router.accept_connections(listener, stopping);
    let mut background = None;
    let open_and_wait = async {
        let (state, tasks) = opening.await;
        background = Some(tasks);
        state_sender.send_replace(Some(state));
        std::future::pending::<()>().await;
    };
    let state = tokio::select! {
        state = serving => state,
        () = open_and_wait => None,
    };
    if let (Some(background), Some(state)) = (background, state) {
        background.stop(&state).await;
    }
    Ok(())
}
