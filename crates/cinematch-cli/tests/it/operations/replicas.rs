//! Several servers that share one database, one Redis and one model folder.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::postgres::database;
use crate::support::redis::Redis;
use crate::support::server::{PATIENCE, Server, wait_until};

const SERVERS: usize = 3;
const KILLS: usize = 4;

fn generation(server: &Server) -> u64 {
    server.get("/health").json()["generation"].as_u64().unwrap()
}

/// Servers that clients use while the test kills and restarts them.
struct Replicas<'a> {
    folder: &'a Folder,
    variables: Vec<(&'a str, &'a str)>,
    servers: Vec<Mutex<Server>>,
    addresses: Vec<Mutex<String>>,
    /// Number of kills per server, incremented before each kill.
    kills: Vec<AtomicUsize>,
}

impl<'a> Replicas<'a> {
    fn start(folder: &'a Folder, variables: Vec<(&'a str, &'a str)>) -> Self {
        let servers: Vec<Server> = (0..SERVERS).map(|_| Self::server(folder, &variables)).collect();
        let addresses = servers.iter().map(|server| Mutex::new(server.address.clone())).collect();
        let servers = servers.into_iter().map(Mutex::new).collect();
        let kills = (0..SERVERS).map(|_| AtomicUsize::new(0)).collect();
        Self { folder, variables, servers, addresses, kills }
    }

    fn server(folder: &Folder, variables: &[(&str, &str)]) -> Server {
        Server::start_in(folder, &["--jobs-speed", "20"], variables)
    }

    /// Kills the server at index `which` and starts a replacement.
    fn replace(&self, which: usize) {
        let mut server = self.servers[which].lock().unwrap();
        self.kills[which].fetch_add(1, Ordering::SeqCst);
        server.kill();
        *server = Self::server(self.folder, &self.variables);
        self.address(which).clone_from(&server.address);
    }

    fn address(&self, which: usize) -> std::sync::MutexGuard<'_, String> {
        self.addresses[which].lock().unwrap()
    }
}

/// One client's writes, and its request and error counts.
#[derive(Default)]
struct ClientLog {
    /// The last acknowledged rating for each movie, and any rating in flight when the server was killed.
    movies: BTreeMap<u32, (f64, Option<f64>)>,
    requests: usize,
    errors: usize,
}

/// Sends `user`'s writes and reads to one server until `stop` is set. Panics on any error not caused by killing that
/// server.
fn client(replicas: &Replicas<'_>, which: usize, user: &str, stop: &AtomicBool) -> ClientLog {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let mut log = ClientLog::default();
    for turn in 0_u32.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let address = replicas.address(which).clone();
        let kills = replicas.kills[which].load(Ordering::SeqCst);
        let movie = turn % 50 + 1;
        let stars = f64::from(turn % 10 + 1) / 2.0;
        let sent = if turn % 3 == 0 {
            let body = json!({"movie_id": movie, "rating": stars}).to_string();
            let request = agent.post(format!("{address}/api/feedback"));
            request.header("x-user-id", user).content_type("application/json").send(body)
        } else {
            let request = agent.get(format!("{address}/api/recommendations?limit=10"));
            request.header("x-user-id", user).call()
        };
        log.requests += 1;
        match sent.and_then(|mut reply| Ok((reply.status(), reply.body_mut().read_to_string()?))) {
            Ok((status, body)) => {
                assert!(status.is_success(), "{address}: {status} {body}");
                if turn % 3 == 0 {
                    log.movies.insert(movie, (stars, None));
                }
            }
            Err(error) => {
                log.errors += 1;
                wait_until("a kill that explains the error", || {
                    replicas.kills[which].load(Ordering::SeqCst) > kills
                        || *replicas.address(which) != address
                });
                if turn % 3 == 0 {
                    let before = log.movies.get(&movie).map_or(0.0, |(stars, _)| *stars);
                    log.movies.insert(movie, (before, Some(stars)));
                }
                drop(error);
            }
        }
    }
    log
}

#[test]
fn killing_servers_under_load_loses_no_write_and_affects_no_other_server() {
    let test = "killing_servers_under_load_loses_no_write_and_affects_no_other_server";
    let (Some(database), Some(redis)) = (database(test), Redis::start(test)) else { return };
    let folder = Folder::trained();
    let redis = redis.url();
    let variables = vec![("DATABASE_URL", database.as_str()), ("REDIS_URL", redis.as_str())];
    let replicas = Replicas::start(&folder, variables);
    let first = replicas.servers[0].lock().unwrap();
    let users: Vec<String> = (0..2 * SERVERS)
        .map(|at| {
            let profile = json!({"email": format!("p{at}@example.org"), "name": format!("P{at}")});
            first.post("/auth/identify", &profile).json()["id"].to_string()
        })
        .collect();
    drop(first);
    let stop = AtomicBool::new(false);
    let all: Vec<ClientLog> = std::thread::scope(|scope| {
        let (replicas, stop) = (&replicas, &stop);
        let clients: Vec<_> = users
            .iter()
            .enumerate()
            .map(|(at, user)| scope.spawn(move || client(replicas, at % SERVERS, user, stop)))
            .collect();
        for kill in 0..KILLS {
            replicas.replace(kill % SERVERS);
        }
        // Publish a new generation under load: all servers load it.
        folder.ok(&["train", "--model", "content"]);
        for server in &replicas.servers {
            wait_until("the new generation", || generation(&server.lock().unwrap()) == 2);
        }
        // Only one retraining runs at a time, even though all servers receive the request.
        for server in &replicas.servers {
            let server = server.lock().unwrap();
            let reply = server.post_raw("/api/admin/retrain", "application/json", "");
            assert_eq!(reply.status, 202, "{}", reply.text);
        }
        let jobs = || -> Vec<Value> {
            let server = replicas.servers[0].lock().unwrap();
            server.get("/api/jobs").json()["jobs"].as_array().unwrap().clone()
        };
        wait_until("the retraining", || {
            let jobs = jobs();
            assert!(jobs.iter().filter(|job| job["state"] == "running").count() <= 1, "{jobs:?}");
            jobs.iter().all(|job| job["state"] == "done")
        });
        stop.store(true, Ordering::SeqCst);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });

    let requests: usize = all.iter().map(|log| log.requests).sum();
    let errors: usize = all.iter().map(|log| log.errors).sum();
    assert!(requests > 200, "{requests}");
    assert!(errors <= KILLS * users.len(), "{errors} of {requests}");
    // Every server returns each user's last acknowledged ratings.
    for server in &replicas.servers {
        let server = server.lock().unwrap();
        for (user, log) in users.iter().zip(&all) {
            let reply = server.as_user(user, ("GET", "/api/feedback"), None).json();
            let stars_of = |movie: u32| {
                let movies = reply["feedback"].as_array().unwrap();
                let found = movies.iter().find(|item| item["movie_id"] == movie);
                found.map_or(0.0, |item| item["rating"].as_f64().unwrap())
            };
            for (movie, (acknowledged, in_flight)) in &log.movies {
                let stars = stars_of(*movie);
                let possible = [Some(*acknowledged), *in_flight];
                assert!(
                    possible.contains(&Some(stars)),
                    "{movie}: got {stars}, expected one of {possible:?}"
                );
            }
        }
    }
}
