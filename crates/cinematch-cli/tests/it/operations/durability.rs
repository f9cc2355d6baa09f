//! Kills the server with SIGKILL between and during writes: acknowledged writes must survive, and no write may be
//! applied partially.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use cinematch_testing::{Dice, movie_ids};
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::server::{Server, wait_until};

/// Minimum number of acknowledged writes.
const WRITES: usize = 1000;

/// Number of distinct movies to write to, kept small so that writes overlap.
const MOVIES: u64 = 12;

/// A request that changes one user's data.
#[derive(Clone, Debug)]
enum Write {
    React(u64, &'static str),
    Rate(u64, f64),
    Watch(u64, bool),
    DeleteFeedback(u64),
    AddToWatchlist(u64),
    RemoveFromWatchlist(u64),
    SetPreferences(u64),
    Reset,
}

impl Write {
    fn random(dice: &mut Dice) -> Self {
        let movie = 1 + dice.below(MOVIES);
        match dice.below(20) {
            0..=4 => {
                let signals = ["like", "dislike", "not_interested"];
                Self::React(movie, signals[dice.below(3) as usize])
            }
            5..=9 => Self::Rate(movie, (1 + dice.below(10)) as f64 / 2.0),
            10..=11 => Self::Watch(movie, dice.below(2) == 0),
            12 => Self::DeleteFeedback(movie),
            13..=15 => Self::AddToWatchlist(movie),
            16 => Self::RemoveFromWatchlist(movie),
            17..=18 => Self::SetPreferences(dice.below(200)),
            _ => Self::Reset,
        }
    }

    fn request(&self) -> (&'static str, String, Option<Value>) {
        let feedback = |body| ("POST", "/api/feedback".to_owned(), Some(body));
        match self {
            Self::React(movie, signal) => feedback(json!({"movie_id": movie, "signal": signal})),
            Self::Rate(movie, stars) => feedback(json!({"movie_id": movie, "rating": stars})),
            Self::Watch(movie, watched) => feedback(json!({"movie_id": movie, "watched": watched})),
            Self::DeleteFeedback(movie) => ("DELETE", format!("/api/feedback/{movie}"), None),
            Self::AddToWatchlist(movie) => {
                ("POST", "/api/watchlist".to_owned(), Some(json!({"movie_id": movie})))
            }
            Self::RemoveFromWatchlist(movie) => ("DELETE", format!("/api/watchlist/{movie}"), None),
            Self::SetPreferences(minutes) => {
                ("PUT", "/api/preferences/me".to_owned(), Some(json!({"runtime_min": minutes})))
            }
            Self::Reset => ("POST", "/api/feedback/reset".to_owned(), None),
        }
    }
}

/// Expected state of a user's data.
#[derive(Clone, Debug, Default, PartialEq)]
struct State {
    /// Signal, rating and whether the movie was watched, by movie ID.
    movies: BTreeMap<u64, (Option<String>, Option<f64>, bool)>,
    /// Watchlist, newest first.
    listed: Vec<u64>,
    runtime_min: Option<u64>,
}

impl State {
    fn fetch(server: &Server, user: &str) -> Self {
        let all = server.as_user(user, ("GET", "/api/export/me"), None).json();
        let movie = |movie: &Value| {
            let signal = movie["signal"].as_str().map(str::to_owned);
            let id = movie["movie_id"].as_u64().unwrap();
            (id, (signal, movie["rating"].as_f64(), movie["watched"].as_bool().unwrap()))
        };
        Self {
            movies: all["feedback"].as_array().unwrap().iter().map(movie).collect(),
            listed: movie_ids(all["watchlist"].as_array().unwrap()).into_iter().collect(),
            runtime_min: all["preferences"]["runtime_min"].as_u64(),
        }
    }

    fn after(mut self, write: &Write) -> Self {
        let disagree = |signal: &str, stars: f64| (signal == "like") != (stars > 2.5);
        match write {
            Write::React(movie, signal) => {
                let entry = self.movies.entry(*movie).or_default();
                entry.0 = Some((*signal).to_owned());
                entry.1 = entry.1.filter(|stars| !disagree(signal, *stars));
            }
            Write::Rate(movie, stars) => {
                let entry = self.movies.entry(*movie).or_default();
                entry.1 = Some(*stars);
                entry.0 = entry.0.take().filter(|signal| !disagree(signal, *stars));
            }
            Write::Watch(movie, watched) => self.movies.entry(*movie).or_default().2 = *watched,
            Write::DeleteFeedback(movie) => drop(self.movies.remove(movie)),
            Write::AddToWatchlist(movie) if !self.listed.contains(movie) => {
                self.listed.insert(0, *movie);
            }
            Write::AddToWatchlist(_) => {}
            Write::RemoveFromWatchlist(movie) => self.listed.retain(|listed| listed != movie),
            Write::SetPreferences(minutes) => self.runtime_min = Some(*minutes),
            Write::Reset => {
                for entry in self.movies.values_mut() {
                    (entry.0, entry.1) = (None, None);
                }
            }
        }
        self.movies
            .retain(|_, (signal, stars, watched)| signal.is_some() || stars.is_some() || *watched);
        self
    }
}

#[test]
fn acknowledged_writes_survive_sigkill() {
    let folder = Folder::trained();
    let mut users: Vec<(String, State, Option<Write>)> = Vec::new();
    let mut acknowledged = 0;
    let mut round = 0;
    while acknowledged < WRITES {
        round += 1;
        let mut server = Server::start(&folder);
        for (user, expected, pending) in &mut users {
            let found = State::fetch(&server, user);
            let after = pending.as_ref().map(|write| expected.clone().after(write));
            // The write in flight during the kill is applied either fully or not at all.
            assert!(
                found == *expected || Some(&found) == after.as_ref(),
                "round {round}: found {found:?}\nexpected {expected:?}\npending {pending:?}"
            );
            *expected = found;
            *pending = None;
        }
        if users.is_empty() {
            for email in ["ada@example.org", "bob@example.org"] {
                let body = json!({"email": email, "name": "A"});
                let id = server.post("/auth/identify", &body).json()["id"].to_string();
                users.push((id, State::default(), None));
            }
        }
        let writes = AtomicUsize::new(0);
        let target = 40 + (round * 37) % 90;
        std::thread::scope(|scope| {
            for (at, (user, expected, pending)) in users.iter_mut().enumerate() {
                let (server, writes) = (&server, &writes);
                let seed = (round * 2 + at + 1) as u64;
                let mut dice = Dice::new(seed);
                scope.spawn(move || {
                    loop {
                        let write = Write::random(&mut dice);
                        let (method, path, body) = write.request();
                        match server.try_as_user(user, (method, &path), body.as_ref()) {
                            Some(200..300 | 404) => *expected = expected.clone().after(&write),
                            Some(status) => panic!("{status} for {write:?}"),
                            None => {
                                *pending = Some(write);
                                return;
                            }
                        }
                        writes.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            // Each round kills the server after a different number of acknowledged writes.
            wait_until("some writes", || writes.load(Ordering::Relaxed) >= target);
            let pid = server.pid().to_string();
            std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        });
        server.kill();
        acknowledged += writes.into_inner();
    }
    assert!(round >= 8, "only {round} kills");
    let server = Server::start(&folder);
    for (user, expected, pending) in users {
        let found = State::fetch(&server, &user);
        assert!(found == expected || Some(found) == pending.map(|write| expected.after(&write)));
    }
}
