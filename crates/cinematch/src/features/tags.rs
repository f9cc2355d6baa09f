//! Viewers' tags, counted so that nobody can shout: a viewer counts once for a film and a tag, and
//! a tag that only one viewer ever uses says something about the viewer, not about films.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ids::{MovieId, UserId};
use crate::sources::movielens::TagRow;

/// For each film its tags with the number of viewers who gave them, by tag ascending.
#[derive(Clone, Debug, Default)]
pub struct TagCounts {
    by_movie: FxHashMap<MovieId, Vec<(String, u32)>>,
}

/// The fewest viewers that must use a tag, anywhere, for it to count.
const FEWEST_USERS: usize = 2;
/// Longer "tags" are sentences.
const LONGEST_TAG: usize = 40;

impl TagCounts {
    /// Normalises and counts. O(rows).
    pub fn new<'a>(rows: impl IntoIterator<Item = &'a TagRow>) -> Self {
        let mut users_of: FxHashMap<String, FxHashSet<UserId>> = FxHashMap::default();
        let mut given: FxHashSet<(MovieId, String, UserId)> = FxHashSet::default();
        for row in rows {
            let Some(tag) = normalise(&row.tag) else { continue };
            users_of.entry(tag.clone()).or_default().insert(row.user_id);
            given.insert((row.movie_id, tag, row.user_id));
        }
        let mut counts: FxHashMap<(MovieId, String), u32> = FxHashMap::default();
        for (movie_id, tag, _) in given {
            if users_of[&tag].len() >= FEWEST_USERS {
                *counts.entry((movie_id, tag)).or_default() += 1;
            }
        }
        let mut by_movie: FxHashMap<MovieId, Vec<(String, u32)>> = FxHashMap::default();
        for ((movie_id, tag), users) in counts {
            by_movie.entry(movie_id).or_default().push((tag, users));
        }
        for tags in by_movie.values_mut() {
            tags.sort_unstable();
        }
        Self { by_movie }
    }

    /// A film's tags.
    pub fn of(&self, movie_id: MovieId) -> &[(String, u32)] {
        self.by_movie.get(&movie_id).map_or(&[], Vec::as_slice)
    }

    /// Films with a tag.
    pub fn n_movies(&self) -> usize {
        self.by_movie.len()
    }
}

/// Lower case, words divided by single spaces, punctuation at the ends gone.
fn normalise(tag: &str) -> Option<String> {
    let lower = tag.to_lowercase().replace(['-', '_'], " ");
    let words: Vec<&str> = lower
        .split_whitespace()
        .map(|word| word.trim_matches(|character: char| !character.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let tag = words.join(" ");
    (tag.chars().count() >= 2 && tag.len() <= LONGEST_TAG).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_counts_once_and_alone_not_at_all() {
        let row = |user, movie, tag: &str| TagRow {
            user_id: UserId(user),
            movie_id: MovieId(movie),
            tag: tag.to_owned(),
            timestamp: None,
        };
        let counts = TagCounts::new(&[
            row(1, 10, "Heist!"),
            row(1, 10, "heist"),
            row(2, 10, " HEIST "),
            row(2, 11, "time-travel"),
            row(1, 12, "Time  Travel"),
            row(3, 10, "seen on a plane"),
            row(3, 11, "seen on a plane"),
        ]);
        assert_eq!(counts.of(MovieId(10)), [("heist".to_owned(), 2)]);
        assert_eq!(counts.of(MovieId(11)), [("time travel".to_owned(), 1)]);
        assert_eq!(counts.n_movies(), 3);
    }
}
