//! `cache`: compares reply caches under the same mixed load: none, in memory, in Redis, and both.

use anyhow::{Context, Result};

use super::measure::percentile;
use super::mixed::{self, Stage};
use super::report::{Report, Unit};
use super::setup::Setup;
use crate::redis::Redis;

/// Requests per second.
const RATE: f64 = 1_000.0;

/// Measures all cache configurations at the same request rate.
pub fn cache(setup: &Setup) -> Result<Report> {
    let stage = Stage::prepare(setup, "cache")?;
    let redis = Redis::start()?;
    let mut report = Report::new("cache");
    let url = redis.url();
    for (name, flags) in [
        ("no cache", &["--cache-mb", "0"][..]),
        ("in memory", &[]),
        ("in Redis", &["--cache-mb", "0", "--redis-url", &url]),
        ("in both", &["--redis-url", &url]),
    ] {
        let server = stage.ours(&format!("cache {name}"), flags)?;
        let traffic = stage.traffic(&server)?;
        redis.flush()?;
        // The first load fills the cache; the second is measured.
        mixed::load(&server, &traffic, (RATE, setup.scale.latency), || Ok(()))?;
        let before = redis.cpu_seconds();
        let result = mixed::load(&server, &traffic, (RATE, setup.scale.latency), || Ok(()))?;
        let redis_cpu = redis.cpu_seconds() - before;
        let all = result.all();
        let requests = RATE * setup.scale.latency.as_secs_f64();
        let latency = |percent| percentile(&all, percent).into_iter().collect();
        report.compare(format!("{name}: latency p50"), Unit::Seconds, latency(50.0), vec![]);
        report.compare(format!("{name}: latency p99"), Unit::Seconds, latency(99.0), vec![]);
        let cpu = vec![result.cpu_per_reply];
        report.compare(format!("{name}: CPU time per reply"), Unit::Seconds, cpu, vec![]);
        let cpu = vec![redis_cpu / requests];
        report.compare(format!("{name}: CPU time of Redis per reply"), Unit::Seconds, cpu, vec![]);
        let memory = server.memory().context("cannot read the server's memory")?;
        let bytes = vec![memory.resident as f64];
        report.compare(format!("{name}: memory"), Unit::Bytes, bytes, vec![]);
        if let Some(rates) = mixed::hit_rates(&server)? {
            report.note(rates);
        }
    }
    report.note(format!("{RATE} requests/s: 80 % recommendations, 10 % search, 10 % ratings"));
    Ok(report)
}
