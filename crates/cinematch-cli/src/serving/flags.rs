//! Flags for `cinematch serve`, and the server settings they produce.

use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context, Result};
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_server::ServerConfig;
use cinematch_service::cache::{CacheConfig, RedisAddress};
use clap::Args;

use super::background::Background;
use super::listen::Listen;
use super::telemetry::{Started, Telemetry};
use crate::options::Global;
use crate::paths::{ArtifactsPath, DatabasePath};

/// Flags for `cinematch serve`.
#[derive(Debug, Args)]
pub struct ServeFlags {
    #[command(flatten)]
    artifacts: ArtifactsPath,
    #[command(flatten)]
    listen: Listen,
    #[command(flatten)]
    database: DatabasePath,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    cache: Cache,
    #[command(flatten)]
    background: Background,
    /// Start before the model and the database exist, and wait for them
    #[arg(long, env = "CINEMATCH_WAIT")]
    pub wait: bool,
    /// Seconds to keep accepting requests after SIGTERM, while /health/ready reports not ready
    #[arg(long, default_value_t = 0, env = "CINEMATCH_STOP_DELAY", value_name = "SECONDS")]
    stop_delay: u16,
    #[command(flatten)]
    telemetry: Telemetry,
}

/// Flags for access control.
#[derive(Clone, Debug, Args)]
struct Access {
    /// open: profiles without passwords, from this machine only; accounts: users sign in and programs
    /// send API keys
    #[arg(long, value_enum, default_value = "open", env = "CINEMATCH_ACCESS", value_name = "MODE")]
    access: AccessName,
    /// Host names accepted in open mode besides localhost, for a proxy that authenticates users
    #[arg(long, value_delimiter = ',', env = "CINEMATCH_ALLOWED_HOSTS", value_name = "NAMES")]
    allowed_hosts: Vec<String>,
    /// Requests per second per client, with bursts of five seconds' worth; 0 disables the limit [default: 20 with
    /// accounts, 0 in open mode]
    #[arg(long, env = "CINEMATCH_RATE_LIMIT", value_name = "N")]
    rate_limit: Option<u32>,
    /// Trust a reverse proxy that terminates HTTPS and sets X-Forwarded-For
    #[arg(long, env = "CINEMATCH_BEHIND_PROXY")]
    behind_proxy: bool,
}

/// Flags for the reply cache.
#[derive(Clone, Debug, Args)]
struct Cache {
    /// Megabytes of replies cached in memory; 0 disables the cache
    #[arg(
        long,
        default_value_t = CacheConfig::DEFAULT_MB,
        env = "CINEMATCH_CACHE_MB",
        value_name = "MB"
    )]
    cache_mb: u32,
    /// Redis server through which several servers share cached replies: redis://user:password@host:6379/0
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    redis_url: Option<String>,
}

impl Cache {
    fn config(&self) -> Result<CacheConfig> {
        let redis = self.redis_url.as_deref().filter(|url| !url.is_empty());
        Ok(CacheConfig {
            memory_bytes: u64::from(self.cache_mb) << 20,
            redis: redis.map(RedisAddress::parse).transpose().context("REDIS_URL")?,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AccessName {
    Open,
    Accounts,
}

/// Default rate limit with accounts, in requests per second. A page with many images needs several requests at once.
const RATE_WITH_ACCOUNTS: u32 = 20;

impl Access {
    fn config(&self) -> AccessConfig {
        let (mode, default) = match self.access {
            AccessName::Open => (AccessMode::Open, 0),
            AccessName::Accounts => (AccessMode::Accounts, RATE_WITH_ACCOUNTS),
        };
        AccessConfig {
            mode,
            allowed_hosts: self.allowed_hosts.clone(),
            rate_limit: NonZeroU32::new(self.rate_limit.unwrap_or(default)),
            behind_proxy: self.behind_proxy,
        }
    }
}

impl ServeFlags {
    /// Starts logging and tracing.
    pub fn start_telemetry(&self) -> Result<Started> {
        self.telemetry.start()
    }

    /// Checks the settings individually and in combination.
    pub fn check(&self, global: &Global) -> Result<()> {
        self.telemetry.check()?;
        Ok(self.config(global)?.check()?)
    }

    /// Returns the server's settings.
    pub fn config(&self, global: &Global) -> Result<ServerConfig> {
        let database = self.database.resolve(global)?;
        let artifacts = self.artifacts.resolve(global);
        Ok(ServerConfig {
            access: self.access.config(),
            jobs: self.background.config(global, &artifacts)?,
            cache: self.cache.config()?,
            stop_delay: Duration::from_secs(self.stop_delay.into()),
            ..self.listen.config(artifacts, database)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_have_a_rate_limit_unless_it_is_disabled() {
        let limit = |access, rate_limit| {
            let flags =
                Access { access, allowed_hosts: Vec::new(), rate_limit, behind_proxy: false };
            flags.config().rate_limit.map(NonZeroU32::get)
        };
        assert_eq!(limit(AccessName::Accounts, None), Some(20));
        assert_eq!(limit(AccessName::Open, None), None);
        assert_eq!(limit(AccessName::Accounts, Some(0)), None);
        assert_eq!(limit(AccessName::Open, Some(2)), Some(2));
    }
}
