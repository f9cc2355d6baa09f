//! `cinematch serve`.

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, Result};
use cinematch_server::{AppState, ServerConfig};
use clap::Args;
use tracing_subscriber::EnvFilter;

use crate::options::Global;
use crate::output::{CARE, Output, STRONG};
use crate::paths::ArtifactsPath;

/// Flags of `serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch serve\n  cinematch serve --port 9000 --log-format json\n  \
                        curl -s localhost:8000/api/recommendations -H 'Content-Type: application/json' \
                        -d '{\"liked_movie_ids\":[6]}'"
)]
pub struct Serve {
    #[command(flatten)]
    artifacts: ArtifactsPath,
    #[command(flatten)]
    listen: Listen,
    /// The file people's watchlists are in [default: data/cinematch.db]
    #[arg(long, env = "CINEMATCH_DATABASE", value_name = "FILE")]
    database: Option<PathBuf>,
    /// How log lines look; auto: text on a terminal, JSON elsewhere
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        env = "CINEMATCH_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    log_format: LogFormat,
    /// What is logged: `info`, `warn`, `cinematch::access=off`, …
    #[arg(long, default_value = "info", env = "CINEMATCH_LOG", value_name = "FILTER")]
    log: String,
}

/// Where the server listens and whom it answers.
#[derive(Clone, Debug, Args)]
pub struct Listen {
    /// The address to listen on; without sign-in only this machine's own
    #[arg(long, default_value = "127.0.0.1", env = "CINEMATCH_HOST", value_name = "ADDRESS")]
    pub host: IpAddr,
    /// The port; 0: any free one
    #[arg(long, default_value_t = 8000, env = "CINEMATCH_PORT", value_name = "PORT")]
    pub port: u16,
    /// Origins whose pages may call the API [default: the usual development servers]
    #[arg(long, value_delimiter = ',', env = "CINEMATCH_CORS_ORIGINS", value_name = "ORIGINS")]
    pub cors_origins: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LogFormat {
    Auto,
    Text,
    Json,
}

impl Listen {
    /// The server's settings.
    pub fn config(&self, artifacts: PathBuf, database: PathBuf) -> ServerConfig {
        ServerConfig {
            host: self.host,
            port: self.port,
            artifacts,
            database,
            cors_origins: self
                .cors_origins
                .clone()
                .unwrap_or_else(|| cinematch_server::DEVELOPMENT_ORIGINS.map(str::to_owned).into()),
        }
    }
}

impl Serve {
    /// Serves until told to stop.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        self.start_log()?;
        let database = self.database.clone();
        let database = database.unwrap_or_else(|| global.root.join("data/cinematch.db"));
        let config = self.listen.config(self.artifacts.resolve(global), database);
        let workers = (global.threads > 0).then_some(usize::from(global.threads));
        block_on(workers, async {
            let state = AppState::open(config.clone()).await?;
            listen(state, &config, output).await
        })
    }

    fn start_log(&self) -> Result<()> {
        let filter = EnvFilter::try_new(&self.log)
            .with_context(|| format!("--log: `{}` is not a log filter", self.log))?;
        let is_json = match self.log_format {
            LogFormat::Json => true,
            LogFormat::Text => false,
            LogFormat::Auto => !std::io::stderr().is_terminal(),
        };
        let builder =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        if is_json {
            builder.json().flatten_event(true).with_span_list(false).init();
        } else {
            builder.with_target(false).init();
        }
        Ok(())
    }
}

/// Runs a future on a runtime with one worker a core, or as many as asked for.
pub fn block_on<T>(workers: Option<usize>, future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = workers {
        builder.worker_threads(workers);
    }
    builder.enable_all().build().context("cannot start the server's threads")?.block_on(future)
}

/// Listens, says where, and serves until Ctrl-C or SIGTERM.
pub async fn listen(state: AppState, config: &ServerConfig, output: &Output) -> Result<()> {
    let address = SocketAddr::new(config.host, config.port);
    let listener = tokio::net::TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; stop what does, or choose another --port")
    })?;
    let address = listener.local_addr().context("the listener has no address")?;
    let shown = if address.ip().is_loopback() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    };
    let bundle = state.bundle();
    output
        .json(&serde_json::json!({ "listening": shown, "model_id": bundle.manifest.model_id }))?;
    output.line(format_args!(
        "{STRONG}{shown}{STRONG:#} serves {} films; try {shown}/docs; Ctrl-C stops",
        bundle.recommender.movies().len()
    ));
    if bundle.has_mock_services() {
        output.note(format_args!("{CARE}Streaming services are mock: invented.{CARE:#}"));
    }
    drop(bundle);
    tracing::info!(%address, "listening");
    cinematch_server::serve(state, listener, told_to_stop()).await.context("the server failed")
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
