//! Settings for the two tiers of the reply cache.

use super::address::RedisAddress;

/// Capacity of the in-memory tier and address of the Redis tier.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// Capacity of the in-memory tier in bytes; 0 disables it.
    pub memory_bytes: u64,
    /// Address of the Redis server, which several servers can share. `None` disables the Redis tier.
    pub redis: Option<RedisAddress>,
}

impl CacheConfig {
    /// Default capacity of the in-memory tier in MiB: enough for more than 1,000 lists of 20 movies.
    pub const DEFAULT_MB: u32 = 64;
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { memory_bytes: u64::from(Self::DEFAULT_MB) << 20, redis: None }
    }
}
