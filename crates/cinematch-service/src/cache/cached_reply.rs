//! A reply that is kept, and the same packed: browsers ask for gzip, which takes longer than making the list.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// What a packed body is of a plain one, at most: JSON of films is packed to a sixth.
const PACKED_SHARE: usize = 4;
/// What an entry takes beside its bodies.
const OVERHEAD: usize = 200;

/// A reply; clones share it.
#[derive(Clone, Debug)]
pub struct CachedReply(Arc<Bodies>);

#[derive(Debug)]
struct Bodies {
    plain: Bytes,
    /// Made when it is first asked for.
    packed: OnceLock<Option<Bytes>>,
}

impl CachedReply {
    /// Of JSON.
    pub fn new(plain: Bytes) -> Self {
        Self(Arc::new(Bodies { plain, packed: OnceLock::new() }))
    }

    /// The JSON.
    pub fn plain(&self) -> Bytes {
        self.0.plain.clone()
    }

    /// Bytes that it takes, once it was packed too.
    pub fn weight(&self) -> u32 {
        let plain = self.0.plain.len();
        u32::try_from(plain + plain / PACKED_SHARE + OVERHEAD).unwrap_or(u32::MAX)
    }

    /// The JSON packed by gzip, made at the first call.
    pub fn packed(&self) -> Option<Bytes> {
        let packed = self.0.packed.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&self.0.plain).ok()?;
            encoder.finish().ok().map(Bytes::from)
        });
        packed.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_the_same_and_packed_once() {
        let plain = Bytes::from(b"{\"title\":\"Heat\"},".repeat(500));
        let kept = CachedReply::new(plain.clone());
        let packed = kept.packed().unwrap();
        assert!(packed.len() * PACKED_SHARE < plain.len());
        assert_eq!(kept.clone().packed().unwrap().as_ptr(), packed.as_ptr());
        assert_eq!(unpacked(&packed), plain);
    }

    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        let mut decoder = flate2::write::GzDecoder::new(Vec::new());
        decoder.write_all(bytes).unwrap();
        decoder.finish().unwrap()
    }
}
