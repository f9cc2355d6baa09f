//! The walls that a user has seen, stored in a cookie.

use axum::http::HeaderMap;
use axum::response::Response;
use cinematch::ids::MovieId;
use cinematch_store::Profile;

use crate::page_caller::PageCaller;
use crate::responses::set_cookie;
use cinematch_http::cookies::{NewCookie, cookie};

/// Maximum number of movies on earlier walls that are remembered. A cookie has at most 4,096 bytes.
const MAX_PASSED: usize = 240;
/// Maximum number of movies on a wall that is read from a cookie.
const MAX_WALL: usize = 48;
const COOKIE: &str = "cinematch_wall";
/// Lifetime of the cookie: one year.
const COOKIE_SECONDS: u32 = 365 * 24 * 3600;

/// The wall on the page, and the earlier ones. The server doesn't store them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WallState {
    /// Movies on earlier walls, latest last.
    pub passed: Vec<MovieId>,
    /// Movies on the current wall.
    pub wall: Vec<MovieId>,
}

impl WallState {
    /// Reads the profile's state; empty if the cookie is missing, malformed or of another profile.
    pub fn from_cookie(headers: &HeaderMap, profile: &Profile) -> Self {
        cookie(headers, COOKIE).and_then(|value| Self::decode(value, profile)).unwrap_or_default()
    }

    /// Saves the state.
    pub fn save(&self, caller: &PageCaller, profile: &Profile, response: &mut Response) {
        let value = self.encode(profile);
        let cookie =
            NewCookie { path: "/welcome", ..NewCookie::new(COOKIE, &value, COOKIE_SECONDS) };
        set_cookie(response, &caller.access, &cookie);
    }

    /// Moves the current wall to the earlier ones and shows another.
    pub fn replace_wall(&mut self, wall: Vec<MovieId>) {
        self.passed.append(&mut self.wall);
        self.passed.drain(..self.passed.len().saturating_sub(MAX_PASSED));
        self.wall = wall;
    }

    /// Returns `profile_passed_wall`, where movies are separated by dots.
    fn encode(&self, profile: &Profile) -> String {
        let join = |movies: &[MovieId]| {
            movies.iter().map(|movie| movie.0.to_string()).collect::<Vec<_>>().join(".")
        };
        format!("{}_{}_{}", profile.key(), join(&self.passed), join(&self.wall))
    }

    fn decode(value: &str, profile: &Profile) -> Option<Self> {
        let rest = value.strip_prefix(&profile.key())?.strip_prefix('_')?;
        let (passed, wall) = rest.split_once('_')?;
        let movies = |text: &str, limit: usize| {
            let ids = text.split('.').filter_map(|number| number.parse().ok()).map(MovieId);
            ids.take(limit).collect()
        };
        Some(Self { passed: movies(passed, MAX_PASSED), wall: movies(wall, MAX_WALL) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(id: i64) -> Profile {
        Profile { id, email: String::new(), name: String::new(), created_at: 0 }
    }

    #[test]
    fn state_round_trips_through_the_cookie_of_its_profile() {
        let mut state = WallState { passed: vec![MovieId(6)], wall: vec![MovieId(47), MovieId(1)] };
        let value = state.encode(&profile(3));
        assert_eq!(value, "3_6_47.1");
        assert_eq!(WallState::decode(&value, &profile(3)), Some(state.clone()));
        assert_eq!(WallState::decode(&value, &profile(33)), None);
        let malformed = WallState::decode("3_x.7.-1.99999999999_", &profile(3));
        assert_eq!(malformed.unwrap().passed, [MovieId(7)]);

        state.replace_wall(vec![MovieId(2)]);
        assert_eq!(state.passed, [6, 47, 1].map(MovieId));
        state.replace_wall((0..500).map(MovieId).collect());
        state.replace_wall(Vec::new());
        assert_eq!((state.passed.len(), state.passed[0]), (MAX_PASSED, MovieId(260)));
    }
}
