//! Spans of traces.
//!
//! The spans have a target of their own, so that log output leaves them out and they cost nothing where no
//! exporter collects them.

/// The target of all spans of traces.
pub const TARGET: &str = "cinematch::trace";

/// Creates a span for a step of a request; its name is a literal.
#[macro_export]
macro_rules! span {
    ($name:literal) => {
        tracing::info_span!(target: $crate::trace::TARGET, $name)
    };
}
pub use span;
