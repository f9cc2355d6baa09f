//! Tests of routes and pages in one process, without sockets.
//!
//! [`Sample`] trains the sample catalog as `cinematch preprocess` and `cinematch train` do. [`World`] is a service
//! over it with its own database, and [`Client`] sends requests to a router of that service. All worlds of a test
//! binary share one trained sample unless a test trains another, so a new world costs little more than a database.
//!
//! Other crates use this crate only as a dev-dependency.

mod client;
mod databases;
mod dice;
mod notice;
mod plain_browser;
mod reply;
mod sample;
mod world;

pub use client::Client;
pub use databases::new_database;
pub use dice::{Dice, random};
pub use notice::did_not_run;
pub use plain_browser::PlainBrowser;
pub use reply::Reply;
pub use sample::{SERVICES_OF_REGIONS, Sample};
pub use world::World;
