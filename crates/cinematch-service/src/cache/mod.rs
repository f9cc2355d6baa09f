//! Cached replies: in this process, and in a Redis that several servers share.
//!
//! A reply is cached under everything it was made of: the model's generation, the question, and the data
//! versions of the users whose data it shows. Whatever changes, the key changes; nothing is ever
//! invalidated, and nothing outdated is found. Entries under former keys expire after ten minutes.

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
