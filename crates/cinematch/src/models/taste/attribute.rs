//! A categorical attribute of movies, such as their genres, and how often users like each of its values.

use std::borrow::Cow;
use std::io;

use rustc_hash::FxHashMap;

use crate::features::ranking::{BlockKind, RankingFeatures};
use crate::ids::MovieIdx;
use crate::models::archive::{DenseArray, ReadArchive};

/// Number of likes with the distribution of all likes that are added to the user's. With few likes of their
/// own, the user's distribution stays close to that of all users.
const PRIOR_LIKES: f32 = 5.0;

/// Names of an attribute's arrays in the archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArrayNames {
    pub pattern: &'static str,
    pub shares: &'static str,
    pub likes: &'static str,
}

/// An attribute: each movie divides a share of 1 among its values. Movies with equal shares have a pattern in
/// common, because there are many movies but few combinations of genres.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attribute {
    /// Pattern of each movie.
    pattern_of: Vec<u32>,
    /// Shares, one row per pattern and one column per value. A row adds up to 1, or to 0 for movies whose
    /// values are unknown.
    shares: Vec<f32>,
    /// Fraction of all likes that each value has.
    likes: Vec<f32>,
}

impl Attribute {
    /// Reads the attribute from a block of features. `popularity` is each movie's number of likes, or empty if
    /// the distribution of likes is not needed. O(movies · values).
    pub(super) fn new(features: &RankingFeatures, kind: BlockKind, popularity: &[f32]) -> Self {
        let columns = features.blocks.iter().find(|block| block.kind == kind);
        let (start, end) = columns.map_or((0, 0), |block| (block.start, block.end));
        let n_values = (end - start) as usize;
        let mut pattern_ids: FxHashMap<Vec<(u32, u32)>, u32> = FxHashMap::default();
        let (mut pattern_of, mut shares) = (Vec::with_capacity(popularity.len()), Vec::new());
        for row in 0..features.matrix.n_rows() {
            let entries = features.matrix.entries(row);
            let entries: Vec<(u32, f32)> =
                entries.filter(|(column, _)| (start..end).contains(column)).collect();
            let total: f32 = entries.iter().map(|(_, value)| value).sum();
            let key = entries.iter().map(|(column, value)| (column - start, value.to_bits()));
            let next = pattern_ids.len() as u32;
            let pattern = *pattern_ids.entry(key.collect()).or_insert_with(|| {
                let first = shares.len();
                shares.resize(first + n_values, 0.0);
                for (column, value) in &entries {
                    shares[first + (column - start) as usize] = value / total;
                }
                next
            });
            pattern_of.push(pattern);
        }
        let mut attribute = Self { pattern_of, shares, likes: vec![0.0; n_values] };
        let movies = (0..).map(MovieIdx).zip(popularity.iter().copied());
        let sums = attribute.sums(movies);
        let total: f64 = sums.iter().sum();
        if total > 0.0 {
            attribute.likes = sums.into_iter().map(|sum| (sum / total) as f32).collect();
        }
        attribute
    }

    /// Returns the sum of the shares of each value, weighted per movie. Added in f64, because sums of many
    /// small shares would lose digits in f32.
    fn sums(&self, movies: impl Iterator<Item = (MovieIdx, f32)>) -> Vec<f64> {
        let mut sums = vec![0.0; self.likes.len()];
        for (movie, weight) in movies {
            for (sum, share) in sums.iter_mut().zip(self.shares_of(movie)) {
                *sum += f64::from(weight * share);
            }
        }
        sums
    }

    fn shares_of(&self, movie: MovieIdx) -> &[f32] {
        let first = self.pattern_of[movie.row()] as usize * self.likes.len();
        &self.shares[first..first + self.likes.len()]
    }

    /// Returns the score of each pattern for a user, given as liked movies with their weights: the mean of
    /// ln(p(v | user) / p(v)) over the values v, weighted by share. O(likes · values + patterns · values).
    pub(super) fn scores(&self, liked: &[(MovieIdx, f32)]) -> Vec<f32> {
        let n_values = self.likes.len();
        if n_values == 0 {
            return vec![0.0; 1];
        }
        let sums = self.sums(liked.iter().copied());
        let total = sums.iter().sum::<f64>() as f32;
        let log_ratio = |(sum, p): (&f64, &f32)| {
            let expected = p * (total + PRIOR_LIKES);
            if expected > 0.0 { ((*sum as f32 + PRIOR_LIKES * p) / expected).ln() } else { 0.0 }
        };
        let log_ratios: Vec<f32> = sums.iter().zip(&self.likes).map(log_ratio).collect();
        let dot = |shares: &[f32]| {
            shares.iter().zip(&log_ratios).fold(0.0, |sum, (share, ratio)| sum + share * ratio)
        };
        self.shares.chunks_exact(n_values).map(dot).collect()
    }

    /// Returns each movie's pattern: its index in the result of [`Self::scores`].
    pub(super) fn patterns(&self) -> &[u32] {
        &self.pattern_of
    }

    /// Returns the attribute of the movies in `features`, keeping the distribution of all likes.
    pub(super) fn with_features(&self, features: &RankingFeatures, kind: BlockKind) -> Self {
        Self { likes: self.likes.clone(), ..Self::new(features, kind, &[]) }
    }

    /// Returns the arrays to store.
    pub(super) fn arrays(&self, names: ArrayNames) -> [DenseArray<'_>; 3] {
        let pattern_of = self.pattern_of.iter().map(|pattern| *pattern as f32).collect();
        let n_patterns = self.shares.len() / self.likes.len().max(1);
        [
            DenseArray {
                name: names.pattern,
                n_rows: self.pattern_of.len(),
                values: Cow::Owned(pattern_of),
            },
            DenseArray {
                name: names.shares,
                n_rows: n_patterns.max(1),
                values: Cow::Borrowed(&self.shares),
            },
            DenseArray {
                name: names.likes,
                n_rows: self.likes.len().max(1),
                values: Cow::Borrowed(&self.likes),
            },
        ]
    }

    /// Restores the attribute from its arrays.
    pub(super) fn restore(names: ArrayNames, archive: &dyn ReadArchive) -> io::Result<Self> {
        let pattern_of = archive.dense(names.pattern)?;
        let (shares, likes) = (archive.dense(names.shares)?, archive.dense(names.likes)?);
        let n_patterns = if likes.is_empty() { 1 } else { shares.len() / likes.len() };
        if pattern_of.iter().any(|pattern| !(0.0..n_patterns as f32).contains(pattern)) {
            return Err(io::Error::other(format!("`{}` is out of range", names.pattern)));
        }
        let pattern_of = pattern_of.into_iter().map(|pattern| pattern as u32).collect();
        Ok(Self { pattern_of, shares, likes })
    }
}
