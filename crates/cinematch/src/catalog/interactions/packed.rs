//! Binary cache of ratings, used instead of parsing `ratings.csv` again as long as that file is
//! unchanged.
//!
//! Layout: `CMRATNG1`, the length and CRC-32 of a JSON header (u32 each), the header, then nine arrays,
//! all little-endian: users, movies (u32), offsets by user, offsets by movie (u64), movies and times by
//! user, users by movie (u32), half stars by user, half stars by movie (u8). The header contains the
//! CRC-32 of each array.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Interactions;
use crate::files::{self, FileError};
use crate::ids::{MovieId, UserId, Vocabulary};

const MAGIC: &[u8; 8] = b"CMRATNG1";
const _: () =
    assert!(cfg!(target_endian = "little"), "the arrays are written in native byte order");
/// Maximum length of the header in bytes.
const MAX_HEADER_LENGTH: u32 = 1 << 20;
/// Number of bytes before the header.
const PREFIX_LENGTH: u64 = 16;
const N_ARRAYS: usize = 9;

/// Identifies the state of `ratings.csv` and the movies it was read for. Includes the inode's change time
/// (ctime), which programs can't set, so every edit is detected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    movies_sha256: String,
}

impl Fingerprint {
    /// Computes the fingerprint of `file`, read for `movies`.
    pub fn from_file(file: &File, movies: &Vocabulary) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            movies_sha256: movies.checksum(),
        })
    }
}

/// The file that packed ratings were read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// State of the source file when it was read.
    pub fingerprint: Fingerprint,
    /// Number of data rows in the source file.
    pub rows: u64,
    /// Number of problems found in those rows.
    pub problems: u64,
}

/// Error returned by [`Packed::open`].
#[derive(Debug, thiserror::Error)]
pub enum PackedError {
    /// The file is damaged or in an unknown format.
    #[error("{file} is damaged ({reason})")]
    Damaged {
        /// Path of the file.
        file: String,
        /// Explanation of the damage.
        reason: String,
    },
    /// The file could not be opened or read.
    #[error(transparent)]
    File(#[from] FileError),
}

#[derive(Serialize, Deserialize)]
struct Header {
    provenance: Provenance,
    n_users: usize,
    n_movies: usize,
    n_ratings: usize,
    crc32: [u32; N_ARRAYS],
}

/// Ratings, and the file they were read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    /// The ratings.
    pub interactions: Interactions,
    /// The file they were read from.
    pub provenance: Provenance,
}

impl Packed {
    /// Atomically writes the packed ratings to `path`.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let Interactions {
            users,
            movies,
            user_offsets,
            user_movies,
            user_stars,
            user_times,
            movie_offsets,
            movie_users,
            movie_stars,
        } = &self.interactions;
        let user_ids: Vec<u32> = users.iter().map(|user| user.0).collect();
        let movie_ids: Vec<u32> = movies.ids().iter().map(|movie| movie.0).collect();
        let arrays: [&[u8]; N_ARRAYS] = [
            bytemuck::cast_slice(&user_ids),
            bytemuck::cast_slice(&movie_ids),
            bytemuck::cast_slice(user_offsets),
            bytemuck::cast_slice(movie_offsets),
            bytemuck::cast_slice(user_movies),
            bytemuck::cast_slice(user_times),
            bytemuck::cast_slice(movie_users),
            user_stars,
            movie_stars,
        ];
        let mut crc32 = [0; N_ARRAYS];
        crc32.par_iter_mut().zip(arrays).for_each(|(crc, array)| *crc = crc32fast::hash(array));
        let header = Header {
            provenance: self.provenance.clone(),
            n_users: users.len(),
            n_movies: movies.len(),
            n_ratings: user_movies.len(),
            crc32,
        };
        files::replace(path, |out| {
            let header = serde_json::to_vec(&header)?;
            out.write_all(MAGIC)?;
            out.write_all(&(header.len() as u32).to_le_bytes())?;
            out.write_all(&crc32fast::hash(&header).to_le_bytes())?;
            out.write_all(&header)?;
            arrays.iter().try_for_each(|array| out.write_all(array))
        })
    }

    /// Loads packed ratings from `path` and verifies all checksums. Returns `None` if the file doesn't
    /// exist or has a different fingerprint. O(bytes). Reads and checks the arrays in parallel.
    pub fn open(path: &Path, fingerprint: &Fingerprint) -> Result<Option<Self>, PackedError> {
        let file = match File::open(path) {
            Ok(file) => PackedFile { file, path },
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FileError::at("open", path)(error).into()),
        };
        let length = fs::metadata(path).map_err(FileError::at("read", path))?.len();
        let (header, data_offset) = file.header(length)?;
        if header.provenance.fingerprint != *fingerprint {
            return Ok(None);
        }
        if data_offset.checked_add(header.data_length()) != Some(length) {
            return Err(file.damaged("its length does not match its header"));
        }
        let interactions = file.interactions(&header, data_offset)?;
        Ok(Some(Self { interactions, provenance: header.provenance }))
    }
}

impl Header {
    /// Returns the total length of the arrays in bytes.
    fn data_length(&self) -> u64 {
        12 * (self.n_users + self.n_movies) as u64 + 16 + 14 * self.n_ratings as u64
    }
}

/// An open file that contains packed ratings.
struct PackedFile<'a> {
    file: File,
    path: &'a Path,
}

impl PackedFile<'_> {
    fn damaged(&self, reason: &str) -> PackedError {
        PackedError::Damaged { file: self.path.display().to_string(), reason: reason.to_owned() }
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FileError> {
        self.file.read_exact_at(buffer, offset).map_err(FileError::at("read", self.path))
    }

    /// Reads and verifies the header of a file that is `length` bytes long. Returns the header and the
    /// offset of the first array.
    fn header(&self, length: u64) -> Result<(Header, u64), PackedError> {
        let mut prefix = [0; PREFIX_LENGTH as usize];
        if length < PREFIX_LENGTH {
            return Err(self.damaged("it is too short"));
        }
        self.read(0, &mut prefix)?;
        let (magic, numbers) = prefix.split_at(MAGIC.len());
        let [header_length, header_crc]: [u32; 2] = bytemuck::pod_read_unaligned(numbers);
        if magic != MAGIC || header_length > MAX_HEADER_LENGTH {
            return Err(self.damaged("its format is unknown"));
        }
        let mut header = vec![0; header_length as usize];
        let data = PREFIX_LENGTH + u64::from(header_length);
        if length < data {
            return Err(self.damaged("it is too short"));
        }
        self.read(PREFIX_LENGTH, &mut header)?;
        if crc32fast::hash(&header) != header_crc {
            return Err(self.damaged("the checksum of its header does not match"));
        }
        let header = serde_json::from_slice(&header)
            .map_err(|error| self.damaged(&format!("its header: {error}")))?;
        Ok((header, data))
    }

    /// Reads and verifies the arrays, starting at `data_offset`.
    fn interactions(&self, header: &Header, data_offset: u64) -> Result<Interactions, PackedError> {
        let (n_users, n_movies, n) = (header.n_users, header.n_movies, header.n_ratings);
        let mut users = vec![0_u32; n_users];
        let mut movies = vec![0_u32; n_movies];
        let mut user_offsets = vec![0_u64; n_users + 1];
        let mut movie_offsets = vec![0_u64; n_movies + 1];
        let [mut user_movies, mut user_times, mut movie_users] = [0; 3].map(|_| vec![0_u32; n]);
        let [mut user_stars, mut movie_stars] = [0; 2].map(|_| vec![0_u8; n]);
        let arrays: [&mut [u8]; N_ARRAYS] = [
            bytemuck::cast_slice_mut(&mut users),
            bytemuck::cast_slice_mut(&mut movies),
            bytemuck::cast_slice_mut(&mut user_offsets),
            bytemuck::cast_slice_mut(&mut movie_offsets),
            bytemuck::cast_slice_mut(&mut user_movies),
            bytemuck::cast_slice_mut(&mut user_times),
            bytemuck::cast_slice_mut(&mut movie_users),
            &mut user_stars,
            &mut movie_stars,
        ];
        let mut offset = data_offset;
        let arrays: Vec<(u64, &mut [u8], u32)> = arrays
            .into_iter()
            .zip(header.crc32)
            .map(|(array, crc)| {
                let start = offset;
                offset += array.len() as u64;
                (start, array, crc)
            })
            .collect();
        arrays.into_par_iter().with_max_len(1).try_for_each(|(offset, array, crc)| {
            self.read(offset, array)?;
            if crc32fast::hash(array) == crc {
                Ok(())
            } else {
                Err(self.damaged("the checksum of an array does not match its header"))
            }
        })?;
        Ok(Interactions {
            users: users.into_iter().map(UserId).collect(),
            movies: Vocabulary::new(movies.into_iter().map(MovieId)),
            user_offsets,
            user_movies,
            user_stars,
            user_times,
            movie_offsets,
            movie_users,
            movie_stars,
        })
    }
}
