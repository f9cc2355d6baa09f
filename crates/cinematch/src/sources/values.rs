//! Parsers for field values, shared by several decoders.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

/// Describes a valid external ID in problem reports.
pub(crate) const ID_EXPECTED: &str = "a whole number from 0 to 4294967295";

/// Parses a whole number above 0. Also accepts `862.0`, the form pandas uses for integers in a column
/// with missing values.
pub(crate) fn whole_number(text: &str) -> Option<u32> {
    let digits = text.split_once('.').map_or(Some(text), |(whole, fraction)| {
        fraction.bytes().all(|byte| byte == b'0').then_some(whole)
    })?;
    digits.parse().ok().filter(|number| *number > 0)
}

/// Splits `value` at each `|` and trims the entries, dropping empty and repeated ones.
pub fn list(value: &str) -> Vec<String> {
    if value.is_empty() {
        Vec::new()
    } else {
        entries(value).into_iter().map(str::to_owned).collect()
    }
}

/// Normalizes a `|`-separated list: splits it with [`list`] and joins the entries again. Borrows `value`
/// if it is already normalized.
pub fn joined(value: &str) -> Cow<'_, str> {
    if value.is_empty() {
        return Cow::Borrowed("");
    }
    let entries = entries(value);
    let length = entries.iter().map(|entry| entry.len() + 1).sum::<usize>() - 1;
    if length == value.len() { Cow::Borrowed(value) } else { Cow::Owned(entries.join("|")) }
}

fn entries(value: &str) -> Vec<&str> {
    /// Number of entries above which hashing beats a linear search.
    const LINEAR_SEARCH_LIMIT: usize = 32;
    let mut entries: Vec<&str> = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    for entry in value.split('|').map(str::trim).filter(|entry| !entry.is_empty()) {
        if entries.len() == LINEAR_SEARCH_LIMIT {
            seen.extend(&entries);
        }
        let is_new = if entries.len() < LINEAR_SEARCH_LIMIT {
            !entries.contains(&entry)
        } else {
            seen.insert(entry)
        };
        if is_new {
            entries.push(entry);
        }
    }
    entries
}
