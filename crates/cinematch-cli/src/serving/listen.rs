//! The port, the listener, and the loop that serves until a stop signal arrives.

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
use tokio::net::{TcpListener, TcpSocket};

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

/// A reserved port. Connections are refused until [`ReservedPort::listen`] is called.
#[derive(Debug)]
pub struct ReservedPort {
    socket: TcpSocket,
    address: SocketAddr,
}

impl ReservedPort {
    /// Checks the server's settings and binds its address. Fails if another program uses the port, so that a server
    /// that cannot start does not create a database first.
    pub fn new(config: &ServerConfig) -> Result<Self> {
        config.check()?;
        let address = SocketAddr::new(config.host, config.port);
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.context("cannot create a socket")?;
        // Without this option, a port cannot be bound for a minute after a server on it has stopped.
        socket.set_reuseaddr(true).context("cannot configure the socket")?;
        socket.bind(address).with_context(|| in_use(address))?;
        Ok(Self { socket, address })
    }

    /// Starts to listen. Returns the listener and the URL to print.
    pub fn listen(self) -> Result<(TcpListener, String)> {
        let listener = self.socket.listen(BACKLOG).with_context(|| in_use(self.address))?;
        let address = listener.local_addr().context("the listener has no address")?;
        tracing::info!(%address, "listening");
        let shown = if address.ip().is_loopback() {
            format!("http://localhost:{}", address.port())
        } else {
            format!("http://{address}")
        };
        Ok((listener, shown))
    }
}

/// Maximum number of connections that wait to be accepted.
const BACKLOG: u32 = 1024;

fn in_use(address: SocketAddr) -> String {
    format!("cannot listen on {address}; stop the program that uses it, or pass another --port")
}

/// Listens on the port, prints the address, and serves until a stop signal arrives.
pub async fn listen(state: AppState, port: ReservedPort, output: &Output) -> Result<()> {
    let (listener, shown) = port.listen()?;
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
