//! How often a client may call, and try passwords.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::StatusCode;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{INTERNAL, Problem};

/// Seconds' worth of requests that may come at once.
const BURST: u32 = 5;

/// Attempts to sign in, by client and by account: so many at once, then one every twelve seconds.
const ATTEMPTS: u32 = 5;
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(12);

/// Passwords hashed at the same time, each with 19 MiB.
const HASHES_AT_ONCE: usize = 2;

/// Histories imported at the same time, each with what it unpacks to.
const IMPORTS_AT_ONCE: usize = 2;

/// Clients remembered before those that were quiet are forgotten.
const REMEMBERED: usize = 10_000;

/// The limits, with who came how often.
#[derive(Debug)]
pub struct Limits {
    requests: Option<DefaultKeyedRateLimiter<IpAddr>>,
    attempts: DefaultKeyedRateLimiter<String>,
    hashing: Semaphore,
    importing: Semaphore,
}

impl Limits {
    /// `per_second` requests a client.
    pub fn new(per_second: Option<NonZeroU32>) -> Self {
        let quota = |per_second: NonZeroU32| {
            Quota::per_second(per_second).allow_burst(
                per_second.saturating_mul(NonZeroU32::new(BURST).unwrap_or(NonZeroU32::MIN)),
            )
        };
        let attempts = NonZeroU32::new(ATTEMPTS).unwrap_or(NonZeroU32::MIN);
        let every = Quota::with_period(BETWEEN_ATTEMPTS).unwrap_or(Quota::per_minute(attempts));
        Self {
            requests: per_second.map(|per_second| RateLimiter::keyed(quota(per_second))),
            attempts: RateLimiter::keyed(every.allow_burst(attempts)),
            hashing: Semaphore::new(HASHES_AT_ONCE),
            importing: Semaphore::new(IMPORTS_AT_ONCE),
        }
    }

    /// Counts a request; refuses one too many.
    pub fn request(&self, client: IpAddr) -> Result<(), Problem> {
        let Some(requests) = &self.requests else { return Ok(()) };
        if requests.len() > REMEMBERED {
            requests.retain_recent();
        }
        check(requests, &client, "Too many requests")
    }

    /// Counts an attempt to sign in, by the client and for the account; refuses one too many.
    pub fn attempt(&self, client: IpAddr, account: &str) -> Result<(), Problem> {
        if self.attempts.len() > REMEMBERED {
            self.attempts.retain_recent();
        }
        for key in [client.to_string(), account.to_lowercase()] {
            check(&self.attempts, &key, "Too many attempts to sign in")?;
        }
        Ok(())
    }

    /// Waits for the turn to import; it ends when what comes back is dropped.
    pub async fn importing(&self) -> Result<SemaphorePermit<'_>, Problem> {
        let closed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL);
        self.importing.acquire().await.map_err(closed)
    }

    /// Runs `hash` beside the requests, when its turn comes.
    pub async fn hashing<T: Send + 'static>(
        &self,
        hash: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _turn = self.hashing.acquire().await.ok()?;
        tokio::task::spawn_blocking(hash).await.ok()
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
    what: &str,
) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        let seconds = wait.as_secs() + 1;
        let detail = format!("{what}; wait {seconds} s");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds)
    })
}
