//! Converts exports that other programs have saved to UTF-8.

use std::borrow::Cow;

use crate::sources::table::strip_bom;

/// Characters of Windows-1252 for the bytes 0x80 to 0x9f. The five bytes without a character become U+FFFD.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];

/// Converts UTF-16 to UTF-8, with or without a byte order mark, and strips the mark of UTF-8. Exports start with an
/// ASCII character, so that a zero byte among the first two shows the byte order. O(bytes).
pub(super) fn from_utf16(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (text, is_little_endian) = match bytes {
        [0xff, 0xfe, text @ ..] => (text, true),
        [0xfe, 0xff, text @ ..] => (text, false),
        [first, 0, ..] if *first != 0 => (bytes, true),
        [0, second, ..] if *second != 0 => (bytes, false),
        _ => return Cow::Borrowed(strip_bom(bytes)),
    };
    let unit = |pair: &[u8; 2]| {
        if is_little_endian { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) }
    };
    let units = text.as_chunks().0.iter().map(unit);
    let characters =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    Cow::Owned(characters.collect::<String>().into_bytes())
}

/// Converts the lines that are not valid UTF-8 from Windows-1252. O(bytes).
pub(super) fn from_windows_1252(bytes: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(bytes).is_ok() {
        return Cow::Borrowed(bytes);
    }
    let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if std::str::from_utf8(line).is_ok() {
            text.extend_from_slice(line);
            continue;
        }
        for byte in line {
            let character = match byte {
                0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
                _ => char::from(*byte),
            };
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Cow::Owned(text)
}
