//! Load generator: many keep-alive connections that cycle through the requests.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};

use super::http::{Connection, Reply};
use super::requests::RECOMMENDED;

/// Interval at which connections are opened. Opening them one at a time under load lets every worker that
/// shares the listening socket accept some of them.
pub const CONNECT_INTERVAL: Duration = Duration::from_millis(5);
/// Time allowed, once the last connection is open, for all connections to receive their first reply.
const CONNECT_GRACE: Duration = Duration::from_millis(250);
/// Maximum number of bytes of an invalid reply to quote in an error message.
const MAX_QUOTED: usize = 500;

/// A server and the requests to send.
pub struct Target {
    /// Address of the server.
    pub address: SocketAddr,
    /// Serialized requests.
    pub requests: Vec<Vec<u8>>,
}

/// Closed-loop load: each connection sends a request as soon as it has the previous reply.
pub struct ClosedLoop {
    /// Number of connections, each with its own thread. Fewer threads with several connections each did not
    /// use less CPU time in our measurements.
    pub connections: u32,
    /// Time after all connections are open during which replies are not counted.
    pub warm_up: Duration,
    /// Time after the warm-up during which replies are counted.
    pub window: Duration,
}

/// Result of a closed-loop load.
pub struct Throughput {
    /// Replies per second.
    pub per_second: f64,
    /// Total number of replies, including those outside the measured window.
    pub replies: usize,
}

/// Open-loop load: requests at a fixed rate, independent of replies.
pub struct OpenLoop {
    /// Number of connections, each with its own thread.
    pub connections: u32,
    /// Requests per second.
    pub rate: f64,
    /// Duration of the load.
    pub duration: Duration,
}

/// Result of an open-loop load.
pub struct Latencies {
    /// Seconds from the due time of each request to its reply, ascending.
    pub replies: Vec<f64>,
    /// Seconds by which requests with a free connection were sent late, ascending. This delay is caused by the
    /// load generator.
    pub wake_delays: Vec<f64>,
    /// Seconds from the due time of the last request to the last reply.
    pub overrun: f64,
}

/// Measurements from one connection of an open-loop load.
#[derive(Default)]
struct Sent {
    replies: Vec<f64>,
    wake_delays: Vec<f64>,
    last: Option<Instant>,
}

impl ClosedLoop {
    /// Runs the load and measures throughput.
    pub fn run(&self, target: &Target) -> Result<Throughput> {
        let ticket = AtomicUsize::new(0);
        let started = Instant::now();
        let from = started + CONNECT_INTERVAL * self.connections + self.warm_up;
        let until = from + self.window;
        let worker = |thread: u32| -> Result<[usize; 2]> {
            sleep_until(started + CONNECT_INTERVAL * thread);
            let mut connection = Connection::open(target.address)?;
            let (mut all, mut counted) = (0, 0);
            loop {
                let index = ticket.fetch_add(1, Ordering::Relaxed) % target.requests.len();
                accept(&connection.exchange(&target.requests[index])?)?;
                let now = Instant::now();
                all += 1;
                counted += usize::from((from..until).contains(&now));
                if now >= until {
                    return Ok([all, counted]);
                }
            }
        };
        let replies = in_threads(self.connections, worker)?;
        let [all, counted] = [0, 1].map(|which| replies.iter().map(|of| of[which]).sum::<usize>());
        Ok(Throughput { per_second: counted as f64 / self.window.as_secs_f64(), replies: all })
    }
}

impl OpenLoop {
    /// Sends each request when it is due, or as soon afterwards as a connection is free.
    pub fn run(&self, target: &Target) -> Result<Latencies> {
        // Minimizes the timer slack, which threads inherit. If it cannot be set, `wake_delays` shows the delay.
        let _ = fs::write("/proc/self/timerslack_ns", "1");
        let ticket = AtomicUsize::new(0);
        let total = (self.rate * self.duration.as_secs_f64()) as usize;
        let started = Instant::now();
        let from = started + CONNECT_INTERVAL * self.connections + CONNECT_GRACE;
        let worker = |thread: u32| -> Result<Sent> {
            sleep_until(started + CONNECT_INTERVAL * thread);
            let mut connection = Connection::open(target.address)?;
            accept(&connection.exchange(&target.requests[0])?)?;
            let mut sent = Sent::default();
            loop {
                let index = ticket.fetch_add(1, Ordering::Relaxed);
                if index >= total {
                    return Ok(sent);
                }
                let due = from + Duration::from_secs_f64(index as f64 / self.rate);
                if sleep_until(due) {
                    sent.wake_delays.push(due.elapsed().as_secs_f64());
                }
                accept(&connection.exchange(&target.requests[index % target.requests.len()])?)?;
                let now = Instant::now();
                sent.replies.push((now - due).as_secs_f64());
                sent.last = Some(now);
            }
        };
        let sent = in_threads(self.connections, worker)?;
        let last = sent.iter().filter_map(|sent| sent.last).max();
        let sorted = |values: fn(&Sent) -> &Vec<f64>| {
            let mut all: Vec<f64> = sent.iter().flat_map(values).copied().collect();
            all.sort_unstable_by(f64::total_cmp);
            all
        };
        let due = from + Duration::from_secs_f64(total.saturating_sub(1) as f64 / self.rate);
        let overrun = last.map_or(0.0, |last| last.saturating_duration_since(due).as_secs_f64());
        Ok(Latencies {
            replies: sorted(|sent| &sent.replies),
            wake_delays: sorted(|sent| &sent.wake_delays),
            overrun,
        })
    }
}

/// Runs `worker` on `threads` threads. Returns the results, or the first error.
pub fn in_threads<T: Send>(
    threads: u32,
    worker: impl Fn(u32) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let worker = &worker;
    let results: Vec<Result<T>> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || worker(thread))).collect();
        let joined = threads.into_iter().map(ScopedJoinHandle::join);
        joined.map(|result| result.unwrap_or_else(|_| Err(anyhow!("a thread panicked")))).collect()
    });
    results.into_iter().collect::<Result<_>>()
}

/// Checks the status and the number of recommendations in a reply.
fn accept(reply: &Reply<'_>) -> Result<()> {
    if reply.status == 200 && reply.has_count(RECOMMENDED) {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&reply.body[..reply.body.len().min(MAX_QUOTED)]);
    bail!("expected {RECOMMENDED} recommendations, got status {}: {body}", reply.status)
}

/// Sleeps until `due`. Returns false if it had already passed.
pub fn sleep_until(due: Instant) -> bool {
    let wait = due.saturating_duration_since(Instant::now());
    if wait.is_zero() {
        return false;
    }
    thread::sleep(wait);
    true
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use super::super::http;
    use super::*;

    /// Starts a server with one thread per connection, which runs until the process exits.
    fn serve(handle: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let handle = Arc::new(handle);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (handle, mut stream) = (Arc::clone(&handle), stream.unwrap());
                thread::spawn(move || {
                    let mut request = [0; 1024];
                    while stream.read(&mut request).is_ok_and(|read| read > 0) {
                        handle(&mut stream);
                    }
                });
            }
        });
        Target { address, requests: vec![http::post("/", address, "{}")] }
    }

    fn reply(stream: &mut TcpStream, count: usize) {
        let body = format!("{{\"count\":{count}}}");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).unwrap();
    }

    fn closed() -> ClosedLoop {
        let (warm_up, window) = (Duration::from_millis(20), Duration::from_millis(100));
        ClosedLoop { connections: 3, warm_up, window }
    }

    #[test]
    fn counts_replies_within_the_window_only() {
        let found = closed().run(&serve(|stream| reply(stream, 20))).unwrap();
        assert!(found.per_second > 0.0);
        assert!(found.replies as f64 > found.per_second * closed().window.as_secs_f64());
    }

    #[test]
    fn fails_on_an_invalid_reply() {
        let sent = AtomicUsize::new(0);
        let target = serve(move |stream| {
            let index = sent.fetch_add(1, Ordering::Relaxed);
            reply(stream, if index == 5 { 19 } else { 20 });
        });
        let error = format!("{:#}", closed().run(&target).err().unwrap());
        assert_eq!(error, "expected 20 recommendations, got status 200: {\"count\":19}");
    }

    #[test]
    fn includes_a_stall_in_the_latency_of_each_due_request() {
        let stall = Duration::from_millis(200);
        let sent = Mutex::new(0);
        let target = serve(move |stream| {
            let mut sent = sent.lock().unwrap();
            *sent += 1;
            if *sent == 20 {
                thread::sleep(stall);
            }
            reply(stream, 20);
        });
        let load = OpenLoop { connections: 2, rate: 200.0, duration: Duration::from_millis(400) };
        let found = load.run(&target).unwrap();
        assert_eq!(found.replies.len(), 80);
        // Forty requests were due during the stall, half of them in its first half.
        let slow = found.replies.iter().filter(|seconds| **seconds > 0.1).count();
        assert!((18..30).contains(&slow), "{slow}");
        assert!(*found.replies.last().unwrap() >= 0.2);
    }
}
