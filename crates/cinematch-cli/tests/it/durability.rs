//! Kill -9 between and during writes: nothing acknowledged is lost, nothing is half there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::folder::Folder;
use crate::server::{Server, wait_until};

/// Writes that must have been acknowledged in all.
const WRITES: usize = 1000;

/// Films of the sample that writes are about: few, so that they meet.
const FILMS: u64 = 12;

/// A write.
#[derive(Clone, Debug)]
enum Write {
    React(u64, &'static str),
    Rate(u64, f64),
    Watch(u64, bool),
    Unsay(u64),
    List(u64),
    Unlist(u64),
    Prefer(u64),
    Reset,
}

impl Write {
    fn roll(dice: &mut Dice) -> Self {
        let film = 1 + dice.below(FILMS);
        match dice.below(20) {
            0..=4 => {
                let signals = ["like", "dislike", "not_interested"];
                Self::React(film, signals[dice.below(3) as usize])
            }
            5..=9 => Self::Rate(film, (1 + dice.below(10)) as f64 / 2.0),
            10..=11 => Self::Watch(film, dice.below(2) == 0),
            12 => Self::Unsay(film),
            13..=15 => Self::List(film),
            16 => Self::Unlist(film),
            17..=18 => Self::Prefer(dice.below(200)),
            _ => Self::Reset,
        }
    }

    fn request(&self) -> (&'static str, String, Option<Value>) {
        let feedback = |body| ("POST", "/api/feedback".to_owned(), Some(body));
        match self {
            Self::React(film, signal) => feedback(json!({"movie_id": film, "signal": signal})),
            Self::Rate(film, stars) => feedback(json!({"movie_id": film, "rating": stars})),
            Self::Watch(film, watched) => feedback(json!({"movie_id": film, "watched": watched})),
            Self::Unsay(film) => ("DELETE", format!("/api/feedback/{film}"), None),
            Self::List(film) => {
                ("POST", "/api/watchlist".to_owned(), Some(json!({"movie_id": film})))
            }
            Self::Unlist(film) => ("DELETE", format!("/api/watchlist/{film}"), None),
            Self::Prefer(minutes) => {
                ("PUT", "/api/preferences/me".to_owned(), Some(json!({"runtime_min": minutes})))
            }
            Self::Reset => ("POST", "/api/feedback/reset".to_owned(), None),
        }
    }
}

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    /// By film: signal, stars, whether it was seen.
    films: BTreeMap<u64, (Option<String>, Option<f64>, bool)>,
    /// Newest first.
    listed: Vec<u64>,
    runtime_min: Option<u64>,
}

impl Known {
    fn of(server: &Server, user: &str) -> Self {
        let all = server.as_user(user, ("GET", "/api/export/me"), None).json();
        let film = |film: &Value| {
            let signal = film["signal"].as_str().map(str::to_owned);
            let id = film["movie_id"].as_u64().unwrap();
            (id, (signal, film["rating"].as_f64(), film["watched"].as_bool().unwrap()))
        };
        Self {
            films: all["feedback"].as_array().unwrap().iter().map(film).collect(),
            listed: all["watchlist"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["movie_id"].as_u64().unwrap())
                .collect(),
            runtime_min: all["preferences"]["runtime_min"].as_u64(),
        }
    }

    fn after(mut self, write: &Write) -> Self {
        let disagree = |signal: &str, stars: f64| (signal == "like") != (stars > 2.5);
        match write {
            Write::React(film, signal) => {
                let entry = self.films.entry(*film).or_default();
                entry.0 = Some((*signal).to_owned());
                entry.1 = entry.1.filter(|stars| !disagree(signal, *stars));
            }
            Write::Rate(film, stars) => {
                let entry = self.films.entry(*film).or_default();
                entry.1 = Some(*stars);
                entry.0 = entry.0.take().filter(|signal| !disagree(signal, *stars));
            }
            Write::Watch(film, watched) => self.films.entry(*film).or_default().2 = *watched,
            Write::Unsay(film) => drop(self.films.remove(film)),
            Write::List(film) if !self.listed.contains(film) => self.listed.insert(0, *film),
            Write::List(_) => {}
            Write::Unlist(film) => self.listed.retain(|listed| listed != film),
            Write::Prefer(minutes) => self.runtime_min = Some(*minutes),
            Write::Reset => {
                for entry in self.films.values_mut() {
                    (entry.0, entry.1) = (None, None);
                }
            }
        }
        self.films
            .retain(|_, (signal, stars, watched)| signal.is_some() || stars.is_some() || *watched);
        self
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let folder = Folder::trained();
    let mut people: Vec<(String, Known, Option<Write>)> = Vec::new();
    let mut acknowledged = 0;
    let mut round = 0;
    while acknowledged < WRITES {
        round += 1;
        let mut server = Server::start(&folder);
        for (user, known, pending) in &mut people {
            let found = Known::of(&server, user);
            let after = pending.as_ref().map(|write| known.clone().after(write));
            // The write in flight at the kill may have got through, whole, or not.
            assert!(
                found == *known || Some(&found) == after.as_ref(),
                "round {round}: found {found:?}\nknown {known:?}\npending {pending:?}"
            );
            *known = found;
            *pending = None;
        }
        if people.is_empty() {
            for email in ["ada@example.org", "bob@example.org"] {
                let body = json!({"email": email, "name": "A"});
                let id = server.post("/auth/identify", &body).json()["id"].to_string();
                people.push((id, Known::default(), None));
            }
        }
        let writes = AtomicUsize::new(0);
        let wanted = 40 + (round * 37) % 90;
        std::thread::scope(|scope| {
            for (at, (user, known, pending)) in people.iter_mut().enumerate() {
                let (server, writes) = (&server, &writes);
                let seed = (round * 2 + at + 1) as u64;
                let mut dice = Dice::new(seed);
                scope.spawn(move || {
                    loop {
                        let write = Write::roll(&mut dice);
                        let (method, path, body) = write.request();
                        match server.try_as_user(user, (method, &path), body.as_ref()) {
                            Some(200..300 | 404) => *known = known.clone().after(&write),
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
            // The kill comes after a number of acknowledged writes, another one every round.
            wait_until("some writes", || writes.load(Ordering::Relaxed) >= wanted);
            let pid = server.pid().to_string();
            std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        });
        server.kill();
        acknowledged += writes.into_inner();
    }
    assert!(round >= 8, "{round} kills are few");
    let server = Server::start(&folder);
    for (user, known, pending) in people {
        let found = Known::of(&server, &user);
        assert!(found == known || Some(found) == pending.map(|write| known.after(&write)));
    }
}
