//! Counters of cache lookups.

use metrics::Counter;

/// Counts one lookup in a tier (`memory` or `redis`) with a result (`hit`, `miss`, `error` or `skipped`).
pub fn count(tier: &'static str, result: &'static str) {
    counter(tier, result).increment(1);
}

/// Returns the counter `cinematch_cache_requests_total` for a tier and a result.
pub fn counter(tier: &'static str, result: &'static str) -> Counter {
    metrics::counter!("cinematch_cache_requests_total", "tier" => tier, "result" => result)
}
