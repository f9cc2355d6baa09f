//! Reader for recommendation lists from other systems, as CSV with `userId,rank,movieId,score`.

use rustc_hash::{FxHashMap, FxHashSet};

use super::lists::LIST_LENGTH;
use super::split::Split;
use crate::ids::{MovieId, MovieIdx, UserId};
use crate::sources::table::{self, Column};
use crate::sources::{Outcome, Problem, ProblemKind, SourceError};

/// Lists from another system, with any problems found in the file.
#[derive(Clone, Debug)]
pub struct ExternalLists {
    /// One list per held-out user of the split, best first.
    pub lists: Vec<Vec<MovieIdx>>,
    /// Dropped rows, in file order. Rows for users outside the split are listed only up to a limit.
    pub problems: Vec<Problem>,
    /// Number of dropped rows for users outside the split that are not in `problems`.
    pub unlisted_problems: u64,
    /// Held-out users for whom the file has no list, in ascending order. Their lists are empty.
    pub missing_users: Vec<UserId>,
    /// Number of positions that hold a movie that is not a candidate or is in the user's history. These
    /// positions count as misses.
    pub n_invalid_movies: usize,
}

/// A movie and its rank in a user's list.
struct RankedMovie {
    rank: u32,
    movie: MovieIdx,
}

const COLUMNS: [Column; 3] =
    [Column::required("userId"), Column::required("rank"), Column::required("movieId")];
/// Maximum number of rows for users outside the split to list as problems. A file might cover every user
/// of a large dataset.
const MAX_LISTED_PROBLEMS: u64 = 1_000;
const ID_EXPECTED: &str = "a whole number from 0 to 4294967295";

/// Reads lists from CSV. For each user, keeps the [`LIST_LENGTH`] rows with the lowest ranks. O(rows ·
/// log rows).
pub fn external_lists(
    file: &str,
    bytes: &[u8],
    split: &Split<'_>,
) -> Result<ExternalLists, SourceError> {
    let id_of = |index: usize| split.interactions.user_id(split.held_out[index].user);
    let index_of: FxHashMap<UserId, usize> =
        (0..split.held_out.len()).map(|index| (id_of(index), index)).collect();
    let mut ranked: Vec<Vec<RankedMovie>> = split.held_out.iter().map(|_| Vec::new()).collect();
    let mut movies: FxHashSet<(usize, MovieIdx)> = FxHashSet::default();
    let mut ranks: FxHashSet<(usize, u32)> = FxHashSet::default();
    let mut problems = Vec::new();
    let mut n_unknown_users = 0;
    table::read(file, bytes, &COLUMNS, &mut problems, |row, problems| {
        let Some(user) = row.require::<UserId>(0, ID_EXPECTED, problems) else { return };
        let Some(rank) = row.require::<u32>(1, "a rank from 1 (best)", problems) else { return };
        let Some(movie_id) = row.require::<MovieId>(2, ID_EXPECTED, problems) else { return };
        let mut drop_row = |column, kind, reason: String| {
            problems.push(row.problem(column, kind, Outcome::RowDropped, reason));
        };
        let Some(index) = index_of.get(&user) else {
            n_unknown_users += 1;
            if n_unknown_users > MAX_LISTED_PROBLEMS {
                return;
            }
            let reason = format!("user {user} is not a held-out user of this split");
            return drop_row(0, ProblemKind::UnknownReference, reason);
        };
        let Some(movie) = split.interactions.movies().index_of(movie_id) else {
            let reason = format!("movie {movie_id} is not in the catalog");
            return drop_row(2, ProblemKind::UnknownReference, reason);
        };
        if movies.contains(&(*index, movie)) {
            let reason = format!("movie {movie_id} is already in the list of user {user}");
            return drop_row(2, ProblemKind::DuplicateId, reason);
        }
        if rank == 0 {
            let reason = "expected a rank of 1 or more, got `0`".to_owned();
            return drop_row(1, ProblemKind::InvalidValue, reason);
        }
        if !ranks.insert((*index, rank)) {
            let reason = format!("user {user} already has a movie at rank {rank}");
            return drop_row(1, ProblemKind::DuplicateId, reason);
        }
        movies.insert((*index, movie));
        ranked[*index].push(RankedMovie { rank, movie });
    })
    .map_err(|error| error.with_advice("Create it again"))?;

    let mut n_invalid_movies = 0;
    let mut lists = Vec::with_capacity(ranked.len());
    let mut missing_users = Vec::new();
    for (index, mut movies) in ranked.into_iter().enumerate() {
        movies.sort_unstable_by_key(|ranked| ranked.rank);
        movies.truncate(LIST_LENGTH);
        let held = &split.held_out[index];
        n_invalid_movies += movies
            .iter()
            .filter(|ranked| {
                !split.is_candidate[ranked.movie.row()]
                    || held.history.iter().any(|rated| rated.movie == ranked.movie)
            })
            .count();
        if movies.is_empty() {
            missing_users.push(id_of(index));
        }
        lists.push(movies.into_iter().map(|ranked| ranked.movie).collect());
    }
    let unlisted_problems = u64::saturating_sub(n_unknown_users, MAX_LISTED_PROBLEMS);
    Ok(ExternalLists { lists, problems, unlisted_problems, missing_users, n_invalid_movies })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::testing::ratings;
    use super::super::{Part, StrongGeneralization};
    use super::*;

    #[test]
    fn orders_lists_by_rank_and_reports_invalid_rows() {
        let interactions = ratings();
        let split = StrongGeneralization::default().split(&interactions, Part::Test).unwrap();
        let ids: Vec<UserId> =
            split.held_out.iter().map(|held| interactions.user_id(held.user)).collect();
        let known = split.held_out[0].history[0].movie;
        let mut csv = "userId,rank,movieId,score\n".to_owned();
        let known = interactions.movies().id_of(known);
        let free: Vec<MovieId> =
            interactions.movies().ids()[..50].iter().filter(|id| **id != known).copied().collect();
        let (a, b) = (free[0], free[1]);
        let user = ids[0];
        writeln!(csv, "{user},3,{a},0.1\n{user},1,{known},0.5\n{user},2,{b},0.4").unwrap();
        writeln!(csv, "{user},4,{b},0\n{user},1,{},0\n{user},x,{a},0", free[2]).unwrap();
        csv.push_str("99999,1,1,0\n");
        writeln!(csv, "{user},9,88888,0").unwrap();
        let read = external_lists("recs.csv", csv.as_bytes(), &split).unwrap();
        let list: Vec<MovieId> =
            read.lists[0].iter().map(|movie| interactions.movies().id_of(*movie)).collect();
        assert_eq!(list, [known, b, a]);
        assert!(read.n_invalid_movies >= 1);
        assert_eq!(read.missing_users, ids[1..]);
        let lines: Vec<u64> = read.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [5, 6, 7, 8, 9]);
        assert!(
            read.problems[3].reason.contains("user 99999 is not a held-out user of this split")
        );
        for row in 1..=MAX_LISTED_PROBLEMS + 7 {
            writeln!(csv, "99999,{row},1,0").unwrap();
        }
        let read = external_lists("recs.csv", csv.as_bytes(), &split).unwrap();
        assert_eq!(read.unlisted_problems, 8, "the file already had one such row");
        assert_eq!(read.problems.len() as u64, MAX_LISTED_PROBLEMS + 4);
        let wrong = external_lists("recs.csv", b"user,item\n", &split).unwrap_err();
        assert!(wrong.to_string().contains("expected `userId,rank,movieId`"), "{wrong}");
    }
}
