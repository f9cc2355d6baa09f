//! People and keywords of a catalog, with their movies.

use rustc_hash::FxHashMap;

use super::words::words;
use crate::catalog::Movie;

/// Kind of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Person,
    Keyword,
}

/// A person or keyword.
#[derive(Debug)]
pub(super) struct Entity {
    pub kind: Kind,
    pub name: Box<str>,
    /// Words of the name, as IDs in the lexicon.
    pub words: Box<[u32]>,
    /// Rank of each movie by popularity, and the importance of the entity in it, from 0 to 1.
    pub movies: Box<[(u32, f32)]>,
    /// Importance in the catalog, from 0 to 1.
    pub prominence: f32,
}

/// An entity whose words are not in a lexicon yet.
pub(super) struct Draft<'a> {
    pub kind: Kind,
    pub name: &'a str,
    pub words: Vec<String>,
    pub movies: Vec<(u32, f32)>,
}

/// Importance of an actor in a movie, by billing: 0.95 for the first, less for each further one.
const FIRST_BILLING: f32 = 0.95;
const BILLING_STEP: f32 = 0.05;
const MIN_BILLING: f32 = 0.4;

/// Collects the people and keywords of `movies`, given in order of rank. O(n) for n names in all movies.
pub(super) fn collect<'a>(movies: impl Iterator<Item = &'a Movie>) -> Vec<Draft<'a>> {
    let mut ids: FxHashMap<(Kind, String), u32> = FxHashMap::default();
    let mut drafts: Vec<Draft<'a>> = Vec::new();
    for (movie, rank) in movies.zip(0..) {
        let directors = movie.directors.iter().map(|name| (Kind::Person, name, 1.0));
        let cast = movie.cast.iter().zip(0_u8..=u8::MAX).map(|(name, at)| {
            let role = (FIRST_BILLING - BILLING_STEP * f32::from(at)).max(MIN_BILLING);
            (Kind::Person, name, role)
        });
        let keywords = movie.keywords.iter().map(|name| (Kind::Keyword, name, 0.5));
        for (kind, name, role) in directors.chain(cast).chain(keywords) {
            let words = words(name);
            if words.is_empty() {
                continue;
            }
            let id = *ids.entry((kind, words.join(" "))).or_insert_with(|| {
                drafts.push(Draft { kind, name, words, movies: Vec::new() });
                drafts.len() as u32 - 1
            });
            let movies = &mut drafts[id as usize].movies;
            if movies.last().is_none_or(|(last, _)| *last != rank) {
                movies.push((rank, role));
            }
        }
    }
    drafts
}
