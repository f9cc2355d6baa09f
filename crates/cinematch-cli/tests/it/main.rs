//! The product from outside: the binary, its files, its server.

mod access;
mod browse;
mod cli;
mod contract;
mod demo;
mod docs;
mod evaluate;
mod fetch;
mod folder;
mod frontends;
mod history;
mod kill;
mod learning;
mod metrics;
mod operation;
mod people;
mod pipeline;
mod postgres;
mod real_data;
mod regions;
mod search;
mod server;
mod serving;
mod tune;
mod watchlist;
