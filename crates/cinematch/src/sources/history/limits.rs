//! Limits of an import, and of the text kept from it.

/// Maximum size of an import in bytes, with archives unpacked: ten times the size of the largest
/// real exports.
pub const MAX_BYTES: usize = 32 << 20;
/// Maximum number of rows of an import, including skipped ones.
pub const MAX_ROWS: usize = 200_000;

/// Maximum length of a CSV header in bytes, far above that of any service.
pub(super) const MAX_HEADER_BYTES: usize = 4096;
/// Maximum number of columns, far above that of any service.
pub(super) const MAX_COLUMNS: usize = 64;
/// Length to which titles are truncated, in characters: twice the longest known title.
pub(super) const MAX_TITLE_CHARS: usize = 500;
/// Length to which file names are truncated in entries and messages, in bytes. Archive entries with
/// longer names are skipped.
pub(super) const MAX_NAME_BYTES: usize = 200;
/// Maximum number of entries of an archive. A Letterboxd archive has one file per user-defined list.
pub(super) const MAX_ARCHIVE_ENTRIES: usize = 10_000;
