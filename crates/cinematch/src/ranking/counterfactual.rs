//! What a list would be, had one film not been spoken of.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::score_terms::Parts;
use super::{Feedback, Ranked, Recommender, Request, diversify};
use crate::ids::{MovieId, MovieIdx};
use crate::retrieval::{Candidate, Scores, at_least};

/// The film of the history that a recommended one owes most to, and where it would stand without.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counterfactual<'a> {
    /// The film of the history.
    pub movie_id: MovieId,
    /// Its title.
    pub title: &'a str,
    /// What the viewer said of it.
    pub feedback: Feedback,
    /// The recommended film's place in the list, from 1.
    pub place: usize,
    /// The place that it would have if nothing had been said of the film of the history.
    pub would_be: usize,
}

/// "Without your 5★ of Heat this would fall from 1st to 14th".
impl fmt::Display for Counterfactual<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.feedback {
            Feedback::Liked => f.write_str("Without your like of ")?,
            Feedback::Disliked => f.write_str("Without your dislike of ")?,
            Feedback::Rated(stars) => write!(f, "Without your {stars}★ of ")?,
        }
        let (place, would_be) = (Ordinal(self.place), Ordinal(self.would_be));
        match self.would_be.cmp(&self.place) {
            std::cmp::Ordering::Greater => {
                write!(f, "{} this would fall from {place} to {would_be}", self.title)
            }
            std::cmp::Ordering::Less => {
                write!(f, "{} this would rise from {place} to {would_be}", self.title)
            }
            std::cmp::Ordering::Equal => write!(f, "{} this would stay {place}", self.title),
        }
    }
}

/// 1st, 2nd, 3rd, 4th, 11th.
struct Ordinal(usize);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match (self.0 % 100, self.0 % 10) {
            (11..=13, _) => "th",
            (_, 1) => "st",
            (_, 2) => "nd",
            (_, 3) => "rd",
            _ => "th",
        };
        write!(f, "{}{ending}", self.0)
    }
}

impl Recommender {
    /// For every film of a page, `ranked` for `request`: the film of the history with the largest
    /// part in its score, and the place that it would have had the viewer not spoken of that film,
    /// which still is not shown. `None` where no film of the history speaks for it, and for a film
    /// that the request does not list.
    ///
    /// Places are those of the list as it would be served, found by ranking again: once for each
    /// different film of the history that is named, so at most once a film of the page. Each costs
    /// what [`Self::recommend`] does, and O(m log m) for the m films that score no less than the
    /// lowest of the page.
    pub fn without(
        &self,
        request: &Request,
        ranked: &Ranked<'_>,
    ) -> Vec<Option<Counterfactual<'_>>> {
        let movies: Vec<MovieIdx> = ranked.items.iter().map(|item| item.movie).collect();
        let parts = Parts::new(self, request, &mut Vec::new()).0.of_history(&movies);
        // Which films of the page owe most to each film of the history.
        let mut owing: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, parts) in parts.iter().enumerate() {
            if let Some(source) = largest(parts) {
                owing.entry(source).or_default().push(at);
            }
        }
        let mut counterfactuals = vec![None; movies.len()];
        for (source, page) in owing {
            let mut silent = request.clone();
            let item = silent.history.remove(source);
            let movie = self.movie(item.signal.movie);
            // Its filter never shows the film, whether it was resolved or put together by hand.
            if let Err(place) = silent.filter.seen.binary_search(&item.signal.movie) {
                silent.filter.seen.insert(place, item.signal.movie);
            }
            let asked: Vec<MovieIdx> = page.iter().map(|at| movies[*at]).collect();
            for (at, would_be) in page.into_iter().zip(self.places(&silent, &asked)) {
                counterfactuals[at] = would_be.map(|would_be| Counterfactual {
                    movie_id: movie.movie_id,
                    title: &movie.title,
                    feedback: item.feedback,
                    place: request.offset + at + 1,
                    would_be,
                });
            }
        }
        counterfactuals
    }

    /// The place of a film in a request's list, from 1; `None` for one that it does not have. Costs what
    /// [`Self::recommend`] does, and O(m log m) for the m films that score no less.
    pub fn place(&self, request: &Request, movie: MovieIdx) -> Option<usize> {
        self.places(request, &[movie])[0]
    }

    /// The places of films in a request's list, from 1; `None` for those that it does not have.
    fn places(&self, request: &Request, movies: &[MovieIdx]) -> Vec<Option<usize>> {
        let filter = self.index.prepare(request.filter.clone());
        let mut own = Vec::new();
        let (_, parts) = Parts::new(self, request, &mut own);
        let scores = Scores { layout: &self.layout, own: &own, parts };
        let passes = |movie: MovieIdx| filter.failed_by(movie).is_none();
        // The list begins with what is reordered; below that it is by score.
        let top = self.listed(request, &filter, &scores, diversify::POOL);
        let score_of = |movie: &MovieIdx| scores.at(self.position_of[movie.row()] as usize);
        let below = movies.iter().filter(|movie| passes(**movie));
        let lowest = below.map(score_of).fold(f32::INFINITY, f32::min);
        let by_score = at_least(lowest, &scores, passes);
        let place = |movie: &MovieIdx| {
            let reordered = top.iter().position(|candidate| candidate.movie == *movie);
            reordered.or_else(|| {
                let candidate = Candidate { movie: *movie, score: score_of(movie) };
                by_score.binary_search_by(|other| other.order(candidate)).ok()
            })
        };
        movies.iter().map(|movie| place(movie).map(|place| place + 1)).collect()
    }
}

/// The place of the largest part above 0, the first of equals.
fn largest(parts: &[f32]) -> Option<usize> {
    let mut largest = None;
    for (at, part) in parts.iter().enumerate() {
        if *part > largest.map_or(0.0, |at: usize| parts[at]) {
            largest = Some(at);
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_english() {
        let line = |feedback, place, would_be| {
            let movie_id = MovieId(6);
            Counterfactual { movie_id, title: "Heat", feedback, place, would_be }.to_string()
        };
        for (place, would_be, expected) in [
            (1, 14, "Without your 5★ of Heat this would fall from 1st to 14th"),
            (2, 3, "Without your 5★ of Heat this would fall from 2nd to 3rd"),
            (11, 1, "Without your 5★ of Heat this would rise from 11th to 1st"),
            (12, 113, "Without your 5★ of Heat this would fall from 12th to 113th"),
            (21, 1022, "Without your 5★ of Heat this would fall from 21st to 1022nd"),
            (103, 103, "Without your 5★ of Heat this would stay 103rd"),
        ] {
            assert_eq!(line(Feedback::Rated(5.0), place, would_be), expected);
        }
        assert!(line(Feedback::Rated(4.5), 1, 2).starts_with("Without your 4.5★ of Heat this"));
        assert!(line(Feedback::Liked, 1, 2).starts_with("Without your like of Heat this"));
        assert!(line(Feedback::Disliked, 1, 2).starts_with("Without your dislike of Heat this"));
    }

    #[test]
    fn the_largest_part_is_the_first_of_equals_and_above_0() {
        assert_eq!(largest(&[0.1, 0.4, 0.4, -2.0]), Some(1));
        assert_eq!(largest(&[-0.1, 0.0]), None);
        assert_eq!(largest(&[]), None);
    }
}
