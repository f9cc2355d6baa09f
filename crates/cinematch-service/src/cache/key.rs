//! Keys and lifetime of cached replies.

use std::time::Duration;

use cinematch_store::DataVersion;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::ServiceError;
use crate::serving::Serving;

/// Version of the reply format. Increment it if the format changes but the package version doesn't.
const FORMAT_VERSION: u32 = 1;

/// Lifetime of a cache entry, which limits how long caches hold a deleted user's data.
pub const TTL: Duration = Duration::from_mins(10);

/// A hash of everything that a reply depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Returns the key for `serving`'s reply to `request` on `route`. `users` lists the users whose data the reply
    /// uses, with their data versions.
    pub fn new<T: Serialize>(
        serving: &Serving,
        route: &str,
        request: &T,
        users: &[(&str, Option<DataVersion>)],
    ) -> Result<Self, ServiceError> {
        let model = (&serving.bundle.manifest.model_id, serving.bundle.generation);
        let program = (FORMAT_VERSION, env!("CARGO_PKG_VERSION"));
        // JSON delimits the parts, so different inputs never serialize to the same bytes.
        let json = serde_json::to_vec(&(program, model, route, request, users))?;
        Ok(Self(Sha256::digest(&json).into()))
    }

    /// Returns a key derived from `text`.
    #[cfg(test)]
    pub fn from_text(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Returns the SHA-256 hash.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the Redis key: a fixed prefix followed by the hash.
    pub fn redis_key(&self) -> Vec<u8> {
        [b"cinematch:reply:".as_slice(), &self.0].concat()
    }
}
