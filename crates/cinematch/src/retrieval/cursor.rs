//! Cursors: opaque positions in a sorted list.

use std::cmp::Reverse;
use std::fmt;

use super::sort::{Sort, SortKey, SortValue};
use crate::digits::hex;
use crate::ids::MovieId;

/// The position where a page ended.
///
/// The text form is opaque and alphanumeric, so it can be part of a URL. It contains the sort key of the last
/// movie rather than a row number, so it remains valid when another generation is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) sort: Sort,
    pub(super) last: SortKey,
}

/// Error returned when a cursor can't be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// The text was not issued by the server, or it was modified afterwards.
    #[error("expected a next_cursor from an earlier reply, or no cursor for the first page")]
    Malformed,
    /// The cursor belongs to a list with a different sort order.
    #[error("this cursor belongs to a list sorted by {}", .0.name())]
    WrongSort(Sort),
}

/// Version of the text form, stored as its first byte.
const VERSION: u8 = 1;
/// Maximum length of the text form, in bytes.
const MAX_LENGTH: usize = 1 << 14;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION, self.sort as u8];
        bytes.extend(self.last.movie_id.0.to_le_bytes());
        match &self.last.value {
            SortValue::Number(Reverse(number)) => {
                bytes.push(b'n');
                bytes.extend(number.to_le_bytes());
            }
            SortValue::Text(text) => {
                bytes.push(b't');
                bytes.extend(text.bytes());
            }
            SortValue::Unknown => bytes.push(b'u'),
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        formatter.write_str(&hex(&bytes))
    }
}

impl Cursor {
    /// Parses a cursor for a list sorted by `sort`.
    ///
    /// # Errors
    /// Returns an error if `text` is malformed or belongs to a list with a different sort order.
    pub fn parse(text: &str, sort: Sort) -> Result<Self, CursorError> {
        let cursor = Self::decode(text).ok_or(CursorError::Malformed)?;
        if cursor.sort == sort { Ok(cursor) } else { Err(CursorError::WrongSort(cursor.sort)) }
    }

    fn decode(text: &str) -> Option<Self> {
        let digit = |digit: &u8| char::from(*digit).to_digit(16).map(|digit| digit as u8);
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        if text.len() > MAX_LENGTH {
            return None;
        }
        let bytes: Vec<u8> = pairs
            .iter()
            .map(|[high, low]| Some(digit(high)? << 4 | digit(low)?))
            .collect::<Option<_>>()?;
        let (bytes, checksum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(bytes) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let ([VERSION, sort], rest) = bytes.split_first_chunk::<2>()? else { return None };
        let (movie_id, rest) = rest.split_first_chunk::<4>()?;
        let value = match rest.split_first()? {
            (b'n', number) => {
                SortValue::Number(Reverse(u32::from_le_bytes(number.try_into().ok()?)))
            }
            (b't', text) => SortValue::Text(std::str::from_utf8(text).ok()?.to_owned()),
            (b'u', []) => SortValue::Unknown,
            _ => return None,
        };
        let movie_id = MovieId(u32::from_le_bytes(*movie_id));
        let sort = *Sort::ALL.get(usize::from(*sort))?;
        Some(Self { sort, last: SortKey { value, movie_id } })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::movie;

    proptest! {
        #[test]
        fn rejects_arbitrary_text(text in "[0-9a-f]{0,40}|\\PC{0,20}") {
            prop_assert_eq!(Cursor::parse(&text, Sort::Year), Err(CursorError::Malformed));
        }
    }

    #[test]
    fn rejects_other_sort_orders_and_changed_text() {
        let last = Sort::Title.key_of(&movie(1, "Amélie"));
        let text = Cursor { sort: Sort::Title, last }.to_string();
        assert!(Cursor::parse(&text, Sort::Title).is_ok());
        let other = Cursor::parse(&text, Sort::Year);
        assert_eq!(other, Err(CursorError::WrongSort(Sort::Title)));
        assert_eq!(other.unwrap_err().to_string(), "this cursor belongs to a list sorted by title");
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'7' { b'3' } else { b'7' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Cursor::parse(&changed, Sort::Title), Err(CursorError::Malformed));
            assert_eq!(Cursor::parse(&text[..at], Sort::Title), Err(CursorError::Malformed));
        }
    }
}
