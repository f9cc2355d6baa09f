//! The JSON API, over a socket: contracts, front ends, and routes at the size of MovieLens.

mod browse;
mod contract;
mod frontends;
mod people;
mod promises;
mod regions;
mod serving;
mod watchlist;
