//! Tracks how many bytes and rows an import may still read.

use super::error::HistoryError;
use super::limits::{MAX_BYTES, MAX_ROWS};

/// Bytes and rows that an import may still read, shared by all its files.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: usize,
    rows: usize,
}

impl Budget {
    /// Creates the budget for a whole import: [`MAX_BYTES`] and [`MAX_ROWS`].
    pub(crate) fn new() -> Self {
        Self { bytes: MAX_BYTES, rows: MAX_ROWS }
    }

    /// Returns the number of bytes left.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the number of rows left.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Deducts `bytes`. Returns an error that names `file` if too few are left. `unpacked` is true for
    /// the contents of an archive entry.
    pub(crate) fn take_bytes(
        &mut self,
        file: &str,
        bytes: usize,
        unpacked: bool,
    ) -> Result<(), HistoryError> {
        let too_large = || HistoryError::TooLarge { file: file.to_owned(), unpacked };
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(too_large)?;
        Ok(())
    }

    /// Deducts `rows`. Returns an error that names `file` if too few are left.
    pub(crate) fn take_rows(&mut self, file: &str, rows: usize) -> Result<(), HistoryError> {
        let too_many = || HistoryError::TooManyRows { file: file.to_owned() };
        self.rows = self.rows.checked_sub(rows).ok_or_else(too_many)?;
        Ok(())
    }
}
