//! The format in which replies are stored in Redis: magic bytes, a checksum and the body.
//!
//! Other programs may write to the same Redis server, so values that aren't in this format, or that were stored
//! under a different key, are ignored.

use bytes::Bytes;

use super::key::Key;

/// Magic bytes followed by the format version.
const MAGIC: [u8; 4] = *b"CMr\x01";
const HEADER_LENGTH: usize = MAGIC.len() + 4;

/// Encodes `body` for storage under `key`.
pub fn encode(key: &Key, body: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(HEADER_LENGTH + body.len());
    payload.extend_from_slice(&MAGIC);
    payload.extend_from_slice(&checksum(key, body));
    payload.extend_from_slice(body);
    payload
}

/// Decodes a value stored under `key`. Returns `None` if the format or the checksum doesn't match.
pub fn decode(key: &Key, payload: Vec<u8>) -> Option<Bytes> {
    let rest = payload.strip_prefix(&MAGIC)?;
    let (sum, body) = rest.split_first_chunk::<4>()?;
    if *sum != checksum(key, body) {
        return None;
    }
    Some(Bytes::from(payload).slice(HEADER_LENGTH..))
}

/// Returns the CRC-32 of `key` and `body`, which detects truncation, corruption and values stored under the wrong
/// key. It provides no authentication: any client with write access to Redis can compute it.
fn checksum(key: &Key, body: &[u8]) -> [u8; 4] {
    let mut sum = crc32fast::Hasher::new();
    sum.update(key.bytes());
    sum.update(body);
    sum.finalize().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_returns_the_body_only_for_its_own_key() {
        let (key, other) = (Key::from_text("a"), Key::from_text("b"));
        for body in [&b""[..], b"{}", &vec![7; 100_000]] {
            let payload = encode(&key, body);
            assert_eq!(decode(&key, payload.clone()).unwrap(), body);
            assert_eq!(decode(&other, payload), None);
        }
    }

    #[test]
    fn decode_rejects_truncated_corrupt_and_foreign_values() {
        let key = Key::from_text("a");
        let payload = encode(&key, b"{\"count\":20}");
        for end in 0..payload.len() {
            assert_eq!(decode(&key, payload[..end].to_vec()), None, "cut at {end}");
        }
        for at in 0..payload.len() {
            let mut corrupt = payload.clone();
            corrupt[at] ^= 0x10;
            assert_eq!(decode(&key, corrupt), None, "corrupted at {at}");
        }
        for foreign in [&b"{\"count\":20}"[..], b"", b"CMr\x02\0\0\0\0{}"] {
            assert_eq!(decode(&key, foreign.to_vec()), None);
        }
    }
}
