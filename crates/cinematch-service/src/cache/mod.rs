//! The reply cache: an in-memory tier, and an optional Redis tier shared by several servers.
//!
//! A reply's key is a hash of everything the reply depends on: the generation, the request and the data
//! versions of the users whose data it uses. Any change results in a different key, so stale replies are never
//! found and don't need to be invalidated. Entries expire after ten minutes.

mod address;
mod breaker;
mod cached_reply;
mod config;
mod counters;
mod key;
mod payload;
mod redis;
mod replies;
#[cfg(test)]
mod tests;

pub use address::{RedisAddress, RedisAddressError};
pub use cached_reply::CachedReply;
pub use config::CacheConfig;
pub use key::Key;
pub use replies::Cache;
