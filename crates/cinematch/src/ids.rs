//! Identifiers. External IDs, which appear in files and requests, and dense indices, which are matrix
//! rows, are different types. A [`Vocabulary`] maps between them and is part of a model's identity.

use std::fmt;
use std::io;
use std::str::FromStr;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::digits::hex;

macro_rules! external_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self).map_err(|_| InvalidId)
            }
        }
    };
}

/// Error returned when a string is not a valid ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number such as 318")]
pub struct InvalidId;

external_id! {
    /// A movie's MovieLens ID.
    MovieId
}
external_id! {
    /// A movie's TMDB ID.
    TmdbId
}
external_id! {
    /// A user's MovieLens ID.
    UserId
}

/// Dense index of a movie, which is its row in every matrix of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MovieIdx(pub u32);

impl MovieIdx {
    /// Returns the index as a `usize`, for indexing into arrays.
    pub fn row(self) -> usize {
        self.0 as usize
    }
}

/// Dense index of a user, which is their row in every matrix of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserIdx(pub u32);

impl UserIdx {
    /// Returns the index as a `usize`, for indexing into arrays.
    pub fn row(self) -> usize {
        self.0 as usize
    }
}

/// Map from [`MovieId`] to [`MovieIdx`] and back. Several IDs may have the same index if they belong to one
/// film; the film is known by the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabulary {
    ids: Vec<MovieId>,
    index: FxHashMap<MovieId, MovieIdx>,
}

impl Vocabulary {
    /// Assigns consecutive indices to `ids`. If an ID is repeated, it keeps its first index.
    pub fn new(ids: impl IntoIterator<Item = MovieId>) -> Self {
        let mut vocabulary = Self::default();
        for id in ids {
            let next = MovieIdx(vocabulary.ids.len() as u32);
            if let std::collections::hash_map::Entry::Vacant(entry) = vocabulary.index.entry(id) {
                entry.insert(next);
                vocabulary.ids.push(id);
            }
        }
        vocabulary
    }

    /// Adds further IDs of the movies. IDs that the vocabulary already contains are left unchanged.
    #[must_use]
    pub fn with_duplicates(
        mut self,
        duplicates: impl IntoIterator<Item = (MovieId, MovieIdx)>,
    ) -> Self {
        for (id, movie) in duplicates {
            self.index.entry(id).or_insert(movie);
        }
        self
    }

    /// Returns the number of movies.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns the index of the movie `id`, or `None` if the vocabulary doesn't contain it.
    pub fn index_of(&self, id: MovieId) -> Option<MovieIdx> {
        self.index.get(&id).copied()
    }

    /// Returns the ID of the movie at `index`.
    ///
    /// # Panics
    /// Panics if `index` is out of range, which means that it comes from a different vocabulary.
    pub fn id_of(&self, index: MovieIdx) -> MovieId {
        self.ids[index.row()]
    }

    /// Returns the movie IDs in row order.
    pub fn ids(&self) -> &[MovieId] {
        &self.ids
    }

    /// Returns the SHA-256 of the IDs in row order, written as decimal numbers, one per line. Two models
    /// with equal checksums have the same movies in the same rows.
    pub fn checksum(&self) -> String {
        let mut hasher = Sha256::new();
        for id in &self.ids {
            hasher.update(format!("{id}\n"));
        }
        hex(&hasher.finalize())
    }
}

/// Returns the SHA-256 of `bytes`, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Reads all of `reader` and returns the SHA-256 of its contents, in hexadecimal. Uses constant memory.
pub fn sha256_of(mut reader: impl io::Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hasher.finalize())),
            Ok(length) => hasher.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns the SHA-256 of the concatenated `parts`, in hexadecimal.
pub fn sha256_hex_of_parts(parts: &[Vec<u8>]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_a_reader_equals_that_of_its_bytes() {
        let bytes = vec![7; 300_000];
        assert_eq!(sha256_of(bytes.as_slice()).unwrap(), sha256_hex(&bytes));
    }

    #[test]
    fn vocabulary_maps_both_ways_and_its_checksum_depends_on_the_order() {
        let vocabulary = Vocabulary::new([MovieId(7), MovieId(3), MovieId(7)]);
        assert_eq!(vocabulary.len(), 2);
        assert_eq!(vocabulary.index_of(MovieId(3)), Some(MovieIdx(1)));
        assert_eq!(vocabulary.id_of(MovieIdx(0)), MovieId(7));
        assert_eq!(vocabulary.index_of(MovieId(8)), None);
        assert_eq!(vocabulary.checksum(), sha256_hex(b"7\n3\n"));
        let other_order = Vocabulary::new([MovieId(3), MovieId(7)]);
        assert_ne!(vocabulary.checksum(), other_order.checksum());
    }
}
