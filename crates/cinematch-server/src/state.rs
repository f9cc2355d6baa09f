//! What handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use cinematch::bundle::{ArtifactsError, Bundle, Generations};
use cinematch::catalog::matching::MatchIndex;
use cinematch::search::SearchIndex;
use cinematch_store::{Ownership, Store, StoreError, UserHistory};
use tracing::Instrument;

use crate::access::Limits;
use crate::cache::{Cache, RedisAddressError};
use crate::config::{ConfigError, ServerConfig};
use crate::item::ItemTexts;
use crate::monitor;
use crate::trace::span;

/// How long the database may take to say that it is there.
const PING: Duration = Duration::from_secs(2);

/// A server that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no usable model.
    #[error(transparent)]
    Artifacts(#[from] ArtifactsError),
    /// There is no usable database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such cache.
    #[error(transparent)]
    Cache(#[from] RedisAddressError),
}

/// The server's state; clones share it.
#[derive(Clone, Debug)]
pub struct AppState {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    serving: ArcSwap<Serving>,
    store: Store,
    cache: Cache,
    config: ServerConfig,
    limits: Limits,
    started: Instant,
    /// Whether the published generation is not in service, because it cannot be used.
    is_refusing: AtomicBool,
    is_stopping: AtomicBool,
}

/// A model in service.
#[derive(Debug)]
pub(crate) struct Serving {
    /// The model.
    pub bundle: Arc<Bundle>,
    /// Its films as replies show them.
    pub items: ItemTexts,
    /// Its films as people look for them.
    pub search: SearchIndex,
    /// Its films as exports of elsewhere name them.
    pub matching: MatchIndex,
}

impl Serving {
    /// With all that is made of its films. O(films).
    pub fn new(bundle: Bundle) -> Arc<Self> {
        let items = ItemTexts::new(bundle.recommender.movies().len());
        let search = SearchIndex::new(bundle.recommender.movies());
        let matching = MatchIndex::new(bundle.recommender.movies());
        Arc::new(Self { bundle: Arc::new(bundle), items, search, matching })
    }
}

impl AppState {
    /// Checks the settings, loads the published model, or where that is broken the last one that served and
    /// is whole, and opens the database.
    pub async fn open(config: ServerConfig) -> Result<Self, StartError> {
        config.check()?;
        let best = Generations::at(&config.artifacts).load_best()?;
        let state = Self::with_bundle(config, best.bundle).await?;
        if let Some(refused) = best.refused {
            let (generation, error) = (state.bundle().generation, refused.to_string());
            tracing::error!(generation, error, "an earlier generation serves");
            state.refuse(true);
        }
        Ok(state)
    }

    /// The same with a model that is in memory already.
    pub async fn with_bundle(config: ServerConfig, bundle: Bundle) -> Result<Self, StartError> {
        config.check()?;
        let store = Store::open(&config.database, Ownership::Exclusive).await?;
        monitor::start();
        let cache = Cache::open(&config.cache).await?;
        let shared = Shared {
            serving: ArcSwap::new(Serving::new(bundle)),
            store,
            cache,
            limits: Limits::new(config.access.rate_limit),
            config,
            started: Instant::now(),
            is_refusing: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The model in service: one snapshot for a whole request.
    pub fn bundle(&self) -> Arc<Bundle> {
        self.shared.serving.load().bundle.clone()
    }

    /// The same with its films' texts.
    pub(crate) fn serving(&self) -> Arc<Serving> {
        self.shared.serving.load_full()
    }

    /// Puts another model into service, and gives the one before. Requests under way keep theirs.
    pub(crate) fn swap(&self, next: Arc<Serving>) -> Arc<Serving> {
        self.refuse(false);
        let before = self.shared.serving.swap(next);
        self.shared.cache.clear();
        before
    }

    /// Remembers whether the published generation could be put into service.
    pub(crate) fn refuse(&self, is_refusing: bool) {
        self.shared.is_refusing.store(is_refusing, Ordering::Relaxed);
    }

    /// Whether the published generation is not in service, because it cannot be used.
    pub(crate) fn is_refusing(&self) -> bool {
        self.shared.is_refusing.load(Ordering::Relaxed)
    }

    /// Whether the database answers just now.
    pub(crate) async fn is_store_up(&self) -> bool {
        matches!(tokio::time::timeout(PING, self.store().ping()).await, Ok(Ok(())))
    }

    /// From now on the server asks to be sent no more requests.
    pub(crate) fn stop(&self) {
        tracing::info!(
            delay_seconds = self.config().stop_delay.as_secs(),
            "told to stop: not ready any more"
        );
        self.shared.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Whether it does.
    pub(crate) fn is_stopping(&self) -> bool {
        self.shared.is_stopping.load(Ordering::Relaxed)
    }

    /// What ranking needs to know of a person.
    pub(crate) async fn taste(&self, user: &str) -> Result<Arc<UserHistory>, StoreError> {
        self.store().user_history(user).instrument(span!("store")).await
    }

    /// People's data.
    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Replies kept for those who ask the same.
    pub(crate) fn cache(&self) -> &Cache {
        &self.shared.cache
    }

    /// The settings.
    pub(crate) fn config(&self) -> &ServerConfig {
        &self.shared.config
    }

    /// How often clients may call.
    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// How long the server has been up.
    pub(crate) fn uptime(&self) -> Duration {
        self.shared.started.elapsed()
    }
}
