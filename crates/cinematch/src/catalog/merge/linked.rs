//! Links between MovieLens movies and TMDB.

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::ids::{MovieId, TmdbId};
use crate::sources::movielens::{LinkRow, MovieRow};
use crate::sources::{Outcome, Problem, ProblemKind};

/// Each movie's links, in movie order. A TMDB ID belongs to at most one movie.
pub(super) struct Linked<'a> {
    pub links: Vec<Option<LinkRow<'a>>>,
    pub owners: FxHashMap<TmdbId, MovieId>,
    /// Number of movies that lost their TMDB ID because an earlier movie already has it.
    pub shared: u64,
    pub problems: Vec<Problem>,
}

impl<'a> Linked<'a> {
    pub(crate) fn new(file: &str, movies: &[MovieRow<'_>], links: Vec<LinkRow<'a>>) -> Self {
        let problem = |link: &LinkRow<'_>, field: &str, kind, outcome, reason| Problem {
            file: file.to_owned(),
            line: link.line,
            field: Some(field.to_owned()),
            kind,
            outcome,
            reason,
        };
        let mut unclaimed: FxHashMap<MovieId, LinkRow<'a>> =
            links.into_iter().map(|link| (link.movie_id, link)).collect();
        let mut linked = Self {
            links: Vec::with_capacity(movies.len()),
            owners: FxHashMap::with_capacity_and_hasher(movies.len(), FxBuildHasher),
            shared: 0,
            problems: Vec::new(),
        };
        for movie in movies {
            let mut link = unclaimed.remove(&movie.movie_id);
            if let Some(link) = &mut link
                && let Some(tmdb_id) = link.tmdb_id
                && let owner = *linked.owners.entry(tmdb_id).or_insert(movie.movie_id)
                && owner != movie.movie_id
            {
                linked.shared += 1;
                link.tmdb_id = None;
                let reason = format!(
                    "TMDB ID {tmdb_id} already belongs to movie {owner}; movie {} is kept without it",
                    movie.movie_id
                );
                let (kind, outcome) = (ProblemKind::DuplicateId, Outcome::ValueEmptied);
                linked.problems.push(problem(link, "tmdbId", kind, outcome, reason));
            }
            linked.links.push(link);
        }
        linked.problems.extend(unclaimed.values().map(|link| {
            let reason = format!("movie {} has no valid row in movies.csv", link.movie_id);
            let (kind, outcome) = (ProblemKind::UnknownReference, Outcome::RowDropped);
            problem(link, "movieId", kind, outcome, reason)
        }));
        linked.problems.sort_by_key(|problem| problem.line);
        linked
    }
}
