//! Rows of an import that match one movie although they are about different works.
//!
//! A movie that the catalog lacks may have the title of another one, with a year that is off by one or in an
//! alternative title. If the export also has that other movie, the two rows contradict each other, and the one
//! that matches less well must not overwrite the rating of the other.

use crate::catalog::Movie;
use crate::catalog::matching::{Match, fold_title};
use crate::ids::MovieIdx;
use crate::rating::Stars;
use crate::sources::history::{Entry, EntryKind, History};

/// How well a row matches its movie, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    NearYear,
    AlternativeTitle,
    Title,
    Id,
}

/// A row that matches a movie.
struct Claim {
    movie: MovieIdx,
    /// Position of the export, and the name of the file in it.
    file: (usize, String),
    /// Folded title and year, which identify a work within a file.
    work: (String, Option<u16>),
    strength: Strength,
    /// The rating, unless it belongs to a single viewing.
    stars: Option<Stars>,
    /// Position of the export and of the row in it.
    position: (usize, usize),
}

/// Makes rows ambiguous that match a movie less well than, or as well as, a row about another work:
///
/// * a row whose year is off by one, if any other row with another title or year matches the movie,
/// * a row that matches by title, if a row of its file with another title or year matches at least as well,
/// * rows of a file with equal titles and years but different ratings.
///
/// Rows that match by ID are unchanged. O(r log r) for r rows.
pub(super) fn resolve(histories: &[History], found: &mut [Vec<Match>], movies: &[Movie]) {
    let mut claims: Vec<Claim> = Vec::new();
    for (at, (history, found)) in histories.iter().zip(found.iter()).enumerate() {
        let rows = history.entries.iter().zip(found).enumerate();
        claims.extend(
            rows.filter_map(|(row, (entry, found))| Claim::new(entry, found, (at, row), movies)),
        );
    }
    claims.sort_by(|a, b| {
        (a.movie, &a.file, &a.work, a.position).cmp(&(b.movie, &b.file, &b.work, b.position))
    });
    let of_movie = claims.chunk_by(|a, b| a.movie == b.movie);
    for claims in of_movie.filter(|claims| claims.len() > 1) {
        let is_single_work = claims.iter().all(|claim| claim.work == claims[0].work);
        for in_file in claims.chunk_by(|a, b| a.file == b.file) {
            for claim in rejected(in_file, is_single_work) {
                let (history, row) = claim.position;
                found[history][row] = Match::Ambiguous(vec![claim.movie]);
            }
        }
    }
}

/// Returns the claims of a file on one movie that are contradicted. `is_single_work` is true if all claims on the
/// movie, in any file, are of one work.
fn rejected(in_file: &[Claim], is_single_work: bool) -> Vec<&Claim> {
    let works: Vec<&[Claim]> = in_file.chunk_by(|a, b| a.work == b.work).collect();
    let strength = |work: &[Claim]| work.iter().map(|claim| claim.strength).max();
    let mut strengths: Vec<_> = works.iter().map(|work| strength(work)).collect();
    strengths.sort_unstable();
    // The strength of the best claim of another work.
    let rival = |of: Option<Strength>| {
        let is_best = of == strengths[strengths.len() - 1];
        strengths.iter().rev().copied().flatten().nth(usize::from(is_best))
    };
    let mut rejected = Vec::new();
    for work in works {
        let rival = rival(strength(work));
        let mut stars = work.iter().filter_map(|claim| claim.stars);
        let first = stars.next();
        let is_contradictory = stars.any(|stars| Some(stars) != first);
        rejected.extend(work.iter().filter(|claim| match claim.strength {
            Strength::Id => false,
            Strength::NearYear => !is_single_work || is_contradictory,
            strength => is_contradictory || rival.is_some_and(|rival| rival >= strength),
        }));
    }
    rejected
}

impl Claim {
    fn new(
        entry: &Entry,
        found: &Match,
        position: (usize, usize),
        movies: &[Movie],
    ) -> Option<Self> {
        let movie = found.movie()?;
        let title = fold_title(&entry.title);
        let strength = match found {
            Match::ById(_) => Strength::Id,
            Match::ByTitle(_) if fold_title(&movies[movie.row()].title) == title => Strength::Title,
            Match::ByTitle(_) => Strength::AlternativeTitle,
            _ => Strength::NearYear,
        };
        let stars = match entry.kind {
            EntryKind::Rated(stars) if !entry.is_diary_rating => Some(stars),
            _ => None,
        };
        let file = (position.0, entry.file.clone());
        Some(Self { movie, file, work: (title, entry.year), strength, stars, position })
    }
}
