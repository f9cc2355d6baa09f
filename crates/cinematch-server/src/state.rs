//! State of a running server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cinematch::bundle::Bundle;
use cinematch_http::state::RouteState;
use cinematch_service::{Clock, OpenError, Service, ServiceConfig};

use crate::config::{ConfigError, ServerConfig};
use crate::monitor;

/// Error that prevents the server from starting.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings are invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The service can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Service, settings and lifecycle of a running server. Clones are cheap and share their contents.
#[derive(Clone, Debug)]
pub struct AppState {
    pub(crate) routes: RouteState,
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) lifecycle: Arc<Lifecycle>,
}

impl AppState {
    /// Checks the settings, loads the published generation and opens the database.
    ///
    /// If the published generation is damaged, loads the most recently served intact one instead.
    pub async fn open(config: ServerConfig) -> Result<Self, StartError> {
        config.check()?;
        monitor::start();
        let service = Service::open(service_config(&config)).await?;
        Ok(Self::new(config, service))
    }

    /// Checks the settings and opens the database, using a bundle that is already loaded.
    pub async fn with_bundle(config: ServerConfig, bundle: Bundle) -> Result<Self, StartError> {
        config.check()?;
        monitor::start();
        let service = Service::with_bundle(service_config(&config), bundle).await?;
        Ok(Self::new(config, service))
    }

    /// Creates the state from validated settings and an open service.
    pub(crate) fn new(config: ServerConfig, service: Service) -> Self {
        let routes = RouteState::new(service, config.access.clone());
        Self { routes, config: Arc::new(config), lifecycle: Arc::default() }
    }

    /// Returns the served bundle.
    pub fn bundle(&self) -> Arc<Bundle> {
        self.service().bundle()
    }

    /// Returns the service, which implements the use cases.
    pub(crate) fn service(&self) -> &Service {
        &self.routes.service
    }

    /// Starts the shutdown. The readiness probe fails from then on.
    pub(crate) fn stop(&self) {
        tracing::info!(
            delay_seconds = self.config.stop_delay.as_secs(),
            "stop signal received; the readiness probe now fails"
        );
        self.lifecycle.is_stopping.store(true, Ordering::Relaxed);
    }
}

fn service_config(config: &ServerConfig) -> ServiceConfig {
    ServiceConfig {
        artifacts: config.artifacts.clone(),
        database: config.database.clone(),
        cache: config.cache.clone(),
        jobs: config.jobs.clone(),
        clock: Clock::system(),
    }
}

/// The server's start time and shutdown flag.
#[derive(Debug)]
pub struct Lifecycle {
    started: Instant,
    is_stopping: AtomicBool,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { started: Instant::now(), is_stopping: AtomicBool::new(false) }
    }
}

impl Lifecycle {
    /// Returns the time since the server started.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns true while the server is shutting down.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}
