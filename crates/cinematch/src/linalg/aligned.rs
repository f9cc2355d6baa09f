//! Memory aligned to cache lines.

use std::ops::{Deref, DerefMut};

use super::tile::{Lane, TILE};

/// Lanes aligned to 64 bytes, so each lane occupies exactly one cache line. Loading an unaligned lane would
/// touch two lines, and prefetching a row would miss its last line.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// Values, with one additional lane for alignment.
    values: Vec<f32>,
    start: usize,
    n: usize,
}

impl Lanes {
    /// Returns `n` lanes of zeros.
    pub(crate) fn zeros(n: usize) -> Self {
        let values = vec![0.0; (n + 1) * TILE];
        let start = values.as_ptr().align_offset(size_of::<Lane>()).min(TILE);
        Self { values, start, n }
    }
}

impl Deref for Lanes {
    type Target = [Lane];

    #[inline]
    fn deref(&self) -> &[Lane] {
        self.values[self.start..][..self.n * TILE].as_chunks().0
    }
}

impl DerefMut for Lanes {
    #[inline]
    fn deref_mut(&mut self) -> &mut [Lane] {
        self.values[self.start..][..self.n * TILE].as_chunks_mut().0
    }
}

impl Clone for Lanes {
    fn clone(&self) -> Self {
        let mut lanes = Self::zeros(self.n);
        lanes.copy_from_slice(self);
        lanes
    }
}

impl PartialEq for Lanes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_aligned_after_creation_and_clone() {
        let mut lanes: Vec<Lanes> = (0..9).map(Lanes::zeros).collect();
        for (n, lanes) in lanes.iter_mut().enumerate() {
            lanes.iter_mut().for_each(|lane| *lane = [n as f32; TILE]);
            let copy = lanes.clone();
            assert_eq!((lanes.len(), &copy), (n, &*lanes));
            for lanes in [lanes, &copy] {
                assert!(lanes.as_ptr().addr().is_multiple_of(size_of::<Lane>()));
            }
        }
    }
}
