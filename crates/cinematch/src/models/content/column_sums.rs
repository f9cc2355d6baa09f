//! Column sums of sparse rows.

/// Sparse accumulator: one sum per column and a bit set of the columns in use.
#[derive(Debug, Default)]
pub(crate) struct ColumnSums {
    /// Sum of each column, in f64 because sums over thousands of likes lose digits in f32.
    sums: Vec<f64>,
    /// Bit set of the columns in use.
    used: Vec<u64>,
}

impl ColumnSums {
    /// Ensures room for at least `n_columns` columns.
    pub(crate) fn reserve(&mut self, n_columns: usize) {
        if self.sums.len() < n_columns {
            self.sums.resize(n_columns, 0.0);
            self.used.resize(n_columns.div_ceil(64), 0);
        }
    }

    /// Adds `value` to the sum of `column`.
    pub(crate) fn add(&mut self, column: u32, value: f32) {
        self.sums[column as usize] += f64::from(value);
        self.used[column as usize / 64] |= 1 << (column % 64);
    }

    /// Returns the columns in use, in ascending order, with their sums, then resets them.
    /// O(columns / 64 + sums).
    pub(crate) fn take(&mut self) -> (Vec<u32>, Vec<f32>) {
        let n = self.used.iter().map(|word| word.count_ones() as usize).sum();
        let (mut columns, mut sums) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (index, word) in self.used.iter_mut().enumerate() {
            let mut bits = std::mem::take(word);
            while bits != 0 {
                let column = index * 64 + bits.trailing_zeros() as usize;
                columns.push(column as u32);
                sums.push(std::mem::take(&mut self.sums[column]) as f32);
                bits &= bits - 1;
            }
        }
        (columns, sums)
    }
}
