//! Settings of the reply cache.

use super::address::RedisAddress;

/// Settings of the reply cache.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// Capacity of the in-memory tier in bytes; 0 disables it.
    pub memory_bytes: u64,
    /// Address of a Redis shared by several servers, if any.
    pub redis: Option<RedisAddress>,
}

impl CacheConfig {
    /// Default capacity of the in-memory tier in MiB: more than a thousand lists of twenty movies.
    pub const DEFAULT_MB: u32 = 64;
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { memory_bytes: u64::from(Self::DEFAULT_MB) << 20, redis: None }
    }
}
