//! Columns of a decoder.

/// A column that a decoder reads.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Column name in the header.
    pub name: &'static str,
    /// True if a file without this column is rejected.
    pub required: bool,
    /// True if values in this column may contain line breaks.
    pub multiline: bool,
}

impl Column {
    /// Creates a required column whose values may not contain line breaks.
    pub(crate) const fn required(name: &'static str) -> Self {
        Self { name, required: true, multiline: false }
    }

    /// Creates an optional column whose values may not contain line breaks.
    pub(crate) const fn optional(name: &'static str) -> Self {
        Self { name, required: false, multiline: false }
    }

    /// Allows line breaks in this column's values.
    #[must_use]
    pub(crate) const fn multiline(self) -> Self {
        Self { multiline: true, ..self }
    }
}
