//! Tests the web pages in Chromium, and their markup and forms without a browser.

mod actions;
mod all_pages;
mod browser;
mod checks;
mod first_visit;
mod fixtures;
mod injection;
mod journeys;
mod look;
mod operator;
mod operator_pages;
mod personal;
mod self_tests;
mod tab;

pub use look::{DESKTOP, NARROW, PHONE, WALL};
pub use tab::tab;
