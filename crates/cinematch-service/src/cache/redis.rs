//! Replies that several servers share. Whatever Redis does, requests go on: one waits for it as long as a reply
//! may cost to make, and when it fails again and again nobody waits at all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::address::{RedisAddress, RedisAddressError};
use super::breaker::{Advice, Breaker};
use super::counters::count;
use super::key::{KEPT_FOR, Key};
use super::payload;

/// How long a question may take.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long connecting may take; no request waits for it.
const CONNECT: Duration = Duration::from_secs(1);
/// Replies being written at the same time; further ones are not kept, so that none pile up in memory.
const WRITES_AT_ONCE: usize = 64;

/// A Redis, reachable or not; it lives as long as the server.
#[derive(Debug)]
pub struct Redis {
    address: RedisAddress,
    client: Client,
    /// `None` as long as the breaker is open.
    link: ArcSwapOption<MultiplexedConnection>,
    breaker: Mutex<Breaker>,
    writes: Arc<Semaphore>,
}

impl Redis {
    /// Connects, if it is there: if not, it is tried again and again while requests go on.
    pub async fn open(address: RedisAddress) -> Result<Arc<Self>, RedisAddressError> {
        let client = Client::open(address.info()).map_err(|_| RedisAddressError::UNUSABLE)?;
        let redis = Arc::new(Self {
            address,
            client,
            link: ArcSwapOption::empty(),
            breaker: Mutex::new(Breaker::untried(Instant::now())),
            writes: Arc::new(Semaphore::new(WRITES_AT_ONCE)),
        });
        redis.breaker().advice(Instant::now());
        if let Err(error) = redis.clone().try_again().await {
            tracing::warn!(
                redis = %redis.address,
                error,
                "Redis cannot be reached; replies are made without it until it can"
            );
        }
        Ok(redis)
    }

    /// The reply kept under a key, if there is one and it comes in time.
    pub async fn get(self: &Arc<Self>, key: &Key) -> Option<Bytes> {
        let Some(mut link) = self.link() else {
            count("redis", "skipped");
            return None;
        };
        let command = redis::cmd("GET").arg(key.name()).take();
        let asked = command.query_async::<Option<Vec<u8>>>(&mut link);
        let found = match timeout(PATIENCE, asked).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                self.failed(&error.to_string());
                return None;
            }
            Err(_) => {
                self.failed("no answer in time");
                return None;
            }
        };
        self.breaker().succeeded();
        let reply = found.and_then(|found| payload::open(key, found));
        count("redis", if reply.is_some() { "hit" } else { "miss" });
        reply
    }

    /// Keeps a reply, in its own time.
    pub fn put(self: &Arc<Self>, key: Key, body: Bytes) {
        let Some(mut link) = self.link() else { return };
        let Ok(permit) = self.writes.clone().try_acquire_owned() else {
            count("redis", "skipped");
            return;
        };
        let redis = self.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let command = redis::cmd("SET")
                .arg(key.name())
                .arg(payload::seal(&key, &body))
                .arg("PX")
                .arg(KEPT_FOR.as_millis() as u64)
                .take();
            match timeout(PATIENCE, command.query_async::<()>(&mut link)).await {
                Ok(Ok(())) => {}
                // A Redis that is full or a replica answers questions all the same.
                Ok(Err(error)) if error.code().is_some() => {
                    count("redis", "error");
                    tracing::debug!(%error, "Redis does not keep a reply");
                }
                Ok(Err(error)) => redis.failed(&error.to_string()),
                Err(_) => redis.failed("no answer in time"),
            }
        });
    }

    /// The connection, where asking is worth it.
    fn link(self: &Arc<Self>) -> Option<MultiplexedConnection> {
        let advice = self.breaker().advice(Instant::now());
        match advice {
            Advice::Ask => self.link.load().as_deref().cloned(),
            Advice::Leave => None,
            Advice::Try => {
                let redis = self.clone();
                tokio::spawn(async move {
                    if let Err(error) = redis.clone().try_again().await {
                        tracing::debug!(redis = %redis.address, error, "Redis is still away");
                    }
                });
                None
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &str) {
        count("redis", "error");
        if self.breaker().failed(Instant::now()) {
            // The connection may be to a machine that is gone: the next one is new.
            self.link.store(None);
            tracing::warn!(redis = %self.address, error, "Redis fails; replies are made without it");
        }
    }

    /// Connects anew; called by whom the breaker tells to.
    async fn try_again(self: Arc<Self>) -> Result<(), String> {
        let connected = timeout(CONNECT, self.connect()).await;
        let connected = match connected {
            Ok(connected) => connected.map_err(|error| error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        };
        let result = connected.map(|link| self.link.store(Some(Arc::new(link))));
        self.breaker().tried(result.is_ok(), Instant::now());
        if result.is_ok() {
            tracing::info!(redis = %self.address, "Redis keeps replies");
        }
        result
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        // How long anything may take is decided here, and not by the driver.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut link = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        redis::cmd("PING").query_async::<()>(&mut link).await?;
        Ok(link)
    }

    /// Whether nobody asks it now.
    pub fn is_open(&self) -> bool {
        self.breaker().is_open()
    }
}
