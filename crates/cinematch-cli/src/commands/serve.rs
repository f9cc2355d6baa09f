//! `cinematch serve`: serves the web pages and the HTTP API.

use anyhow::Result;
use cinematch_server::{AppState, ServerConfig};
use clap::Args;

use crate::options::Global;
use crate::output::{Output, STRONG};
use crate::runtime::block_on;
use crate::serving::{ReservedPort, ServeFlags, listen, stop_signal};

/// Flags for `cinematch serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch serve                                  pages on http://127.0.0.1:8000/\n  \
                  cinematch serve --port 9000 --log-format json\n  \
                  cinematch serve --retrain weekly --update daily  keep the model current\n  \
                  DATABASE_URL=postgres://… cinematch serve --access accounts --host 0.0.0.0\n  \
                  curl -s localhost:8000/api/recommendations -H 'Content-Type: application/json' \
                  -d '{\"liked_movie_ids\":[6]}'"
)]
pub struct Serve {
    #[command(flatten)]
    flags: ServeFlags,
}

impl Serve {
    /// Serves until it receives a stop signal.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let telemetry = self.flags.start_telemetry()?;
        let config = self.flags.config(global)?;
        let workers = (global.threads > 0).then_some(usize::from(global.threads));
        let served = block_on(workers, async {
            if self.flags.wait {
                return Box::pin(wait_and_listen(config, output)).await;
            }
            let port = ReservedPort::new(&config)?;
            let state = AppState::open(config).await?;
            listen(state, port, output).await
        });
        telemetry.stop();
        served
    }
}

/// Listens immediately, and serves once the model and the database exist.
async fn wait_and_listen(config: ServerConfig, output: &Output) -> Result<()> {
    let (listener, shown) = ReservedPort::new(&config)?.listen()?;
    output.json(&serde_json::json!({ "listening": shown, "model_id": null }))?;
    output.line(format_args!(
        "{STRONG}{shown}{STRONG:#} serves as soon as a model exists; check {shown}/health/ready"
    ));
    Box::pin(cinematch_server::serve_when_ready(config, listener, stop_signal())).await?;
    Ok(())
}
