//! A matrix of bits with fixed-width rows.

/// Rows of a fixed number of bits, packed into 64-bit words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BitRows {
    words_per_row: usize,
    words: Vec<u64>,
}

impl BitRows {
    /// Creates rows of `n_bits` bits. Each item of `rows` lists the positions of the bits set in that row.
    pub(crate) fn new<Row: IntoIterator<Item = usize>>(
        n_bits: usize,
        rows: impl IntoIterator<Item = Row>,
    ) -> Self {
        let words_per_row = n_bits.div_ceil(64).max(1);
        let mut words = Vec::new();
        for row in rows {
            let start = words.len();
            words.resize(start + words_per_row, 0);
            for bit in row {
                words[start + bit / 64] |= 1 << (bit % 64);
            }
        }
        Self { words_per_row, words }
    }

    /// Returns the number of rows.
    pub(crate) fn n_rows(&self) -> usize {
        self.words.len() / self.words_per_row.max(1)
    }

    /// Returns the words in `row`.
    pub(crate) fn row(&self, row: usize) -> &[u64] {
        &self.words[row * self.words_per_row..(row + 1) * self.words_per_row]
    }

    /// Returns a mask as wide as a row, with the given bits set.
    pub(crate) fn mask(&self, bits: &[usize]) -> Vec<u64> {
        let mut mask = vec![0; self.words_per_row];
        for bit in bits {
            mask[bit / 64] |= 1 << (bit % 64);
        }
        mask
    }

    /// Returns the number of bits set in both `row` and `mask`.
    pub(crate) fn shared(&self, row: usize, mask: &[u64]) -> u32 {
        self.row(row).iter().zip(mask).map(|(a, b)| (a & b).count_ones()).sum()
    }
}
