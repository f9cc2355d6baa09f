//! The two-tier reply cache: memory, then Redis.

use std::sync::Arc;

use bytes::Bytes;
use tracing::Instrument;

use super::address::RedisAddressError;
use super::cached_reply::CachedReply;
use super::config::CacheConfig;
use super::counters::{count, counter};
use super::key::{Key, TTL};
use super::redis::Redis;
use crate::error::{ServiceError, ServiceFuture};
use crate::trace::span;

/// A reply cache with an in-memory tier and an optional Redis tier.
#[derive(Debug)]
pub struct Cache {
    pub(super) memory: moka::future::Cache<Key, CachedReply>,
    redis: Option<Arc<Redis>>,
    is_disabled: bool,
}

impl Cache {
    /// Creates the in-memory tier and connects to Redis if it is configured.
    pub async fn open(config: &CacheConfig) -> Result<Self, RedisAddressError> {
        let memory = moka::future::Cache::builder()
            .max_capacity(config.memory_bytes)
            .weigher(|_: &Key, reply: &CachedReply| reply.weight())
            .time_to_live(TTL)
            .build();
        let redis = match &config.redis {
            Some(address) => Some(Redis::open(address.clone()).await?),
            None => None,
        };
        for (tier, results) in
            [("memory", &["hit", "miss"][..]), ("redis", &["hit", "miss", "error", "skipped"])]
        {
            for result in results {
                counter(tier, result).increment(0);
            }
        }
        let is_disabled = config.memory_bytes == 0 && redis.is_none();
        Ok(Self { memory, redis, is_disabled })
    }

    /// Returns the reply cached under `key`, or computes it with `compute` and caches it. Concurrent requests for
    /// the same key share one computation. Errors are not cached.
    pub async fn get_or_compute(
        &self,
        key: Key,
        compute: ServiceFuture<'_, Vec<u8>>,
    ) -> Result<CachedReply, ServiceError> {
        if self.is_disabled {
            return compute.await.map(|body| CachedReply::new(body.into()));
        }
        let lookup = self.memory.entry(key).or_try_insert_with(async {
            if let Some(redis) = &self.redis
                && let Some(body) = redis.get(&key).await
            {
                return Ok(CachedReply::new(body));
            }
            let body = Bytes::from(compute.await?);
            if let Some(redis) = &self.redis {
                redis.put(key, body.clone());
            }
            Ok(CachedReply::new(body))
        });
        let entry = lookup.instrument(span!("cache")).await;
        let entry = entry.map_err(|error: Arc<ServiceError>| ServiceError::clone(&error))?;
        count("memory", if entry.is_fresh() { "miss" } else { "hit" });
        Ok(entry.into_value())
    }

    /// Clears the in-memory tier. Called when a new generation replaces the served one, since its keys are different.
    pub fn clear(&self) {
        self.memory.invalidate_all();
    }

    /// Updates the gauges for cache size and breaker state.
    pub fn update_gauges(&self) {
        let is_open = self.redis.as_ref().is_some_and(|redis| redis.is_open());
        metrics::gauge!("cinematch_cache_bytes").set(self.memory.weighted_size() as f64);
        metrics::gauge!("cinematch_cache_breaker_open").set(f64::from(is_open));
    }
}
