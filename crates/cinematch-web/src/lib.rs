//! Web pages: HTML rendered from the use cases of `cinematch-service`.
//!
//! Every action is a plain form, so all pages work without scripts. The reply to a form is a redirect to the page
//! that contains it, and that page shows a notice that reports the action. With scripts, `assets/page.js` sends
//! forms marked `data-live` and receives the changed elements only.
//!
//! [`pages`] and [`assets()`] are the routers. `texts` contains the English text. `page_caller` extracts the caller of
//! a page, `form` parses forms, `layout` renders the frame, and `responses` builds redirects and fragments. The other
//! modules are pages and parts of pages.

mod actions;
mod adventure;
mod assets;
mod browse;
mod card;
mod choice;
mod errors;
mod form;
mod headers;
mod home;
mod import;
mod layout;
mod models;
mod movie;
mod movie_fit;
mod note;
mod page_caller;
mod people;
pub mod plots;
mod profile;
mod rating;
mod responses;
mod routes;
mod search;
mod sign_in;
mod strip;
mod taste_charts;
#[cfg(test)]
mod testing;
mod texts;
mod theme;
mod tonight;
mod watchlist;
mod welcome;

pub use errors::{errors, wants_page};
pub use home::home;
pub use page_caller::PageCaller;
pub use routes::{assets, pages};
