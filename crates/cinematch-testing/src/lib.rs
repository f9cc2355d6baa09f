//! Tests routes and pages in-process, without sockets.
//!
//! [`Sample`] trains the sample catalog the way `cinematch preprocess` and `cinematch train` do. [`World`] is a
//! test fixture: a service that serves the sample and has its own database. [`Client`] sends requests to a router
//! for that service. All fixtures in a test binary share one trained sample unless a test trains its own, so
//! creating a fixture costs little more than creating a database.
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
pub use dice::Dice;
pub use notice::did_not_run;
pub use plain_browser::PlainBrowser;
pub use reply::{Reply, movie_ids};
pub use sample::{SERVICES_OF_REGIONS, Sample};
pub use world::World;
