//! The class of a route, set where its router is assembled.

/// Decides which callers a route admits and how its errors are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteClass {
    /// An operation of the API that requires a caller.
    Guarded,
    /// An operation of the API that anyone may call, with or without credentials.
    Public,
    /// A page, or a form on one. Pages identify the user by cookies.
    Page,
    /// A file that pages load.
    Asset,
    /// The documentation of the API.
    Docs,
    /// A probe of an orchestrator.
    Probe,
    /// No route matches.
    Unmatched,
}

impl RouteClass {
    /// True for operations of the API.
    pub fn is_api(self) -> bool {
        matches!(self, Self::Guarded | Self::Public)
    }

    /// True if errors are shown as pages to clients that accept HTML.
    pub fn has_error_pages(self) -> bool {
        matches!(self, Self::Page | Self::Unmatched)
    }
}
