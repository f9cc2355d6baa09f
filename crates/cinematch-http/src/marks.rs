//! Extensions by which layers recognize requests and responses.

/// The id of a request, as the log records it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Marks a response that is a page: its body is complete, even where the status is an error.
#[derive(Clone, Copy, Debug)]
pub struct IsPage;
