//! Sums of sparse rows, one a column.

/// Sums of what is added to columns, and which columns have one.
#[derive(Debug, Default)]
pub struct ColumnSums {
    /// Thousands of likes lose digits in f32.
    sums: Vec<f64>,
    /// A bit for each column that has a sum.
    used: Vec<u64>,
}

impl ColumnSums {
    /// Makes room for columns, if there is less.
    pub fn cover(&mut self, n_columns: usize) {
        if self.sums.len() < n_columns {
            self.sums.resize(n_columns, 0.0);
            self.used.resize(n_columns.div_ceil(64), 0);
        }
    }

    /// Adds to a column's sum.
    pub fn add(&mut self, column: u32, value: f32) {
        self.sums[column as usize] += f64::from(value);
        self.used[column as usize / 64] |= 1 << (column % 64);
    }

    /// The columns that have a sum, ascending, with their sums; none has one afterwards.
    /// O(columns / 64 + sums).
    pub fn take(&mut self) -> (Vec<u32>, Vec<f32>) {
        let n = self.used.iter().map(|word| word.count_ones() as usize).sum();
        let (mut columns, mut sums) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (at, word) in self.used.iter_mut().enumerate() {
            let mut bits = std::mem::take(word);
            while bits != 0 {
                let column = at * 64 + bits.trailing_zeros() as usize;
                columns.push(column as u32);
                sums.push(std::mem::take(&mut self.sums[column]) as f32);
                bits &= bits - 1;
            }
        }
        (columns, sums)
    }
}
