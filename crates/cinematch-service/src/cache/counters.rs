//! Counters of cache lookups.

use metrics::Counter;

/// Counts one lookup.
pub fn count(tier: &'static str, result: &'static str) {
    counter(tier, result).increment(1);
}

/// Returns the counter of one tier and result.
pub fn counter(tier: &'static str, result: &'static str) -> Counter {
    metrics::counter!("cinematch_cache_requests_total", "tier" => tier, "result" => result)
}
