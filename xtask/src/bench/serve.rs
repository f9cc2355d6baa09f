//! `serve`: start-up time, throughput, latency at a fixed rate, and memory use after the load test.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::commands::{self, PeerKind, PeerServer, SERVED};
use super::http::Connection;
use super::load::{ClosedLoop, Latencies, OpenLoop};
use super::measure::{self, percentile};
use super::report::{Report, Unit};
use super::server::Server;
use super::setup::{Scale, Setup};
use super::{requests, stages};

const THROUGHPUT_CONNECTIONS: u32 = 16;
const LATENCY_CONNECTIONS: u32 = 32;
/// Requests per second to our server.
const OURS_RATE: f64 = 1_000.0;
/// Requests per second to try on a competing server, ascending.
const PEER_RATES: [f64; 5] = [50.0, 100.0, 200.0, 400.0, 800.0];
/// A rate is sustained if the last reply arrives at most this many seconds after the last scheduled
/// request.
const MAX_OVERRUN: f64 = 0.1;
const PEERS: [PeerServer; 4] = [
    PeerServer { kind: PeerKind::Plain, workers: 1 },
    PeerServer { kind: PeerKind::Plain, workers: 2 },
    PeerServer { kind: PeerKind::Tuned, workers: 1 },
    PeerServer { kind: PeerKind::Tuned, workers: 2 },
];

/// Artifacts to serve and requests to send.
struct Stage<'a> {
    setup: &'a Setup,
    root: PathBuf,
    artifacts: PathBuf,
    bodies: Vec<String>,
}

impl<'a> Stage<'a> {
    /// Trains both models on our merged file and generates requests from it.
    fn prepare(setup: &'a Setup) -> Result<Self> {
        let root = setup.work.join("serve");
        let artifacts = setup.work.join("serve_peer_artifacts");
        stages::ours_preprocess(setup, &root)?;
        stages::ours_train(setup, &root, SERVED)?;
        let merged = commands::merged(&root);
        let mut train = setup.programs.peer_train(&merged, &artifacts);
        measure::run(&mut train, &setup.work.join("serve_peer_train"))?;
        Ok(Self { setup, root, artifacts, bodies: requests::bodies(&merged)? })
    }

    fn ours(&self) -> Result<Server> {
        let log = self.setup.work.join("serve_ours");
        Server::start("our server", &log, &self.bodies, |port| {
            // Computes every reply; the reply cache is measured by `cache`.
            let mut command = self.setup.programs.ours_serve(&self.root, port);
            command.args(["--cache-mb", "0"]);
            command
        })
    }

    fn peer(&self, peer: PeerServer) -> Result<Server> {
        let name = peer.name();
        let log = self.setup.work.join(format!("serve_{}", name.replace([' ', ','], "_")));
        let ours = self.root.join("ml/artifacts/current");
        let artifacts = match peer.kind {
            PeerKind::Plain | PeerKind::WithProfiles => &self.artifacts,
            PeerKind::Tuned => &ours,
        };
        Server::start(&name, &log, &self.bodies, |port| {
            self.setup.programs.peer_serve(peer, artifacts, port)
        })
    }
}

/// Compares our server with the competing servers.
pub fn serve(setup: &Setup) -> Result<Report> {
    let stage = Stage::prepare(setup)?;
    let mut report = Report::new("serve");
    start_up(&stage, &mut report)?;
    let ours = stage.ours()?;
    let expected = check(&ours, &stage.bodies)?;
    let scale = &setup.scale;
    let latencies = at_fixed_rate(&ours, OURS_RATE, scale.latency)?;
    ours_latency(&latencies, &mut report);
    for peer in PEERS {
        let server = stage.peer(peer)?;
        let found = check(&server, &stage.bodies)?;
        if peer.kind == PeerKind::Tuned {
            let equal = expected.iter().zip(&found).filter(|(ours, peer)| ours == peer).count();
            let all = expected.len();
            report
                .note(format!("{}: {equal} of {all} lists equal ours movie by movie", server.name));
            if equal * 100 < all * 99 {
                bail!("{}: only {equal} of {all} lists equal ours", server.name);
            }
        }
        throughput(scale, &ours, &server, &mut report)?;
        latency(scale, &ours, &server, &mut report)?;
        memory(&ours, &server, &mut report);
    }
    report.note(format!(
        "ours serves the output of `train --features {}`; all servers get the same {} requests",
        SERVED.name(),
        stage.bodies.len()
    ));
    Ok(report)
}

/// Measures the time from the start of the process to the first successful reply.
fn start_up(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    eprintln!("serve: start-up");
    let [one, two, _, _] = PEERS;
    let [ours, ready_1, ready_2] = measure::alternate(
        stage.setup.scale.runs,
        [
            &mut || Ok(stage.ours()?.ready_after),
            &mut || Ok(stage.peer(one)?.ready_after),
            &mut || Ok(stage.peer(two)?.ready_after),
        ],
    )?;
    for (peer, ready) in [(one, ready_1), (two, ready_2)] {
        let what = format!("start to first reply, {}", peer.name());
        report.compare(what, Unit::Seconds, ours.clone(), ready);
    }
    Ok(())
}

/// Validates the reply to each request and returns its movies. Also warms up the server.
fn check(server: &Server, bodies: &[String]) -> Result<Vec<Vec<u64>>> {
    eprintln!("serve: checking the replies of {}", server.name);
    let mut connection = Connection::open(server.target.address)?;
    bodies
        .iter()
        .zip(&server.target.requests)
        .map(|(body, request)| {
            let reply = connection.exchange(request)?;
            requests::check(body, &reply)
                .with_context(|| format!("{} sent an invalid reply to {body}", server.name))
        })
        .collect()
}

/// Result of a throughput round.
struct Round {
    per_second: f64,
    /// The server's CPU time per reply, in seconds.
    cpu_per_reply: f64,
}

fn throughput(scale: &Scale, ours: &Server, peer: &Server, report: &mut Report) -> Result<()> {
    eprintln!("serve: throughput of {}, {} rounds of {:?}", peer.name, scale.runs, scale.window);
    let [ours, peer_result] =
        measure::alternate(scale.runs, [&mut || round(scale, ours), &mut || round(scale, peer)])?;
    let rates = |rounds: &[Round]| rounds.iter().map(|round| round.per_second).collect();
    let cpus = |rounds: &[Round]| rounds.iter().map(|round| round.cpu_per_reply).collect();
    let what = format!("replies, {THROUGHPUT_CONNECTIONS} connections, {}", peer.name);
    report.compare(what, Unit::PerSecond, rates(&ours), rates(&peer_result));
    let what = format!("CPU time per reply, {}", peer.name);
    report.compare(what, Unit::Seconds, cpus(&ours), cpus(&peer_result));
    Ok(())
}

/// Measures throughput with a closed-loop load.
fn round(scale: &Scale, server: &Server) -> Result<Round> {
    let load = ClosedLoop {
        connections: THROUGHPUT_CONNECTIONS,
        warm_up: Duration::from_millis(300),
        window: scale.window,
    };
    let before = server.cpu_seconds();
    let run = load.run(&server.target).with_context(|| server.failure())?;
    let cpu_per_reply = (server.cpu_seconds() - before) / run.replies as f64;
    Ok(Round { per_second: run.per_second, cpu_per_reply })
}

/// Measures our server on its own: throughput, and latency at half that rate.
pub fn measure_alone(
    scale: &Scale,
    server: &Server,
    bodies: &[String],
    report: &mut Report,
) -> Result<()> {
    check(server, bodies)?;
    let [rounds] = measure::alternate(scale.runs, [&mut || round(scale, server)])?;
    let rates: Vec<f64> = rounds.iter().map(|round| round.per_second).collect();
    let cpus = rounds.iter().map(|round| round.cpu_per_reply).collect();
    let half = measure::summarize(&rates).context("there are no measurements")?.median / 2.0;
    let what = format!("replies, {THROUGHPUT_CONNECTIONS} connections");
    report.compare(what, Unit::PerSecond, rates, Vec::new());
    report.compare("CPU time per reply", Unit::Seconds, cpus, Vec::new());
    let latencies = at_fixed_rate(server, half.floor(), scale.latency)?;
    rows(report, &format!("{half:.0} requests/s"), Some(&latencies), None);
    let peak = server.memory().map(|memory| memory.peak as f64);
    report.compare("peak memory of the server", Unit::Bytes, peak.into_iter().collect(), vec![]);
    Ok(())
}

/// Sends requests at a fixed rate and returns their latencies.
fn at_fixed_rate(server: &Server, rate: f64, duration: Duration) -> Result<Latencies> {
    eprintln!("serve: {} at {rate} requests/s for {duration:?}", server.name);
    OpenLoop { connections: LATENCY_CONNECTIONS, rate, duration }
        .run(&server.target)
        .with_context(|| server.failure())
}

fn ours_latency(found: &Latencies, report: &mut Report) {
    if found.overrun > MAX_OVERRUN {
        let overrun = found.overrun;
        report.note(format!("ours finished {overrun:.2} s late at {OURS_RATE} requests/s"));
    }
    let delay = |percent| percentile(&found.wake_delays, percent).unwrap_or_default() * 1e6;
    report.note(format!(
        "at {OURS_RATE} requests/s, the load generator sent requests {:.0} µs (p50) and {:.0} µs \
         (p99) late, which is part of the latency",
        delay(50.0),
        delay(99.0)
    ));
    rows(report, &format!("{OURS_RATE} requests/s"), Some(found), None);
}

/// Compares latency at the highest rate that the competing server sustains.
fn latency(scale: &Scale, ours: &Server, peer: &Server, report: &mut Report) -> Result<()> {
    let mut sustained = None;
    for rate in PEER_RATES {
        if at_fixed_rate(peer, rate, scale.trial)?.overrun > MAX_OVERRUN {
            break;
        }
        sustained = Some(rate);
    }
    let Some(rate) = sustained else {
        report.note(format!("{} did not sustain {} requests/s", peer.name, PEER_RATES[0]));
        return Ok(());
    };
    let (ours, peer_result) =
        (at_fixed_rate(ours, rate, scale.latency)?, at_fixed_rate(peer, rate, scale.latency)?);
    rows(report, &format!("{rate} requests/s, {}", peer.name), Some(&ours), Some(&peer_result));
    Ok(())
}

fn rows(report: &mut Report, what: &str, ours: Option<&Latencies>, peer: Option<&Latencies>) {
    for (name, percent) in [("p50", 50.0), ("p99", 99.0), ("max", 100.0)] {
        let of = |side: Option<&Latencies>| {
            side.and_then(|side| percentile(&side.replies, percent)).into_iter().collect()
        };
        report.compare(format!("latency {name} at {what}"), Unit::Seconds, of(ours), of(peer));
    }
}

fn memory(ours: &Server, peer: &Server, report: &mut Report) {
    let of = |server: &Server| {
        let memory = server.memory();
        let one = |bytes: Option<u64>| bytes.into_iter().map(|bytes| bytes as f64).collect();
        (one(memory.map(|memory| memory.resident)), one(memory.map(|memory| memory.peak)))
    };
    let ((resident, peak), (peer_resident, peer_peak)) = (of(ours), of(peer));
    let what = format!("memory after the load, {}", peer.name);
    report.compare(what, Unit::Bytes, resident, peer_resident);
    report.compare(format!("peak memory, {}", peer.name), Unit::Bytes, peak, peer_peak);
}
