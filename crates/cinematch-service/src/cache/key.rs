//! Keys of cached replies, and how long an entry lives.

use std::time::Duration;

use cinematch_store::DataVersion;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::ServiceError;
use crate::serving::Serving;

/// Version of the replies' format. Raise it with every change between two versions of the program.
const FORMAT: u32 = 1;

/// Lifetime of an entry. After it, no cache holds data of a user who was deleted.
pub const KEPT_FOR: Duration = Duration::from_mins(10);

/// A hash of everything that a reply is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Returns the key of a reply of `serving` to the question `asked` on `route`, which shows the data of
    /// `people` at the given versions.
    pub fn new<T: Serialize>(
        serving: &Serving,
        route: &str,
        asked: &T,
        people: &[(&str, Option<DataVersion>)],
    ) -> Result<Self, ServiceError> {
        let model = (&serving.bundle.manifest.model_id, serving.bundle.generation);
        let program = (FORMAT, env!("CARGO_PKG_VERSION"));
        // JSON delimits every part, whatever it contains.
        let whole = serde_json::to_vec(&(program, model, route, asked, people))?;
        Ok(Self(Sha256::digest(&whole).into()))
    }

    /// Returns some key.
    #[cfg(test)]
    pub fn of_text(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Returns the hash.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the name of the entry in Redis.
    pub fn name(&self) -> Vec<u8> {
        [b"cinematch:reply:".as_slice(), &self.0].concat()
    }
}
