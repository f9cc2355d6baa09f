//! Route classes. A route's class is set as an extension where its router is assembled.

/// Class of a route; determines which callers the route admits and how its errors are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteClass {
    /// An API operation that requires an identified caller.
    Guarded,
    /// An API operation that admits callers with or without credentials.
    Public,
    /// A web page, or the target of a form on a page. Callers are identified by cookies.
    Page,
    /// A static file that pages load.
    Asset,
    /// The API documentation.
    Docs,
    /// A health probe for orchestrators.
    Probe,
    /// A request that no route matches.
    Unmatched,
}

impl RouteClass {
    /// True for API operations.
    pub fn is_api(self) -> bool {
        matches!(self, Self::Guarded | Self::Public)
    }

    /// True if errors are shown as pages to clients that accept HTML.
    pub fn has_error_pages(self) -> bool {
        matches!(self, Self::Page | Self::Unmatched)
    }
}
