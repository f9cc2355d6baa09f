//! Serving: start-up, throughput, latency at a fixed rate, and memory after the load.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use super::commands::{self, SERVED};
use super::http::Connection;
use super::load::{Closed, Latencies, Open};
use super::measure::{self, percentile};
use super::report::{Report, Unit};
use super::server::Server;
use super::{Pace, Setup, requests, stages};

const THROUGHPUT_CONNECTIONS: u32 = 16;
const LATENCY_CONNECTIONS: u32 = 32;
/// The rate for ours, and those tried for the peer.
const OURS_RATE: f64 = 1_000.0;
const PEER_RATES: [f64; 4] = [100.0, 200.0, 400.0, 800.0];
/// A rate is sustained when the replies end at most these seconds after the last request was due.
const OVERRUN: f64 = 0.1;
const PEER_WORKERS: [usize; 2] = [1, 2];

/// What there is to serve, and what to ask for.
struct Stage<'a> {
    setup: &'a Setup,
    root: PathBuf,
    artifacts: PathBuf,
    bodies: Vec<String>,
}

impl<'a> Stage<'a> {
    /// Trains both sides on our merged file and makes the requests from it.
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
            self.setup.programs.ours_serve(&self.root, port)
        })
    }

    fn peer(&self, workers: usize) -> Result<Server> {
        let log = self.setup.work.join(format!("serve_peer_{workers}"));
        Server::start(&peer_name(workers), &log, &self.bodies, |port| {
            self.setup.programs.peer_serve(&self.artifacts, port, workers)
        })
    }
}

fn peer_name(workers: usize) -> String {
    format!("peer with {workers} worker{}", if workers == 1 { "" } else { "s" })
}

/// Compares the two servers.
pub fn serve(setup: &Setup) -> Result<Report> {
    let stage = Stage::prepare(setup)?;
    let mut report = Report::new("serve");
    start_up(&stage, &mut report)?;
    let ours = stage.ours()?;
    let [one, two] = PEER_WORKERS;
    let peers = [stage.peer(one)?, stage.peer(two)?];
    for server in [&ours, &peers[0], &peers[1]] {
        check(server, &stage.bodies)?;
    }
    throughput(&setup.pace, &ours, &peers, &mut report)?;
    latency(&setup.pace, &ours, &peers, &mut report)?;
    memory(&ours, &peers, &mut report);
    report.note(format!(
        "ours serves what `train --features {}` made; {} different requests, the same for all",
        SERVED.name(),
        stage.bodies.len()
    ));
    Ok(report)
}

/// From the start of the process to its first good reply.
fn start_up(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    eprintln!("serve: start-up");
    let [ours, one, two] = measure::alternate(
        stage.setup.pace.runs,
        [
            &mut || Ok(stage.ours()?.ready_after),
            &mut || Ok(stage.peer(PEER_WORKERS[0])?.ready_after),
            &mut || Ok(stage.peer(PEER_WORKERS[1])?.ready_after),
        ],
    )?;
    for (workers, peer) in PEER_WORKERS.into_iter().zip([one, two]) {
        let what = format!("start to first reply, {}", peer_name(workers));
        report.compare(what, Unit::Seconds, ours.clone(), peer);
    }
    Ok(())
}

/// Looks through one reply to every request; this also warms the server up.
fn check(server: &Server, bodies: &[String]) -> Result<()> {
    eprintln!("serve: checking the replies of {}", server.name);
    let mut connection = Connection::open(server.target.address)?;
    for (body, request) in bodies.iter().zip(&server.target.requests) {
        let reply = connection.exchange(request)?;
        requests::check(body, &reply)
            .with_context(|| format!("{} answered {body} wrongly", server.name))?;
    }
    Ok(())
}

/// One round of throughput.
struct Round {
    per_second: f64,
    /// The server's processor seconds for each reply.
    cpu_of_reply: f64,
}

fn throughput(pace: &Pace, ours: &Server, peers: &[Server; 2], report: &mut Report) -> Result<()> {
    eprintln!("serve: throughput, {} rounds of {:?} each", pace.runs, pace.window);
    let load = Closed {
        connections: THROUGHPUT_CONNECTIONS,
        warm_up: Duration::from_millis(300),
        window: pace.window,
    };
    let round = |server: &Server| -> Result<Round> {
        let before = server.cpu_seconds();
        let run = load.run(&server.target).with_context(|| server.failure())?;
        let cpu_of_reply = (server.cpu_seconds() - before) / run.replies as f64;
        Ok(Round { per_second: run.per_second, cpu_of_reply })
    };
    let [ours, one, two] = measure::alternate(
        pace.runs,
        [&mut || round(ours), &mut || round(&peers[0]), &mut || round(&peers[1])],
    )?;
    let rates = |rounds: &[Round]| rounds.iter().map(|round| round.per_second).collect();
    let cpus = |rounds: &[Round]| rounds.iter().map(|round| round.cpu_of_reply).collect();
    for (workers, peer) in PEER_WORKERS.into_iter().zip([&one, &two]) {
        let what = format!("replies, {THROUGHPUT_CONNECTIONS} connections, {}", peer_name(workers));
        report.compare(what, Unit::PerSecond, rates(&ours), rates(peer));
    }
    for (workers, peer) in PEER_WORKERS.into_iter().zip([&one, &two]) {
        let what = format!("processor time of a reply, {}", peer_name(workers));
        report.compare(what, Unit::Seconds, cpus(&ours), cpus(peer));
    }
    Ok(())
}

fn latency(pace: &Pace, ours: &Server, peers: &[Server; 2], report: &mut Report) -> Result<()> {
    let fixed = |server: &Server, rate: f64, duration: Duration| {
        eprintln!("serve: {} at {rate} requests/s for {duration:?}", server.name);
        Open { connections: LATENCY_CONNECTIONS, rate, duration }
            .run(&server.target)
            .with_context(|| server.failure())
    };
    let found = fixed(ours, OURS_RATE, pace.latency)?;
    if found.overrun > OVERRUN {
        let behind = found.overrun;
        report.note(format!("ours ended {behind:.2} s behind {OURS_RATE} requests/s"));
    }
    let late = |percent| percentile(&found.waking, percent).unwrap_or_default() * 1e6;
    report.note(format!(
        "at {OURS_RATE} requests/s the load itself was {:.0} µs (p50) and {:.0} µs (p99) late to \
         send, which is part of the latency",
        late(50.0),
        late(99.0)
    ));
    rows(report, &format!("{OURS_RATE} requests/s"), Some(&found), None);

    for (workers, peer) in PEER_WORKERS.into_iter().zip(peers) {
        let mut sustained = None;
        for rate in PEER_RATES {
            if fixed(peer, rate, pace.trial)?.overrun > OVERRUN {
                break;
            }
            sustained = Some(rate);
        }
        let Some(rate) = sustained else {
            let name = peer_name(workers);
            report.note(format!("{name} did not sustain {} requests/s", PEER_RATES[0]));
            continue;
        };
        let ours = fixed(ours, rate, pace.latency)?;
        let theirs = fixed(peer, rate, pace.latency)?;
        let what = format!("{rate} requests/s, {}", peer_name(workers));
        rows(report, &what, Some(&ours), Some(&theirs));
    }
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

fn memory(ours: &Server, peers: &[Server; 2], report: &mut Report) {
    let of = |server: &Server| {
        let memory = server.memory();
        let one = |bytes: Option<u64>| bytes.into_iter().map(|bytes| bytes as f64).collect();
        (one(memory.map(|memory| memory.resident)), one(memory.map(|memory| memory.peak)))
    };
    for (workers, peer) in PEER_WORKERS.into_iter().zip(peers) {
        let ((resident, peak), (peer_resident, peer_peak)) = (of(ours), of(peer));
        let name = peer_name(workers);
        let what = format!("memory after the load, {name}");
        report.compare(what, Unit::Bytes, resident, peer_resident);
        report.compare(format!("peak memory, {name}"), Unit::Bytes, peak, peer_peak);
    }
}
