//! Tests for the reply cache: concurrent requests, errors, cancellation, size limits and an unreachable Redis server.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::sync::Notify;

use std::sync::Arc;

use super::{Cache, CacheConfig, CachedReply, Key, RedisAddress};
use crate::error::ServiceError;

async fn cache(memory_bytes: u64) -> Arc<Cache> {
    Arc::new(Cache::open(&CacheConfig { memory_bytes, redis: None }).await.unwrap())
}

fn body(reply: Result<CachedReply, ServiceError>) -> Vec<u8> {
    reply.unwrap().plain().to_vec()
}

/// Returns the value of `cinematch_cache_requests_total` for `tier` and `result`.
fn cache_requests(metrics: &str, tier: &str, result: &str) -> u64 {
    let labels = format!("{{tier=\"{tier}\",result=\"{result}\"}} ");
    let found = metrics.lines().find_map(|line| {
        line.strip_prefix("cinematch_cache_requests_total")?.strip_prefix(labels.as_str())
    });
    found.map_or(0, |number| number.parse().unwrap())
}

#[test]
fn concurrent_requests_for_one_key_compute_the_reply_once() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let cache = cache(1 << 20).await;
            let (n_computed, all_waiting) =
                (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    let (cache, n_computed) = (cache.clone(), n_computed.clone());
                    let all_waiting = all_waiting.clone();
                    tokio::spawn(async move {
                        let compute = async {
                            n_computed.fetch_add(1, Ordering::Relaxed);
                            all_waiting.notified().await;
                            Ok(b"{}".to_vec())
                        };
                        body(
                            cache
                                .get_or_compute(Key::from_text("popular"), Box::pin(compute))
                                .await,
                        )
                    })
                })
                .collect();
            // The runtime is single-threaded, so all tasks are waiting after this yield.
            tokio::task::yield_now().await;
            all_waiting.notify_one();
            for task in tasks {
                assert_eq!(task.await.unwrap(), b"{}");
            }
            assert_eq!(n_computed.load(Ordering::Relaxed), 1);
            cache.update_gauges();
        });
    });
    let metrics = metrics.render();
    assert_eq!(cache_requests(&metrics, "memory", "miss"), 1, "{metrics}");
    assert_eq!(cache_requests(&metrics, "memory", "hit"), 99, "{metrics}");
    assert!(metrics.contains("cinematch_cache_bytes"), "{metrics}");
}

#[tokio::test]
async fn errors_are_not_cached() {
    let cache = cache(1 << 20).await;
    let key = Key::from_text("a");
    let refused = cache
        .get_or_compute(key, Box::pin(async { Err(ServiceError::not_found("not yet")) }))
        .await;
    assert!(refused.is_err());
    assert_eq!(body(cache.get_or_compute(key, Box::pin(async { Ok(vec![1]) })).await), [1]);
    // A cached reply is not computed again.
    assert_eq!(body(cache.get_or_compute(key, Box::pin(pending())).await), [1]);
}

#[tokio::test]
async fn a_waiting_request_computes_the_reply_if_the_first_is_canceled() {
    let cache = cache(1 << 20).await;
    let key = Key::from_text("a");
    let started = Arc::new(Notify::new());
    let first = {
        let (cache, started) = (cache.clone(), started.clone());
        tokio::spawn(async move {
            let compute = async {
                started.notify_one();
                pending::<Result<Vec<u8>, ServiceError>>().await
            };
            drop(cache.get_or_compute(key, Box::pin(compute)).await);
        })
    };
    started.notified().await;
    let second = {
        let cache = cache.clone();
        tokio::spawn(async move {
            body(cache.get_or_compute(key, Box::pin(async { Ok(vec![2]) })).await)
        })
    };
    tokio::task::yield_now().await;
    first.abort();
    assert_eq!(second.await.unwrap(), [2]);
}

#[tokio::test]
async fn computes_every_reply_if_the_cache_is_off() {
    let cache = cache(0).await;
    for at in 0..3 {
        let reply =
            cache.get_or_compute(Key::from_text("a"), Box::pin(async { Ok(vec![at]) })).await;
        assert_eq!(body(reply), [at]);
    }
}

#[tokio::test]
async fn memory_is_bounded_in_bytes_and_freed_by_clear() {
    let cache = cache(1 << 20).await;
    for at in 0..1000 {
        let compute = async { Ok(vec![0; 10_000]) };
        body(cache.get_or_compute(Key::from_text(&at.to_string()), Box::pin(compute)).await);
    }
    cache.memory.run_pending_tasks().await;
    let size = cache.memory.weighted_size();
    assert!((1 << 19..=1 << 20).contains(&size), "{size}");
    cache.clear();
    cache.memory.run_pending_tasks().await;
    assert_eq!(cache.memory.weighted_size(), 0);
}

#[tokio::test]
async fn computes_replies_while_redis_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix://{}", folder.path().join("no.sock").display());
    let redis = Some(RedisAddress::parse(&address).unwrap());
    let cache = Cache::open(&CacheConfig { memory_bytes: 1 << 20, redis }).await.unwrap();
    for at in 0..20 {
        let key = Key::from_text(&at.to_string());
        assert_eq!(body(cache.get_or_compute(key, Box::pin(async { Ok(vec![at]) })).await), [at]);
    }
}
