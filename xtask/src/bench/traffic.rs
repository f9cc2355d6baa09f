//! Simulated users who request recommendations, search for movies and rate them. User activity and movie
//! popularity follow a power law.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::csv;
use super::http::{self, Connection};
use super::requests::Random;

/// Number of profiles.
const N_USERS: usize = 1_000;
/// Number of movies that each user rates repeatedly, drawn from the most-voted ones.
const MOVIES_PER_USER: usize = 50;
/// Number of ratings per user when the load begins.
const INITIAL_RATINGS: usize = 10;
/// Movies are drawn from this many of the most-voted ones.
const N_POPULAR: usize = 5_000;
/// Number of distinct search terms.
const MAX_SEARCHES: usize = 500;
/// Seed for all random draws.
const SEED: u64 = 42;

/// Kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Recommendations for the stored history; 30 % of these requests have a genre filter.
    Recommend,
    /// Search for part of a title.
    Search,
    /// Rating of a movie, which the server stores durably before it responds.
    Rate,
}

impl Kind {
    /// All kinds, in table order.
    pub const ALL: [Self; 3] = [Self::Recommend, Self::Search, Self::Rate];

    /// Returns the name for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recommend => "recommendations",
            Self::Search => "search",
            Self::Rate => "ratings",
        }
    }
}

/// Simulated users, and the movies, genres and search terms that their requests are drawn from.
pub struct UserTraffic {
    address: SocketAddr,
    movies: Vec<u64>,
    genres: Vec<String>,
    searches: Vec<String>,
    /// Profile IDs.
    ids: Vec<u64>,
}

impl UserTraffic {
    /// Creates profiles with a few ratings each on the server at `address`, which serves the movies in
    /// `merged`.
    pub fn create(merged: &Path, address: SocketAddr) -> Result<Self> {
        let text = fs::read_to_string(merged)
            .with_context(|| format!("cannot read {}", merged.display()))?;
        let (movies, genres, searches) = read_catalog(&text)?;
        let mut traffic = Self { address, movies, genres, searches, ids: Vec::new() };
        let mut connection = Connection::open(address)?;
        for user in 0..N_USERS {
            let body = json!({"email": format!("p{user}@example.org"), "name": "P"}).to_string();
            let identify = http::request("POST", "/auth/identify", address, None, Some(&body));
            let reply = connection.exchange(&identify)?;
            let reply_body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            let id = reply_body["id"].as_u64();
            traffic.ids.push(
                id.with_context(|| format!("cannot create a profile: status {}", reply.status))?,
            );
            let movies = traffic.movies_of(user);
            let mut random = Random::new(SEED ^ user as u64);
            for movie in &movies[..INITIAL_RATINGS] {
                let rate = traffic.rate(user, *movie, &mut random);
                let status = connection.exchange(&rate)?.status;
                if !(200..300).contains(&status) {
                    bail!("cannot store a rating: status {status}");
                }
            }
        }
        Ok(traffic)
    }

    /// Returns the kind and bytes of request `number`. The same number always gives the same request.
    pub fn request_at(&self, number: usize) -> (Kind, Vec<u8>) {
        let mut random = Random::new(SEED.wrapping_add(number as u64).wrapping_mul(0x5851_F42D));
        let user = random.rank(N_USERS);
        match random.below(10) {
            0 => {
                let query = &self.searches[random.rank(self.searches.len())];
                let path = format!("/api/search?q={query}");
                (Kind::Search, http::request("GET", &path, self.address, None, None))
            }
            1 => {
                let movies = self.movies_of(user);
                let movie = movies[random.below(movies.len())];
                (Kind::Rate, self.rate(user, movie, &mut random))
            }
            _ => {
                let mut path = "/api/recommendations?limit=20".to_owned();
                if random.chance(0.3) {
                    path += "&genre=";
                    path += &self.genres[(user + random.below(3)) % self.genres.len()];
                }
                let request = http::request("GET", &path, self.address, Some(self.ids[user]), None);
                (Kind::Recommend, request)
            }
        }
    }

    fn movies_of(&self, user: usize) -> Vec<u64> {
        let mut random = Random::new(user as u64);
        let mut movies = Vec::with_capacity(MOVIES_PER_USER);
        while movies.len() < MOVIES_PER_USER.min(self.movies.len()) {
            let movie = self.movies[random.rank(self.movies.len())];
            if !movies.contains(&movie) {
                movies.push(movie);
            }
        }
        movies
    }

    fn rate(&self, user: usize, movie: u64, random: &mut Random) -> Vec<u8> {
        let stars = (1 + random.below(10)) as f64 / 2.0;
        let body = json!({"movie_id": movie, "rating": stars}).to_string();
        let user = Some(self.ids[user]);
        http::request("POST", "/api/feedback", self.address, user, Some(&body))
    }
}

/// Returns the most-voted movies, all genres, and parts of titles to search for.
fn read_catalog(merged: &str) -> Result<(Vec<u64>, Vec<String>, Vec<String>)> {
    let mut records = csv::records(merged);
    let header = records.next().unwrap_or_default();
    let column = |name: &str| {
        let index = header.iter().position(|field| field == name);
        index.with_context(|| format!("the column {name} is missing"))
    };
    let columns = [column("movieId")?, column("title")?, column("genres")?, column("vote_count")?];
    let mut movies = Vec::new();
    let mut genres = std::collections::BTreeSet::new();
    for record in records {
        let [id, title, genre_names, votes] =
            columns.map(|index| record.get(index).cloned().unwrap_or_default());
        let id: u64 = id.parse().context("a movieId is not a number")?;
        genres.extend(genre_names.split('|').filter(|name| is_plain(name)).map(str::to_owned));
        movies.push((votes.parse::<f64>().unwrap_or(0.0), id, title));
    }
    movies.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    movies.truncate(N_POPULAR);
    let mut random = Random::new(SEED);
    let mut searches = Vec::new();
    for (_, _, title) in &movies {
        let words: Vec<&str> = title.split(' ').take(2).filter(|word| is_plain(word)).collect();
        let joined_words = words.join("+");
        let prefix = &joined_words[..joined_words.len().min(3 + random.below(8))];
        if prefix.len() >= 3 && searches.len() < MAX_SEARCHES {
            searches.push(prefix.trim_end_matches('+').to_owned());
        }
    }
    if movies.len() < MOVIES_PER_USER || genres.is_empty() || searches.is_empty() {
        bail!("too few movies or genres: {} and {}", movies.len(), genres.len());
    }
    Ok((movies.into_iter().map(|(_, id, _)| id).collect(), genres.into_iter().collect(), searches))
}

/// Returns true if `word` needs no percent-encoding in a URL.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic() -> UserTraffic {
        let rows = (1..=3_000)
            .map(|id| format!("{id},The Film{id} (of it),drama|sci-fi,{}.0\n", 9_000 - id));
        let merged = format!("movieId,title,genres,vote_count\n{}", rows.collect::<String>());
        let (movies, genres, searches) = read_catalog(&merged).unwrap();
        let ids = (1..=N_USERS as u64).collect();
        UserTraffic { address: ([127, 0, 0, 1], 1).into(), movies, genres, searches, ids }
    }

    #[test]
    fn sends_80_percent_recommendations_mostly_from_few_users() {
        let traffic = traffic();
        let mut kinds = [0; 3];
        let mut of_the_first = 0;
        for number in 0..10_000 {
            let (kind, request) = traffic.request_at(number);
            assert_eq!(traffic.request_at(number), (kind, request.clone()));
            kinds[Kind::ALL.iter().position(|it| *it == kind).unwrap()] += 1;
            let text = String::from_utf8(request).unwrap();
            of_the_first += usize::from(text.contains("X-User-Id: 1\r\n"));
        }
        let [lists, searches, ratings] = kinds;
        assert!((7_850..8_150).contains(&lists), "{kinds:?}");
        assert!((900..1_100).contains(&searches) && (900..1_100).contains(&ratings), "{kinds:?}");
        // Expected share: ln 2 / ln 1000 = 10.03 % of the nine tenths that send a user ID.
        assert!((800..1_000).contains(&of_the_first), "{of_the_first}");
    }

    #[test]
    fn searches_for_parts_of_titles() {
        let traffic = traffic();
        assert_eq!(traffic.searches.len(), MAX_SEARCHES);
        for prefix in &traffic.searches {
            assert!("The+Film".starts_with(&prefix[..prefix.len().min(8)]), "{prefix}");
        }
        assert_eq!(traffic.movies_of(7).len(), MOVIES_PER_USER);
        assert_eq!(traffic.genres, ["drama", "sci-fi"]);
    }
}
