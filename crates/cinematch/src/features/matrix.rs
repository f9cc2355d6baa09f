//! Sparse matrices in compressed sparse row form.

/// A CSR matrix. Row `r` consists of the entries `indptr[r]..indptr[r + 1]`, in ascending column order.
#[derive(Clone, Debug, PartialEq)]
pub struct CsrMatrix<T> {
    n_columns: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy> CsrMatrix<T> {
    /// Creates a matrix without rows.
    pub(crate) fn new(n_columns: usize) -> Self {
        Self { n_columns, indptr: vec![0], indices: Vec::new(), values: Vec::new() }
    }

    /// Builds a matrix from its arrays. Returns `None` if the arrays are inconsistent.
    pub fn from_parts(
        n_columns: usize,
        indptr: Vec<usize>,
        indices: Vec<u32>,
        values: Vec<T>,
    ) -> Option<Self> {
        let is_ascending = indptr.first() == Some(&0)
            && indptr.windows(2).all(|pair| pair[0] <= pair[1])
            && indptr.last() == Some(&indices.len())
            && indices.len() == values.len();
        if !is_ascending {
            return None;
        }
        let is_valid = indptr.windows(2).all(|pair| {
            let row = &indices[pair[0]..pair[1]];
            row.windows(2).all(|pair| pair[0] < pair[1])
                && row.last().is_none_or(|last| (*last as usize) < n_columns)
        });
        is_valid.then_some(Self { n_columns, indptr, indices, values })
    }

    /// Appends a row. Its columns must be in ascending order and less than the number of columns.
    pub(crate) fn push_row(&mut self, entries: impl IntoIterator<Item = (u32, T)>) {
        for (column, value) in entries {
            debug_assert!((column as usize) < self.n_columns);
            debug_assert!(
                self.indices.len() == self.indptr[self.indptr.len() - 1]
                    || self.indices.last().is_some_and(|last| *last < column)
            );
            self.indices.push(column);
            self.values.push(value);
        }
        self.indptr.push(self.indices.len());
    }

    /// Returns the number of rows.
    pub(crate) fn n_rows(&self) -> usize {
        self.indptr.len() - 1
    }

    /// Returns the number of columns.
    pub(crate) fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Returns the number of stored entries.
    pub fn n_entries(&self) -> usize {
        self.indices.len()
    }

    /// Returns the columns and values of the entries in `row`.
    #[inline]
    pub fn row(&self, row: usize) -> (&[u32], &[T]) {
        let range = self.indptr[row]..self.indptr[row + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Iterates over the columns and values of the entries in `row`.
    #[inline]
    pub fn entries(&self, row: usize) -> impl Iterator<Item = (u32, T)> + '_ {
        let (columns, values) = self.row(row);
        columns.iter().copied().zip(values.iter().copied())
    }

    /// Returns the row offsets, columns and values, as in `scipy.sparse.csr_matrix`.
    pub(crate) fn parts(&self) -> (&[usize], &[u32], &[T]) {
        (&self.indptr, &self.indices, &self.values)
    }

    /// Widens the matrix to `n_columns` columns without adding entries.
    ///
    /// # Panics
    /// Panics if `n_columns` is less than the current number of columns.
    #[must_use]
    pub(crate) fn with_columns(mut self, n_columns: usize) -> Self {
        assert!(n_columns >= self.n_columns, "the number of columns must not decrease");
        self.n_columns = n_columns;
        self
    }

    /// Concatenates the columns of `blocks`, which must have the same number of rows.
    pub(crate) fn hstack(blocks: &[&Self]) -> Self {
        let n_columns = blocks.iter().map(|block| block.n_columns).sum();
        let n_rows = blocks.first().map_or(0, |block| block.n_rows());
        let n_entries = blocks.iter().map(|block| block.n_entries()).sum();
        let mut joined = Self::new(n_columns);
        joined.indptr.reserve(n_rows);
        joined.indices.reserve(n_entries);
        joined.values.reserve(n_entries);
        for row in 0..n_rows {
            let mut offset = 0;
            for block in blocks {
                let (columns, values) = block.row(row);
                joined.indices.extend(columns.iter().map(|column| column + offset));
                joined.values.extend_from_slice(values);
                offset += block.n_columns as u32;
            }
            joined.indptr.push(joined.indices.len());
        }
        joined
    }

    /// Returns the transpose of the rows in `order`: column `i` of the result is row `order[i]`. Entries in
    /// columns for which `keep` returns false are omitted. O(entries).
    #[must_use]
    pub(crate) fn transposed(
        &self,
        order: impl Iterator<Item = usize> + Clone,
        keep: impl Fn(u32) -> bool,
    ) -> Self
    where
        T: Default,
    {
        let mut indptr = vec![0_usize; self.n_columns + 1];
        for row in order.clone() {
            for column in self.row(row).0.iter().filter(|column| keep(**column)) {
                indptr[*column as usize + 1] += 1;
            }
        }
        for column in 0..self.n_columns {
            indptr[column + 1] += indptr[column];
        }
        let mut next = indptr.clone();
        let mut indices = vec![0_u32; indptr[self.n_columns]];
        let mut values = vec![T::default(); indptr[self.n_columns]];
        for (index, row) in order.enumerate() {
            for (column, value) in self.entries(row).filter(|(column, _)| keep(*column)) {
                let slot = &mut next[column as usize];
                indices[*slot] = index as u32;
                values[*slot] = value;
                *slot += 1;
            }
        }
        Self { n_columns: self.n_rows(), indptr, indices, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> CsrMatrix<f32> {
        let mut matrix = CsrMatrix::new(3);
        matrix.push_row([(0, 1.0), (2, 2.0)]);
        matrix.push_row([]);
        matrix.push_row([(1, 3.0)]);
        matrix.push_row([(0, 4.0)]);
        matrix
    }

    #[test]
    fn transposing_twice_returns_the_original_matrix() {
        let matrix = sample();
        let by_column = matrix.transposed(0..4, |_| true);
        assert_eq!((by_column.n_rows(), by_column.n_columns()), (3, 4));
        assert_eq!(by_column.entries(0).collect::<Vec<_>>(), [(0, 1.0), (3, 4.0)]);
        assert_eq!(by_column.transposed(0..3, |_| true), matrix);
        let without = matrix.transposed(0..4, |column| column != 0);
        assert!(without.row(0).0.is_empty() && without.row(2) == by_column.row(2));
        let backwards = matrix.transposed((0..4).rev(), |_| true);
        assert_eq!(backwards.entries(0).collect::<Vec<_>>(), [(0, 4.0), (3, 1.0)]);
        let last = matrix.transposed(3..4, |_| true);
        assert_eq!(last.entries(0).collect::<Vec<_>>(), [(0, 4.0)]);
    }

    #[test]
    fn concatenates_columns() {
        let joined = CsrMatrix::hstack(&[&sample(), &sample()]);
        assert_eq!((joined.n_rows(), joined.n_columns()), (4, 6));
        let row: Vec<_> = joined.entries(0).collect();
        assert_eq!(row, [(0, 1.0), (2, 2.0), (3, 1.0), (5, 2.0)]);
    }

    #[test]
    fn rejects_inconsistent_arrays() {
        let fits = |indptr: &[usize], indices: &[u32]| {
            CsrMatrix::from_parts(3, indptr.into(), indices.into(), vec![1.0; indices.len()])
                .is_some()
        };
        assert!(fits(&[0, 2, 2], &[0, 2]));
        assert!(!fits(&[0, 2], &[0, 3]));
        assert!(!fits(&[0, 2], &[1, 1]));
        assert!(!fits(&[0, 3], &[0, 1]));
        assert!(!fits(&[], &[]));
    }
}
