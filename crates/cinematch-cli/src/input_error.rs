//! Errors in the input that have no type of their own.

use std::fmt::Display;

use anyhow::Error;

/// An error in the input without a type of its own, such as a missing file.
#[derive(Debug)]
pub struct InputError(String);

impl InputError {
    /// Creates an error from a message.
    pub fn error(message: impl Display) -> Error {
        Self(message.to_string()).into()
    }
}

impl Display for InputError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for InputError {}
