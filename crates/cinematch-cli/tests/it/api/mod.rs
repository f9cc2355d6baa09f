//! The contract of the JSON API, over a socket. Tests for individual routes are next to the routes, in `cinematch-api`
//! and `cinematch-server`.

mod contract;
