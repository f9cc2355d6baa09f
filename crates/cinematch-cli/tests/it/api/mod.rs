//! The JSON API over a socket: its contract, and browsing at MovieLens scale. Tests for individual routes are next
//! to the routes, in `cinematch-api` and `cinematch-server`.

mod browse;
mod contract;
