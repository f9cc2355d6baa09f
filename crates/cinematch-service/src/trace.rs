//! Tracing spans.
//!
//! All spans share a dedicated target, so log output can exclude them and they cost nothing unless an
//! exporter collects them.

/// Target of all tracing spans.
pub const TARGET: &str = "cinematch::trace";

/// Creates a span for a step of a request. The name must be a literal.
#[macro_export]
macro_rules! span {
    ($name:literal) => {
        tracing::info_span!(target: $crate::trace::TARGET, $name)
    };
}
pub use span;
