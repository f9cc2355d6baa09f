//! The listener: accepts connections and hands requests to the router, or to its stand-in while the server is
//! not ready.

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
use crate::drain_body::lend;
use crate::monitor;
use crate::router::{not_ready, router};
use crate::state::AppState;

/// How long requests in flight may take after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long a client may take to send the head of a request, and stay without another one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// What answers just now: at first that the server is not ready.
pub struct Front {
    app: Arc<ArcSwap<Router>>,
    missing: Arc<ArcSwap<String>>,
}

impl Default for Front {
    fn default() -> Self {
        let missing = Arc::new(ArcSwap::from_pointee("it has only just begun".to_owned()));
        let app = Arc::new(ArcSwap::from_pointee(not_ready(missing.clone())));
        Self { app, missing }
    }
}

/// How often a server that waits looks whether what it waits for is there.
const LOOK: Duration = Duration::from_secs(1);

impl Front {
    /// Waits until the model and the database are there.
    pub async fn wait_for(&self, config: ServerConfig) -> AppState {
        let mut said = String::new();
        loop {
            match AppState::open(config.clone()).await {
                Ok(state) => return state,
                Err(error) => {
                    let why = error.to_string();
                    if why != said {
                        tracing::warn!(error = why, "not ready");
                        said.clone_from(&why);
                    }
                    self.missing.store(Arc::new(why));
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// From now on everything is answered, and done in the background.
    pub fn open(&self, state: &AppState) -> Background {
        self.app.store(Arc::new(router(state)));
        Background {
            tasks: vec![
                tokio::spawn(reload::watch(state.service().clone())),
                tokio::spawn(jobs::watch(state.service().clone())),
                tokio::spawn(monitor::watch()),
            ],
        }
    }

    /// Answers until `stop` resolves, then lets requests in flight end.
    pub async fn answer<T>(&self, listener: TcpListener, stop: impl Future<Output = T>) -> T {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let connections = GracefulShutdown::new();
        let mut stop = pin!(stop);
        let stopped = loop {
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
                stopped = &mut stop => break stopped,
            };
            // Replies are written whole; waiting to fill a packet only delays them.
            let _ = stream.set_nodelay(true);
            let app = self.app.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let (head, body) = request.into_parts();
                let (body, rest) = lend(body);
                let mut request = Request::from_parts(head, body);
                request.extensions_mut().insert(ConnectInfo(client));
                let reply = Router::clone(&app.load()).oneshot(request);
                async move {
                    let reply = reply.await;
                    rest.read().await;
                    reply
                }
            });
            let connection =
                connections.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection broke");
                }
            });
        };
        drop(listener);
        tracing::info!("stopping: requests in flight may end");
        if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
            tracing::warn!("connections still open after {} s are closed", DRAIN.as_secs());
        }
        stopped
    }
}

/// What goes on beside requests.
pub struct Background {
    tasks: Vec<JoinHandle<()>>,
}

impl Background {
    /// Ends it, a job's process too, and closes the database.
    pub async fn end(self, state: &AppState) {
        for task in self.tasks {
            task.abort();
            // Whether it ended or was aborted: it is over.
            let _ = task.await;
        }
        state.service().store().close().await;
    }
}
