//! Text files in the project.

use std::path::Path;

/// A text file that git tracks or does not ignore.
pub struct Document {
    /// Path relative to the project root.
    pub name: String,
    /// Content of the file.
    pub text: String,
}

impl Document {
    /// Returns true if the file name ends with `.extension`.
    pub fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.name).extension().is_some_and(|found| found == extension)
    }

    /// Returns `file:line` for the zero-based index of a line.
    pub fn location(&self, line: usize) -> String {
        format!("{}:{}", self.name, line + 1)
    }
}
