//! HTTP building blocks shared by the JSON API and the web pages: caller identification, extractors, problem
//! documents, limits and cached responses.

pub mod access;
pub mod attachment;
pub mod cached;
pub mod class;
pub mod config;
pub mod cookies;
pub mod extensions;
pub mod extract;
pub mod limits;
pub mod problem;
pub mod sessions;
pub mod state;
pub mod strict;
pub mod upload;
mod value_error;
