//! Replies kept for those who ask the same: in this process, and in a Redis that several servers share.
//!
//! A reply is kept under all that it was made of: the model's generation, what was asked, and the stamps of
//! the people whose data it shows. Whatever changes, the key is another; nothing is ever looked for and thrown
//! away, and nothing old is found. What is left under keys of before lives for ten minutes at most.

mod address;
mod breaker;
mod cached_reply;
mod payload;
mod redis;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use cinematch_store::DataVersion;
use metrics::Counter;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tracing::Instrument;

pub use address::{RedisAddress, RedisAddressError};
pub use cached_reply::pack;

use crate::config::CacheConfig;
use crate::problem::Problem;
use crate::state::Serving;
use crate::trace::span;
use cached_reply::Kept;
use redis::Redis;

/// Replies of the same version of the program have the same form; to be raised with every change between.
const FORMAT: u32 = 1;

/// How long a reply is kept: what was known of somebody who was forgotten is gone after that everywhere.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// All that a reply is made of, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Of a reply by a model, to what was `asked` of `route`, about people as their stamps say.
    pub fn new<T: Serialize>(
        serving: &Serving,
        route: &str,
        asked: &T,
        people: &[(&str, Option<DataVersion>)],
    ) -> Result<Self, Problem> {
        let model = (&serving.bundle.manifest.model_id, serving.bundle.generation);
        let program = (FORMAT, env!("CARGO_PKG_VERSION"));
        // As JSON every part ends where it ends, whatever is in it.
        let whole = serde_json::to_vec(&(program, model, route, asked, people))?;
        Ok(Self(Sha256::digest(&whole).into()))
    }

    /// Some key.
    #[cfg(test)]
    pub fn of_text(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What Redis calls it.
    fn name(&self) -> Vec<u8> {
        [b"cinematch:reply:".as_slice(), &self.0].concat()
    }
}

/// The replies kept.
#[derive(Debug)]
pub struct Cache {
    memory: moka::future::Cache<Key, Kept>,
    redis: Option<Arc<Redis>>,
    is_off: bool,
}

impl Cache {
    /// Makes room, and connects to Redis where there is one.
    pub async fn open(config: &CacheConfig) -> Result<Self, RedisAddressError> {
        let memory = moka::future::Cache::builder()
            .max_capacity(config.memory_bytes)
            .weigher(|_: &Key, reply: &Kept| reply.weight())
            .time_to_live(KEPT_FOR)
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
        let is_off = config.memory_bytes == 0 && redis.is_none();
        Ok(Self { memory, redis, is_off })
    }

    /// The reply of a key: as it is kept, or as it is made. Of those who ask the same at the same time one
    /// makes it, and the others wait. A problem is no reply, and is kept for nobody.
    pub async fn reply(
        &self,
        key: Key,
        make: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Response, Problem> {
        if self.is_off {
            return make.await.map(|body| Kept::new(body.into()).into_response());
        }
        let looked = self.memory.entry(key).or_try_insert_with(async {
            if let Some(redis) = &self.redis
                && let Some(body) = redis.get(&key).await
            {
                return Ok(Kept::new(body));
            }
            let body = Bytes::from(make.await?);
            if let Some(redis) = &self.redis {
                redis.put(key, body.clone());
            }
            Ok(Kept::new(body))
        });
        let entry = looked.instrument(span!("cache")).await;
        let entry = entry.map_err(|problem: Arc<Problem>| Problem::clone(&problem))?;
        count("memory", if entry.is_fresh() { "miss" } else { "hit" });
        Ok(entry.into_value().into_response())
    }

    /// Lets go of what is in memory: no key of before will be asked for again.
    pub fn clear(&self) {
        self.memory.invalidate_all();
    }

    /// Tells the metrics what there is.
    pub fn tell(&self) {
        let is_open = self.redis.as_ref().is_some_and(|redis| redis.is_open());
        metrics::gauge!("cinematch_cache_bytes").set(self.memory.weighted_size() as f64);
        metrics::gauge!("cinematch_cache_breaker_open").set(f64::from(is_open));
    }
}

fn count(tier: &'static str, result: &'static str) {
    counter(tier, result).increment(1);
}

fn counter(tier: &'static str, result: &'static str) -> Counter {
    metrics::counter!("cinematch_cache_requests_total", "tier" => tier, "result" => result)
}
