//! User tags, counted robustly: a user counts once per movie and tag, and tags applied by only one user are
//! dropped, because they say more about the user than about movies.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ids::{MovieId, UserId};
use crate::sources::movielens::TagRow;

/// Each movie's tags in ascending order, with the number of users who applied them.
#[derive(Clone, Debug, Default)]
pub struct TagCounts {
    by_movie: FxHashMap<MovieId, Vec<(String, u32)>>,
}

/// Minimum number of users who must have applied a tag to any movie.
const MIN_USERS: usize = 2;
/// Maximum length of a tag, in bytes. Longer tags are usually sentences.
const MAX_TAG_LENGTH: usize = 40;

impl TagCounts {
    /// Normalizes and counts the tags in `rows`. O(rows).
    pub fn new<'a>(rows: impl IntoIterator<Item = &'a TagRow>) -> Self {
        let mut users_of: FxHashMap<String, FxHashSet<UserId>> = FxHashMap::default();
        let mut assignments: FxHashSet<(MovieId, String, UserId)> = FxHashSet::default();
        for row in rows {
            let Some(tag) = normalize(&row.tag) else { continue };
            users_of.entry(tag.clone()).or_default().insert(row.user_id);
            assignments.insert((row.movie_id, tag, row.user_id));
        }
        let mut counts: FxHashMap<(MovieId, String), u32> = FxHashMap::default();
        for (movie_id, tag, _) in assignments {
            if users_of[&tag].len() >= MIN_USERS {
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

    /// Returns the movie's tags in ascending order, with the number of users who applied each one.
    pub(crate) fn movie_tags(&self, movie_id: MovieId) -> &[(String, u32)] {
        self.by_movie.get(&movie_id).map_or(&[], Vec::as_slice)
    }

    /// Returns the number of movies that have tags.
    pub(crate) fn n_movies(&self) -> usize {
        self.by_movie.len()
    }
}

/// Converts a tag to lowercase, separates words with single spaces, and trims punctuation from words. Returns
/// `None` if the tag is too short or too long.
fn normalize(tag: &str) -> Option<String> {
    let lower = tag.to_lowercase().replace(['-', '_'], " ");
    let words: Vec<&str> = lower
        .split_whitespace()
        .map(|word| word.trim_matches(|character: char| !character.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let tag = words.join(" ");
    (tag.chars().count() >= 2 && tag.len() <= MAX_TAG_LENGTH).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_user_once_and_drops_tags_of_single_users() {
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
        assert_eq!(counts.movie_tags(MovieId(10)), [("heist".to_owned(), 2)]);
        assert_eq!(counts.movie_tags(MovieId(11)), [("time travel".to_owned(), 1)]);
        assert_eq!(counts.n_movies(), 3);
    }
}
