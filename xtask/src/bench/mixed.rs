//! `mixed`: recommendations, searches and ratings at a fixed rate for several minutes. Counts all errors.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::commands::{self, PeerKind, PeerServer, SERVED};
use super::http::{self, Connection};
use super::load::{CONNECT_INTERVAL, in_threads, sleep_until};
use super::measure::{self, percentile};
use super::report::{Report, Unit};
use super::server::Server;
use super::setup::Setup;
use super::traffic::{Kind, UserTraffic};
use super::{requests, stages};

const CONNECTIONS: u32 = 32;
/// Requests per second to our server.
const OURS_RATE: f64 = 1_000.0;
/// Requests per second to try on a competing server, ascending.
const PEER_RATES: [f64; 7] = [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0];
/// A rate is sustained if the last reply arrives at most this many seconds after the last scheduled
/// request.
const MAX_OVERRUN: f64 = 0.1;
/// Maximum number of error messages in a report.
const MAX_REPORTED_ERRORS: usize = 5;
/// Requests due within this many seconds after a generation is published are reported as "during a swap".
const SWAP_SECONDS: f64 = 5.0;
const PEERS: [PeerServer; 2] = [
    PeerServer { kind: PeerKind::WithProfiles, workers: 1 },
    PeerServer { kind: PeerKind::WithProfiles, workers: 2 },
];

/// Measurements taken under load.
pub struct LoadResult {
    /// Kind, due time and latency of each successful request. Due times are in seconds from the start,
    /// latencies in seconds from the due time.
    replies: Vec<(Kind, f64, f64)>,
    /// Number of failed requests.
    errors: usize,
    /// The first error messages.
    error_samples: Vec<String>,
    /// Seconds from the due time of the last request to the last reply.
    overrun: f64,
    /// Resident memory in bytes, one sample per second.
    resident: Vec<f64>,
    /// CPU time per reply, in seconds.
    pub cpu_per_reply: f64,
}

impl LoadResult {
    /// Returns the latencies of requests of `kind` (`None` for all kinds) that were due in `from..until`,
    /// ascending.
    fn latencies(&self, kind: Option<Kind>, from: f64, until: f64) -> Vec<f64> {
        let counts = |(of, due, _): &&(Kind, f64, f64)| {
            kind.is_none_or(|kind| kind == *of) && (from..until).contains(due)
        };
        let mut seconds: Vec<f64> = self.replies.iter().filter(counts).map(|it| it.2).collect();
        seconds.sort_unstable_by(f64::total_cmp);
        seconds
    }

    /// Returns all latencies, ascending.
    pub fn all(&self) -> Vec<f64> {
        self.latencies(None, 0.0, f64::INFINITY)
    }

    fn report_errors(&self, name: &str, report: &mut Report) {
        let all = self.replies.len() + self.errors;
        report.note(format!("{name}: {} of {all} requests failed", self.errors));
        for error_samples in &self.error_samples {
            report.note(format!("{name}: {error_samples}"));
        }
    }
}

/// Sends the requests in `traffic` at a fixed rate, and calls `midway` halfway through.
pub fn load(
    server: &Server,
    traffic: &UserTraffic,
    (rate, duration): (f64, Duration),
    midway: impl FnOnce() -> Result<()> + Send,
) -> Result<LoadResult> {
    eprintln!("mixed: {} at {rate} requests/s for {duration:?}", server.name);
    let _ = fs::write("/proc/self/timerslack_ns", "1");
    let (ticket, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    let total = (rate * duration.as_secs_f64()) as usize;
    let started = Instant::now();
    let from = started + CONNECT_INTERVAL * CONNECTIONS;
    let cpu = server.cpu_seconds();
    let worker = |thread: u32| -> Result<Sent> {
        sleep_until(started + CONNECT_INTERVAL * thread);
        let mut sent = Sent::default();
        let mut connection = Connection::open(server.target.address)?;
        loop {
            let number = ticket.fetch_add(1, Ordering::Relaxed);
            if number >= total {
                return Ok(sent);
            }
            let (kind, request) = traffic.request_at(number);
            let due = number as f64 / rate;
            let at = from + Duration::from_secs_f64(due);
            sleep_until(at);
            let status = connection.exchange(&request).map(|reply| reply.status);
            let now = Instant::now();
            match status {
                Ok(200..300) => {
                    sent.replies.push((kind, due, (now - at).as_secs_f64()));
                    sent.last = Some(now);
                }
                Ok(status) => sent.errors.push(format!("status {status} at {due:.1} s")),
                Err(error) => {
                    sent.errors.push(format!("{error:#} at {due:.1} s"));
                    connection = Connection::open(server.target.address)?;
                }
            }
        }
    };
    let (sent, resident, midway_task) = thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut resident = Vec::new();
            while !ended.load(Ordering::Relaxed) {
                resident.extend(server.memory().map(|memory| memory.resident as f64));
                thread::sleep(Duration::from_secs(1));
            }
            resident
        });
        let midway_task = scope.spawn(|| {
            sleep_until(from + duration / 2);
            midway()
        });
        let sent = in_threads(CONNECTIONS, worker);
        ended.store(true, Ordering::Relaxed);
        (sent, sampler.join().unwrap_or_default(), midway_task.join())
    });
    midway_task.unwrap_or_else(|_| bail!("a thread panicked"))?;
    let sent = sent.with_context(|| server.failure())?;
    let due = from + Duration::from_secs_f64(total.saturating_sub(1) as f64 / rate);
    let last = sent.iter().filter_map(|sent| sent.last).max();
    let errors = || sent.iter().flat_map(|sent| &sent.errors);
    Ok(LoadResult {
        errors: errors().count(),
        error_samples: errors().take(MAX_REPORTED_ERRORS).cloned().collect(),
        overrun: last.map_or(0.0, |last| last.saturating_duration_since(due).as_secs_f64()),
        resident,
        cpu_per_reply: (server.cpu_seconds() - cpu) / total as f64,
        replies: sent.into_iter().flat_map(|sent| sent.replies).collect(),
    })
}

/// Measurements from one connection.
#[derive(Default)]
struct Sent {
    replies: Vec<(Kind, f64, f64)>,
    errors: Vec<String>,
    last: Option<Instant>,
}

/// Artifacts to serve.
pub struct Stage<'a> {
    setup: &'a Setup,
    root: PathBuf,
    peer: PathBuf,
    /// Request for the readiness check.
    bodies: Vec<String>,
}

impl<'a> Stage<'a> {
    /// Trains our model in the folder `part` and generates the readiness request.
    pub fn prepare(setup: &'a Setup, part: &str) -> Result<Self> {
        let root = setup.work.join(part);
        stages::ours_preprocess(setup, &root)?;
        stages::ours_train(setup, &root, SERVED)?;
        let peer = setup.work.join(format!("{part}_peer"));
        let bodies = requests::bodies(&commands::merged(&root))?;
        Ok(Self { setup, root, peer, bodies })
    }

    /// Starts our server with additional arguments.
    pub fn ours(&self, name: &str, flags: &[&str]) -> Result<Server> {
        let log = self.setup.work.join(name.replace(' ', "_"));
        Server::start(name, &log, &self.bodies, |port| {
            let mut command = self.setup.programs.ours_serve(&self.root, port);
            command.args(flags);
            command
        })
    }

    fn peer(&self, peer: PeerServer) -> Result<Server> {
        let name = peer.name();
        let log = self.setup.work.join(format!("mixed_{}", name.replace([' ', ','], "_")));
        let database = self.peer.join(format!("people_{}.db", peer.workers));
        Server::start(&name, &log, &self.bodies, |port| {
            let mut command = self.setup.programs.peer_serve(peer, &self.peer, port);
            command.arg("--database").arg(database);
            command
        })
    }

    /// Creates profiles on a server.
    pub fn traffic(&self, server: &Server) -> Result<UserTraffic> {
        eprintln!("mixed: creating profiles on {}", server.name);
        let merged = commands::merged(&self.root);
        UserTraffic::create(&merged, server.target.address).with_context(|| server.failure())
    }

    /// Publishes an existing generation atomically, with one system call.
    fn publish(&self, generation: &str) -> Result<()> {
        let artifacts = self.root.join("ml/artifacts");
        let link = artifacts.join("current.bench");
        symlink(Path::new("generations").join(generation), &link)
            .and_then(|()| fs::rename(&link, artifacts.join("current")))
            .context("cannot publish the generation")
    }
}

/// Benchmarks our server under the mixed load, and a competing server at a rate that it can sustain.
pub fn mixed(setup: &Setup) -> Result<Report> {
    let stage = Stage::prepare(setup, "mixed")?;
    let mut report = Report::new("mixed");
    let server = stage.ours("mixed ours", &[])?;
    let traffic = stage.traffic(&server)?;
    let result = load(&server, &traffic, (OURS_RATE, setup.scale.mixed), || Ok(()))?;
    ours(&result, &mut report);
    if let Some(rates) = hit_rates(&server)? {
        report.note(rates);
    }
    swapped(&stage, &server, &traffic, &mut report)?;
    let merged = commands::merged(&stage.root);
    let mut train = setup.programs.peer_train(&merged, &stage.peer);
    measure::run(&mut train, &setup.work.join("mixed_peer_train"))?;
    for peer in PEERS {
        compare_with_peer(&stage, peer, (&server, &traffic), &mut report)?;
    }
    Ok(report)
}

fn ours(result: &LoadResult, report: &mut Report) {
    let end = f64::INFINITY;
    rows(report, &format!("{OURS_RATE} requests/s"), &result.all(), &[]);
    for kind in Kind::ALL {
        let seconds = result.latencies(Some(kind), 0.0, end);
        rows(report, &format!("{OURS_RATE} requests/s, {}", kind.name()), &seconds, &[]);
    }
    report.compare("CPU time per reply", Unit::Seconds, vec![result.cpu_per_reply], vec![]);
    // Compares memory in the last fifth of the run with the second fifth to detect growth.
    let fifth = result.resident.len() / 5;
    for (name, part) in [
        ("second", result.resident.get(fifth..2 * fifth)),
        ("last", result.resident.get(4 * fifth..)),
    ] {
        let what = format!("memory in the {name} fifth of the run");
        report.compare(what, Unit::Bytes, part.unwrap_or_default().to_vec(), vec![]);
    }
    result.report_errors("ours", report);
    if result.overrun > MAX_OVERRUN {
        report.note(format!("ours finished {:.2} s late", result.overrun));
    }
}

/// Measures the mixed load, with a new generation published halfway through.
fn swapped(
    stage: &Stage<'_>,
    server: &Server,
    traffic: &UserTraffic,
    report: &mut Report,
) -> Result<()> {
    let artifacts = stage.root.join("ml/artifacts");
    // Trains in another folder, so that only the swap affects the load.
    let other = stage.setup.work.join("mixed_other");
    stages::ours_preprocess(stage.setup, &other)?;
    let mut train = stage.setup.programs.ours_train(&other, SERVED);
    train.args(["--seed", "43"]);
    measure::run(&mut train, &stage.setup.work.join("mixed_train_other"))?;
    let trained = fs::canonicalize(other.join("ml/artifacts/current"))?;
    let generation = "000002";
    copy(&trained, &artifacts.join("generations").join(generation))?;
    let duration = stage.setup.scale.latency * 2;
    let half = duration.as_secs_f64() / 2.0;
    let before = model(server)?;
    let result = load(server, traffic, (OURS_RATE, duration), || stage.publish(generation))?;
    if model(server)? == before {
        bail!("{} did not load the new generation", server.name);
    }
    for (name, from, until) in [
        ("before a swap", 0.0, half),
        ("during a swap", half, half + SWAP_SECONDS),
        ("after a swap", half + SWAP_SECONDS, f64::INFINITY),
    ] {
        let seconds = result.latencies(None, from, until);
        rows(report, &format!("{OURS_RATE} requests/s {name}"), &seconds, &[]);
    }
    result.report_errors("ours, with a swap", report);
    Ok(())
}

/// Compares both servers at the highest rate that the competing one sustains.
fn compare_with_peer(
    stage: &Stage<'_>,
    peer: PeerServer,
    (ours, our_traffic): (&Server, &UserTraffic),
    report: &mut Report,
) -> Result<()> {
    let server = stage.peer(peer)?;
    let traffic = stage.traffic(&server)?;
    let mut sustained = None;
    for rate in PEER_RATES {
        let trial = (rate, stage.setup.scale.trial * 2);
        if load(&server, &traffic, trial, || Ok(()))?.overrun > MAX_OVERRUN {
            break;
        }
        sustained = Some(rate);
    }
    let Some(rate) = sustained else {
        report.note(format!("{} did not sustain {} requests/s", peer.name(), PEER_RATES[0]));
        return Ok(());
    };
    let scale = (rate, stage.setup.scale.latency * 2);
    let peer_result = load(&server, &traffic, scale, || Ok(()))?;
    let result = load(ours, our_traffic, scale, || Ok(()))?;
    let what = format!("{rate} requests/s, {}", peer.name());
    rows(report, &what, &result.all(), &peer_result.all());
    let cpus = [&result, &peer_result].map(|result| vec![result.cpu_per_reply]);
    let [ours, peers] = cpus;
    report.compare(format!("CPU time per reply at {what}"), Unit::Seconds, ours, peers);
    peer_result.report_errors(&peer.name(), report);
    Ok(())
}

fn rows(report: &mut Report, what: &str, ours: &[f64], peer: &[f64]) {
    for (name, percent) in [("p50", 50.0), ("p99", 99.0), ("max", 100.0)] {
        let of = |side: &[f64]| percentile(side, percent).into_iter().collect();
        report.compare(format!("latency {name} at {what}"), Unit::Seconds, of(ours), of(peer));
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))
            .with_context(|| format!("cannot copy {}", entry.path().display()))?;
    }
    Ok(())
}

fn get(server: &Server, path: &str) -> Result<(u16, String)> {
    let mut connection = Connection::open(server.target.address)?;
    let request = http::request("GET", path, server.target.address, None, None);
    let reply = connection.exchange(&request)?;
    Ok((reply.status, String::from_utf8_lossy(&reply.body).into_owned()))
}

fn model(server: &Server) -> Result<String> {
    let (_, health) = get(server, "/health")?;
    let health: serde_json::Value = serde_json::from_str(&health)?;
    Ok(health["generation"].to_string())
}

/// Returns the cache hit rates from the server's metrics.
pub fn hit_rates(server: &Server) -> Result<Option<String>> {
    let (status, metrics) = get(server, "/metrics")?;
    if status != 200 {
        return Ok(None);
    }
    let count = |tier: &str, result: &str| -> f64 {
        let mut lines = metrics.lines().filter(|line| {
            line.starts_with("cinematch_cache_requests_total{")
                && line.contains(&format!("tier=\"{tier}\""))
                && line.contains(&format!("result=\"{result}\""))
        });
        lines.next().and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
    };
    let rates = ["memory", "redis"].map(|tier| {
        let (hits, misses) = (count(tier, "hit"), count(tier, "miss"));
        let [errors, skipped] = ["error", "skipped"].map(|result| count(tier, result));
        let share = 100.0 * hits / (hits + misses).max(1.0);
        format!(
            "{tier} {share:.1} % ({hits} hits, {misses} misses, {errors} errors, {skipped} skipped)"
        )
    });
    Ok(Some(format!("{}: cache hit rates: {}", server.name, rates.join("; "))))
}
