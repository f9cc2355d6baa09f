//! Reasons: the parts of a film's score, and their one-line reading.

use std::fmt::Write;

use serde::Serialize;

use super::score_terms::{Parts, has_bit};
use super::{Feedback, Order, PopularitySource};
use crate::features::ranking::BlockKind;
use crate::ids::{MovieId, MovieIdx};
use crate::models::Contributions;
use crate::models::content::{Affinity, SharedFeature};

/// Films of the history named one by one; the others are summed up.
const NAMED_MOVIES: usize = 3;
/// Features named for a film.
const NAMED_FEATURES: usize = 6;
/// Features spoken of in an explanation, and how many of them may be genres.
const SPOKEN_FEATURES: usize = 4;
const SPOKEN_GENRES: usize = 2;
/// Parts smaller than this are not worth a person's time; they still count in the sums.
const NOTICEABLE: f32 = 0.004;

/// The share of a film's part from which on other viewers are spoken of.
const SPOKEN_SHARE: f32 = 0.25;

/// An average below this is nothing to recommend a film by, even where a few votes are given the
/// benefit of the doubt.
const GOOD_AVERAGE: f32 = 6.0;

/// One part of a score. All parts of a film add up to its score.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason<'a> {
    /// A film of the viewer's history: what those who liked it say, and the strongest features through
    /// which it acts.
    #[serde(rename = "film")]
    Movie {
        /// The film.
        movie_id: MovieId,
        /// Its title.
        title: &'a str,
        /// What the viewer said of it.
        feedback: Feedback,
        /// Its part in the score.
        contribution: f32,
        /// What of it was learned from other viewers' ratings.
        #[serde(rename = "from_viewers")]
        from_users: f32,
        /// What both films share, the strongest first.
        shared: Vec<SharedFeature<'a>>,
    },
    /// The rest of the history together.
    #[serde(rename = "other_films")]
    OtherMovies {
        /// How many films.
        #[serde(rename = "films")]
        movies: usize,
        /// Their part in the score.
        contribution: f32,
        /// What of it was learned from other viewers' ratings.
        #[serde(rename = "from_viewers")]
        from_users: f32,
    },
    /// How many viewers liked the film.
    Popularity {
        /// Its part in the score.
        contribution: f32,
    },
    /// A preferred genre the film has.
    Genre {
        /// The genre.
        name: &'a str,
        /// Its part in the score.
        contribution: f32,
    },
    /// How good and how known the film is.
    Quality {
        /// The average vote, 0 to 10.
        vote_average: Option<f32>,
        /// The votes behind it.
        vote_count: Option<u32>,
        /// Its part in the score.
        contribution: f32,
    },
    /// What the wish for novelty takes from a known film.
    Novelty {
        /// Its part in the score, 0 or below.
        contribution: f32,
    },
    /// How popular the film is, where nothing else ranks.
    Trending {
        /// What says so.
        source: PopularitySource,
        /// All of the score.
        contribution: f32,
    },
}

impl Reason<'_> {
    /// The part in the score.
    pub fn contribution(&self) -> f32 {
        match self {
            Self::Movie { contribution, .. }
            | Self::OtherMovies { contribution, .. }
            | Self::Popularity { contribution }
            | Self::Genre { contribution, .. }
            | Self::Quality { contribution, .. }
            | Self::Novelty { contribution }
            | Self::Trending { contribution, .. } => *contribution,
        }
    }
}

impl<'a> Parts<'a, '_> {
    /// The reasons of every film of a page, each film's largest first.
    pub(super) fn reasons(&self, page: &[MovieIdx]) -> Vec<Vec<Reason<'a>>> {
        if self.request.order == Order::Popularity {
            return page.iter().map(|movie| vec![self.trending(*movie)]).collect();
        }
        let recommender = self.recommender;
        let users = recommender.said_by_users(&self.request.rated(), &self.scales, page);
        let mut users = users.iter();
        let mut reasons = Vec::with_capacity(page.len());
        recommender.model.explain(&self.profile, &self.signals, page, |movie, affinity| {
            let users = users.next().expect("one for every film of the page");
            reasons.push(self.reasons_of(movie, affinity, users));
        });
        reasons
    }

    fn trending(&self, movie: MovieIdx) -> Reason<'a> {
        let recommender = self.recommender;
        let position = recommender.position_of[movie.row()] as usize;
        Reason::Trending {
            source: recommender.trend_source,
            contribution: recommender.trend_by_position[position],
        }
    }

    fn reasons_of(
        &self,
        movie: MovieIdx,
        affinity: &Affinity,
        users: &Contributions,
    ) -> Vec<Reason<'a>> {
        let row = movie.row();
        let mut reasons = self.movie_reasons(affinity, &users.parts);
        if users.base > 0.0 {
            reasons.push(Reason::Popularity { contribution: users.base });
        }
        let index = &self.recommender.index;
        for genre in &self.request.preferred_genres {
            if has_bit(index.genres_of(row), *genre) {
                reasons.push(Reason::Genre {
                    name: &index.genres.names()[*genre],
                    contribution: self.genre_share(index.genres_of(row)),
                });
            }
        }
        let film = self.recommender.movie(movie);
        let quality = self.quality(row);
        if quality > 0.0 {
            reasons.push(Reason::Quality {
                vote_average: film.vote_average,
                vote_count: film.vote_count,
                contribution: quality,
            });
        }
        if self.novelty(row) > 0.0 {
            reasons.push(Reason::Novelty { contribution: -self.novelty(row) });
        }
        reasons.sort_by(|a, b| b.contribution().abs().total_cmp(&a.contribution().abs()));
        reasons
    }

    fn movie_reasons(&self, affinity: &Affinity, users: &[f32]) -> Vec<Reason<'a>> {
        let model = &self.recommender.model;
        let both = affinity.parts.iter().zip(users).map(|(content, users)| content + users);
        let mut parts: Vec<(f32, usize)> = both.zip(0..).collect();
        parts.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1.cmp(&b.1)));
        let named = parts.len().min(NAMED_MOVIES);
        let mut reasons: Vec<Reason<'a>> = parts[..named]
            .iter()
            .map(|(contribution, at)| {
                let item = self.request.history[*at];
                let movie = self.recommender.movie(item.signal.movie);
                Reason::Movie {
                    movie_id: movie.movie_id,
                    title: &movie.title,
                    feedback: item.feedback,
                    contribution: *contribution,
                    from_users: users[*at],
                    shared: model.shared_features(
                        affinity,
                        &self.profile,
                        (*at, self.signals[*at]),
                        NAMED_FEATURES,
                    ),
                }
            })
            .collect();
        if parts.len() > named {
            reasons.push(Reason::OtherMovies {
                movies: parts.len() - named,
                contribution: sum(&mut parts[named..].iter().map(|(part, _)| *part)),
                from_users: sum(&mut parts[named..].iter().map(|(_, at)| users[*at])),
            });
        }
        reasons
    }
}

/// Thousands of small parts lose digits in f32.
fn sum(parts: &mut dyn Iterator<Item = f32>) -> f32 {
    parts.map(f64::from).sum::<f64>() as f32
}

/// Stars that nobody gives to what they like: such a film speaks for another by being unlike it.
const POOR: f32 = 2.0;

/// The reasons that speak for a film in one line, joined by ` • `: films first, then preferences,
/// then the votes.
pub fn explanation(reasons: &[Reason<'_>]) -> String {
    let mut line = Line(String::with_capacity(160));
    let mut with_fans = 0;
    let spoken = || reasons.iter().filter(|reason| reason.contribution() >= NOTICEABLE);
    for reason in spoken() {
        if let Reason::Movie { title, feedback, contribution, from_users, shared, .. } = reason {
            let part = line.part();
            // Writing into memory cannot fail, here and below.
            let _ = match feedback {
                Feedback::Liked => write!(part, "you liked {title}"),
                Feedback::Disliked => write!(part, "unlike {title}"),
                Feedback::Rated(stars) if *stars <= POOR => {
                    write!(part, "unlike {title}, to which you gave {stars}★")
                }
                Feedback::Rated(stars) => write!(part, "you gave {title} {stars}★"),
            };
            put_in_common(shared, part);
            let poor = match feedback {
                Feedback::Liked => false,
                Feedback::Disliked => true,
                Feedback::Rated(stars) => *stars <= POOR,
            };
            if *from_users > contribution * SPOKEN_SHARE && !poor {
                with_fans += 1;
            }
        }
    }
    match with_fans {
        0 => {}
        1 => line.part().push_str("its fans like this too"),
        _ => line.part().push_str("their fans like this too"),
    }
    if line.0.is_empty() && spoken().any(|reason| matches!(reason, Reason::Popularity { .. })) {
        line.part().push_str("liked by many viewers");
    }
    for reason in spoken() {
        if let Reason::Genre { name, .. } = reason {
            let _ = write!(line.part(), "you prefer {name}");
        }
    }
    for reason in spoken() {
        if let Reason::Quality { vote_average: Some(average), vote_count: Some(count), .. } = reason
            && *average >= GOOD_AVERAGE
        {
            let votes = if *count == 1 { "vote" } else { "votes" };
            let _ = write!(line.part(), "{average:.1} from {count} {votes}");
        }
    }
    for reason in reasons {
        if let Reason::Trending { source, contribution } = reason {
            line.part().push_str(match source {
                _ if *contribution < NOTICEABLE => "little is known of how popular this is",
                PopularitySource::Tmdb => "popular now",
                PopularitySource::Votes => "known to many",
                PopularitySource::Ratings => "liked by many viewers",
            });
        }
    }
    let mut line = line.0;
    match line.as_bytes().first() {
        None => line.push_str("Nothing sets it apart yet: like or rate a few films"),
        // "you", "unlike", "liked" and the like become a sentence's beginning.
        Some(_) => line[..1].make_ascii_uppercase(),
    }
    line
}

/// Parts joined by ` • `.
struct Line(String);

impl Line {
    /// Where the next part is to be written.
    fn part(&mut self) -> &mut String {
        if !self.0.is_empty() {
            self.0.push_str(" • ");
        }
        &mut self.0
    }
}

/// Appends what two films share, in a few words: what is particular before what is general. That both
/// are of one time is no news to anybody.
fn put_in_common(shared: &[SharedFeature<'_>], line: &mut String) {
    let noticed = |feature: &&SharedFeature<'_>| {
        feature.contribution >= NOTICEABLE / 4.0
            && !matches!(feature.block, BlockKind::Era | BlockKind::Numeric)
    };
    let of_genre = |feature: &&SharedFeature<'_>| feature.block == BlockKind::Genre;
    let noticed = || shared.iter().filter(noticed);
    let particular = noticed().filter(|feature| !of_genre(feature));
    let general = noticed().filter(of_genre).take(SPOKEN_GENRES);
    let mut names: Vec<&str> = Vec::with_capacity(SPOKEN_FEATURES);
    for feature in particular.chain(general) {
        // "los" of an overview is no news beside the keyword "los angeles".
        let name = feature.name;
        let said = |known: &&str| {
            known.eq_ignore_ascii_case(name)
                || known.split(' ').any(|word| word.eq_ignore_ascii_case(name))
        };
        if names.iter().any(said) {
            continue;
        }
        line.push_str(if names.is_empty() { ": " } else { ", " });
        line.push_str(name);
        names.push(name);
        if names.len() == SPOKEN_FEATURES {
            break;
        }
    }
}
