//! The handle that every use case takes: bundle, store, cache and clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use cinematch::bundle::{ArtifactsError, Bundle, Generations};
use cinematch::date::Date;
use cinematch_store::{Address, Ownership, Store, StoreError, UserHistory};
use tracing::Instrument;

use crate::cache::{Cache, CacheConfig, RedisAddressError};
use crate::canonical;
use crate::clock::Clock;
use crate::jobs::JobsConfig;
use crate::serving::Serving;
use crate::trace::span;

/// Timeout of the database health check.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Settings of the service: paths, addresses, cache, jobs and clock.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Directory of trained models.
    pub artifacts: PathBuf,
    /// Address of the user database.
    pub database: Address,
    /// Capacity of the in-memory reply cache and address of Redis.
    pub cache: CacheConfig,
    /// Worker command, schedules and timing of background jobs.
    pub jobs: JobsConfig,
    /// Source of the current time.
    pub clock: Clock,
}

/// An error that prevents the service from starting.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No published generation can be loaded.
    #[error(transparent)]
    Artifacts(#[from] ArtifactsError),
    /// The user database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address of the Redis cache is invalid.
    #[error(transparent)]
    Cache(#[from] RedisAddressError),
}

/// The handle that every use case takes. Clones are cheap and share all state.
#[derive(Clone, Debug)]
pub struct Service {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    serving: ArcSwap<Serving>,
    store: Store,
    cache: Cache,
    artifacts: PathBuf,
    jobs: JobsConfig,
    clock: Clock,
    /// True while the published generation cannot be loaded and an earlier one is in service.
    reload_failed: AtomicBool,
}

impl Service {
    /// Loads the published generation and opens the database. If the published generation is broken, loads
    /// the most recently served generation that is intact.
    pub async fn open(config: ServiceConfig) -> Result<Self, OpenError> {
        let best = Generations::new(&config.artifacts).load_with_fallback()?;
        // A loaded bundle is large, so the future that holds it is allocated on the heap.
        let service = Box::pin(Self::with_bundle(config, best.bundle)).await?;
        if let Some(refused) = best.champion_error {
            let (generation, error) = (service.bundle().generation, refused.to_string());
            tracing::error!(
                generation,
                error,
                "cannot load the published generation; serving an earlier one"
            );
            service.set_reload_failed(true);
        }
        Ok(service)
    }

    /// Opens the database and puts an already loaded bundle into service.
    pub async fn with_bundle(config: ServiceConfig, bundle: Bundle) -> Result<Self, OpenError> {
        Self::with_serving(config, Serving::new(bundle)).await
    }

    async fn with_serving(config: ServiceConfig, serving: Arc<Serving>) -> Result<Self, OpenError> {
        let store = Store::open(&config.database, Ownership::Exclusive).await?;
        Self::with_store(config, serving, store).await
    }

    /// Puts a bundle with its indexes into service, with a database that is already open. Several services can
    /// share the bundle. Tests keep a clone of the database to prepare and inspect user data.
    pub async fn with_store(
        config: ServiceConfig,
        serving: Arc<Serving>,
        store: Store,
    ) -> Result<Self, OpenError> {
        let ServiceConfig { artifacts, cache, jobs, clock, .. } = config;
        let cache = Cache::open(&cache).await?;
        let serving = ArcSwap::new(serving);
        let reload_failed = AtomicBool::new(false);
        let shared = Shared { serving, store, cache, artifacts, jobs, clock, reload_failed };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Returns a snapshot of the bundle in service. A request takes one snapshot and uses it throughout.
    pub fn bundle(&self) -> Arc<Bundle> {
        self.shared.serving.load().bundle.clone()
    }

    /// Returns a snapshot of the bundle in service with its indexes. A request takes one snapshot and uses
    /// it throughout.
    pub fn serving(&self) -> Arc<Serving> {
        self.shared.serving.load_full()
    }

    /// Puts another bundle into service, clears the reply cache and returns the previous bundle. Requests in
    /// flight continue with the previous bundle.
    pub fn swap(&self, next: Arc<Serving>) -> Arc<Serving> {
        self.set_reload_failed(false);
        let before = self.shared.serving.swap(next);
        self.shared.cache.clear();
        before
    }

    /// Sets the flag that [`Service::reload_failed`] returns.
    pub fn set_reload_failed(&self, reload_failed: bool) {
        self.shared.reload_failed.store(reload_failed, Ordering::Relaxed);
    }

    /// True while the published generation cannot be loaded and an earlier one is in service.
    pub fn reload_failed(&self) -> bool {
        self.shared.reload_failed.load(Ordering::Relaxed)
    }

    /// True if the database responds to a ping within two seconds.
    pub async fn is_store_up(&self) -> bool {
        matches!(tokio::time::timeout(PING_TIMEOUT, self.store().ping()).await, Ok(Ok(())))
    }

    /// Waits for running queries and closes the database.
    pub async fn close(&self) {
        self.store().close().await;
    }

    /// Returns the user's history and preferences, which ranking takes as input. Feedback on a duplicate entry is
    /// listed under the movie that the catalog keeps for it.
    pub(crate) async fn user_history(&self, user: &str) -> Result<Arc<UserHistory>, StoreError> {
        let history = self.store().user_history(user).instrument(span!("store")).await?;
        Ok(canonical::history(history, self.bundle().recommender.vocabulary()))
    }

    /// Returns the user database. Only use cases call it, so no other crate reads or changes user data directly.
    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Returns the reply cache.
    pub fn cache(&self) -> &Cache {
        &self.shared.cache
    }

    /// Returns the directory of trained models.
    pub fn artifacts(&self) -> &Path {
        &self.shared.artifacts
    }

    /// Returns the settings of background jobs.
    pub fn jobs(&self) -> &JobsConfig {
        &self.shared.jobs
    }

    /// Returns the current time in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Returns the current date in UTC.
    pub fn today(&self) -> Date {
        Date::from_unix_seconds(self.now() / 1000)
    }
}
