//! Samples with fixed weights, and splits a total into exact shares.

use crate::stream::scale;

/// Draws items with fixed weights in O(1), using Walker's alias method with Vose's construction (1991).
pub(crate) struct AliasTable {
    cells: Vec<Cell>,
    total: f64,
}

/// A cell in the alias table, which yields one of two items.
struct Cell {
    /// Probability of `own` rather than `other`, in units of 2⁻³².
    own_share: u32,
    own: u32,
    other: u32,
}

impl AliasTable {
    /// Builds the table from `items` and their positive weights. O(items).
    pub fn new(items: &[(u32, f64)]) -> Self {
        let total: f64 = items.iter().map(|(_, weight)| weight).sum();
        let mean = total / items.len().max(1) as f64;
        let mut shares: Vec<f64> = items.iter().map(|(_, weight)| weight / mean).collect();
        let mut cells: Vec<Cell> = items
            .iter()
            .map(|(item, _)| Cell { own_share: u32::MAX, own: *item, other: *item })
            .collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..items.len()).partition(|index| shares[*index] < 1.0);
        while let (Some(low), Some(high)) = (small.pop(), large.last().copied()) {
            cells[low].own_share = (shares[low] * f64::from(u32::MAX)) as u32;
            cells[low].other = items[high].0;
            shares[high] -= 1.0 - shares[low];
            if shares[high] < 1.0 {
                large.pop();
                small.push(high);
            }
        }
        Self { cells, total }
    }

    /// Returns true if the table has no items.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Returns the sum of the weights.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Maps 54 random bits to an item: 32 bits select the cell, and 22 select the item within it.
    pub fn item(&self, bits: u64) -> u32 {
        let cell = &self.cells[scale(bits as u32, self.cells.len() as u32) as usize];
        let within = (bits >> 32 << 10) as u32;
        if within < cell.own_share { cell.own } else { cell.other }
    }
}

/// Splits `total` into integers that are proportional to their weights but at most their limits: nᵢ ≈
/// min(λ wᵢ, limitᵢ), where λ is found by bisection and each rounding error is carried over to the next
/// integer. O(60 × weights).
///
/// # Panics
///
/// Panics if the limits add up to less than `total`.
pub(crate) fn share_out(total: u64, weights: &[f32], limit: impl Fn(usize) -> u32) -> Vec<u32> {
    let scaled_share = |scale: f64, index: usize| {
        let limit = f64::from(limit(index));
        (scale * f64::from(weights[index])).min(limit)
    };
    let sum = |scale: f64| (0..weights.len()).map(|index| scaled_share(scale, index)).sum::<f64>();
    let (mut low, mut high) = (0.0, 1.0);
    while sum(high) < total as f64 && high < 1e30 {
        high *= 4.0;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if sum(middle) < total as f64 { low = middle } else { high = middle }
    }
    let mut remaining = total;
    let mut carry = 0.0;
    let mut shares: Vec<u32> = Vec::with_capacity(weights.len());
    for index in 0..weights.len() {
        carry += scaled_share(high, index);
        let share =
            (carry as u32).min(limit(index)).min(u32::try_from(remaining).unwrap_or(u32::MAX));
        carry -= f64::from(share);
        remaining -= u64::from(share);
        shares.push(share);
    }
    // Distribute what is left over from rounding, one unit at a time, among entries below their limit.
    while remaining > 0 {
        let before = remaining;
        for (index, share) in shares.iter_mut().enumerate() {
            if remaining > 0 && *share < limit(index) {
                *share += 1;
                remaining -= 1;
            }
        }
        assert!(remaining < before, "the limits add up to less than the total");
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Stream, Topic};

    #[test]
    fn draws_items_in_proportion_to_their_weights() {
        let table = AliasTable::new(&[(5, 6.0), (6, 1e-9), (7, 1.0), (8, 3.0)]);
        let mut stream = Stream::new(1, Topic::Deck, 0);
        let mut seen = [0_i32; 9];
        for _ in 0..20_000 {
            seen[table.item(stream.bits()) as usize] += 1;
        }
        for (item, expected) in [(5, 12_000), (6, 0), (7, 2_000), (8, 6_000)] {
            assert!((seen[item] - expected).abs() < 250, "{seen:?}");
        }
        assert!((table.total() - 10.0).abs() < 1e-6);
    }

    proptest::proptest! {
        #[test]
        fn shares_add_up_to_the_total_within_their_limits(
            weights in proptest::collection::vec(0.01_f32..100.0, 1..40),
            fraction in 0.0_f64..=1.0,
        ) {
            let limit = |at: usize| 3 + at as u32 % 7;
            let capacity: u64 = (0..weights.len()).map(|at| u64::from(limit(at))).sum();
            let total = (capacity as f64 * fraction) as u64;
            let shares = share_out(total, &weights, limit);
            proptest::prop_assert_eq!(shares.iter().map(|n| u64::from(*n)).sum::<u64>(), total);
            for (index, share) in shares.iter().enumerate() {
                proptest::prop_assert!(*share <= limit(index));
            }
        }
    }
}
