//! Folders, servers, databases and proxies shared by the tests.

pub mod folder;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod server;
