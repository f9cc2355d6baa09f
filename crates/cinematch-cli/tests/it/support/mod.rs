//! Folders, servers, databases and proxies that tests share.

pub mod folder;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod server;
