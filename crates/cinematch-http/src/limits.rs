//! How often a client may call, and try passwords.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::StatusCode;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{INTERNAL, Problem};

/// Seconds' worth of requests that may come at once.
const BURST: u32 = 5;

/// Attempts to sign in, by client: so many at once, then one every twelve seconds.
const ATTEMPTS: u32 = 5;
/// The same by account, whoever tries: more, so that one client alone does not lock somebody out.
const ATTEMPTS_OF_ACCOUNT: u32 = 20;
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
    attempts: DefaultKeyedRateLimiter<IpAddr>,
    of_accounts: DefaultKeyedRateLimiter<String>,
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
        let attempts = |at_once| {
            let at_once = NonZeroU32::new(at_once).unwrap_or(NonZeroU32::MIN);
            let every = Quota::with_period(BETWEEN_ATTEMPTS).unwrap_or(Quota::per_minute(at_once));
            every.allow_burst(at_once)
        };
        Self {
            requests: per_second.map(|per_second| RateLimiter::keyed(quota(per_second))),
            attempts: RateLimiter::keyed(attempts(ATTEMPTS)),
            of_accounts: RateLimiter::keyed(attempts(ATTEMPTS_OF_ACCOUNT)),
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
        check(requests, &network_of(client), "Too many requests")
    }

    /// Counts an attempt to sign in, by the client and for the account; refuses one too many.
    pub fn attempt(&self, client: IpAddr, account: &str) -> Result<(), Problem> {
        if self.attempts.len() + self.of_accounts.len() > REMEMBERED {
            self.attempts.retain_recent();
            self.of_accounts.retain_recent();
        }
        let what = "Too many attempts to sign in";
        check(&self.attempts, &network_of(client), what)?;
        check(&self.of_accounts, &account.to_lowercase(), what)
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

/// Whom an address belongs to: with IPv6 a client has a whole /64 to choose from.
fn network_of(client: IpAddr) -> IpAddr {
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
    what: &str,
) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        let seconds = wait.as_secs() + 1;
        let detail = format!("{what}; wait {seconds} s");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_its_network() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
