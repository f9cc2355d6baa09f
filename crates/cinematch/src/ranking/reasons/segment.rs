//! Parts of sentences about reasons.

use std::borrow::Cow;
use std::fmt;

use crate::ids::MovieId;

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment<'a> {
    /// Plain text.
    Text(Cow<'a, str>),
    /// The name of a genre, in lowercase.
    Genre(&'a str),
    /// A person, keyword or tag that two movies share.
    Feature(Cow<'a, str>),
    /// The title of a movie, which a page can turn into a link.
    Movie {
        /// ID of the movie.
        movie_id: MovieId,
        /// Title of the movie.
        title: &'a str,
    },
}

/// Writes the segment as plain text.
impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(text) | Self::Feature(text) => text,
            Self::Genre(name) => name,
            Self::Movie { title, .. } => title,
        })
    }
}
