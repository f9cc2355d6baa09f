//! Route classes, which are set as request extensions where the routers are assembled.

/// The class of a route, which determines the callers it admits and how its errors are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteClass {
    /// An API operation that requires an identified caller.
    Guarded,
    /// An API operation that also accepts callers without credentials.
    Public,
    /// A web page or form target. Callers are identified by cookies.
    Page,
    /// A static file loaded by pages.
    Asset,
    /// The API documentation.
    Docs,
    /// A health probe for orchestrators.
    Probe,
    /// The metrics, which require an identified caller.
    Metrics,
    /// A request that no route matches.
    Unmatched,
}

impl RouteClass {
    /// Returns true for API operations.
    pub fn is_api(self) -> bool {
        matches!(self, Self::Guarded | Self::Public | Self::Metrics)
    }

    /// Returns true if clients that accept HTML get errors as web pages.
    pub fn has_error_pages(self) -> bool {
        matches!(self, Self::Page | Self::Unmatched)
    }
}
