//! The command line: settings, help, documentation, and commands for one user.

mod commands;
mod config;
mod demo;
mod docs;
mod history;
mod regions;
mod search;
