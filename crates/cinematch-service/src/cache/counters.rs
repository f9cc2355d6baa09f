//! Cache lookup counters.

use metrics::Counter;

/// Counts a lookup in `tier` (`memory` or `redis`) with the given `result` (`hit`, `miss`, `error` or `skipped`).
pub fn count(tier: &'static str, result: &'static str) {
    counter(tier, result).increment(1);
}

/// Returns the `cinematch_cache_requests_total` counter for `tier` and `result`.
pub fn counter(tier: &'static str, result: &'static str) -> Counter {
    metrics::counter!("cinematch_cache_requests_total", "tier" => tier, "result" => result)
}
