//! Request and response extensions that handlers and layers use to pass information to each other.

/// Id of the request, as recorded in the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Marks a response as a complete page, whose body is sent as it is even if the status is an error.
#[derive(Clone, Copy, Debug)]
pub struct IsPage;
