//! The Redis tier of the reply cache, shared by several servers.
//!
//! Requests succeed even if Redis is down. A lookup times out after 50 ms, about the cost of computing a reply, and a
//! circuit breaker skips Redis after repeated failures.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::address::{RedisAddress, RedisAddressError};
use super::breaker::{Breaker, Decision};
use super::counters::count;
use super::key::{Key, TTL};
use super::payload;

/// Timeout for a Redis command.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(50);
/// Timeout for a connection attempt. Requests never wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum number of concurrent writes. Further replies aren't stored, which limits memory use.
const MAX_CONCURRENT_WRITES: usize = 64;

/// A client for a Redis server that may be unreachable. Reconnects in the background.
#[derive(Debug)]
pub struct Redis {
    address: RedisAddress,
    client: Client,
    /// Shared connection; `None` while the breaker is open.
    connection: ArcSwapOption<MultiplexedConnection>,
    breaker: Mutex<Breaker>,
    write_permits: Arc<Semaphore>,
}

impl Redis {
    /// Connects to Redis. If Redis is unreachable, logs a warning and reconnects later in the background.
    pub async fn open(address: RedisAddress) -> Result<Arc<Self>, RedisAddressError> {
        let client = Client::open(address.info()).map_err(|_| RedisAddressError::UNUSABLE)?;
        let redis = Arc::new(Self {
            address,
            client,
            connection: ArcSwapOption::empty(),
            breaker: Mutex::new(Breaker::open_until(Instant::now())),
            write_permits: Arc::new(Semaphore::new(MAX_CONCURRENT_WRITES)),
        });
        redis.breaker().decide(Instant::now());
        if let Err(error) = redis.clone().probe().await {
            tracing::warn!(
                redis = %redis.address,
                error,
                "Redis cannot be reached; replies are computed without it until it responds"
            );
        }
        Ok(redis)
    }

    /// Returns the reply stored under `key`, or `None` if there is none or if Redis fails or times out.
    pub async fn get(self: &Arc<Self>, key: &Key) -> Option<Bytes> {
        let Some(mut connection) = self.connection() else {
            count("redis", "skipped");
            return None;
        };
        let command = redis::cmd("GET").arg(key.redis_key()).take();
        let response = command.query_async::<Option<Vec<u8>>>(&mut connection);
        let payload = match timeout(COMMAND_TIMEOUT, response).await {
            Ok(Ok(payload)) => payload,
            Ok(Err(error)) => {
                self.record_failure(&error.to_string());
                return None;
            }
            Err(_) => {
                self.record_failure("timed out");
                return None;
            }
        };
        self.breaker().record_success();
        let reply = payload.and_then(|payload| payload::decode(key, payload));
        count("redis", if reply.is_some() { "hit" } else { "miss" });
        reply
    }

    /// Stores a reply in a background task.
    pub fn put(self: &Arc<Self>, key: Key, body: Bytes) {
        let Some(mut connection) = self.connection() else { return };
        let Ok(permit) = self.write_permits.clone().try_acquire_owned() else {
            count("redis", "skipped");
            return;
        };
        let redis = self.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let command = redis::cmd("SET")
                .arg(key.redis_key())
                .arg(payload::encode(&key, &body))
                .arg("PX")
                .arg(TTL.as_millis() as u64)
                .take();
            match timeout(COMMAND_TIMEOUT, command.query_async::<()>(&mut connection)).await {
                Ok(Ok(())) => {}
                // A Redis server that is full, or a replica, rejects writes but still serves reads.
                Ok(Err(error)) if error.code().is_some() => {
                    count("redis", "error");
                    tracing::debug!(%error, "Redis rejected a write");
                }
                Ok(Err(error)) => redis.record_failure(&error.to_string()),
                Err(_) => redis.record_failure("timed out"),
            }
        });
    }

    /// Returns the connection if the breaker allows it, and starts a probe if one is due.
    fn connection(self: &Arc<Self>) -> Option<MultiplexedConnection> {
        let decision = self.breaker().decide(Instant::now());
        match decision {
            Decision::Allow => self.connection.load().as_deref().cloned(),
            Decision::Skip => None,
            Decision::Probe => {
                let redis = self.clone();
                tokio::spawn(async move {
                    if let Err(error) = redis.clone().probe().await {
                        tracing::debug!(redis = %redis.address, error, "Redis is still unreachable");
                    }
                });
                None
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record_failure(&self, error: &str) {
        count("redis", "error");
        if self.breaker().record_failure(Instant::now()) {
            // Drop the connection, since the other end may be gone. The next probe opens a new one.
            self.connection.store(None);
            tracing::warn!(redis = %self.address, error, "Redis is failing; replies are computed without it");
        }
    }

    /// Reconnects and reports the result to the breaker. Called when the breaker allows a probe.
    async fn probe(self: Arc<Self>) -> Result<(), String> {
        let connected = timeout(CONNECT_TIMEOUT, self.connect()).await;
        let connected = match connected {
            Ok(connected) => connected.map_err(|error| error.to_string()),
            Err(_) => Err("timed out".to_owned()),
        };
        let result = connected.map(|connection| self.connection.store(Some(Arc::new(connection))));
        self.breaker().record_probe(result.is_ok(), Instant::now());
        if result.is_ok() {
            tracing::info!(redis = %self.address, "connected to Redis");
        }
        result
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        // This module applies its own timeouts, so the driver's are disabled.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut connection =
            self.client.get_multiplexed_async_connection_with_config(&config).await?;
        redis::cmd("PING").query_async::<()>(&mut connection).await?;
        Ok(connection)
    }

    /// Returns true if the breaker is open, so lookups skip Redis.
    pub fn is_open(&self) -> bool {
        self.breaker().is_open()
    }
}
