//! Settings of the reply cache.

use super::address::RedisAddress;

/// Settings of the reply cache.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// Bytes of replies kept in this process; 0: none.
    pub memory_bytes: u64,
    /// A Redis that several servers share.
    pub redis: Option<RedisAddress>,
}

impl CacheConfig {
    /// Default for the megabytes of replies in memory: more than a thousand lists of twenty movies.
    pub const DEFAULT_MB: u32 = 64;
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { memory_bytes: u64::from(Self::DEFAULT_MB) << 20, redis: None }
    }
}
