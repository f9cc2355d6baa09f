//! Row deduplication: there are many movies, but only a few combinations of genres or release years.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::matrix::CsrMatrix;

/// Minimum number of movies per distinct row for deduplication to pay off.
const MOVIES_PER_PATTERN: usize = 32;
/// Deduplication always pays off with at most this many distinct rows.
const MIN_PATTERN_LIMIT: usize = 8;

/// The distinct rows within a range of a matrix's columns.
#[derive(Clone, Debug)]
pub(crate) struct RowPatterns {
    columns: Range<u32>,
    /// The distinct rows, with columns relative to the start of the range.
    patterns: CsrMatrix<f32>,
}

impl RowPatterns {
    /// Returns the distinct rows and, for each matrix row, the index of its pattern. Returns `None` if there
    /// are too many distinct rows for deduplication to pay off. O(entries).
    pub(crate) fn find(matrix: &CsrMatrix<f32>, columns: Range<u32>) -> Option<(Self, Vec<u32>)> {
        let limit = (matrix.n_rows() / MOVIES_PER_PATTERN).max(MIN_PATTERN_LIMIT);
        let mut pattern_ids: FxHashMap<Vec<(u32, u32)>, u32> = FxHashMap::default();
        let mut patterns = CsrMatrix::new(columns.len());
        let mut pattern_of_row = Vec::with_capacity(matrix.n_rows());
        let mut key = Vec::new();
        for row in 0..matrix.n_rows() {
            let (row, values) = matrix.row(row);
            let run = within(row, &columns);
            let entries = row[run.clone()].iter().zip(&values[run]);
            key.clear();
            key.extend(entries.map(|(column, value)| (column - columns.start, value.to_bits())));
            let pattern = match pattern_ids.get(&key) {
                Some(pattern) => *pattern,
                None if patterns.n_rows() >= limit => return None,
                None => {
                    let new = patterns.n_rows() as u32;
                    patterns.push_row(
                        key.iter().map(|(column, bits)| (*column, f32::from_bits(*bits))),
                    );
                    pattern_ids.insert(key.clone(), new);
                    new
                }
            };
            pattern_of_row.push(pattern);
        }
        Some((Self { columns, patterns }, pattern_of_row))
    }

    /// Returns the range of columns that the patterns cover.
    pub(crate) fn columns(&self) -> &Range<u32> {
        &self.columns
    }

    /// Returns the dot product of each pattern with a sparse vector. `columns` holds the vector's columns in
    /// the whole matrix, in ascending order. O(entries of the patterns).
    pub(crate) fn dots(&self, columns: &[u32], weights: &[f32]) -> Vec<f32> {
        let mut dense = vec![0.0; self.columns.len()];
        for index in within(columns, &self.columns) {
            dense[(columns[index] - self.columns.start) as usize] = weights[index];
        }
        let (starts, columns, values) = self.patterns.parts();
        let dot = |ends: &[usize]| {
            let (columns, values) = (&columns[ends[0]..ends[1]], &values[ends[0]..ends[1]]);
            columns
                .iter()
                .zip(values)
                .fold(0.0, |sum, (column, value)| sum + dense[*column as usize] * value)
        };
        starts.windows(2).map(dot).collect()
    }
}

/// Returns the range of indices into `columns`, which must be ascending, whose columns are within `run`.
fn within(columns: &[u32], run: &Range<u32>) -> Range<usize> {
    let from = columns.partition_point(|column| *column < run.start);
    from..columns.partition_point(|column| *column < run.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deduplicates_equal_rows_without_changing_dot_products() {
        let mut matrix = CsrMatrix::new(5);
        for row in 0..64_u32 {
            let value = if row % 3 == 0 { 1.0 } else { 2.0 };
            matrix.push_row([(0, row as f32), (2, value), (3, 0.5), (4, row as f32)]);
        }
        let (patterns, of) = RowPatterns::find(&matrix, 1..4).unwrap();
        let dots = patterns.dots(&[0, 2, 3], &[100.0, 3.0, 4.0]);
        assert_eq!(dots.len(), 2);
        for (row, pattern) in of.into_iter().enumerate() {
            let expected = if row % 3 == 0 { 5.0 } else { 8.0 };
            assert!((dots[pattern as usize] - expected).abs() < 1e-6);
        }
        assert!(RowPatterns::find(&matrix, 0..1).is_none(), "all rows are distinct");
    }
}
