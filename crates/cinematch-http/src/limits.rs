//! Rate limits on requests and sign-in attempts, and concurrency limits on password hashing and imports.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::StatusCode;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{INTERNAL, Problem};

/// Burst size for requests, as a multiple of the number allowed per second.
const BURST: u32 = 5;

/// Number of sign-in attempts a client can make in a burst.
const ATTEMPTS: u32 = 5;
/// Number of sign-in attempts that can be made in a burst for one account, across all clients. Larger than
/// [`ATTEMPTS`] so that a single client can't lock an account.
const ACCOUNT_ATTEMPTS: u32 = 20;
/// Time until a used sign-in attempt becomes available again, per client and per account.
const ATTEMPT_INTERVAL: Duration = Duration::from_secs(12);

/// Maximum number of concurrent password hashes, each of which uses 19 MiB.
const MAX_CONCURRENT_HASHES: usize = 2;

/// Maximum number of concurrent imports, each of which holds its files and their unpacked contents in memory.
const MAX_CONCURRENT_IMPORTS: usize = 2;

/// Once more clients or accounts than this are tracked, those with a fully replenished quota are dropped.
const MAX_TRACKED_KEYS: usize = 10_000;

/// Rate and concurrency limits, and their current state.
#[derive(Debug)]
pub struct Limits {
    requests: Option<DefaultKeyedRateLimiter<IpAddr>>,
    ip_attempts: DefaultKeyedRateLimiter<IpAddr>,
    account_attempts: DefaultKeyedRateLimiter<String>,
    hashes: Semaphore,
    imports: Semaphore,
}

impl Limits {
    /// Creates limits that allow each client `per_second` requests per second. `None` disables the request limit.
    pub fn new(per_second: Option<NonZeroU32>) -> Self {
        let quota = |per_second: NonZeroU32| {
            Quota::per_second(per_second).allow_burst(
                per_second.saturating_mul(NonZeroU32::new(BURST).unwrap_or(NonZeroU32::MIN)),
            )
        };
        let attempts = |burst| {
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::with_period(ATTEMPT_INTERVAL).unwrap_or(Quota::per_minute(burst));
            quota.allow_burst(burst)
        };
        Self {
            requests: per_second.map(|per_second| RateLimiter::keyed(quota(per_second))),
            ip_attempts: RateLimiter::keyed(attempts(ATTEMPTS)),
            account_attempts: RateLimiter::keyed(attempts(ACCOUNT_ATTEMPTS)),
            hashes: Semaphore::new(MAX_CONCURRENT_HASHES),
            imports: Semaphore::new(MAX_CONCURRENT_IMPORTS),
        }
    }

    /// Counts a request from `client`. Returns a 429 error if the client is over its limit.
    pub fn check_request(&self, client: IpAddr) -> Result<(), Problem> {
        let Some(requests) = &self.requests else { return Ok(()) };
        if requests.len() > MAX_TRACKED_KEYS {
            requests.retain_recent();
        }
        check(requests, &client_network(client), "Too many requests")
    }

    /// Counts a sign-in attempt against `client` and `account`. Returns a 429 error if either is over its limit.
    pub fn check_sign_in(&self, client: IpAddr, account: &str) -> Result<(), Problem> {
        if self.ip_attempts.len() + self.account_attempts.len() > MAX_TRACKED_KEYS {
            self.ip_attempts.retain_recent();
            self.account_attempts.retain_recent();
        }
        let subject = "Too many attempts to sign in";
        check(&self.ip_attempts, &client_network(client), subject)?;
        check(&self.account_attempts, &account.to_lowercase(), subject)
    }

    /// Waits for an import permit, which is released when dropped.
    pub async fn import_permit(&self) -> Result<SemaphorePermit<'_>, Problem> {
        let closed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL);
        self.imports.acquire().await.map_err(closed)
    }

    /// Runs `hash` on a blocking thread, with at most two hashes running at a time. Returns `None` if it panics.
    pub async fn run_hash<T: Send + 'static>(
        &self,
        hash: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _permit = self.hashes.acquire().await.ok()?;
        tokio::task::spawn_blocking(hash).await.ok()
    }
}

/// Returns the network that a client's requests are counted under: the /64 prefix of an IPv6 address, since a
/// single client usually controls all of it, or the full IPv4 address.
fn client_network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
    subject: &str,
) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        let seconds = wait.as_secs() + 1;
        let detail = format!("{subject}; wait {seconds} s");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_ipv6_addresses_by_their_64_bit_prefix() {
        let of = |text: &str| client_network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
