//! The server's logs and traces.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData};
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// Time limit for sending the last spans at shutdown.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Flags for logs and traces.
#[derive(Clone, Debug, Args)]
pub struct Telemetry {
    /// Format of log lines; auto prints text on a terminal and JSON elsewhere
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        env = "CINEMATCH_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    log_format: LogFormat,
    /// Log filter: `info`, `warn`, `cinematch::access=off`, …
    #[arg(long, default_value = "info", env = "CINEMATCH_LOG", value_name = "FILTER")]
    log: String,
    /// OpenTelemetry collector for traces over HTTP: http://localhost:4318 [default: no traces]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Share of requests to trace; a caller's traceparent header overrides it
    #[arg(long, default_value = "1", env = "CINEMATCH_TRACE_SHARE", value_parser = share,
          value_name = "SHARE")]
    trace_share: f64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LogFormat {
    Auto,
    Text,
    Json,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// Running logging and tracing, as started by [`Telemetry::start`].
#[derive(Debug)]
#[must_use = "call `stop` to send the last spans"]
pub struct Started {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Checks the log filter and the collector's address.
    pub fn check(&self) -> Result<()> {
        self.log_filter()?;
        self.traces_url().map(|_| ())
    }

    /// Starts logging, and tracing if a collector is set.
    pub fn start(&self) -> Result<Started> {
        let is_json = match self.log_format {
            LogFormat::Json => true,
            LogFormat::Text => false,
            LogFormat::Auto => !std::io::stderr().is_terminal(),
        };
        let lines = fmt::layer().with_writer(std::io::stderr);
        let lines = if is_json {
            lines.json().flatten_event(true).with_span_list(false).boxed()
        } else {
            lines.with_target(false).boxed()
        };
        let lines: Box<dyn Layer<Registry> + Send + Sync> =
            lines.with_filter(self.log_filter()?).boxed();
        let mut layers = vec![lines];
        let provider = self.provider()?;
        if let Some(provider) = &provider {
            global::set_text_map_propagator(TraceContextPropagator::new());
            layers.push(traces(provider).boxed());
        }
        tracing_subscriber::registry().with(layers).init();
        Ok(Started { provider })
    }

    fn log_filter(&self) -> Result<EnvFilter> {
        let filter = EnvFilter::try_new(&self.log)
            .with_context(|| format!("--log: `{}` is not a log filter", self.log))?;
        // Excludes trace spans from log lines.
        let no_traces = format!("{}=off", cinematch_service::trace::TARGET).parse()?;
        Ok(filter.add_directive(no_traces))
    }

    /// Returns the URL for spans: the collector's base address plus OpenTelemetry's path.
    fn traces_url(&self) -> Result<Option<String>> {
        let Some(endpoint) = self.otlp_endpoint.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            return Err(anyhow!(
                "--otlp-endpoint: `{endpoint}` is not a collector's address; expected a URL such as \
                     http://localhost:4318"
            ));
        }
        Ok(Some(format!("{}/v1/traces", endpoint.trim_end_matches('/'))))
    }

    fn provider(&self) -> Result<Option<SdkTracerProvider>> {
        let Some(url) = self.traces_url()? else { return Ok(None) };
        // An error means that a provider is already installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpJson)
            .with_endpoint(&url)
            .build()
            .with_context(|| format!("--otlp-endpoint: cannot create an exporter for {url}"))?;
        let sampler = Sampler::TraceIdRatioBased(self.trace_share);
        let exporter = LoggedExporter { exporter, url, failed: AtomicBool::new(false) };
        Ok(Some(
            SdkTracerProvider::builder()
                .with_sampler(Sampler::ParentBased(Box::new(sampler)))
                .with_resource(resource())
                .with_batch_exporter(exporter)
                .build(),
        ))
    }
}

/// Returns the resource that spans are attributed to. `OTEL_SERVICE_NAME` and
/// `OTEL_RESOURCE_ATTRIBUTES` override it.
fn resource() -> Resource {
    let builder = Resource::builder();
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let builder = builder.with_attribute(version);
    if std::env::var_os("OTEL_SERVICE_NAME").is_some() {
        return builder.build();
    }
    builder.with_service_name("cinematch").build()
}

fn traces<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let trace_filter =
        Targets::new().with_target(cinematch_service::trace::TARGET, LevelFilter::INFO);
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("cinematch"))
        // These attributes cost time and do not describe the request.
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(trace_filter)
}

impl Started {
    /// Sends the remaining spans.
    pub fn stop(self) {
        let Some(provider) = self.provider else { return };
        if let Err(error) = provider.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::warn!(%error, "cannot send the last spans");
        }
    }
}

/// A span exporter that logs once when sending starts to fail, and once when it works again.
#[derive(Debug)]
struct LoggedExporter {
    exporter: SpanExporter,
    url: String,
    failed: AtomicBool,
}

impl opentelemetry_sdk::trace::SpanExporter for LoggedExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.exporter.export(batch).await;
        let had_failed = self.failed.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Err(error) if !had_failed => {
                tracing::warn!(%error, url = self.url, "cannot send traces; requests are not affected");
            }
            Ok(()) if had_failed => tracing::info!(url = self.url, "traces are sent again"),
            _ => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
