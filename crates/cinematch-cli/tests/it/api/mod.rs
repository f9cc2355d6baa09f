//! The JSON API over a socket: its contract, and browsing at the size of MovieLens. Tests of single routes are next
//! to the routes, in `cinematch-api` and `cinematch-server`.

mod browse;
mod contract;
