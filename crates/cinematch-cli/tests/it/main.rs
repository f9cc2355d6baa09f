//! End-to-end tests for the `cinematch` binary, the files it writes and its server, grouped by area. Tests that only
//! need an in-process router are next to the routes.

mod api;
mod cli;
mod fetch;
mod operations;
mod pipeline;
mod support;
mod web;
