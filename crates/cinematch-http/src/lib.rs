//! HTTP building blocks that the JSON API and the web pages share: callers, extractors, problem documents,
//! limits, and the response of a cached reply.

pub mod access;
pub mod attachment;
pub mod cached;
pub mod class;
pub mod config;
pub mod cookies;
pub mod extract;
pub mod keys;
pub mod limits;
pub mod marks;
pub mod problem;
pub mod sessions;
pub mod state;
pub mod strict;
pub mod upload;
