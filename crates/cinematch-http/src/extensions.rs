//! Request and response extensions that handlers and layers use to share information.

/// Request ID, as recorded in the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Marks a response as a complete page. Its body is sent unchanged, even if the status is an error.
#[derive(Clone, Copy, Debug)]
pub struct IsPage;
