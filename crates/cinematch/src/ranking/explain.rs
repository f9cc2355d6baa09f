//! Reasons: the parts of a film's score, and their one-line reading.

use serde::Serialize;

use super::{Feedback, Parts, has_bit};
use crate::ids::{MovieId, MovieIdx};
use crate::models::content::SharedFeature;

/// Films of the history named one by one; the others are summed up.
const NAMED_FILMS: usize = 3;
/// Features named for a film.
const NAMED_FEATURES: usize = 4;
/// Parts smaller than this are not worth a person's time; they still count in the sums.
const NOTICEABLE: f32 = 0.004;

/// One part of a score. All parts of a film add up to its score.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// A film of the viewer's history, and the strongest features through which it acts.
    Film {
        /// The film.
        movie_id: MovieId,
        /// Its title.
        title: String,
        /// What the viewer said of it.
        feedback: Feedback,
        /// Its part in the score.
        contribution: f32,
        /// What both films share, the strongest first.
        shared: Vec<SharedFeature>,
    },
    /// The rest of the history together.
    OtherFilms {
        /// How many films.
        films: usize,
        /// Their part in the score.
        contribution: f32,
    },
    /// A preferred genre the film has.
    Genre {
        /// The genre.
        name: String,
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
}

impl Reason {
    /// The part in the score.
    pub fn contribution(&self) -> f32 {
        match self {
            Self::Film { contribution, .. }
            | Self::OtherFilms { contribution, .. }
            | Self::Genre { contribution, .. }
            | Self::Quality { contribution, .. }
            | Self::Novelty { contribution } => *contribution,
        }
    }
}

impl Parts<'_> {
    /// A film's reasons, the largest first.
    pub(super) fn reasons(&self, movie: MovieIdx) -> Vec<Reason> {
        let row = movie.row();
        let mut reasons = self.film_reasons(movie);
        let bits = self.recommender.index.genre_bits().row(row);
        for genre in &self.request.preferred_genres {
            if has_bit(bits, *genre) {
                reasons.push(Reason::Genre {
                    name: self.recommender.index.genres.names()[*genre].clone(),
                    contribution: self.genre_share(row),
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

    fn film_reasons(&self, movie: MovieIdx) -> Vec<Reason> {
        let model = &self.recommender.model;
        let mut parts: Vec<(f32, usize)> = self
            .request
            .history
            .iter()
            .enumerate()
            .map(|(at, item)| (model.contribution(self.profile, item.signal, movie), at))
            .collect();
        parts.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1.cmp(&b.1)));
        let named = parts.len().min(NAMED_FILMS);
        let mut reasons: Vec<Reason> = parts[..named]
            .iter()
            .map(|(contribution, at)| {
                let item = self.request.history[*at];
                let film = self.recommender.movie(item.signal.movie);
                Reason::Film {
                    movie_id: film.movie_id,
                    title: film.title.clone(),
                    feedback: item.feedback,
                    contribution: *contribution,
                    shared: model.shared_features(self.profile, item.signal, movie, NAMED_FEATURES),
                }
            })
            .collect();
        if parts.len() > named {
            reasons.push(Reason::OtherFilms {
                films: parts.len() - named,
                contribution: parts[named..].iter().map(|(contribution, _)| contribution).sum(),
            });
        }
        reasons
    }
}

/// The reasons that speak for a film in one line, joined by ` • `; the most important first.
pub fn explanation(reasons: &[Reason]) -> String {
    let spoken: Vec<String> = reasons
        .iter()
        .filter(|reason| reason.contribution() >= NOTICEABLE)
        .filter_map(|reason| match reason {
            Reason::Film { title, feedback, shared, .. } => {
                let what: Vec<&str> = shared
                    .iter()
                    .filter(|feature| feature.contribution >= NOTICEABLE / 2.0)
                    .map(|feature| feature.name.as_str())
                    .collect();
                let how = match feedback {
                    Feedback::Liked => "you liked".to_owned(),
                    Feedback::Disliked => "unlike".to_owned(),
                    Feedback::Rated(stars) => format!("you gave {stars} to"),
                };
                let what =
                    if what.is_empty() { String::new() } else { format!(": {}", unique(&what)) };
                Some(format!("{how} {title}{what}"))
            }
            Reason::Genre { name, .. } => Some(format!("you prefer {name}")),
            Reason::Quality { vote_average: Some(average), vote_count: Some(count), .. } => {
                Some(format!("{average:.1} from {count} votes"))
            }
            _ => None,
        })
        .take(4)
        .collect();
    let line = spoken.join(" • ");
    let mut letters = line.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "Nothing sets it apart yet: like or rate a few films".to_owned(),
    }
}

/// Names joined by `, `, each once.
fn unique(names: &[&str]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            seen.push(name);
        }
    }
    seen.join(", ")
}
