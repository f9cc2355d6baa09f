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
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tower::ServiceExt;

pub use access::{ApiToken, LONGEST_PASSWORD, hash_password};
pub use config::{AccessConfig, AccessMode, ConfigError, DEVELOPMENT_ORIGINS, ServerConfig};
pub use routes::openapi_json;
pub use state::{AppState, StartError};

/// How long requests in flight may take after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long a client may take to send the head of a request, and stay without another one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves on `listener` until `stop` resolves, then lets requests in flight end.
pub async fn serve(
    state: AppState,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let reloading = tokio::spawn(reload::watch(state.clone()));
    let store = state.store().clone();
    let app = routes::router(state);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, client) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Too many open files, or a client that is gone: the next one may be served.
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Replies are written whole; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let app = app.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(client));
            app.clone().oneshot(request.map(Body::new))
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop(listener);
    tracing::info!("stopping: requests in flight may end");
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("connections still open after {} s are closed", DRAIN.as_secs());
    }
    reloading.abort();
    store.close().await;
    Ok(())
}
