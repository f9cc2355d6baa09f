//! The listener, and the loop that serves until a stop signal arrives.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use cinematch_http::config::AccessConfig;
use cinematch_server::{AppState, ServerConfig};
use cinematch_service::cache::CacheConfig;
use cinematch_service::jobs::JobsConfig;
use cinematch_store::Address;
use clap::Args;
use tokio::net::TcpListener;

use crate::output::{Output, STRONG, WARNING, thousands};

/// Flags for the server's address.
#[derive(Clone, Copy, Debug, Args)]
pub struct ListenAddress {
    /// IP address to listen on; must be a loopback address in open mode
    #[arg(long, default_value = "127.0.0.1", env = "CINEMATCH_HOST", value_name = "ADDRESS")]
    pub host: IpAddr,
    /// Port to listen on; 0 picks a free port
    #[arg(long, default_value_t = 8000, env = "CINEMATCH_PORT", value_name = "PORT")]
    pub port: u16,
}

/// Flags for the address and for cross-origin requests.
#[derive(Clone, Debug, Args)]
pub struct Listen {
    #[command(flatten)]
    place: ListenAddress,
    /// Origins whose pages may call the API [default: common development servers]
    #[arg(long, value_delimiter = ',', env = "CINEMATCH_CORS_ORIGINS", value_name = "ORIGINS")]
    cors_origins: Option<Vec<String>>,
}

impl Listen {
    /// Returns server settings with the values of these flags, and defaults for everything else.
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

/// Listens, prints the address, and serves until a stop signal arrives.
pub async fn listen(state: AppState, config: &ServerConfig, output: &Output) -> Result<()> {
    let (listener, shown) = bind(config).await?;
    let bundle = state.bundle();
    output
        .json(&serde_json::json!({ "listening": shown, "model_id": bundle.manifest.model_id }))?;
    output.line(format_args!(
        "{STRONG}{shown}{STRONG:#} serves {} movies; API docs at {shown}/docs; press Ctrl-C to stop",
        thousands(bundle.recommender.movies().len() as u64)
    ));
    if bundle.has_mock_services() {
        output.note(format_args!(
            "{WARNING}Streaming services are mock: invented for demonstration.{WARNING:#}"
        ));
    }
    drop(bundle);
    cinematch_server::serve(state, listener, stop_signal()).await.context("the server failed")
}

/// Binds the address. Returns the listener and the URL to print.
pub async fn bind(config: &ServerConfig) -> Result<(TcpListener, String)> {
    let address = SocketAddr::new(config.host, config.port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; stop the program that uses it, or pass another --port")
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

/// Completes on Ctrl-C or SIGTERM.
pub async fn stop_signal() {
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
