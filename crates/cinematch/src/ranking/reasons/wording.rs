//! English wording for reasons.
//!
//! This module contains all text about reasons: [`explanation_parts`] for a recommended movie, [`explanation`]
//! in one line, [`similarity_parts`] for movies similar to a given one, [`describe`] for a page that shows
//! each reason on its own line, and the `Display` implementation for [`Counterfactual`]. Nothing is escaped:
//! titles and features may contain any character.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{self, Write};

use super::reason::Reason;
use crate::digits::thousands;
use crate::features::ranking::BlockKind;
use crate::ids::MovieId;
use crate::models::content::SharedFeature;
use crate::models::taste::TasteTerms;
use crate::ranking::counterfactual::Counterfactual;
use crate::ranking::feedback::Feedback;
use crate::ranking::popularity::PopularitySource;

/// Minimum absolute contribution to put into words. Smaller contributions still count toward the score.
pub const MIN_CONTRIBUTION: f32 = 0.004;
/// Minimum contribution of a shared feature to put into words.
const MIN_FEATURE_CONTRIBUTION: f32 = MIN_CONTRIBUTION / 4.0;
/// Maximum number of shared features to name, and maximum number of genres among them.
const NAMED_FEATURES: usize = 4;
const NAMED_GENRES: usize = 2;
/// Minimum fraction of a contribution that must come from other users' ratings for the wording to mention
/// them.
const MIN_SHARE_FROM_USERS: f32 = 0.25;
/// Minimum average vote to mention as a reason to watch a movie.
const MIN_VOTE_AVERAGE: f32 = 6.0;
/// Ratings at or below this are described as dislikes.
const MAX_NEGATIVE_STARS: f32 = 2.0;

/// Separator of the reasons in one line. A title may contain it, so a line cannot be split into its reasons.
pub const SEPARATOR: &str = " • ";

/// Returns the reasons in favor of a movie in one line, joined by ` • `. [`explanation_parts`] returns them
/// separately.
pub fn explanation(reasons: &[Reason<'_>]) -> String {
    explanation_parts(reasons).join(SEPARATOR)
}

/// Returns the reasons in favor of a movie: first the user's history, then preferred genres, then votes. The
/// list is never empty; without noticeable reasons, it says so.
pub fn explanation_parts(reasons: &[Reason<'_>]) -> Vec<String> {
    parts(reasons, "you liked")
}

/// Returns the reasons why a movie is similar to a given one, like [`explanation_parts`]. The history must
/// contain only the given movie. The wording does not mention a user: "Like Heat: …" instead of "You liked
/// Heat: …".
pub fn similarity_parts(reasons: &[Reason<'_>]) -> Vec<String> {
    parts(reasons, "like")
}

/// Words the noticeable reasons in favor of a movie. `liked` precedes the title of a liked movie.
fn parts(reasons: &[Reason<'_>], liked: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let noticeable = || reasons.iter().filter(|reason| reason.contribution() >= MIN_CONTRIBUTION);
    put_history(noticeable(), liked, &mut parts);
    if parts.is_empty() {
        let general = noticeable().find_map(|reason| match reason {
            Reason::Popularity { .. } => Some("liked by many users"),
            Reason::Trend { .. } => Some("liked more lately than in the past"),
            _ => None,
        });
        parts.extend(general.map(str::to_owned));
    }
    for reason in noticeable() {
        if let Reason::Genre { name, .. } = reason {
            parts.push(format!("you prefer {name}"));
        }
    }
    for reason in noticeable() {
        if let Reason::Quality { vote_average: Some(average), vote_count: Some(count), .. } = reason
            && *average >= MIN_VOTE_AVERAGE
        {
            let votes = if *count == 1 { "vote" } else { "votes" };
            parts.push(format!("{average:.1} from {} {votes}", thousands(u64::from(*count))));
        }
    }
    for reason in reasons {
        if let Reason::Trending { source, contribution } = reason {
            let part = match source {
                _ if *contribution < MIN_CONTRIBUTION => "not enough data on its popularity",
                PopularitySource::Tmdb => "popular now",
                PopularitySource::Votes => "widely known",
                PopularitySource::Ratings => "liked by many users",
            };
            parts.push(part.to_owned());
        }
    }
    match parts.first_mut() {
        // Every part starts with an ASCII letter or digit.
        Some(first) => first[..1].make_ascii_uppercase(),
        None => parts.push("No reasons yet: like or rate a few films to see some".to_owned()),
    }
    parts
}

/// Appends the movies in the history, and a note if users who liked them also liked the recommended movie.
fn put_history<'r>(
    reasons: impl Iterator<Item = &'r Reason<'r>>,
    liked: &str,
    parts: &mut Vec<String>,
) {
    let mut n_from_users = 0;
    for reason in reasons {
        let Reason::Movie { title, feedback, contribution, from_users, shared, .. } = reason else {
            continue;
        };
        let mut part = match feedback {
            Feedback::Liked => format!("{liked} {title}"),
            Feedback::Disliked => format!("unlike {title}"),
            Feedback::Rated(stars) if *stars <= MAX_NEGATIVE_STARS => {
                format!("unlike {title}, which you rated {stars}★")
            }
            Feedback::Rated(stars) => format!("you gave {title} {stars}★"),
        };
        let features = common_features(shared);
        if !features.is_empty() {
            // Writing to a string can't fail.
            let _ = write!(part, ": {}", features.join(", "));
        }
        parts.push(part);
        if *from_users > contribution * MIN_SHARE_FROM_USERS && !is_negative(*feedback) {
            n_from_users += 1;
        }
    }
    match n_from_users {
        0 => {}
        1 => parts.push("its fans like this too".to_owned()),
        _ => parts.push("their fans like this too".to_owned()),
    }
}

/// Returns true if `feedback` lowers the scores of similar movies.
fn is_negative(feedback: Feedback) -> bool {
    match feedback {
        Feedback::Liked => false,
        Feedback::Disliked => true,
        Feedback::Rated(stars) => stars <= MAX_NEGATIVE_STARS,
    }
}

/// Returns the names of the noticeable shared features: specific ones first, then genres.
fn common_features<'a>(shared: &[SharedFeature<'a>]) -> Vec<&'a str> {
    let is_noticeable =
        |feature: &&SharedFeature<'_>| feature.contribution >= MIN_FEATURE_CONTRIBUTION;
    let is_genre = |feature: &&SharedFeature<'_>| feature.block == BlockKind::Genre;
    let noticeable = || shared.iter().filter(is_noticeable);
    let specific = noticeable().filter(|feature| !is_genre(feature));
    let genres = noticeable().filter(is_genre).take(NAMED_GENRES);
    let mut names: Vec<&str> = Vec::with_capacity(NAMED_FEATURES);
    for feature in specific.chain(genres) {
        // A tag such as "zombies" adds nothing to the keyword "zombies", nor "noir" to "film noir".
        let name = feature.name;
        let is_redundant = |named: &&str| {
            named.eq_ignore_ascii_case(name)
                || named.split(' ').any(|word| word.eq_ignore_ascii_case(name))
        };
        if names.len() < NAMED_FEATURES && !names.iter().any(is_redundant) {
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

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment<'a> {
    /// Plain text.
    Text(Cow<'a, str>),
    /// The name of a genre, in lowercase.
    Genre(&'a str),
    /// The title of a movie, which a page can turn into a link.
    Movie {
        /// ID of the movie.
        movie_id: MovieId,
        /// Title of the movie.
        title: &'a str,
    },
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
            Description::text("Liked more lately than in the past")
        }
        Reason::Trend { .. } => Description::text("Liked less lately than in the past"),
        Reason::Taste { terms, .. } => Description::text(taste(*terms)),
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
        Reason::Novelty { .. } => Description::text("Already widely known"),
        Reason::Trending { .. } => Description::text("Popular now"),
    }
}

/// Describes how a movie fits the user's taste by the property with the largest contribution.
fn taste(terms: TasteTerms) -> &'static str {
    let TasteTerms { genres, decades, popularity } = terms;
    let described = [
        (genres, "The kind of film you often like", "A kind of film you rarely like"),
        (decades, "From years that you often like", "From years that you rarely like"),
        (popularity, "Less well known, like films you like", "Better known than films you like"),
    ];
    let largest = described.into_iter().max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    let (term, gain, loss) = largest.expect("there are three terms");
    if term > 0.0 { gain } else { loss }
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
            Segment::Text(text) => text.to_string(),
            Segment::Genre(name) => (*name).to_owned(),
            Segment::Movie { movie_id, title } => format!("[{title}]({})", movie_id.0),
        };
        let sentence: String = description.sentence.iter().map(text).collect();
        [&[sentence], &description.details[..]].concat().join(" | ")
    }

    #[test]
    fn joins_history_genres_and_votes() {
        let shared = vec![
            feature(BlockKind::Genre, "crime"),
            feature(BlockKind::Keyword, "los angeles"),
            feature(BlockKind::Keyword, "Los"),
        ];
        let reasons = [
            movie(Feedback::Liked, shared),
            Reason::Genre { name: "drama", contribution: 0.1 },
            quality(7.9, 6000),
        ];
        let rest = "Heat: los angeles, crime • you prefer drama • 7.9 from 6,000 votes";
        assert_eq!(explanation(&reasons), format!("You liked {rest}"));
        assert_eq!(similarity_parts(&reasons).join(SEPARATOR), format!("Like {rest}"));
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
    fn parts_keep_a_title_that_contains_the_separator() {
        let liked = Reason::Movie {
            movie_id: MovieId(6),
            title: "Heat • 2",
            feedback: Feedback::Liked,
            contribution: 0.4,
            from_users: 0.0,
            shared: Vec::new(),
        };
        let reasons = [liked, quality(7.9, 6000)];
        assert_eq!(explanation_parts(&reasons), ["You liked Heat • 2", "7.9 from 6,000 votes"]);
    }

    #[test]
    fn omits_small_contributions_and_low_averages() {
        let reasons = [Reason::Genre { name: "drama", contribution: 0.001 }, quality(5.9, 10)];
        let fallback = "No reasons yet: like or rate a few films to see some";
        assert_eq!(explanation(&reasons), fallback);
        assert_eq!(explanation(&[]), fallback);
        assert_eq!(explanation(&[quality(6.0, 1)]), "6.0 from 1 vote");
    }

    #[test]
    fn words_negative_feedback_as_unlike() {
        assert_eq!(explanation(&[movie(Feedback::Disliked, Vec::new())]), "Unlike Heat");
        let poor = explanation(&[movie(Feedback::Rated(1.5), Vec::new())]);
        assert_eq!(poor, "Unlike Heat, which you rated 1.5★");
        let good = explanation(&[movie(Feedback::Rated(4.5), Vec::new())]);
        assert_eq!(good, "You gave Heat 4.5★");
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
