//! The pages: in Chromium, and as markup and forms without a browser.

mod browser;
mod checks;
mod evening;
mod first_visit;
mod hostile;
mod look;
mod operator;
mod operator_pages;
mod own;
mod proof;
mod tab;
mod taps;
mod walk;
mod world;

pub use browser::tab;
pub use look::{DESKTOP, NARROW, PHONE, WALL};
