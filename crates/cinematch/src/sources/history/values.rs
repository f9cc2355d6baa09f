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

/// Returns true if the file name `name` ends with the extension, in any case.
pub(crate) fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension))
}

/// Parses a year between 1870 and 2100. Also accepts `1995.0` and a date that starts with the year.
pub(crate) fn year(text: &str) -> Option<u16> {
    let digits = text.get(..4)?;
    let rest = &text[4..];
    let is_year =
        rest.is_empty() || rest == ".0" || rest == ",0" || rest.starts_with(['-', '/', 'T']);
    digits.parse().ok().filter(|year| is_year && (1870..=2100).contains(year))
}

/// Returns the digits of an IMDb ID such as `tt0113277`, or of the address of its page.
pub(crate) fn imdb_number(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/');
    let id = text.rsplit_once("/title/").map_or(text, |(_, id)| id);
    let digits = id.strip_prefix("tt").unwrap_or(id);
    let is_valid =
        !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|b| b.is_ascii_digit());
    is_valid.then(|| digits.to_owned())
}

/// Parses a number with a decimal point or a decimal comma.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.replacen(',', ".", 1).parse().ok())
}

/// Converts a rating on a scale of 1 to 10, in whole points, to stars.
pub(crate) fn stars_of_ten(points: &str) -> Option<Stars> {
    let points = decimal(points)?;
    (points.fract() == 0.0).then(|| Stars::from_value(points as f32 / 2.0)).flatten()
}

/// Parses a rating from 0.5 to 5 stars, in halves.
pub(crate) fn stars_of_five(stars: &str) -> Option<Stars> {
    Stars::from_value(decimal(stars)? as f32)
}

/// Converts a rating on a scale of 0.5 to 10, with fractions, to the nearest half star. Halves round up.
pub(crate) fn stars_of_points(points: &str) -> Option<Stars> {
    let points = decimal(points).filter(|points| (0.5..=10.0).contains(points))?;
    Stars::from_value((points.round().max(1.0) / 2.0) as f32)
}
