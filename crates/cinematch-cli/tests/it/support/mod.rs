//! Folders, servers, databases, proxies and measurements shared by the tests.

pub mod folder;
pub mod memory;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod server;
