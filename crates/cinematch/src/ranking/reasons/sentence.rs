//! The sentence that explains a recommendation.
//!
//! A sentence names one reason, the most specific one whose contribution is a noticeable share of the score: a person,
//! a theme, other users' ratings, and only then genres, years, popularity or votes.

use std::borrow::Cow;
use std::fmt;

use super::grammar::{film_of_genres, form, is_place};
use super::line::{Line, MIN_LIKED_STARS};
use super::reason::{Reason, popular};
use super::segment::Segment;
use crate::digits::thousands;
use crate::features::ranking::BlockKind;
use crate::ids::MovieId;
use crate::models::content::SharedFeature;
use crate::models::taste::TasteTerms;
use crate::ranking::feedback::Feedback;

/// Minimum contribution of the named movies that share a person or a theme, as a share of all contributions in favor
/// of the movie. Models trained on ratings see people and themes only through the movies that users like, so the
/// feature's own contribution says less.
const MIN_SPECIFIC_SHARE: f32 = 0.05;
/// Minimum contribution of other users' ratings, and of each general reason, as a share of the same sum.
const MIN_FANS_SHARE: f32 = 0.03;
const MIN_GENERAL_SHARE: f32 = 0.02;
/// Minimum contribution of a second person, theme, genre or movie, as a share of the first one's.
const MIN_SECOND_SHARE: f32 = 0.5;
/// Minimum average vote to mention as a reason to watch a movie.
const MIN_VOTE_AVERAGE: f32 = 6.0;
/// Minimum rating of a movie that the user "loved".
const MIN_LOVED_STARS: f32 = 4.5;
/// Ratings at or below this are described as dislikes.
const MAX_NEGATIVE_STARS: f32 = 2.0;

/// Kind of reason that a sentence names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// A director or actor of movies that the user likes.
    Person,
    /// Keywords or tags of movies that the user likes.
    Theme,
    /// Users who like what the user likes.
    Fans,
    /// Genres that the user prefers.
    Preference,
    /// Genres or years of movies that the user likes.
    Kind,
    /// Popularity or votes.
    Reputation,
    /// Dissimilarity from a movie that the user dislikes.
    Unlike,
    /// No reason contributes noticeably.
    Nothing,
}

/// A sentence that explains a recommendation. `Display` writes it as plain text.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence<'a> {
    /// Kind of reason that the sentence names.
    pub basis: Basis,
    /// Parts of the sentence, in order and including all spaces.
    pub segments: Vec<Segment<'a>>,
}

impl<'a> Sentence<'a> {
    fn new(basis: Basis, line: Line<'a>) -> Self {
        Self { basis, segments: line.end() }
    }
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| segment.fmt(f))
    }
}

/// Audience of a sentence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience<'n> {
    /// A user whose history contains the named movies, addressed as "you".
    User,
    /// The group of the user with this name, whose history contains the named movies.
    Group(&'n str),
    /// Anyone who looks at the only movie of the history.
    Anyone,
}

/// Returns the sentence that explains a recommendation to a user. Without noticeable reasons, it says so.
pub fn sentence<'a>(reasons: &[Reason<'a>]) -> Sentence<'a> {
    Explained::new(reasons, Audience::User).sentence()
}

/// Returns the sentence that explains to a group why a movie suits the member with this name.
pub fn member_sentence<'a>(reasons: &[Reason<'a>], name: &str) -> Sentence<'a> {
    Explained::new(reasons, Audience::Group(name)).sentence()
}

/// Returns the sentence that explains why a movie is similar to another one, without mentioning a user. The history
/// must contain only the other movie.
pub fn similarity_sentence<'a>(reasons: &[Reason<'a>]) -> Sentence<'a> {
    Explained::new(reasons, Audience::Anyone).sentence()
}

/// Returns true if `feedback` lowers the scores of similar movies.
pub(super) fn is_negative(feedback: Feedback) -> bool {
    match feedback {
        Feedback::Liked => false,
        Feedback::Disliked => true,
        Feedback::Rated(stars) => stars <= MAX_NEGATIVE_STARS,
    }
}

/// Describes how a movie fits the user's taste by the property with the largest contribution. `name` is the user's name,
/// or `None` for "you".
pub(super) fn taste(terms: TasteTerms, name: Option<&str>) -> String {
    let TasteTerms { genres, decades, popularity } = terms;
    let described = [
        (genres, "The kind of film", " often", "A kind of film", " rarely"),
        (decades, "From years that", " often", "From years that", " rarely"),
        (popularity, "Less well known, like films", "", "Better known than films", ""),
    ];
    let largest = described.into_iter().max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    let (term, gain, often, loss, rarely) = largest.expect("there are three terms");
    let (what, how_often) = if term > 0.0 { (gain, often) } else { (loss, rarely) };
    match name {
        None => format!("{what} you{how_often} like"),
        Some(name) => format!("{what} {name}{how_often} likes"),
    }
}

/// Returns true if two features say the same: "zombies" and "zombie", "noir" and "film noir".
pub(super) fn is_redundant(name: &str, other: &str) -> bool {
    let (name, other) = (name.to_lowercase(), other.to_lowercase());
    let (short, long) = if name.len() < other.len() { (name, other) } else { (other, name) };
    let without_plural = |text: &str| text.trim_end_matches('s').to_owned();
    let stem = without_plural(&short);
    without_plural(&long) == stem
        || long.starts_with(&format!("{short} "))
        || long.split(' ').any(|word| without_plural(word) == stem)
}

/// A movie in the history with a contribution in favor of the recommended movie.
struct Like<'r, 'a> {
    movie_id: MovieId,
    title: &'a str,
    feedback: Feedback,
    contribution: f32,
    from_users: f32,
    shared: &'r [SharedFeature<'a>],
}

/// A feature that the recommended movie shares with movies in the history.
struct Link<'a> {
    name: &'a str,
    block: BlockKind,
    contribution: f32,
    /// Positions in [`Explained::likes`] and contributions of the movies.
    movies: Vec<(usize, f32)>,
}

impl<'a> Link<'a> {
    /// Returns the name as a sentence shows it: kinds of film are in the singular.
    fn shown(&self) -> &'a str {
        form(self.name).filter(|form| form.len() != self.name.len()).unwrap_or(self.name)
    }

    /// Returns the positions of the one or two movies to name, largest contribution first.
    fn named_movies(&self) -> Vec<usize> {
        top_two(&self.movies)
    }
}

/// Returns the items with the largest and, if it is not much smaller, the second-largest contribution. The items must
/// be sorted by contribution.
fn top_two(sorted: &[(usize, f32)]) -> Vec<usize> {
    let least = sorted.first().map_or(0.0, |(_, largest)| largest * MIN_SECOND_SHARE);
    let large = sorted.iter().take(2).filter(|(_, contribution)| *contribution >= least);
    large.map(|(item, _)| *item).collect()
}

/// Reasons, prepared for wording.
struct Explained<'r, 'a> {
    reasons: &'r [Reason<'a>],
    audience: Audience<'r>,
    /// Sum of all contributions in favor of the movie.
    total: f32,
    likes: Vec<Like<'r, 'a>>,
}

impl<'r, 'a> Explained<'r, 'a> {
    fn new(reasons: &'r [Reason<'a>], audience: Audience<'r>) -> Self {
        // A request for well-known movies favors all of them, so it does not make other reasons less noticeable.
        let is_novelty = |reason: &&Reason<'a>| matches!(reason, Reason::Novelty { .. });
        let others = reasons.iter().filter(|reason| !is_novelty(reason));
        let total = others.map(|reason| reason.contribution().max(0.0)).sum();
        let like = |reason: &'r Reason<'a>| match reason {
            Reason::Movie { movie_id, title, feedback, contribution, from_users, shared }
                if *contribution > 0.0 && !is_negative(*feedback) =>
            {
                let (movie_id, feedback) = (*movie_id, *feedback);
                let (contribution, from_users) = (*contribution, *from_users);
                Some(Like { movie_id, title, feedback, contribution, from_users, shared })
            }
            _ => None,
        };
        Self { reasons, audience, total, likes: reasons.iter().filter_map(like).collect() }
    }

    fn sentence(&self) -> Sentence<'a> {
        let specific = self.person().or_else(|| self.theme()).or_else(|| self.fans());
        let general = || self.preference().or_else(|| self.kind()).or_else(|| self.taste());
        specific
            .or_else(general)
            .or_else(|| self.reputation())
            .or_else(|| self.unlike())
            .unwrap_or_else(|| {
                let mut line = Line::default();
                line.text(match self.audience {
                    Audience::Group(name) => Cow::Owned(format!(
                        "No reasons yet: {name} has liked or rated too few films"
                    )),
                    _ => Cow::Borrowed("No reasons yet: like or rate a few films to see some"),
                });
                Sentence::new(Basis::Nothing, line)
            })
    }

    /// Returns true if the contribution is at least `share` of all contributions in favor of the movie.
    fn is_noticeable(&self, contribution: f32, share: f32) -> bool {
        contribution > 0.0 && contribution >= share * self.total
    }

    /// Returns true if the movies to name contribute enough.
    fn is_specific_enough(&self, link: &Link<'_>) -> bool {
        let contributions = link.named_movies().into_iter().map(|at| self.likes[at].contribution);
        self.is_noticeable(contributions.sum(), MIN_SPECIFIC_SHARE)
    }

    /// Returns the features of the given kinds that the recommended movie shares with liked ones, largest
    /// contribution first. Features of equal names are one feature.
    fn links(&self, kinds: &[BlockKind]) -> Vec<Link<'a>> {
        let mut links: Vec<Link<'a>> = Vec::new();
        for (index, like) in self.likes.iter().enumerate() {
            for feature in like.shared.iter().filter(|feature| kinds.contains(&feature.block)) {
                let SharedFeature { block, name, contribution } = *feature;
                let known = links.iter_mut().find(|link| link.name.eq_ignore_ascii_case(name));
                let Some(link) = known else {
                    links.push(Link {
                        name,
                        block,
                        contribution,
                        movies: vec![(index, contribution)],
                    });
                    continue;
                };
                link.contribution += contribution;
                if block != BlockKind::Tag {
                    link.block = block;
                }
                match link.movies.last_mut() {
                    Some((last, sum)) if *last == index => *sum += contribution,
                    _ => link.movies.push((index, contribution)),
                }
            }
        }
        for link in &mut links {
            link.movies.sort_by(|a, b| b.1.total_cmp(&a.1));
        }
        links.sort_by(|a, b| {
            b.contribution.total_cmp(&a.contribution).then_with(|| a.name.cmp(b.name))
        });
        links
    }

    /// "Akira Kurosawa directed this and Ran, which you gave 5★."
    fn person(&self) -> Option<Sentence<'a>> {
        let roles = [
            (BlockKind::Director, " directed this", " directed this"),
            (BlockKind::Cast, " is in this", " are in this"),
        ];
        roles.into_iter().find_map(|(block, one, several)| {
            let links = self.links(&[block]);
            let lead = links.iter().find(|link| self.is_specific_enough(link))?;
            let movies = lead.named_movies();
            let second = links.iter().find(|link| {
                link.name != lead.name
                    && link.contribution >= MIN_SECOND_SHARE * lead.contribution
                    && link.named_movies() == movies
            });
            let people: Vec<&Link<'a>> = std::iter::once(lead).chain(second).collect();
            let mut line = Line::default();
            line.list(&people, |line, person| line.feature(person.name));
            line.text(if people.len() == 1 { one } else { several });
            match movies.as_slice() {
                [movie] => {
                    let Like { movie_id, title, feedback, .. } = &self.likes[*movie];
                    line.text(" and ");
                    line.movie(*movie_id, title);
                    if self.audience == Audience::User {
                        line.liked(*feedback);
                    }
                }
                movies => {
                    let is_group = matches!(self.audience, Audience::Group(_));
                    line.text(if is_group { " as well as " } else { ", " });
                    self.put_movies(movies, &mut line);
                }
            }
            self.put_member(&movies, &mut line);
            Some(Sentence::new(Basis::Person, line))
        })
    }

    /// "About samurai and honor, like Seven Samurai and Ran."
    fn theme(&self) -> Option<Sentence<'a>> {
        let links = self.links(&[BlockKind::Keyword, BlockKind::Tag]);
        let lead = links.iter().find(|link| self.is_specific_enough(link))?;
        let movies = lead.named_movies();
        let kind = ThemeKind::of(lead);
        let second = links.iter().find(|link| {
            let has = |movie: &usize| link.movies.iter().any(|(other, _)| other == movie);
            link.contribution >= MIN_SECOND_SHARE * lead.contribution
                && movies.iter().all(has)
                && ThemeKind::of(link).combines_with(kind)
                && !is_redundant(lead.name, link.name)
        });
        let mut themes: Vec<&Link<'a>> = std::iter::once(lead).chain(second).collect();
        // "Anime, about robots", whichever of the two contributes more.
        themes.sort_by_key(|link| ThemeKind::of(link));
        let mut line = Line::default();
        let mut previous = None;
        for theme in themes {
            let kind = ThemeKind::of(theme);
            line.text(match (previous, kind) {
                (None, ThemeKind::Form) => "",
                (None, ThemeKind::Subject) => "About ",
                (None, ThemeKind::Place) => "Set in ",
                (None, ThemeKind::Tag) => "Tagged ",
                (Some(ThemeKind::Form), ThemeKind::Subject) => ", about ",
                _ => " and ",
            });
            line.feature(theme.shown());
            previous = Some(kind);
        }
        line.text(", like ");
        self.put_movies(&movies, &mut line);
        self.put_member(&movies, &mut line);
        Some(Sentence::new(Basis::Theme, line))
    }

    /// "Fans of Ikiru and Ran like this too."
    fn fans(&self) -> Option<Sentence<'a>> {
        let from_users = |reason: &Reason<'_>| match reason {
            Reason::Movie { from_users, .. } | Reason::OtherMovies { from_users, .. } => {
                *from_users
            }
            _ => 0.0,
        };
        let contribution = self.reasons.iter().map(from_users).sum();
        if !self.is_noticeable(contribution, MIN_FANS_SHARE) {
            return None;
        }
        let of_movies = self.likes.iter().map(|like| like.from_users).enumerate();
        let mut movies: Vec<(usize, f32)> = of_movies.filter(|(_, part)| *part > 0.0).collect();
        movies.sort_by(|a, b| b.1.total_cmp(&a.1));
        let movies = top_two(&movies);
        if movies.is_empty() {
            return None;
        }
        let mut line = Line::default();
        if let Audience::Group(name) = self.audience {
            line.text(format!("{name} {} ", self.verb(&movies)));
            self.put_movies(&movies, &mut line);
            line.text(if movies.len() == 1 { ", and its fans" } else { ", and fans of both" });
        } else {
            line.text("Fans of ");
            self.put_movies(&movies, &mut line);
        }
        line.text(" like this too");
        Some(Sentence::new(Basis::Fans, line))
    }

    /// "You prefer drama, and this has 8.5 from 20,000 votes."
    fn preference(&self) -> Option<Sentence<'a>> {
        let preferred = |reason: &Reason<'a>| match reason {
            Reason::Genre { name, contribution }
                if self.is_noticeable(*contribution, MIN_GENERAL_SHARE) =>
            {
                Some(*name)
            }
            _ => None,
        };
        let genres: Vec<&str> = self.reasons.iter().filter_map(preferred).collect();
        if genres.is_empty() {
            return None;
        }
        let mut line = Line::default();
        match self.audience {
            Audience::Group(name) => line.text(format!("{name} prefers ")),
            _ => line.text("You prefer "),
        }
        line.list(&genres, Line::genre);
        if let Some(votes) = self.votes() {
            line.text(format!(", and this has {votes}"));
        }
        Some(Sentence::new(Basis::Preference, line))
    }

    /// "Another crime thriller from around 1970, like Serpico."
    fn kind(&self) -> Option<Sentence<'a>> {
        let genres = self.links(&[BlockKind::Genre]);
        let years = self.links(&[BlockKind::Era]);
        let is_noticeable =
            |link: &&Link<'a>| self.is_noticeable(link.contribution, MIN_GENERAL_SHARE);
        let genre = genres.first().filter(is_noticeable);
        let lead = genre.or_else(|| years.first().filter(is_noticeable))?;
        let movies = lead.named_movies();
        let is_shared = |link: &&Link<'a>| {
            let has = |movie: &usize| link.movies.iter().any(|(other, _)| other == movie);
            link.contribution >= MIN_SECOND_SHARE * lead.contribution && movies.iter().all(has)
        };
        let mut line = Line::default();
        if let Some(genre) = genre {
            let second = genres[1..].iter().find(is_shared).map(|link| link.name);
            line.text(format!("Another {}", film_of_genres(genre.name, second)));
            if let Some(year) = years.iter().find(is_shared) {
                line.text(" from ");
                line.text(year.name);
            }
        } else {
            line.text("Another film from ");
            line.text(lead.name);
        }
        line.text(", like ");
        self.put_movies(&movies, &mut line);
        self.put_member(&movies, &mut line);
        Some(Sentence::new(Basis::Kind, line))
    }

    /// "The kind of film you often like."
    fn taste(&self) -> Option<Sentence<'a>> {
        self.reasons.iter().find_map(|reason| match reason {
            Reason::Taste { terms, contribution }
                if self.is_noticeable(*contribution, MIN_GENERAL_SHARE) =>
            {
                let mut line = Line::default();
                line.text(taste(*terms, self.member()));
                Some(Sentence::new(Basis::Kind, line))
            }
            _ => None,
        })
    }

    /// "Liked by many users."
    fn reputation(&self) -> Option<Sentence<'a>> {
        let trending = |reason: &Reason<'_>| match reason {
            Reason::Trending { contribution, .. } if *contribution <= 0.0 => {
                Some("Not enough data on its popularity")
            }
            Reason::Trending { source, .. } => Some(popular(*source)),
            Reason::Popularity { contribution }
                if self.is_noticeable(*contribution, MIN_GENERAL_SHARE) =>
            {
                Some("Liked by many users")
            }
            Reason::Trend { contribution }
                if self.is_noticeable(*contribution, MIN_GENERAL_SHARE) =>
            {
                Some("Liked by many users lately")
            }
            _ => None,
        };
        let mut line = Line::default();
        match self.reasons.iter().find_map(trending) {
            Some(text) => line.text(text),
            None => line.text(format!("Rated {}", self.votes()?)),
        }
        Some(Sentence::new(Basis::Reputation, line))
    }

    /// Returns the average vote and the number of votes, if they speak for the movie.
    fn votes(&self) -> Option<String> {
        self.reasons.iter().find_map(|reason| match reason {
            Reason::Quality {
                vote_average: Some(average),
                vote_count: Some(count),
                contribution,
            } if *average >= MIN_VOTE_AVERAGE
                && self.is_noticeable(*contribution, MIN_GENERAL_SHARE) =>
            {
                let votes = if *count == 1 { "vote" } else { "votes" };
                Some(format!("{average:.1} from {} {votes}", thousands(u64::from(*count))))
            }
            _ => None,
        })
    }

    /// "Unlike Heat, which you rated 1.5★."
    fn unlike(&self) -> Option<Sentence<'a>> {
        self.reasons.iter().find_map(|reason| match reason {
            Reason::Movie { movie_id, title, feedback, contribution, .. }
                if is_negative(*feedback)
                    && self.is_noticeable(*contribution, MIN_GENERAL_SHARE) =>
            {
                let mut line = Line::default();
                line.text("Unlike ");
                line.movie(*movie_id, title);
                let who = self.member().unwrap_or("you");
                match feedback {
                    Feedback::Rated(stars) => line.text(format!(", which {who} rated {stars}★")),
                    _ if self.member().is_some() => line.text(format!(", which {who} disliked")),
                    _ => {}
                }
                Some(Sentence::new(Basis::Unlike, line))
            }
            _ => None,
        })
    }

    /// Returns the name of the member of a group.
    fn member(&self) -> Option<&'r str> {
        match self.audience {
            Audience::Group(name) => Some(name),
            Audience::User | Audience::Anyone => None,
        }
    }

    /// Returns the verb for what the user thinks of all these movies.
    fn verb(&self, movies: &[usize]) -> &'static str {
        let all = |least: f32| {
            movies.iter().all(|movie| match self.likes[*movie].feedback {
                Feedback::Rated(stars) => stars >= least,
                Feedback::Liked => least <= MIN_LIKED_STARS,
                Feedback::Disliked => false,
            })
        };
        if all(MIN_LOVED_STARS) {
            "loved"
        } else if all(MIN_LIKED_STARS) {
            "liked"
        } else {
            "saw"
        }
    }

    /// Appends the member's opinion of the movies named last: ", which Ada loved".
    fn put_member(&self, movies: &[usize], line: &mut Line<'a>) {
        if let Some(name) = self.member() {
            line.text(format!(", which {name} {}", self.verb(movies)));
        }
    }

    fn put_movies(&self, movies: &[usize], line: &mut Line<'a>) {
        line.list(movies, |line, movie| {
            let Like { movie_id, title, .. } = &self.likes[movie];
            line.movie(*movie_id, title);
        });
    }
}

/// Grammatical kind of a keyword or tag. The order is that of two kinds in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ThemeKind {
    /// A kind of film, a style or a mood: "Film noir, like Laura."
    Form,
    /// "About samurai, like Ran."
    Subject,
    /// "Set in Paris, like Amelie."
    Place,
    /// Any other word: "Tagged philosophy, like Stalker."
    Tag,
}

impl ThemeKind {
    fn of(link: &Link<'_>) -> Self {
        match link.block {
            _ if form(link.name).is_some() => Self::Form,
            _ if is_place(link.name) => Self::Place,
            BlockKind::Tag => Self::Tag,
            _ => Self::Subject,
        }
    }

    /// Returns true if a sentence can name themes of both kinds.
    fn combines_with(self, other: Self) -> bool {
        let kinds = [self.min(other), self.max(other)];
        self == other || kinds == [Self::Form, Self::Subject]
    }
}

#[cfg(test)]
mod tests;
