//! Accepts connections and dispatches requests to the router, or to a placeholder while the server is not ready.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use cinematch_service::{jobs, reload};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::config::ServerConfig;
use crate::drain_body::split;
use crate::monitor;
use crate::router::{not_ready, router};
use crate::state::AppState;

/// Time limit for requests in flight during shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Time limit for receiving a request head. It also limits how long a connection may stay idle between requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Holds the current router: a placeholder that returns 503 until [`SwappableRouter::switch_to`] is called.
pub struct SwappableRouter {
    app: Arc<ArcSwap<Router>>,
    reason: Arc<ArcSwap<String>>,
}

impl Default for SwappableRouter {
    fn default() -> Self {
        let reason = Arc::new(ArcSwap::from_pointee("it is starting".to_owned()));
        let app = Arc::new(ArcSwap::from_pointee(not_ready(reason.clone())));
        Self { app, reason }
    }
}

/// Interval between attempts to open the model and the database.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

impl SwappableRouter {
    /// Opens the model and the database, retrying until both succeed, and returns the state.
    ///
    /// Logs each error that differs from the previous one, and includes the latest error in the 503 responses.
    pub async fn open_state(&self, config: ServerConfig) -> AppState {
        let mut reported = String::new();
        loop {
            match AppState::open(config.clone()).await {
                Ok(state) => return state,
                Err(error) => {
                    let message = error.to_string();
                    if message != reported {
                        tracing::warn!(error = message, "not ready");
                        reported.clone_from(&message);
                    }
                    self.reason.store(Arc::new(message));
                }
            }
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }

    /// Switches to the full router and starts the background tasks.
    pub fn switch_to(&self, state: &AppState) -> Background {
        self.app.store(Arc::new(router(state)));
        Background {
            tasks: vec![
                tokio::spawn(reload::watch(state.service().clone())),
                tokio::spawn(jobs::watch(state.service().clone())),
                tokio::spawn(monitor::watch()),
            ],
        }
    }

    /// Accepts connections until `stop` resolves, then gives requests in flight up to 10 seconds to finish.
    /// Returns the output of `stop`.
    pub async fn accept_connections<T>(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = T>,
    ) -> T {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let connections = GracefulShutdown::new();
        let mut stop = pin!(stop);
        let stopped = loop {
            let (stream, client) = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Transient, for example too many open files or a disconnected client.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
                stopped = &mut stop => break stopped,
            };
            // Responses are written in one piece, so Nagle's algorithm would only add latency.
            let _ = stream.set_nodelay(true);
            let app = self.app.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let (head, body) = request.into_parts();
                let (body, unread) = split(body);
                let mut request = Request::from_parts(head, body);
                request.extensions_mut().insert(ConnectInfo(client));
                let reply = Router::clone(&app.load()).oneshot(request);
                async move {
                    let reply = reply.await;
                    unread.drain().await;
                    reply
                }
            });
            let connection =
                connections.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "connection error");
                }
            });
        };
        drop(listener);
        tracing::info!("stopping; waiting for requests in flight");
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, connections.shutdown()).await.is_err() {
            tracing::warn!(
                "closing connections that are still open after {} s",
                SHUTDOWN_TIMEOUT.as_secs()
            );
        }
        stopped
    }
}

/// The server's background tasks: model reload, jobs and metrics.
pub struct Background {
    tasks: Vec<JoinHandle<()>>,
}

impl Background {
    /// Aborts the tasks, including the process of any running job, and closes the database.
    pub async fn stop(self, state: &AppState) {
        for task in self.tasks {
            task.abort();
            // The result doesn't matter: the task has either finished or been aborted.
            let _ = task.await;
        }
        state.service().close().await;
    }
}
