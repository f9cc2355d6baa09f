//! Where CineMatch's data comes from: TMDb's API and MovieLens' downloads.
//!
//! [`api`] asks one question until it is answered, at the [`pace`] all questions share; [`fetch`] asks
//! many and keeps every answer in the [`store`] as it comes; [`tables`] makes
//! `tmdb_metadata.csv` from the store. Time is an argument: a [`clock::Clock`].

pub mod answer;
pub mod api;
pub mod clock;
pub mod fetch;
mod http;
mod lenient;
pub mod movie;
pub mod movielens;
pub mod pace;
pub mod providers;
pub mod store;
pub mod tables;
pub mod token;
