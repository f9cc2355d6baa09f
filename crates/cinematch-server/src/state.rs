//! What handlers share.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use cinematch::bundle::{ArtifactsError, Bundle};
use cinematch::catalog::matching::MatchIndex;
use cinematch::search::SearchIndex;
use cinematch_store::{Ownership, Store, StoreError};

use crate::access::Limits;
use crate::config::{ConfigError, ServerConfig};
use crate::item::ItemTexts;

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
    config: ServerConfig,
    limits: Limits,
    started: Instant,
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
    fn new(bundle: Bundle) -> Arc<Self> {
        let items = ItemTexts::new(bundle.recommender.movies().len());
        let search = SearchIndex::new(bundle.recommender.movies());
        let matching = MatchIndex::new(bundle.recommender.movies());
        Arc::new(Self { bundle: Arc::new(bundle), items, search, matching })
    }
}

impl AppState {
    /// Checks the settings, loads the published model and opens the database.
    pub async fn open(config: ServerConfig) -> Result<Self, StartError> {
        config.check()?;
        let bundle = Bundle::load(&config.artifacts)?;
        Self::with_bundle(config, bundle).await
    }

    /// The same with a model that is in memory already.
    pub async fn with_bundle(config: ServerConfig, bundle: Bundle) -> Result<Self, StartError> {
        config.check()?;
        let store = Store::open(&config.database, Ownership::Alone).await?;
        let serving = ArcSwap::new(Serving::new(bundle));
        let limits = Limits::new(config.access.rate_limit);
        let shared = Shared { serving, store, config, limits, started: Instant::now() };
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

    /// Puts another model into service. Requests under way keep theirs.
    pub(crate) fn swap(&self, bundle: Bundle) {
        self.shared.serving.store(Serving::new(bundle));
    }

    /// People's data.
    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
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
    pub(crate) fn uptime(&self) -> std::time::Duration {
        self.shared.started.elapsed()
    }
}
