//! A cached reply with its gzip-compressed form. Compressing takes longer than computing a list, so the
//! compressed form is cached too.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Compression ratio assumed when estimating the size of an entry. Lists of movies actually compress about 6:1.
const COMPRESSION_RATIO: usize = 4;
/// Memory that an entry uses in addition to its bodies, in bytes.
const ENTRY_OVERHEAD: usize = 200;

/// A cached reply. Clones share its bodies.
#[derive(Clone, Debug)]
pub struct CachedReply(Arc<Bodies>);

#[derive(Debug)]
struct Bodies {
    plain: Bytes,
    /// Compressed body, computed on first use.
    gzip: OnceLock<Option<Bytes>>,
}

impl CachedReply {
    /// Creates a reply from its JSON.
    pub fn new(plain: Bytes) -> Self {
        Self(Arc::new(Bodies { plain, gzip: OnceLock::new() }))
    }

    /// Returns the uncompressed JSON.
    pub fn plain(&self) -> Bytes {
        self.0.plain.clone()
    }

    /// Returns the estimated size in bytes, including the compressed form.
    pub fn weight(&self) -> u32 {
        let plain = self.0.plain.len();
        u32::try_from(plain + plain / COMPRESSION_RATIO + ENTRY_OVERHEAD).unwrap_or(u32::MAX)
    }

    /// Returns the gzip-compressed JSON, computed on the first call. Returns `None` if compression fails.
    pub fn gzip(&self) -> Option<Bytes> {
        let gzip = self.0.gzip.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&self.0.plain).ok()?;
            encoder.finish().ok().map(Bytes::from)
        });
        gzip.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::io::read_to_string;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn compresses_once_and_round_trips() {
        let plain = Bytes::from(b"{\"title\":\"Heat\"},".repeat(500));
        let reply = CachedReply::new(plain.clone());
        let gzip = reply.gzip().unwrap();
        assert!(gzip.len() * COMPRESSION_RATIO < plain.len());
        assert_eq!(reply.clone().gzip().unwrap().as_ptr(), gzip.as_ptr());
        assert_eq!(read_to_string(GzDecoder::new(&*gzip)).unwrap(), plain);
    }
}
