//! Parsers for values that several services write in the same form.

use super::limits::MAX_TITLE_CHARS;
use crate::rating::Stars;

/// Truncates `text` to its first [`MAX_TITLE_CHARS`] characters.
pub(crate) fn title(text: &str) -> String {
    text.chars().take(MAX_TITLE_CHARS).collect()
}

/// Returns the last component of the path `file`.
pub(crate) fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

/// Parses a year between 1870 and 2100.
pub(crate) fn year(text: &str) -> Option<u16> {
    text.parse().ok().filter(|year| (1870..=2100).contains(year))
}

/// Returns the digits of an IMDb ID such as `tt0113277`.
pub(crate) fn imdb_number(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix("tt").unwrap_or(text.trim());
    let is_valid =
        !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|b| b.is_ascii_digit());
    is_valid.then(|| digits.to_owned())
}

/// Converts a rating on a scale of 1 to 10, in whole points, to stars.
pub(crate) fn stars_of_ten(points: &str) -> Option<Stars> {
    let points: f64 = points.parse().ok()?;
    (points.fract() == 0.0).then(|| Stars::from_value(points as f32 / 2.0)).flatten()
}
