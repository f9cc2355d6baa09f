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
    /// Returns the extension of the file name, without the dot.
    pub fn extension(&self) -> Option<&str> {
        Path::new(&self.name).extension()?.to_str()
    }

    /// Returns true if the file name ends with `.extension`.
    pub fn has_extension(&self, extension: &str) -> bool {
        self.extension() == Some(extension)
    }

    /// Returns `file:line` for the zero-based index of a line.
    pub fn location(&self, line: usize) -> String {
        format!("{}:{}", self.name, line + 1)
    }
}
