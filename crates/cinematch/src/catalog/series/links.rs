//! Decides which movies are parts of one series.
//!
//! All movies whose titles have a stem in common are read in order of release. A movie with exactly that title starts
//! a run, so that a remake is not a sequel. Any other movie joins a run if facts corroborate the title: shared names,
//! shared genres and close years. The fewer words the stem has and the less explicit the title, the more is required.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::titles::{Evidence, SegmentedTitle};
use crate::catalog::Movie;
use crate::catalog::matching::fold_title;
use crate::ids::MovieIdx;

/// Maximum number of years between a numbered part and an earlier part, if they share no names: for stems of several
/// words, for consecutive parts, and for other parts.
const MAX_GAP_LONG_STEM: u16 = 30;
const MAX_GAP_CONSECUTIVE: u16 = 25;
const MAX_GAP: u16 = 12;
/// Maximum number of years between movies with a common stem before the subtitle, if their cast is unknown.
const MAX_GAP_SUBTITLE: u16 = 7;
/// Maximum number of missing parts between a part and the latest earlier one, if they share no names.
const MAX_MISSING_PARTS: u8 = 3;
/// Keyword of TMDB for sequels.
const SEQUEL_KEYWORD: &str = "sequel";

/// How well facts corroborate that a movie belongs to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Support {
    Weak,
    Strong,
}

/// Groups of linked movies (union-find).
#[derive(Debug)]
pub(super) struct Links<'a> {
    parent: Vec<u32>,
    part: Vec<u8>,
    /// TMDB collection of each group, at the group's root.
    collection: Vec<Option<&'a str>>,
}

/// A movie's reading of a stem.
#[derive(Clone, Copy, Debug)]
struct Member<'a> {
    index: MovieIdx,
    movie: &'a Movie,
    year: u16,
    evidence: Evidence,
}

/// Movies that belong together under a stem, in order of release.
type Run<'a> = Vec<Member<'a>>;

impl<'a> Links<'a> {
    /// Links the movies of each TMDB collection.
    pub(crate) fn from_collections(movies: &'a [Movie]) -> Self {
        let mut links = Self {
            parent: (0..movies.len() as u32).collect(),
            part: vec![1; movies.len()],
            collection: movies.iter().map(|movie| movie.collection.as_deref()).collect(),
        };
        let mut first_of: FxHashMap<&str, u32> = FxHashMap::default();
        for (row, movie) in (0..).zip(movies) {
            if let Some(collection) = &movie.collection {
                let first = *first_of.entry(collection).or_insert(row);
                links.join(MovieIdx(first), MovieIdx(row));
            }
        }
        links
    }

    /// Links movies by their titles.
    pub(crate) fn add_titles(&mut self, movies: &'a [Movie]) {
        let readings = readings(movies);
        for group in readings.chunk_by(|a, b| a.0 == b.0) {
            let is_title = |reading: &(String, u32, Evidence)| reading.2 == Evidence::Title;
            if group.len() > 1 && !group.iter().all(is_title) {
                self.add_stem(movies, group);
            }
        }
    }

    /// Links the movies whose titles share a stem.
    fn add_stem(&mut self, movies: &'a [Movie], group: &[(String, u32, Evidence)]) {
        let stem = &group[0].0;
        let member = |(_, row, evidence): &(String, u32, Evidence)| {
            let movie = &movies[*row as usize];
            let (index, evidence) = (MovieIdx(*row), *evidence);
            movie.year.map(|year| Member { index, movie, year, evidence })
        };
        let mut members: Vec<Member<'a>> = group.iter().filter_map(member).collect();
        members.sort_unstable_by_key(|it| (it.year, it.evidence.part(), it.movie.movie_id));
        let mut runs: Vec<Run<'a>> = Vec::new();
        for member in members {
            if member.evidence == Evidence::Title {
                runs.push(vec![member]);
                continue;
            }
            // The latest run and part come first, and `max_by_key` returns the last of several maxima.
            let supported = runs.iter().enumerate().flat_map(|(at, run)| {
                run.iter().filter_map(move |other| {
                    Some((support(stem, run, other, &member)?, at, other.index))
                })
            });
            let best = supported.max_by_key(|(support, _, _)| *support);
            match best {
                Some((_, run, other)) if self.join(other, member.index) => {
                    if let Evidence::Part(part) = member.evidence {
                        self.part[member.index.row()] = part;
                    }
                    runs[run].push(member);
                }
                // A title that merely contains the stem cannot start a series.
                _ if matches!(member.evidence, Evidence::Extended | Evidence::Plural) => {}
                _ => runs.push(vec![member]),
            }
        }
    }

    /// Returns the root of a movie's group.
    pub(crate) fn root(&self, movie: MovieIdx) -> u32 {
        let mut root = movie.0;
        while self.parent[root as usize] != root {
            root = self.parent[root as usize];
        }
        root
    }

    /// Returns the number of the part in the movie's title, or 1.
    pub(crate) fn part(&self, movie: MovieIdx) -> u8 {
        self.part[movie.row()]
    }

    /// Merges two groups and returns true, unless they have different TMDB collections. The lower root becomes the
    /// root of the merged group, so that the result does not depend on the order of the links.
    fn join(&mut self, a: MovieIdx, b: MovieIdx) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        let (root, other) = (a.min(b) as usize, a.max(b) as usize);
        match (self.collection[root], self.collection[other]) {
            (Some(first), Some(second)) if first != second => return false,
            (first, second) => self.collection[root] = first.or(second),
        }
        self.parent[other] = root as u32;
        true
    }
}

/// Returns every stem in the titles with the rows of the movies that have it, sorted. Each pair of stem and row occurs
/// once, with its strongest evidence.
fn readings(movies: &[Movie]) -> Vec<(String, u32, Evidence)> {
    let rows = || movies.par_iter().enumerate().map(|(row, movie)| (row as u32, movie));
    let of_movie = |(row, movie): (u32, &Movie)| -> Vec<(String, u32, Evidence)> {
        let titles = std::iter::once(&movie.title).chain(&movie.alt_titles);
        let readings = titles.flat_map(|title| SegmentedTitle::new(title).readings());
        readings.map(|(stem, evidence)| (stem, row, evidence)).collect()
    };
    let mut readings: Vec<(String, u32, Evidence)> = rows().flat_map_iter(of_movie).collect();
    readings.retain(|(stem, _, _)| !stem.is_empty());
    // True for stems that are the whole title of a movie.
    let mut stems: FxHashMap<&str, bool> = FxHashMap::default();
    for (stem, _, evidence) in &readings {
        *stems.entry(stem).or_default() |= *evidence == Evidence::Title;
    }
    let extended = |(row, movie): (u32, &Movie)| -> Vec<(String, u32, Evidence)> {
        let mut readings = Vec::new();
        if movie.cast.is_empty() && movie.directors.is_empty() {
            return readings;
        }
        let title = SegmentedTitle::new(&movie.title);
        let singular = title.singular().filter(|stem| stems.get(stem.as_str()) == Some(&true));
        readings.extend(singular.map(|stem| (stem, row, Evidence::Plural)));
        title.extended(|stem| {
            if stems.contains_key(stem) {
                readings.push((stem.to_owned(), row, Evidence::Extended));
            }
        });
        readings
    };
    let extended: Vec<(String, u32, Evidence)> = rows().flat_map_iter(extended).collect();
    readings.extend(extended);
    readings.par_sort_unstable();
    readings.dedup_by(|later, earlier| (&later.0, later.1) == (&earlier.0, earlier.1));
    readings
}

/// Returns how well facts corroborate that `member` belongs to `run` as a later part of `other`; `None` if they don't.
fn support(
    stem: &str,
    run: &[Member<'_>],
    other: &Member<'_>,
    member: &Member<'_>,
) -> Option<Support> {
    let (a, b) = (other.movie, member.movie);
    let is_documentary = |movie: &Movie| movie.genres.iter().any(|genre| genre == "documentary");
    if is_documentary(a) != is_documentary(b) {
        return None;
    }
    let genres = genre_similarity(a, b);
    let n_shared = people(a).filter(|name| people(b).any(|other| other == *name)).count();
    let is_sequel = b.keywords.iter().any(|keyword| keyword == SEQUEL_KEYWORD);
    let is_weak = match member.evidence {
        Evidence::Part(_) | Evidence::Subtitle | Evidence::Plural
            if n_shared > 0 && genres > 0.0 =>
        {
            return (!is_name(stem, a, b)).then_some(Support::Strong);
        }
        Evidence::Part(part) => {
            let parts = run.iter().map(|member| member.evidence.part());
            let latest = parts.clone().max().unwrap_or(1);
            let is_new = parts.clone().all(|other| other != part);
            let is_next = part == latest.saturating_add(1);
            let gap = member.year - other.year;
            let is_plausible = if stem.contains(' ') {
                genres > 0.0 && gap <= MAX_GAP_LONG_STEM
            } else {
                let max_gap = if is_next { MAX_GAP_CONSECUTIVE } else { MAX_GAP };
                genres >= 0.3 && part > latest && gap <= max_gap
            };
            is_new
                && part <= latest.saturating_add(MAX_MISSING_PARTS)
                && (is_plausible || (is_sequel && genres > 0.0))
        }
        Evidence::Subtitle | Evidence::Plural
            if people(a).next().is_some() && people(b).next().is_some() =>
        {
            is_sequel && genres > 0.0 && !is_name(stem, a, b)
        }
        Evidence::Subtitle => {
            let is_stand_up = |movie: &Movie| movie.genres == ["comedy"];
            stem.contains(' ')
                && genres >= 0.5
                && member.year - other.year <= MAX_GAP_SUBTITLE
                && !is_documentary(b)
                && !(is_stand_up(a) && is_stand_up(b))
        }
        Evidence::Extended => {
            let is_alike = n_shared >= 2 && genres >= 0.5;
            let is_strong = is_alike || (is_sequel && n_shared > 0 && genres > 0.0);
            return is_strong.then_some(Support::Strong);
        }
        Evidence::Plural | Evidence::Title => false,
    };
    is_weak.then_some(Support::Weak)
}

/// Returns true if the stem is the name of a person in either movie, as in the titles of stand-up specials.
fn is_name(stem: &str, a: &Movie, b: &Movie) -> bool {
    let is_in = |movie: &Movie| people(movie).any(|name| fold_title(name) == stem);
    is_in(a) || is_in(b)
}

/// Returns the names of the cast and the directors.
fn people(movie: &Movie) -> impl Iterator<Item = &str> {
    movie.cast.iter().chain(&movie.directors).map(String::as_str)
}

/// Returns the number of shared genres divided by the number of genres of either movie (Jaccard index), or 0.5 if the
/// genres of either are unknown.
fn genre_similarity(a: &Movie, b: &Movie) -> f32 {
    let n_shared = a.genres.iter().filter(|genre| b.genres.contains(genre)).count();
    let n_all = a.genres.len() + b.genres.len() - n_shared;
    let is_known = !a.genres.is_empty() && !b.genres.is_empty();
    if is_known { n_shared as f32 / n_all as f32 } else { 0.5 }
}
