//! `cinematch ping`: checks whether a server is ready.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::output::{Output, SUCCESS};
use crate::serving::ListenAddress;

/// Maximum size of a reply, in bytes.
const MAX_REPLY: u64 = 64 * 1024;

/// Flags for `cinematch ping`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch ping && echo ready\n  cinematch ping --port 9000\n\n\
                  For health checks in containers without curl. Exits with status 1 if the server is not ready."
)]
pub struct Ping {
    #[command(flatten)]
    place: ListenAddress,
    /// Seconds to wait for a reply
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60), value_name = "N")]
    wait: u64,
}

impl Ping {
    /// Requests /health/ready. Returns an error if the server is not ready.
    pub fn run(&self, output: &Output) -> Result<()> {
        let host = match self.place.host {
            // A server that listens on all addresses also listens on loopback.
            IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            host => host,
        };
        let address = SocketAddr::new(host, self.place.port);
        let (status, body) = request_readiness(address, Duration::from_secs(self.wait))
            .with_context(|| format!("no reply from the server on {address}"))?;
        if status != 200 {
            let document: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            let detail = document["detail"].as_str().unwrap_or("see its log");
            bail!("the server on {address} is not ready ({status}): {detail}");
        }
        output.json(&serde_json::json!({ "ready": true, "address": address.to_string() }))?;
        output.line(format_args!("{SUCCESS}✓{SUCCESS:#} the server on {address} is ready"));
        Ok(())
    }
}

/// Returns the status and body of `/health/ready`.
fn request_readiness(address: SocketAddr, wait: Duration) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, wait)?;
    stream.set_read_timeout(Some(wait))?;
    stream.set_write_timeout(Some(wait))?;
    // In open mode, the server accepts only loopback host names.
    stream
        .write_all(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut reply = String::new();
    stream.take(MAX_REPLY).read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.context("the reply is not HTTP")?, body.to_owned()))
}
