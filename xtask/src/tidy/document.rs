//! A text file of the project.

use std::path::Path;

/// A text file that git tracks or would track.
pub struct Document {
    /// Path from the root.
    pub name: String,
    /// Content.
    pub text: String,
}

impl Document {
    /// True if the file name ends with `.extension`.
    pub fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.name).extension().is_some_and(|found| found == extension)
    }

    /// `file:line`, for a line counted from 0.
    pub fn place(&self, line: usize) -> String {
        format!("{}:{}", self.name, line + 1)
    }
}
