//! The state of a running server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cinematch::bundle::{ArtifactsError, Bundle};
use cinematch_http::state::RouteState;
use cinematch_service::cache::RedisAddressError;
use cinematch_service::{Clock, OpenError, Service, ServiceConfig};
use cinematch_store::StoreError;

use crate::config::{ConfigError, ServerConfig};
use crate::monitor;

/// A server that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings contradict each other.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no usable model.
    #[error(transparent)]
    Artifacts(ArtifactsError),
    /// There is no usable database.
    #[error(transparent)]
    Store(StoreError),
    /// The address of the cache is invalid.
    #[error(transparent)]
    Cache(RedisAddressError),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Artifacts(error) => Self::Artifacts(error),
            OpenError::Store(error) => Self::Store(error),
            OpenError::Cache(error) => Self::Cache(error),
        }
    }
}

/// The state of a running server; clones share it.
#[derive(Clone, Debug)]
pub struct AppState {
    pub(crate) routes: RouteState,
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) lifecycle: Arc<Lifecycle>,
}

impl AppState {
    /// Checks the settings, loads the published model, or where that is broken the last one that served
    /// and is intact, and opens the database.
    pub async fn open(config: ServerConfig) -> Result<Self, StartError> {
        config.check()?;
        monitor::start();
        let service = Service::open(service_config(&config)).await?;
        Ok(Self::new(config, service))
    }

    /// Opens the database and serves a model that is already in memory.
    pub async fn with_bundle(config: ServerConfig, bundle: Bundle) -> Result<Self, StartError> {
        config.check()?;
        monitor::start();
        let service = Service::with_bundle(service_config(&config), bundle).await?;
        Ok(Self::new(config, service))
    }

    fn new(config: ServerConfig, service: Service) -> Self {
        let routes = RouteState::new(service, config.access.clone());
        Self { routes, config: Arc::new(config), lifecycle: Arc::default() }
    }

    /// Returns the bundle in service.
    pub fn bundle(&self) -> Arc<Bundle> {
        self.service().bundle()
    }

    /// Returns the use cases.
    pub(crate) fn service(&self) -> &Service {
        &self.routes.service
    }

    /// Makes the server report that it is not ready for requests any more.
    pub(crate) fn stop(&self) {
        tracing::info!(
            delay_seconds = self.config.stop_delay.as_secs(),
            "told to stop: not ready any more"
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

/// When the server started, and whether it stops.
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
    /// Time since the start.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// True while the server is shutting down.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}
