//! Identifiers. External ids (what files and people say) and dense indices (what matrices say) are
//! different types; one [`Vocabulary`] maps them and is part of a model's identity.

use std::fmt;
use std::io;
use std::str::FromStr;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self).map_err(|_| NotAnId)
            }
        }
    };
}

/// A text that is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number such as 318")]
pub struct NotAnId;

external_id! {
    /// A film, as MovieLens numbers it.
    MovieId
}
external_id! {
    /// A film, as TMDb numbers it.
    TmdbId
}
external_id! {
    /// A viewer, as MovieLens numbers them.
    UserId
}

/// The dense position of a film: its row in every matrix of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MovieIdx(pub u32);

impl MovieIdx {
    /// The row as an array index.
    pub fn row(self) -> usize {
        self.0 as usize
    }
}

/// The dense position of a viewer: their row in every matrix of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserIdx(pub u32);

impl UserIdx {
    /// The row as an array index.
    pub fn row(self) -> usize {
        self.0 as usize
    }
}

/// The two-way map between [`MovieId`] and [`MovieIdx`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabulary {
    ids: Vec<MovieId>,
    index: FxHashMap<MovieId, MovieIdx>,
}

impl Vocabulary {
    /// Numbers `ids` in their order. A repeated id keeps its first position.
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

    /// The number of films.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no film at all.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The row of a film, if the model knows it.
    pub fn index_of(&self, id: MovieId) -> Option<MovieIdx> {
        self.index.get(&id).copied()
    }

    /// The film of a row.
    ///
    /// # Panics
    /// When the index comes from another vocabulary and lies outside this one.
    pub fn id_of(&self, index: MovieIdx) -> MovieId {
        self.ids[index.row()]
    }

    /// The films, in row order.
    pub fn ids(&self) -> &[MovieId] {
        &self.ids
    }

    /// SHA-256 over the ids in row order, one decimal a line: two models with equal checksums
    /// number the same films the same way.
    pub fn checksum(&self) -> String {
        let mut hasher = Sha256::new();
        for id in &self.ids {
            hasher.update(format!("{id}\n"));
        }
        hex(&hasher.finalize())
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of `bytes`, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of all that is read, in hexadecimal. Memory does not grow with it.
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

/// SHA-256 of parts one behind the other, in hexadecimal.
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
    fn a_reader_has_the_sum_of_its_bytes() {
        let bytes = vec![7; 300_000];
        assert_eq!(sha256_of(bytes.as_slice()).unwrap(), sha256_hex(&bytes));
    }

    #[test]
    fn a_vocabulary_maps_both_ways_and_names_its_order() {
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
