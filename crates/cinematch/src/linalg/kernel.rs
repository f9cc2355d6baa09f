//! Kernels that add Aᵀ·B to a 16 × 16 tile or subtract it, for two panels A and B of k rows, that multiply many
//! rows by one vector, and that prefetch rows.
//!
//! This is the only module in the library with `unsafe` code. It calls functions compiled for instruction
//! sets detected at run time, and it accesses slices without bounds checks after checking their lengths on
//! entry.
//!
//! With AVX-512, a tile is held in 16 registers. Each step is one load and 16 fused multiply-adds with a
//! broadcast value, for 2·k·256 FLOPs per k·128 bytes read. With AVX2, a quarter of the tile is held at a
//! time. On other processors, the compiler vectorizes portable code. Results from different instruction sets
//! may differ in the last bit (fused rounding), but results on one machine are deterministic.

use std::sync::OnceLock;

use super::tile::{Lane, TILE, Tile};

/// Adds Aᵀ·B to a tile: `tile[i][j] += Σₖ a[k][i]·b[k][j]`. O(k).
///
/// # Panics
/// Panics if the panels differ in length.
pub(crate) fn add_product(a: &[Lane], b: &[Lane], tile: &mut Tile) {
    product::<false>(a, b, tile);
}

/// Subtracts Aᵀ·B from a tile: `tile[i][j] −= Σₖ a[k][i]·b[k][j]`. O(k).
///
/// # Panics
/// Panics if the panels differ in length.
pub(crate) fn subtract_product(a: &[Lane], b: &[Lane], tile: &mut Tile) {
    product::<true>(a, b, tile);
}

/// Adds the gradient of Σ ½·w·(⟨row, at⟩ − target)²: `sum += Σ w·(⟨row, at⟩ − target)·row`. Rows are stored
/// in groups of 16, with one tile per lane of the rows and one lane of weights. Each group is read from
/// memory once. 4·16 FLOPs per lane of a row.
///
/// # Panics
/// Panics if the lengths are inconsistent.
pub(crate) fn add_gradient(
    groups: &[Tile],
    weights: &[Lane],
    at: &[Lane],
    target: f32,
    sum: &mut [Lane],
) {
    assert_eq!(at.len(), sum.len(), "`at` and `sum` must have the same length");
    assert_eq!(groups.len(), weights.len() * at.len(), "groups must have one tile per lane");
    match detected() {
        // SAFETY: AVX-512 F was detected, and a group has one tile per lane of the vectors.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { x86::avx512_gradient(groups, weights, at, target, sum) },
        // SAFETY: AVX2 and FMA were detected.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { x86::avx2_gradient(groups, weights, at, target, sum) },
        InstructionSet::Portable => portable_gradient(groups, weights, at, target, sum),
    }
}

/// Adds a linear combination of rows: `sum += Σₖ factors[k]·rows[k]`. 2·16 FLOPs per lane of a row.
///
/// # Panics
/// Panics if the number of rows differs from the number of factors.
pub(crate) fn add_combination(rows: &[Lane], factors: &[f32], sum: &mut [Lane]) {
    assert_eq!(rows.len(), factors.len() * sum.len(), "there must be one row per factor");
    match detected() {
        // SAFETY: AVX-512 F was detected, and there is one row per factor.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { x86::avx512_combination(rows, factors, sum) },
        // SAFETY: AVX2 and FMA were detected.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { x86::avx2_combination(rows, factors, sum) },
        InstructionSet::Portable => portable_combination(rows, factors, sum),
    }
}

/// Prefetches lanes that will be read soon, so loads of scattered rows overlap.
#[inline]
pub(crate) fn prefetch(lanes: &[Lane]) {
    #[cfg(target_arch = "x86_64")]
    for lane in lanes {
        // SAFETY: SSE is part of x86-64, and a prefetch does not access memory architecturally.
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(
                lane.as_ptr().cast(),
            );
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = lanes;
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum InstructionSet {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

fn detected() -> InstructionSet {
    static DETECTED: OnceLock<InstructionSet> = OnceLock::new();
    *DETECTED.get_or_init(|| {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return InstructionSet::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return InstructionSet::Avx2;
            }
        }
        InstructionSet::Portable
    })
}

fn product<const MINUS: bool>(a: &[Lane], b: &[Lane], tile: &mut Tile) {
    assert_eq!(a.len(), b.len(), "panels must have the same length");
    match detected() {
        // SAFETY: AVX-512 F was detected, and the panels have the same number of rows.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { x86::avx512::<MINUS>(a, b, tile) },
        // SAFETY: AVX2 and FMA were detected, and the panels have the same number of rows.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { x86::avx2::<MINUS>(a, b, tile) },
        InstructionSet::Portable => portable::<MINUS>(a, b, tile),
    }
}

fn portable<const MINUS: bool>(a: &[Lane], b: &[Lane], tile: &mut Tile) {
    for (a, b) in a.iter().zip(b) {
        for (row, factor) in tile.iter_mut().zip(a) {
            let factor = if MINUS { -factor } else { *factor };
            for (value, b) in row.iter_mut().zip(b) {
                *value += factor * b;
            }
        }
    }
}

#[allow(clippy::inline_always, reason = "must be compiled for the instruction set of the caller")]
#[inline(always)]
fn portable_gradient(
    groups: &[Tile],
    weights: &[Lane],
    at: &[Lane],
    target: f32,
    sum: &mut [Lane],
) {
    for (group, weights) in groups.chunks_exact(at.len()).zip(weights) {
        let mut products = [[0.0; TILE]; TILE];
        for (tile, at) in group.iter().zip(at) {
            for (products, row) in products.iter_mut().zip(tile) {
                for (product, (a, b)) in products.iter_mut().zip(row.iter().zip(at)) {
                    *product += a * b;
                }
            }
        }
        let mut factors = *weights;
        for (factor, products) in factors.iter_mut().zip(products) {
            *factor *= products.iter().sum::<f32>() - target;
        }
        for (tile, sum) in group.iter().zip(&mut *sum) {
            portable_combination(tile, &factors, std::slice::from_mut(sum));
        }
    }
}

#[allow(clippy::inline_always, reason = "must be compiled for the instruction set of the caller")]
#[inline(always)]
fn portable_combination(rows: &[Lane], factors: &[f32], sum: &mut [Lane]) {
    for (row, factor) in rows.chunks_exact(sum.len()).zip(factors) {
        for (sum, lane) in sum.iter_mut().zip(row) {
            for (sum, value) in sum.iter_mut().zip(lane) {
                *sum += factor * value;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_fmadd_ps, _mm256_fnmadd_ps, _mm256_loadu_ps, _mm256_set1_ps,
        _mm256_storeu_ps, _mm512_add_ps, _mm512_castpd_ps, _mm512_castps_pd, _mm512_fmadd_ps,
        _mm512_fnmadd_ps, _mm512_loadu_ps, _mm512_mul_ps, _mm512_set1_ps, _mm512_setzero_ps,
        _mm512_shuffle_f32x4, _mm512_storeu_ps, _mm512_sub_ps, _mm512_unpackhi_pd,
        _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
    };

    use super::{Lane, TILE, Tile};

    /// # Safety
    /// AVX-512 F must be available, `sum` must have as many lanes as `at`, and `groups` must have as
    /// many tiles as `at` has lanes for each lane of `weights`.
    #[target_feature(enable = "avx512f")]
    pub(crate) unsafe fn avx512_gradient(
        groups: &[Tile],
        weights: &[Lane],
        at: &[Lane],
        target: f32,
        sum: &mut [Lane],
    ) {
        let width = at.len();
        // SAFETY: all accesses are within the lengths that the caller guarantees.
        unsafe {
            for group in 0..weights.len() {
                let tiles = groups.as_ptr().add(group * width);
                let mut products = [_mm512_setzero_ps(); TILE];
                for lane in 0..width {
                    let tile = &*tiles.add(lane);
                    let at = _mm512_loadu_ps(at.get_unchecked(lane).as_ptr());
                    for row in 0..TILE {
                        let values = _mm512_loadu_ps(tile[row].as_ptr());
                        products[row] = _mm512_fmadd_ps(values, at, products[row]);
                    }
                }
                let errors = _mm512_sub_ps(sums(&products), _mm512_set1_ps(target));
                let weights = _mm512_loadu_ps(weights.get_unchecked(group).as_ptr());
                let mut factors = [0.0; TILE];
                _mm512_storeu_ps(factors.as_mut_ptr(), _mm512_mul_ps(weights, errors));
                let factors = factors.map(|factor| _mm512_set1_ps(factor));
                for lane in 0..width {
                    let tile = &*tiles.add(lane);
                    let sum = sum.get_unchecked_mut(lane).as_mut_ptr();
                    // Two partial sums shorten the chain of dependent additions.
                    let mut parts = [_mm512_loadu_ps(sum), _mm512_setzero_ps()];
                    for row in 0..TILE {
                        let values = _mm512_loadu_ps(tile[row].as_ptr());
                        parts[row % 2] = _mm512_fmadd_ps(values, factors[row], parts[row % 2]);
                    }
                    _mm512_storeu_ps(sum, _mm512_add_ps(parts[0], parts[1]));
                }
            }
        }
    }

    /// Returns the sum of each register's values, one per lane.
    #[target_feature(enable = "avx512f")]
    fn sums(rows: &[__m512; TILE]) -> __m512 {
        // Each step adds the interleaved halves of two registers into one.
        let twos: [__m512; 8] = std::array::from_fn(|at| {
            let (a, b) = (rows[2 * at], rows[2 * at + 1]);
            _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b))
        });
        let fours: [__m512; 4] = std::array::from_fn(|at| {
            let (a, b) = (_mm512_castps_pd(twos[2 * at]), _mm512_castps_pd(twos[2 * at + 1]));
            let (low, high) = (_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
            _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high))
        });
        let quarters = |a, b| {
            let even = _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
            _mm512_add_ps(even, _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b))
        };
        quarters(quarters(fours[0], fours[1]), quarters(fours[2], fours[3]))
    }

    /// # Safety
    /// AVX-512 F must be available, and `rows` must have `sum.len()` lanes for each factor.
    #[target_feature(enable = "avx512f")]
    pub(crate) unsafe fn avx512_combination(rows: &[Lane], factors: &[f32], sum: &mut [Lane]) {
        let width = sum.len();
        let mut first = 0;
        // SAFETY: the lanes accessed by each call are within the width.
        unsafe {
            while first + 8 <= width {
                avx512_columns::<8>(rows, factors, sum, first);
                first += 8;
            }
            while first + 4 <= width {
                avx512_columns::<4>(rows, factors, sum, first);
                first += 4;
            }
            while first < width {
                avx512_columns::<1>(rows, factors, sum, first);
                first += 1;
            }
        }
    }

    /// Computes the combination of N lanes of each row, starting at lane `first`.
    ///
    /// # Safety
    /// The requirements of [`avx512_combination`] apply, and `first + N` must not exceed the width.
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512_columns<const N: usize>(
        rows: &[Lane],
        factors: &[f32],
        sum: &mut [Lane],
        first: usize,
    ) {
        let width = sum.len();
        // SAFETY: guaranteed by the caller.
        unsafe {
            let to = sum.as_mut_ptr().add(first);
            let mut sums: [__m512; N] =
                std::array::from_fn(|lane| _mm512_loadu_ps(to.add(lane).cast()));
            for (row, factor) in factors.iter().enumerate() {
                let from = rows.as_ptr().add(row * width + first);
                let factor = _mm512_set1_ps(*factor);
                for lane in 0..N {
                    let values = _mm512_loadu_ps(from.add(lane).cast());
                    sums[lane] = _mm512_fmadd_ps(factor, values, sums[lane]);
                }
            }
            for lane in 0..N {
                _mm512_storeu_ps(to.add(lane).cast(), sums[lane]);
            }
        }
    }

    /// # Safety
    /// AVX2 and FMA must be available.
    #[target_feature(enable = "avx2,fma")]
    pub(crate) unsafe fn avx2_gradient(
        groups: &[Tile],
        weights: &[Lane],
        at: &[Lane],
        target: f32,
        sum: &mut [Lane],
    ) {
        super::portable_gradient(groups, weights, at, target, sum);
    }

    /// # Safety
    /// AVX2 and FMA must be available.
    #[target_feature(enable = "avx2,fma")]
    pub(crate) unsafe fn avx2_combination(rows: &[Lane], factors: &[f32], sum: &mut [Lane]) {
        super::portable_combination(rows, factors, sum);
    }

    /// # Safety
    /// AVX-512 F must be available, and `b` must have as many rows as `a`.
    #[target_feature(enable = "avx512f")]
    pub(crate) unsafe fn avx512<const MINUS: bool>(a: &[Lane], b: &[Lane], tile: &mut Tile) {
        // SAFETY: a row of a tile or panel has the 16 values of one register, and all rows are within
        // the slices.
        unsafe {
            let mut rows: [__m512; TILE] =
                std::array::from_fn(|row| _mm512_loadu_ps(tile[row].as_ptr()));
            for at in 0..a.len() {
                let lanes = _mm512_loadu_ps(b.get_unchecked(at).as_ptr());
                let factors = a.get_unchecked(at);
                for row in 0..TILE {
                    let factor = _mm512_set1_ps(factors[row]);
                    rows[row] = if MINUS {
                        _mm512_fnmadd_ps(factor, lanes, rows[row])
                    } else {
                        _mm512_fmadd_ps(factor, lanes, rows[row])
                    };
                }
            }
            for row in 0..TILE {
                _mm512_storeu_ps(tile[row].as_mut_ptr(), rows[row]);
            }
        }
    }

    /// # Safety
    /// AVX2 and FMA must be available, and `b` must have as many rows as `a`.
    #[target_feature(enable = "avx2,fma")]
    pub(crate) unsafe fn avx2<const MINUS: bool>(a: &[Lane], b: &[Lane], tile: &mut Tile) {
        /// Number of tile rows held at a time, each in two of the 16 registers.
        const ROWS: usize = 4;
        const HALF: usize = TILE / 2;
        for (quarter, held) in tile.chunks_exact_mut(ROWS).enumerate() {
            // SAFETY: half a row has the 8 values of one register, and all rows are within the slices.
            unsafe {
                let mut rows: [[__m256; 2]; ROWS] = std::array::from_fn(|row| {
                    std::array::from_fn(|half| _mm256_loadu_ps(held[row][half * HALF..].as_ptr()))
                });
                for at in 0..a.len() {
                    let b = b.get_unchecked(at).as_ptr();
                    let lanes = [_mm256_loadu_ps(b), _mm256_loadu_ps(b.add(HALF))];
                    let factors = a.get_unchecked(at);
                    for row in 0..ROWS {
                        let factor = _mm256_set1_ps(factors[quarter * ROWS + row]);
                        for half in 0..2 {
                            rows[row][half] = if MINUS {
                                _mm256_fnmadd_ps(factor, lanes[half], rows[row][half])
                            } else {
                                _mm256_fmadd_ps(factor, lanes[half], rows[row][half])
                            };
                        }
                    }
                }
                for row in 0..ROWS {
                    for half in 0..2 {
                        let to = held[row][half * HALF..].as_mut_ptr();
                        _mm256_storeu_ps(to, rows[row][half]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::ZERO;

    /// Returns a panel of small integers, whose sums of products are exact in any order.
    fn panel(rows: usize, seed: usize) -> Vec<Lane> {
        (0..rows)
            .map(|row| std::array::from_fn(|at| ((row * 7 + at * 3 + seed) % 11) as f32 - 5.0))
            .collect()
    }

    #[test]
    fn all_instruction_sets_compute_the_same_product() {
        for rows in [0, 1, 2, 17, 300] {
            let (a, b) = (panel(rows, 1), panel(rows, 4));
            let mut start = ZERO;
            start[3][5] = 2.0;
            let mut expected = start;
            for i in 0..TILE {
                for j in 0..TILE {
                    expected[i][j] += (0..rows).map(|k| a[k][i] * b[k][j]).sum::<f32>();
                }
            }
            let check = |run: &dyn Fn(&mut Tile), back: &dyn Fn(&mut Tile)| {
                let mut tile = start;
                run(&mut tile);
                assert_eq!(tile.as_flattened(), expected.as_flattened());
                back(&mut tile);
                assert_eq!(tile.as_flattened(), start.as_flattened());
            };
            check(&|tile| add_product(&a, &b, tile), &|tile| subtract_product(&a, &b, tile));
            check(&|tile| portable::<false>(&a, &b, tile), &|tile| portable::<true>(&a, &b, tile));
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the instructions are available, and the panels have the same number of rows.
                check(&|tile| unsafe { x86::avx2::<false>(&a, &b, tile) }, &|tile| unsafe {
                    x86::avx2::<true>(&a, &b, tile);
                });
            }
        }
    }

    #[test]
    fn all_instruction_sets_compute_the_same_gradient() {
        for width in [1, 2, 4, 5, 8, 13] {
            let (groups, weights) = (panel(3 * width * TILE, 2), panel(3, 5));
            let (groups, _) = groups.as_chunks::<TILE>();
            let (at, start) = (panel(width, 3), panel(width, 7));
            let target = 2.0;
            let mut expected = start.clone();
            for (group, weights) in groups.chunks(width).zip(&weights) {
                for (row, weight) in weights.iter().enumerate() {
                    let products = |(tile, at): (&Tile, &Lane)| -> f32 {
                        tile[row].iter().zip(at).map(|(a, b)| a * b).sum()
                    };
                    let error = group.iter().zip(&at).map(products).sum::<f32>() - target;
                    for (sum, tile) in expected.iter_mut().zip(group) {
                        for (sum, value) in sum.iter_mut().zip(tile[row]) {
                            *sum += weight * error * value;
                        }
                    }
                }
            }
            let check = |run: &dyn Fn(&mut [Lane])| {
                let mut sum = start.clone();
                run(&mut sum);
                assert_eq!(sum, expected, "{width}");
            };
            check(&|sum| add_gradient(groups, &weights, &at, target, sum));
            check(&|sum| portable_gradient(groups, &weights, &at, target, sum));
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the instructions are available.
                check(&|sum| unsafe { x86::avx2_gradient(groups, &weights, &at, target, sum) });
            }
        }
    }

    #[test]
    fn all_instruction_sets_compute_the_same_combination() {
        for width in [1, 2, 4, 5, 8, 13] {
            let rows = panel(width * 48, 2);
            let factors = panel(3, 6).concat();
            let start = panel(width, 7);
            let mut expected = start.clone();
            for (row, factor) in rows.chunks(width).zip(&factors) {
                for (sum, value) in expected.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
                    *sum += factor * value;
                }
            }
            let check = |run: &dyn Fn(&mut [Lane])| {
                let mut sum = start.clone();
                run(&mut sum);
                assert_eq!(sum, expected, "{width}");
            };
            check(&|sum| add_combination(&rows, &factors, sum));
            check(&|sum| portable_combination(&rows, &factors, sum));
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the instructions are available.
                check(&|sum| unsafe { x86::avx2_combination(&rows, &factors, sum) });
            }
        }
    }

    #[test]
    #[should_panic(expected = "one tile per lane")]
    fn panics_on_inconsistent_lengths() {
        add_gradient(&[ZERO; 3], &[[0.0; TILE]; 2], &panel(2, 1), 0.0, &mut panel(2, 1));
    }
}
