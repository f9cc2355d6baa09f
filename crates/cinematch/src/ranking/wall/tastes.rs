//! Tastes: groups of movies that users like or dislike as a whole, such as a genre or the movies of a director.

use rustc_hash::FxHashMap;

use super::origin::{Foreign, Origins};
use crate::catalog::Movie;
use crate::features::CsrMatrix;
use crate::ids::MovieIdx;

/// First years of the eras after the first: the time after the studio system, the time of video and the time
/// of streaming.
const ERA_STARTS: [u16; 3] = [1966, 1990, 2005];
/// MovieLens genre that is a projection format.
const FORMAT_LABEL: &str = "imax";
/// Rarer tastes are ignored: a taste needs one in this many movies of the pool, and at least two.
const MOVIES_PER_TASTE: usize = 150;
/// α: exponent of a movie's popularity relative to the best-known movie with the same taste.
const STANDING_EXPONENT: f32 = 0.4;

/// A taste.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Taste<'a> {
    Genre(&'a str),
    GenreOfEra(&'a str, usize),
    Language(&'a str),
    ForeignGenre(&'a str),
    ForeignEra(usize),
    Director(&'a str),
}

impl Taste<'_> {
    /// Weight of this kind of taste. Genres count most, because every user has favorites among them.
    fn weight(self) -> f32 {
        match self {
            Self::Genre(_) => 2.0,
            Self::GenreOfEra(..) => 0.5,
            Self::Language(_) | Self::ForeignGenre(_) | Self::ForeignEra(_) => 1.0,
            Self::Director(_) => 0.3,
        }
    }
}

/// The tastes in a pool of movies.
#[derive(Clone, Debug)]
pub(super) struct Tastes {
    /// How well each movie stands for each taste, from 0 to 1: one row per movie, one column per taste.
    pub standings: CsrMatrix<f32>,
    /// Weight of each taste.
    pub weights: Vec<f32>,
}

impl Tastes {
    /// Finds the tastes in `pool`. `shares` holds the popularity of its movies.
    ///
    /// A taste's weight is ln(movies in the pool / movies with the taste): a rare taste says more about a user
    /// than a common one (inverse document frequency). A movie stands for a taste by its share of the taste
    /// (a movie of three genres belongs a third to each) times (popularity / highest popularity among the
    /// taste's movies)^α, scaled so that the taste's best movie has 1. O(catalog + pool).
    pub(super) fn find(movies: &[Movie], pool: &[MovieIdx], shares: &[f32]) -> Self {
        let origins = Origins::new(movies);
        let mut ids: FxHashMap<Taste<'_>, usize> = FxHashMap::default();
        let mut found: Vec<FoundTaste> = Vec::new();
        let mut rows: Vec<Vec<(usize, f32)>> = Vec::with_capacity(pool.len());
        for (movie, share) in pool.iter().zip(shares) {
            let known = share.powf(STANDING_EXPONENT);
            let tastes = tastes_of(&movies[movie.row()], &origins).into_iter();
            let row = tastes.map(|(taste, part)| {
                let id = *ids.entry(taste).or_insert_with(|| {
                    found.push(FoundTaste { n_movies: 0, best: 0.0, weight: taste.weight() });
                    found.len() - 1
                });
                let standing = part * known;
                found[id].n_movies += 1;
                found[id].best = found[id].best.max(standing);
                (id, standing)
            });
            rows.push(row.collect());
        }
        let min_movies = (pool.len() / MOVIES_PER_TASTE).max(2);
        let mut weights = Vec::new();
        let column_of: Vec<Option<u32>> = found
            .iter()
            .map(|taste| {
                let weight = taste.weight * (pool.len() as f32 / taste.n_movies as f32).ln();
                (taste.n_movies >= min_movies).then(|| {
                    weights.push(weight);
                    weights.len() as u32 - 1
                })
            })
            .collect();
        let mut standings = CsrMatrix::new(weights.len());
        for row in rows {
            let entry =
                |(id, standing): (usize, f32)| Some((column_of[id]?, standing / found[id].best));
            let mut entries: Vec<(u32, f32)> = row.into_iter().filter_map(entry).collect();
            entries.sort_unstable_by_key(|(column, _)| *column);
            entries.dedup_by_key(|(column, _)| *column);
            standings.push_row(entries);
        }
        Self { standings, weights }
    }
}

/// A taste, while tastes are collected.
struct FoundTaste {
    n_movies: usize,
    best: f32,
    weight: f32,
}

/// Returns a movie's tastes, with the share of the movie that belongs to each.
fn tastes_of<'a>(movie: &'a Movie, origins: &Origins<'a>) -> Vec<(Taste<'a>, f32)> {
    let genres: Vec<&str> =
        movie.genres.iter().map(String::as_str).filter(|genre| *genre != FORMAT_LABEL).collect();
    let part = 1.0 / genres.len().max(1) as f32;
    let era = movie.year.map(|year| ERA_STARTS.partition_point(|start| *start <= year));
    let foreign = origins.foreign(movie);
    let mut tastes: Vec<(Taste<'a>, f32)> = Vec::new();
    for genre in &genres {
        tastes.push((Taste::Genre(genre), part));
        tastes.extend(era.map(|era| (Taste::GenreOfEra(genre, era), part)));
        tastes.extend(foreign.map(|_| (Taste::ForeignGenre(genre), part)));
    }
    if let Some(foreign) = foreign {
        tastes.extend(era.map(|era| (Taste::ForeignEra(era), 1.0)));
        if let Foreign::Language(language) = foreign {
            tastes.push((Taste::Language(language), 1.0));
        }
    }
    tastes.extend(movie.directors.iter().map(|name| (Taste::Director(name), 1.0)));
    tastes
}
