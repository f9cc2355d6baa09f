//! Builds both sorted matrices in parallel from rows that are in file order.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Interactions, row_range};
use crate::ids::{MovieIdx, UserId, UserIdx, Vocabulary};
use crate::sources::ratings::{Part, RatingsRead};
use crate::sources::{Outcome, Problem, ProblemKind};

/// Maximum number of bands. Each band is a range of consecutive matrix rows that a single task fills.
const N_BANDS: usize = 16;

impl Interactions {
    /// Builds both matrices from the rows read from `file`. If a user rated a movie more than once, the
    /// last rating is kept and a problem is added to `read.problems` for each rating it replaces. Takes
    /// O(ratings) time if the file is sorted by user. Allocates 9 bytes per rating while the rows are in
    /// memory, and another 5 after they are freed.
    pub fn new(file: &str, movies: Vocabulary, read: &mut RatingsRead) -> Self {
        let parts: Vec<UserRows> =
            std::mem::take(&mut read.parts).into_iter().map(UserRows::new).collect();
        let mut interactions = Self::with_user_offsets(movies, &parts);
        let repeated = interactions.fill(&parts);
        if !repeated.is_empty() {
            read.problems.extend(interactions.repeated_problems(file, &parts, &repeated));
            read.problems.sort_by_key(|problem| problem.line);
            interactions.drop_repeated(&repeated);
        }
        drop(parts);
        interactions.transpose();
        interactions
    }

    /// Counts the ratings given by each user and allocates the arrays sorted by user.
    fn with_user_offsets(movies: Vocabulary, parts: &[UserRows]) -> Self {
        let part_counts: Vec<FxHashMap<UserId, u64>> =
            parts.par_iter().map(UserRows::counts).collect();
        let mut counts: FxHashMap<UserId, u64> = FxHashMap::default();
        for (user, count) in part_counts.into_iter().flatten() {
            *counts.entry(user).or_default() += count;
        }
        let mut counts: Vec<(UserId, u64)> = counts.into_iter().collect();
        counts.par_sort_unstable();
        let user_offsets = offsets(counts.iter().map(|(_, count)| *count));
        let n = *user_offsets.last().unwrap_or(&0) as usize;
        Self {
            users: counts.into_iter().map(|(user, _)| user).collect(),
            movies,
            user_offsets,
            user_movies: vec![0; n],
            user_stars: vec![0; n],
            user_times: vec![0; n],
            movie_offsets: Vec::new(),
            movie_users: Vec::new(),
            movie_stars: Vec::new(),
        }
    }

    /// Copies each rating to its final position and returns the repeated ones. Afterwards, each user's
    /// movies are in ascending order, and repeated movies are in file order.
    fn fill(&mut self, parts: &[UserRows]) -> Vec<Repeated> {
        let Self { users, user_offsets, user_movies, user_stars, user_times, .. } = self;
        let (users, user_offsets) = (&*users, &*user_offsets);
        let (mut movies, mut stars) = (user_movies.as_mut_slice(), user_stars.as_mut_slice());
        let mut times = user_times.as_mut_slice();
        let bands: Vec<Band<'_>> = bands(user_offsets)
            .into_iter()
            .map(|rows| {
                let length = (user_offsets[rows.end] - user_offsets[rows.start]) as usize;
                Band {
                    offsets: &user_offsets[rows.start..=rows.end],
                    users: &users[rows.clone()],
                    first: rows.start as u32,
                    movies: movies.split_off_mut(..length).unwrap_or_default(),
                    stars: stars.split_off_mut(..length).unwrap_or_default(),
                    times: times.split_off_mut(..length).unwrap_or_default(),
                }
            })
            .collect();
        bands.into_par_iter().with_max_len(1).flat_map_iter(|mut band| band.fill(parts)).collect()
    }

    /// Returns a problem for each repeated rating.
    fn repeated_problems(
        &self,
        file: &str,
        parts: &[UserRows],
        repeated: &[Repeated],
    ) -> Vec<Problem> {
        let pairs: FxHashSet<(UserId, MovieIdx)> =
            repeated.iter().map(|repeated| (self.user_id(repeated.user), repeated.movie)).collect();
        let users: FxHashSet<UserId> = pairs.iter().map(|(user, _)| *user).collect();
        let mut last: FxHashMap<(UserId, MovieIdx), u64> = FxHashMap::default();
        let mut problems = Vec::new();
        for part in parts {
            for (user, rows) in part.runs().filter(|(user, _)| users.contains(user)) {
                for index in rows {
                    let pair = (user, part.rows.movies[index]);
                    if !pairs.contains(&pair) {
                        continue;
                    }
                    let line = part.rows.line_of(index);
                    let Some(earlier_line) = last.insert(pair, line) else { continue };
                    problems.push(Problem {
                        file: file.to_owned(),
                        line,
                        field: Some("movieId".to_owned()),
                        kind: ProblemKind::DuplicateId,
                        outcome: Outcome::EarlierRowReplaced,
                        reason: format!(
                            "user {user} already rated movie {} on line {earlier_line}; this row replaces it",
                            self.movies.id_of(pair.1)
                        ),
                    });
                }
            }
        }
        problems
    }

    /// Keeps only the last rating of each repeated pair. O(ratings).
    fn drop_repeated(&mut self, repeated: &[Repeated]) {
        let mut dropped = repeated.iter().map(|repeated| repeated.index).peekable();
        let n = self.user_movies.len();
        let mut n_kept = 0;
        let mut row = 0;
        for index in 0..n {
            while self.user_offsets[row] as usize == index {
                self.user_offsets[row] = n_kept as u64;
                row += 1;
            }
            if dropped.next_if_eq(&index).is_some() {
                continue;
            }
            self.user_movies[n_kept] = self.user_movies[index];
            self.user_stars[n_kept] = self.user_stars[index];
            self.user_times[n_kept] = self.user_times[index];
            n_kept += 1;
        }
        self.user_offsets[row..].fill(n_kept as u64);
        self.user_movies.truncate(n_kept);
        self.user_stars.truncate(n_kept);
        self.user_times.truncate(n_kept);
    }

    /// Builds the matrix sorted by movie by transposing the one sorted by user.
    pub(super) fn transpose(&mut self) {
        /// Number of ratings counted by each task.
        const CHUNK: usize = 1 << 20;
        let n_movies = self.movies.len();
        let counts = self
            .user_movies
            .par_chunks(CHUNK)
            .fold(
                || vec![0_u64; n_movies],
                |mut counts, movies| {
                    for movie in movies {
                        counts[*movie as usize] += 1;
                    }
                    counts
                },
            )
            .reduce_with(|mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                a
            })
            .unwrap_or_else(|| vec![0; n_movies]);
        self.movie_offsets = offsets(counts.into_iter());
        self.movie_users = vec![0; self.user_movies.len()];
        self.movie_stars = vec![0; self.user_movies.len()];

        let (mut users, mut stars) =
            (self.movie_users.as_mut_slice(), self.movie_stars.as_mut_slice());
        let (user_offsets, user_movies) = (&self.user_offsets, &self.user_movies);
        let (user_stars, movie_offsets) = (&self.user_stars, &self.movie_offsets);
        let bands: Vec<(Range<usize>, &mut [u32], &mut [u8])> = bands(movie_offsets)
            .into_iter()
            .map(|rows| {
                let length = (movie_offsets[rows.end] - movie_offsets[rows.start]) as usize;
                let users = users.split_off_mut(..length).unwrap_or_default();
                (rows, users, stars.split_off_mut(..length).unwrap_or_default())
            })
            .collect();
        bands.into_par_iter().with_max_len(1).for_each(|(rows, users, stars)| {
            let base = movie_offsets[rows.start];
            let mut next: Vec<usize> =
                movie_offsets[rows.clone()].iter().map(|offset| (offset - base) as usize).collect();
            let (from, to) = (rows.start as u32, rows.end as u32);
            for user in 0..user_offsets.len() - 1 {
                let range = row_range(user_offsets, user);
                let movies = &user_movies[range.clone()];
                let first = movies.partition_point(|movie| *movie < from);
                for (movie, halves) in movies[first..].iter().zip(&user_stars[range][first..]) {
                    if *movie >= to {
                        break;
                    }
                    let slot = &mut next[*movie as usize - rows.start];
                    users[*slot] = user as u32;
                    stars[*slot] = *halves;
                    *slot += 1;
                }
            }
        });
    }
}

/// Returns the start of each row, followed by the end of the last row, given the row lengths.
fn offsets(lengths: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut total = 0;
    let ends = lengths.map(|length| {
        total += length;
        total
    });
    std::iter::once(0).chain(ends).collect()
}

/// Splits the rows into at most [`N_BANDS`] ranges with roughly equal numbers of entries.
fn bands(offsets: &[u64]) -> Vec<Range<usize>> {
    let total = offsets[offsets.len() - 1];
    let mut bands: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    for band in 1..=N_BANDS as u64 {
        let to = offsets.partition_point(|start| *start < total * band / N_BANDS as u64);
        if to > from {
            bands.push(from..to);
            from = to;
        }
    }
    // Add trailing empty rows to the last band.
    match bands.last_mut() {
        Some(last) => last.end = offsets.len() - 1,
        None => bands.push(0..offsets.len() - 1),
    }
    bands
}

/// A rating that is replaced by a later row for the same user–movie pair.
struct Repeated {
    /// Index into the arrays sorted by user.
    index: usize,
    user: UserIdx,
    movie: MovieIdx,
}

/// The rows of one part of the ratings file.
struct UserRows {
    rows: Part,
    /// Smallest and largest user ID; `None` if there are no rows.
    users: Option<(UserId, UserId)>,
}

impl UserRows {
    fn new(rows: Part) -> Self {
        let users = rows.users.iter().min().copied().zip(rows.users.iter().max().copied());
        Self { rows, users }
    }

    /// Iterates over runs of consecutive rows from the same user.
    fn runs(&self) -> impl Iterator<Item = (UserId, Range<usize>)> {
        let mut start = 0;
        self.rows.users.chunk_by(|a, b| a == b).map(move |run| {
            let rows = start..start + run.len();
            start = rows.end;
            (run[0], rows)
        })
    }

    fn counts(&self) -> FxHashMap<UserId, u64> {
        let mut counts = FxHashMap::default();
        for (user, rows) in self.runs() {
            *counts.entry(user).or_default() += rows.len() as u64;
        }
        counts
    }
}

/// Consecutive users whose ratings are filled in by a single task.
struct Band<'a> {
    /// Start of each user's row in the arrays sorted by user, followed by the end of the last row.
    offsets: &'a [u64],
    users: &'a [UserId],
    /// Index of the band's first user.
    first: u32,
    movies: &'a mut [u32],
    stars: &'a mut [u8],
    times: &'a mut [u32],
}

impl Band<'_> {
    fn fill(&mut self, parts: &[UserRows]) -> Vec<Repeated> {
        let (Some(min_user), Some(max_user)) = (self.users.first(), self.users.last()) else {
            return Vec::new();
        };
        let mut next: Vec<usize> =
            self.offsets.iter().map(|start| (start - self.offsets[0]) as usize).collect();
        let overlaps = |part: &&UserRows| {
            part.users.is_some_and(|(first, last)| first <= *max_user && last >= *min_user)
        };
        for part in parts.iter().filter(overlaps) {
            for (user, rows) in part.runs() {
                let Ok(index) = self.users.binary_search(&user) else { continue };
                let target = next[index]..next[index] + rows.len();
                next[index] = target.end;
                let Part { movies, stars, times, .. } = &part.rows;
                let movies = movies[rows.clone()].iter().map(|movie| movie.0);
                self.movies[target.clone()]
                    .iter_mut()
                    .zip(movies)
                    .for_each(|(to, from)| *to = from);
                let stars = stars[rows.clone()].iter().map(|stars| stars.halves());
                self.stars[target.clone()].iter_mut().zip(stars).for_each(|(to, from)| *to = from);
                self.times[target].copy_from_slice(&times[rows]);
            }
        }
        let mut repeated = Vec::new();
        for index in 0..self.users.len() {
            self.sort(index, &mut repeated);
        }
        repeated
    }

    /// Sorts a user's row by movie, unless it is already sorted, and collects repeated movies.
    fn sort(&mut self, user: usize, repeated: &mut Vec<Repeated>) {
        let base = self.offsets[0];
        let range = (self.offsets[user] - base) as usize..(self.offsets[user + 1] - base) as usize;
        let movies = &mut self.movies[range.clone()];
        if movies.is_sorted_by(|a, b| a < b) {
            return;
        }
        let (stars, times) = (&mut self.stars[range.clone()], &mut self.times[range.clone()]);
        let mut rows: Vec<(u32, u8, u32)> = movies
            .iter()
            .zip(&*stars)
            .zip(&*times)
            .map(|((movie, stars), time)| (*movie, *stars, *time))
            .collect();
        // A stable sort keeps repeated movies in file order.
        rows.sort_by_key(|(movie, ..)| *movie);
        for (index, (movie, halves, time)) in rows.into_iter().enumerate() {
            if index > 0 && movies[index - 1] == movie {
                repeated.push(Repeated {
                    index: base as usize + range.start + index - 1,
                    user: UserIdx(self.first + user as u32),
                    movie: MovieIdx(movie),
                });
            }
            movies[index] = movie;
            stars[index] = halves;
            times[index] = time;
        }
    }
}
