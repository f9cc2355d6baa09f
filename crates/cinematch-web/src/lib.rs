//! The web page: HTML from the data that the API's handlers have.
//!
//! Whatever can be done is a form, so that everything works without scripts: a form is answered with a
//! redirection to where it stood, and the next page says what was done. With scripts `assets/page.js` sends
//! the form itself and is answered with those parts of the page that changed.

mod actions;
mod answer;
mod assets;
mod browse;
mod card;
mod choice;
mod errors;
mod form;
mod home;
mod import;
mod layout;
mod models;
mod movie;
mod movies;
mod names;
mod note;
mod people;
mod profile;
mod routes;
mod search;
mod sign_in;
mod strip;
mod taste_charts;
mod tonight;
mod visitor;
mod watchlist;
mod welcome;

pub use errors::{errors, wants_page};
pub use home::home;
pub use routes::{assets, pages};
pub use visitor::Visitor;
