//! End-to-end tests of the `cinematch` binary, the files it writes and its server, by area. Tests that
//! need only a router in this process are next to the routes.

mod api;
mod cli;
mod fetch;
mod operations;
mod pipeline;
mod support;
mod web;
