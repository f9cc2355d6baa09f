//! End-to-end tests of the `cinematch` binary, the files it writes and its server, by area. Tests that need one router
//! in this process are beside their routes.

mod api;
mod cli;
mod fetch;
mod operations;
mod pipeline;
mod support;
mod web;
