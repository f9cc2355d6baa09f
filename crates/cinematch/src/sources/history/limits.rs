//! Limits on an import and on the text stored from it.

/// Maximum size of an import in bytes, with archives unpacked. The largest real exports are about a tenth
/// of this size.
pub const MAX_BYTES: usize = 32 << 20;
/// Maximum number of rows in an import, including skipped ones.
pub const MAX_ROWS: usize = 200_000;

/// Maximum length of a CSV header in bytes. Every service's headers are much shorter.
pub(super) const MAX_HEADER_BYTES: usize = 4096;
/// Maximum number of columns. Every service's exports have far fewer.
pub(super) const MAX_COLUMNS: usize = 64;
/// Maximum length of a title in characters: twice the length of the longest known title. Longer titles
/// are truncated.
pub(super) const MAX_TITLE_CHARS: usize = 500;
/// Maximum length of a file name in bytes. Longer names are truncated in entries and messages, and
/// archive entries with longer names are skipped.
pub(super) const MAX_NAME_BYTES: usize = 200;
/// Maximum number of entries in an archive. Letterboxd archives contain a file for each user-defined
/// list.
pub(super) const MAX_ARCHIVE_ENTRIES: usize = 10_000;
