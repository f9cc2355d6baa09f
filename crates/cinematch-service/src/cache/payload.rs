//! A reply as Redis keeps it: a mark, a checksum, the body. Redis is shared, and can be written to by others:
//! what was not written by this version for this very key is no reply.

use bytes::Bytes;

use super::key::Key;

/// Ours, and the form of what follows.
const MARK: [u8; 4] = *b"CMr\x01";
const HEAD: usize = MARK.len() + 4;

/// What to keep under a key.
pub fn seal(key: &Key, body: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(HEAD + body.len());
    payload.extend_from_slice(&MARK);
    payload.extend_from_slice(&checksum(key, body));
    payload.extend_from_slice(body);
    payload
}

/// The body of what is kept under a key; `None` where something else is.
pub fn open(key: &Key, payload: Vec<u8>) -> Option<Bytes> {
    let rest = payload.strip_prefix(&MARK)?;
    let (sum, body) = rest.split_first_chunk::<4>()?;
    if *sum != checksum(key, body) {
        return None;
    }
    Some(Bytes::from(payload).slice(HEAD..))
}

/// Against what was cut, torn, or put under another key by mistake. Against malice it is nothing: whoever can
/// write to Redis can compute it too.
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
    fn what_was_kept_comes_back_under_its_own_key_only() {
        let (key, other) = (Key::of_text("a"), Key::of_text("b"));
        for body in [&b""[..], b"{}", &vec![7; 100_000]] {
            let payload = seal(&key, body);
            assert_eq!(open(&key, payload.clone()).unwrap(), body);
            assert_eq!(open(&other, payload), None);
        }
    }

    #[test]
    fn what_is_cut_torn_or_foreign_is_no_reply() {
        let key = Key::of_text("a");
        let payload = seal(&key, b"{\"count\":20}");
        for end in 0..payload.len() {
            assert_eq!(open(&key, payload[..end].to_vec()), None, "cut at {end}");
        }
        for at in 0..payload.len() {
            let mut torn = payload.clone();
            torn[at] ^= 0x10;
            assert_eq!(open(&key, torn), None, "torn at {at}");
        }
        for foreign in [&b"{\"count\":20}"[..], b"", b"CMr\x02\0\0\0\0{}"] {
            assert_eq!(open(&key, foreign.to_vec()), None);
        }
    }
}
