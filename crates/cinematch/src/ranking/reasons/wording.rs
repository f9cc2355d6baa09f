//! English wording for reasons.
//!
//! This module contains all text about reasons: [`sentence`] for a recommended movie, [`explanation`] as plain text,
//! [`member_sentence`] for a member of a group, [`similarity_sentence`] for movies similar to a given one, [`describe`] for a page that shows each reason on its
//! own line, and the `Display` implementation for [`Counterfactual`]. Nothing is escaped: titles and features may
//! contain any character.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::reason::{Reason, popular};
pub use super::segment::Segment;
pub use super::sentence::{Basis, Sentence, member_sentence, sentence, similarity_sentence};
use super::sentence::{is_redundant, taste};
use crate::digits::thousands;
use crate::models::content::SharedFeature;
use crate::ranking::counterfactual::Counterfactual;
use crate::ranking::feedback::Feedback;

/// Minimum absolute contribution to put into words. Smaller contributions still count toward the score.
pub const MIN_CONTRIBUTION: f32 = 0.004;
/// Minimum contribution of a shared feature to put into words.
const MIN_FEATURE_CONTRIBUTION: f32 = MIN_CONTRIBUTION / 4.0;
/// Maximum number of shared features to name, and maximum number of genres and years among them.
const NAMED_FEATURES: usize = 4;
const NAMED_GENERAL: usize = 2;

/// Returns the sentence that explains a recommendation, as text. Without noticeable reasons, it says so.
pub fn explanation(reasons: &[Reason<'_>]) -> String {
    sentence(reasons).to_string()
}

/// Returns the names of the noticeable shared features: specific ones first, then genres and years.
fn common_features<'a>(shared: &[SharedFeature<'a>]) -> Vec<&'a str> {
    let is_noticeable =
        |feature: &&SharedFeature<'_>| feature.contribution >= MIN_FEATURE_CONTRIBUTION;
    let is_specific = |feature: &&SharedFeature<'_>| feature.block.is_specific();
    let (specific, general): (Vec<_>, Vec<_>) =
        shared.iter().filter(is_noticeable).partition(is_specific);
    let mut names: Vec<&str> = Vec::with_capacity(NAMED_FEATURES);
    for feature in specific.into_iter().chain(general.into_iter().take(NAMED_GENERAL)) {
        let name = feature.name;
        if names.len() < NAMED_FEATURES && !names.iter().any(|named| is_redundant(named, name)) {
            names.push(name);
        }
    }
    names
}

/// A reason in words, to display on its own line.
#[derive(Clone, Debug, PartialEq)]
pub struct Description<'a> {
    /// Parts of the sentence, in order and including all spaces.
    pub sentence: Vec<Segment<'a>>,
    /// Additional phrases, such as the features that two movies share.
    pub details: Vec<String>,
}

impl<'a> Description<'a> {
    fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { sentence: vec![Segment::Text(text.into())], details: Vec::new() }
    }
}

/// Describes a reason for or against a movie.
pub fn describe<'a>(reason: &Reason<'a>) -> Description<'a> {
    match reason {
        Reason::Movie { movie_id, title, feedback, contribution, from_users, shared } => {
            let title = Segment::Movie { movie_id: *movie_id, title };
            let sentence = match feedback {
                Feedback::Liked => vec![Segment::Text("You liked ".into()), title],
                Feedback::Disliked => vec![Segment::Text("You disliked ".into()), title],
                Feedback::Rated(stars) => {
                    let stars = Segment::Text(format!(" {stars}★").into());
                    vec![Segment::Text("You rated ".into()), title, stars]
                }
            };
            let features =
                if from_users < contribution { common_features(shared) } else { Vec::new() };
            let mut details = Vec::new();
            if !features.is_empty() {
                details.push(format!("In common: {}", features.join(", ")));
            }
            if *from_users > MIN_CONTRIBUTION {
                details.push("People who liked it also liked this film".to_owned());
            }
            Description { sentence, details }
        }
        Reason::OtherMovies { movies: 1, .. } => Description::text("Another film in your history"),
        Reason::OtherMovies { movies, .. } => {
            let movies = thousands(*movies as u64);
            Description::text(format!("{movies} other films in your history"))
        }
        Reason::Popularity { .. } => Description::text("Liked by many users"),
        Reason::Trend { contribution } if *contribution > 0.0 => {
            Description::text("Liked by many users lately")
        }
        Reason::Trend { .. } => Description::text("Liked by few users lately"),
        Reason::Taste { terms, .. } => Description::text(taste(*terms, None)),
        Reason::Genre { name, .. } => {
            let sentence = vec![Segment::Text("You prefer ".into()), Segment::Genre(name)];
            Description { sentence, details: Vec::new() }
        }
        Reason::Quality { vote_average: Some(average), vote_count: Some(count), .. } => {
            let votes = if *count == 1 { "vote" } else { "votes" };
            let count = thousands(u64::from(*count));
            Description::text(format!("TMDB {average:.1} ({count} {votes})"))
        }
        Reason::Quality { .. } => Description::text("Rating and number of votes"),
        Reason::Novelty { contribution } if *contribution > 0.0 => {
            Description::text("Widely known")
        }
        Reason::Novelty { .. } => Description::text("Already widely known"),
        Reason::Trending { source, .. } => Description::text(popular(*source)),
    }
}

/// Writes a sentence such as "Without your 5★ rating of Heat, this would fall from 1st to 14th".
impl fmt::Display for Counterfactual<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.feedback {
            Feedback::Liked => f.write_str("Without your like of ")?,
            Feedback::Disliked => f.write_str("Without your dislike of ")?,
            Feedback::Rated(stars) => write!(f, "Without your {stars}★ rating of ")?,
        }
        let (place, new_place) = (Ordinal(self.place), Ordinal(self.counterfactual_place));
        match self.counterfactual_place.cmp(&self.place) {
            Ordering::Greater => {
                write!(f, "{}, this would fall from {place} to {new_place}", self.title)
            }
            Ordering::Less => {
                write!(f, "{}, this would rise from {place} to {new_place}", self.title)
            }
            Ordering::Equal => write!(f, "{}, this would stay {place}", self.title),
        }
    }
}

/// A number to display as an ordinal: 1st, 2nd, 3rd, 4th, 11th.
struct Ordinal(usize);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = match (self.0 % 100, self.0 % 10) {
            (11..=13, _) => "th",
            (_, 1) => "st",
            (_, 2) => "nd",
            (_, 3) => "rd",
            _ => "th",
        };
        write!(f, "{}{suffix}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::ranking::BlockKind;
    use crate::ids::MovieId;
    use crate::models::taste::TasteTerms;

    fn movie(feedback: Feedback, shared: Vec<SharedFeature<'_>>) -> Reason<'_> {
        let (movie_id, title) = (MovieId(6), "Heat");
        Reason::Movie { movie_id, title, feedback, contribution: 0.4, from_users: 0.05, shared }
    }

    fn feature(block: BlockKind, name: &str) -> SharedFeature<'_> {
        SharedFeature { block, name, contribution: 0.1 }
    }

    fn quality(vote_average: f32, vote_count: u32) -> Reason<'static> {
        let (vote_average, vote_count) = (Some(vote_average), Some(vote_count));
        Reason::Quality { vote_average, vote_count, contribution: 0.1 }
    }

    fn plain(description: &Description<'_>) -> String {
        let text = |segment: &Segment<'_>| match segment {
            Segment::Movie { movie_id, title } => format!("[{title}]({})", movie_id.0),
            segment => segment.to_string(),
        };
        let sentence: String = description.sentence.iter().map(text).collect();
        [&[sentence], &description.details[..]].concat().join(" | ")
    }

    #[test]
    fn describes_taste_by_its_largest_term() {
        let sentence = |genres, decades, popularity| {
            let terms = TasteTerms { genres, decades, popularity };
            plain(&describe(&Reason::Taste { terms, contribution: terms.total() }))
        };
        assert_eq!(sentence(0.2, -0.1, 0.0), "The kind of film you often like");
        assert_eq!(sentence(0.1, -0.2, 0.0), "From years that you rarely like");
        assert_eq!(sentence(0.1, 0.2, -0.5), "Better known than films you like");
    }

    #[test]
    fn describes_reasons_with_movie_titles_as_segments() {
        let shared = vec![feature(BlockKind::Keyword, "heist")];
        for (reason, expected) in [
            (
                movie(Feedback::Liked, shared),
                "You liked [Heat](6) | In common: heist | People who liked it also liked this film",
            ),
            (
                movie(Feedback::Rated(4.5), Vec::new()),
                "You rated [Heat](6) 4.5★ | People who liked it also liked this film",
            ),
            (
                Reason::OtherMovies { movies: 1234, contribution: 0.1, from_users: 0.0 },
                "1,234 other films in your history",
            ),
            (Reason::Genre { name: "drama", contribution: 0.1 }, "You prefer drama"),
            (quality(7.94, 12_198), "TMDB 7.9 (12,198 votes)"),
        ] {
            assert_eq!(plain(&describe(&reason)), expected);
        }
    }

    #[test]
    fn words_counterfactuals_with_ordinal_places() {
        let line = |feedback, place, would_be| {
            let movie_id = MovieId(6);
            Counterfactual {
                movie_id,
                title: "Heat",
                feedback,
                place,
                counterfactual_place: would_be,
            }
            .to_string()
        };
        for (place, would_be, expected) in [
            (1, 14, "Without your 5★ rating of Heat, this would fall from 1st to 14th"),
            (2, 3, "Without your 5★ rating of Heat, this would fall from 2nd to 3rd"),
            (11, 1, "Without your 5★ rating of Heat, this would rise from 11th to 1st"),
            (12, 113, "Without your 5★ rating of Heat, this would fall from 12th to 113th"),
            (21, 1022, "Without your 5★ rating of Heat, this would fall from 21st to 1022nd"),
            (103, 103, "Without your 5★ rating of Heat, this would stay 103rd"),
        ] {
            assert_eq!(line(Feedback::Rated(5.0), place, would_be), expected);
        }
        assert!(line(Feedback::Rated(4.5), 1, 2).starts_with("Without your 4.5★ rating of Heat, "));
        assert!(line(Feedback::Liked, 1, 2).starts_with("Without your like of Heat, this"));
        assert!(line(Feedback::Disliked, 1, 2).starts_with("Without your dislike of Heat, this"));
    }
}
