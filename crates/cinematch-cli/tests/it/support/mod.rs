//! What the tests run against: folders, servers, databases and proxies.

pub mod folder;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod server;
