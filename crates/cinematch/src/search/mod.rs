//! Search by title, person, keyword and ID that tolerates typing errors.
//!
//! [`SearchIndex::find`] looks each query word up in a sorted dictionary: the word itself, its other spellings
//! (numbers as digits, Roman numerals or in English; American and British; umlauts written out), words within one or
//! two edits, and for the last word the words that it starts. Words written together or apart, and initials of titles
//! (`lotr`, `t2`), match as well. The most popular movies and people with the rarest of these words are candidates,
//! so the time hardly depends on the size of the catalog.
//!
//! A candidate scores by the quality of its matches, the share of its title that the query covers, popularity, and
//! the year if the query has one. People and keywords match as names: the words of `james cameron` must be in one
//! name. If no movie matches all words, the words with the rarest matches count, and [`Found::dropped`] lists the
//! others.

mod build;
mod entities;
mod hit;
mod index;
mod lexicon;
mod query;
mod rank;
mod score;
mod titles;
mod words;

pub use hit::{Found, Hit, Matched, PersonHit};
pub use index::SearchIndex;

#[cfg(test)]
mod quality;
#[cfg(test)]
mod tests;
