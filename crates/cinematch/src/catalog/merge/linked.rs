//! Links between MovieLens entries and TMDB, and entries that belong to one film.

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::metadata::Metadata;
use crate::catalog::matching::imdb_number;
use crate::ids::{MovieId, TmdbId};
use crate::sources::movielens::{LinkRow, MovieRow};
use crate::sources::ratings::RatingsError;
use crate::sources::{Outcome, Problem, ProblemKind};

/// Function that returns the number of ratings of each of the given movies. [`merge`](super::merge) calls it at most once, if
/// several entries belong to one film.
pub type CountRatings<'a> = &'a (dyn Fn(&[MovieId]) -> Result<Vec<u64>, RatingsError> + Sync);

/// The links of each MovieLens entry. Entries with an equal TMDB or IMDb ID belong to one film.
pub(super) struct Linked<'a> {
    /// Each entry's links, in movie order.
    pub links: Vec<Option<LinkRow<'a>>>,
    /// Entries whose TMDB ID has no metadata and was replaced by the one that TMDB has for their IMDb ID.
    pub relinked: Vec<Relinked>,
    /// Links of movies that don't exist.
    pub problems: Vec<Problem>,
}

/// A TMDB ID that was replaced because TMDB has no metadata for it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Relinked {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// TMDB ID in `links.csv`; `None` if there is none.
    pub from: Option<TmdbId>,
    /// TMDB ID of the movie with the entry's IMDb ID.
    pub to: TmdbId,
}

impl<'a> Linked<'a> {
    pub(super) fn new(
        file: &str,
        movies: &[MovieRow<'_>],
        links: Vec<LinkRow<'a>>,
        metadata: &Metadata<'_>,
    ) -> Self {
        let mut unclaimed: FxHashMap<MovieId, LinkRow<'a>> =
            links.into_iter().map(|link| (link.movie_id, link)).collect();
        let mut links = Vec::with_capacity(movies.len());
        let mut relinked = Vec::new();
        for movie in movies {
            let mut link = unclaimed.remove(&movie.movie_id);
            if let Some(link) = &mut link
                && link.tmdb_id.is_none_or(|id| metadata.get(id).is_none())
                && let Some(to) = link.imdb_id.as_deref().and_then(|id| metadata.find_imdb(id))
            {
                relinked.push(Relinked { movie_id: link.movie_id, from: link.tmdb_id, to });
                link.tmdb_id = Some(to);
            }
            links.push(link);
        }
        let mut problems: Vec<Problem> = unclaimed
            .values()
            .map(|link| Problem {
                file: file.to_owned(),
                line: link.line,
                field: Some("movieId".to_owned()),
                kind: ProblemKind::UnknownReference,
                outcome: Outcome::RowDropped,
                reason: format!("movie {} has no valid row in movies.csv", link.movie_id),
            })
            .collect();
        problems.sort_by_key(|problem| problem.line);
        Self { links, relinked, problems }
    }
}

/// MovieLens entries grouped into films.
#[derive(Default)]
pub(super) struct Films {
    /// For each film with several entries, the position of its main entry and those of the others.
    pub duplicates: FxHashMap<u32, Vec<u32>>,
    /// The main entry of each other entry.
    main: FxHashMap<u32, u32>,
}

impl Films {
    /// Groups entries that share a TMDB or IMDb ID, directly or through other entries. The main entry of a
    /// film is the one with the most ratings or, among equals, the lowest ID. Ratings are only counted if
    /// a film has several entries. O(entries).
    pub(super) fn new(
        movies: &[MovieRow<'_>],
        links: &[Option<LinkRow<'_>>],
        count_ratings: CountRatings<'_>,
    ) -> Result<Self, RatingsError> {
        let mut groups = Groups::default();
        let mut tmdb_positions: FxHashMap<TmdbId, u32> =
            FxHashMap::with_capacity_and_hasher(links.len(), FxBuildHasher);
        let mut positions_by_imdb: FxHashMap<u64, u32> =
            FxHashMap::with_capacity_and_hasher(links.len(), FxBuildHasher);
        for (link, position) in links.iter().zip(0..) {
            let Some(link) = link else { continue };
            if let Some(id) = link.tmdb_id {
                groups.join(*tmdb_positions.entry(id).or_insert(position), position);
            }
            if let Some(id) = link.imdb_id.as_deref().and_then(imdb_number) {
                groups.join(*positions_by_imdb.entry(id).or_insert(position), position);
            }
        }
        let groups = groups.members();
        if groups.is_empty() {
            return Ok(Self::default());
        }
        let id = |position: u32| movies[position as usize].movie_id;
        let ids: Vec<MovieId> = groups.iter().flatten().map(|member| id(*member)).collect();
        let counts: FxHashMap<MovieId, u64> =
            ids.iter().copied().zip(count_ratings(&ids)?).collect();
        let mut films = Self::default();
        for mut members in groups {
            members.sort_unstable_by_key(|member| {
                let id = id(*member);
                (std::cmp::Reverse(counts.get(&id).copied().unwrap_or(0)), id)
            });
            let main = members.remove(0);
            films.main.extend(members.iter().map(|member| (*member, main)));
            films.duplicates.insert(main, members);
        }
        Ok(films)
    }

    /// Returns the position of the main entry of the film that the entry at `position` belongs to.
    pub(super) fn main(&self, position: u32) -> u32 {
        self.main.get(&position).copied().unwrap_or(position)
    }
}

/// Disjoint sets of positions. Only positions that were joined with another are stored.
#[derive(Default)]
struct Groups {
    parents: FxHashMap<u32, u32>,
}

impl Groups {
    fn root(&self, mut position: u32) -> u32 {
        while let Some(parent) = self.parents.get(&position).filter(|parent| **parent != position) {
            position = *parent;
        }
        position
    }

    fn join(&mut self, a: u32, b: u32) {
        if a != b {
            let (a, b) = (self.root(a), self.root(b));
            self.parents.insert(a.max(b), a.min(b));
            self.parents.entry(a.min(b)).or_insert(a.min(b));
        }
    }

    /// Returns the sets in ascending order of their first member.
    fn members(&self) -> Vec<Vec<u32>> {
        let mut positions: Vec<(u32, u32)> =
            self.parents.keys().map(|position| (self.root(*position), *position)).collect();
        positions.sort_unstable();
        let groups = positions.chunk_by(|a, b| a.0 == b.0);
        groups.map(|group| group.iter().map(|(_, position)| *position).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_joined_through_other_members() {
        let mut groups = Groups::default();
        for (a, b) in [(1, 4), (2, 2), (5, 9), (4, 7), (9, 3), (7, 1)] {
            groups.join(a, b);
        }
        assert_eq!(groups.members(), [vec![1, 4, 7], vec![3, 5, 9]]);
    }
}
