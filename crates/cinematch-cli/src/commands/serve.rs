//! `cinematch serve`.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_server::{AppState, ServerConfig};
use cinematch_service::cache::{CacheConfig, RedisAddress};
use cinematch_service::jobs::JobsConfig;
use cinematch_store::Address;
use clap::Args;
use tokio::net::TcpListener;

use super::background::Background;
use super::block_on;
use super::telemetry::Telemetry;
use crate::options::Global;
use crate::output::{CARE, Output, STRONG};
use crate::paths::{ArtifactsPath, DatabasePath};

/// Flags of `serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch serve\n  cinematch serve --port 9000 --log-format json\n  \
                        DATABASE_URL=postgres://… cinematch serve --access accounts --host 0.0.0.0\n  \
                        curl -s localhost:8000/api/recommendations -H 'Content-Type: application/json' \
                        -d '{\"liked_movie_ids\":[6]}'"
)]
pub struct Serve {
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
    /// Start also where the model or the database is not there yet, and wait for them
    #[arg(long, env = "CINEMATCH_WAIT")]
    wait: bool,
    /// Seconds in which requests are still taken after SIGTERM, while /health/ready says no more
    #[arg(long, default_value_t = 0, env = "CINEMATCH_STOP_DELAY", value_name = "SECONDS")]
    stop_delay: u16,
    #[command(flatten)]
    telemetry: Telemetry,
}

/// Where the server listens.
#[derive(Clone, Copy, Debug, Args)]
pub struct Place {
    /// The address to listen on; in open mode only this machine's own
    #[arg(long, default_value = "127.0.0.1", env = "CINEMATCH_HOST", value_name = "ADDRESS")]
    pub host: IpAddr,
    /// The port; 0: any free one
    #[arg(long, default_value_t = 8000, env = "CINEMATCH_PORT", value_name = "PORT")]
    pub port: u16,
}

/// Where the server listens and whose pages it answers.
#[derive(Clone, Debug, Args)]
pub struct Listen {
    #[command(flatten)]
    place: Place,
    /// Origins whose pages may call the API [default: the usual development servers]
    #[arg(long, value_delimiter = ',', env = "CINEMATCH_CORS_ORIGINS", value_name = "ORIGINS")]
    cors_origins: Option<Vec<String>>,
}

/// Who may do what.
#[derive(Clone, Debug, Args)]
struct Access {
    /// open: profiles without passwords, on this machine only; accounts: people sign in, programs
    /// have keys
    #[arg(long, value_enum, default_value = "open", env = "CINEMATCH_ACCESS", value_name = "MODE")]
    access: AccessName,
    /// Further names the server is reached by in open mode, behind a proxy that asks for a password
    #[arg(long, value_delimiter = ',', env = "CINEMATCH_ALLOWED_HOSTS", value_name = "NAMES")]
    allowed_hosts: Vec<String>,
    /// Requests a second and client, five seconds' worth at once; 0: any number [default: 20 with
    /// accounts, 0 in open mode]
    #[arg(long, env = "CINEMATCH_RATE_LIMIT", value_name = "N")]
    rate_limit: Option<u32>,
    /// A proxy in front speaks HTTPS and tells clients' addresses in X-Forwarded-For
    #[arg(long, env = "CINEMATCH_BEHIND_PROXY")]
    behind_proxy: bool,
}

/// Replies kept for those who ask the same.
#[derive(Clone, Debug, Args)]
struct Cache {
    /// Megabytes of replies kept in memory for those who ask the same; 0: none
    #[arg(
        long,
        default_value_t = CacheConfig::DEFAULT_MB,
        env = "CINEMATCH_CACHE_MB",
        value_name = "MB"
    )]
    cache_mb: u32,
    /// A Redis that several servers keep them in as well: redis://user:password@host:6379/0
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

/// What a page with many pictures and lists may need.
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

impl Listen {
    /// The server's settings.
    pub fn config(&self, artifacts: PathBuf, database: Address) -> ServerConfig {
        ServerConfig {
            host: self.place.host,
            port: self.place.port,
            artifacts,
            database,
            cors_origins: self
                .cors_origins
                .clone()
                .unwrap_or_else(|| cinematch_server::DEVELOPMENT_ORIGINS.map(str::to_owned).into()),
            access: AccessConfig::default(),
            jobs: JobsConfig::default(),
            stop_delay: Duration::ZERO,
            cache: CacheConfig::default(),
        }
    }
}

impl Serve {
    /// Serves until told to stop.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let telemetry = self.telemetry.start()?;
        let config = self.config(global)?;
        let workers = (global.threads > 0).then_some(usize::from(global.threads));
        let served = block_on(workers, async {
            if self.wait {
                return Box::pin(wait_and_listen(config, output)).await;
            }
            let state = AppState::open(config.clone()).await?;
            listen(state, &config, output).await
        });
        telemetry.stop();
        served
    }

    /// Whether the settings can be, by themselves and together.
    pub fn check(&self, global: &Global) -> Result<()> {
        self.telemetry.check()?;
        Ok(self.config(global)?.check()?)
    }

    fn config(&self, global: &Global) -> Result<ServerConfig> {
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

/// Listens, says where, and serves until Ctrl-C or SIGTERM.
pub async fn listen(state: AppState, config: &ServerConfig, output: &Output) -> Result<()> {
    let (listener, shown) = bind(config).await?;
    let bundle = state.bundle();
    output
        .json(&serde_json::json!({ "listening": shown, "model_id": bundle.manifest.model_id }))?;
    output.line(format_args!(
        "{STRONG}{shown}{STRONG:#} serves {} films: open it in a browser; {shown}/docs is for programs; Ctrl-C stops",
        bundle.recommender.movies().len()
    ));
    if bundle.has_mock_services() {
        output.note(format_args!("{CARE}Streaming services are mock: invented.{CARE:#}"));
    }
    drop(bundle);
    cinematch_server::serve(state, listener, told_to_stop()).await.context("the server failed")
}

/// Listens at once, and serves when there is something to serve.
async fn wait_and_listen(config: ServerConfig, output: &Output) -> Result<()> {
    let (listener, shown) = bind(&config).await?;
    output.json(&serde_json::json!({ "listening": shown, "model_id": null }))?;
    output.line(format_args!(
        "{STRONG}{shown}{STRONG:#} serves as soon as there is a model; {shown}/health/ready says when"
    ));
    Box::pin(cinematch_server::serve_when_ready(config, listener, told_to_stop())).await?;
    Ok(())
}

/// Takes the address, and says how people write it.
async fn bind(config: &ServerConfig) -> Result<(TcpListener, String)> {
    let address = SocketAddr::new(config.host, config.port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; stop what does, or choose another --port")
    })?;
    let address = listener.local_addr().context("the listener has no address")?;
    tracing::info!(%address, "listening");
    let shown = if address.ip().is_loopback() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    };
    Ok((listener, shown))
}

async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
}
