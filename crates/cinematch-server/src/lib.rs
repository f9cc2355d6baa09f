//! The HTTP server of CineMatch: recommendations, people's own data, `/docs` and `/openapi.json`. A
//! request sees one generation of the model from beginning to end.

mod access;
mod config;
mod extract;
mod item;
mod observe;
mod problem;
mod reload;
mod routes;
mod state;
mod strict;

use std::future::Future;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

pub use access::{ApiToken, LONGEST_PASSWORD, hash_password};
pub use config::{AccessConfig, AccessMode, ConfigError, DEVELOPMENT_ORIGINS, ServerConfig};
pub use routes::openapi_json;
pub use state::{AppState, StartError};

/// How long requests in flight may take after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves on `listener` until `stop` resolves, then lets requests in flight end.
pub async fn serve(
    state: AppState,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let reloading = tokio::spawn(reload::watch(state.clone()));
    let store = state.store().clone();
    let (stopping, mut stopped) = tokio::sync::watch::channel(());
    let graceful = async move {
        stop.await;
        tracing::info!("stopping: requests in flight may end");
        drop(stopping);
    };
    let listener = listener.tap_io(|stream| {
        // Replies are written whole; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
    });
    let app = routes::router(state).into_make_service_with_connect_info::<std::net::SocketAddr>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(graceful).into_future();
    let deadline = async move {
        // The sender is dropped when stopping begins.
        while stopped.changed().await.is_ok() {}
        tokio::time::sleep(DRAIN).await;
    };
    let result = tokio::select! {
        result = serving => result,
        () = deadline => {
            tracing::warn!("connections still open after {} s are closed", DRAIN.as_secs());
            Ok(())
        }
    };
    reloading.abort();
    store.close().await;
    result
}
