//! The kernel: a 16 × 16 tile plus or minus Aᵀ·B for two panels A and B of k rows.
//!
//! `unsafe` stands here and nowhere else in the library, for two things: functions compiled for
//! instructions that were found to be there, and loads and stores whose places the lengths of the
//! slices, checked on entry, keep inside. With AVX-512 a tile is held in 16 registers; a step is one
//! load and 16 fused multiply-adds with a value from memory spread over all lanes, 2·k·256 FLOPs for
//! k·128 bytes read. With AVX2 a quarter of the tile is held at a time. Elsewhere the compiler's
//! vectors do. Results of different instruction sets may differ in the last bit (fused rounding); on
//! one machine they are always the same.

use std::sync::OnceLock;

use super::{Lane, TILE, Tile};

/// Adds Aᵀ·B to a tile: `tile[i][j] += Σₖ a[k][i]·b[k][j]`. O(k).
///
/// # Panics
/// When the panels differ in length.
pub fn add_product(a: &[Lane], b: &[Lane], tile: &mut Tile) {
    product::<false>(a, b, tile);
}

/// Subtracts Aᵀ·B from a tile: `tile[i][j] −= Σₖ a[k][i]·b[k][j]`. O(k).
///
/// # Panics
/// When the panels differ in length.
pub fn subtract_product(a: &[Lane], b: &[Lane], tile: &mut Tile) {
    product::<true>(a, b, tile);
}

/// What the kernel runs on here: `avx512`, `avx2` or `portable`.
pub fn instruction_set() -> &'static str {
    match best() {
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => "avx512",
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => "avx2",
        Set::Portable => "portable",
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

fn best() -> Set {
    static BEST: OnceLock<Set> = OnceLock::new();
    *BEST.get_or_init(|| {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Set::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Set::Avx2;
            }
        }
        Set::Portable
    })
}

fn product<const MINUS: bool>(a: &[Lane], b: &[Lane], tile: &mut Tile) {
    assert_eq!(a.len(), b.len(), "panels of one length");
    match best() {
        // SAFETY: these instructions are there, and the panels have equally many rows.
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { x86::avx512::<MINUS>(a, b, tile) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { x86::avx2::<MINUS>(a, b, tile) },
        Set::Portable => portable::<MINUS>(a, b, tile),
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

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_fmadd_ps, _mm256_fnmadd_ps, _mm256_loadu_ps, _mm256_set1_ps,
        _mm256_storeu_ps, _mm512_fmadd_ps, _mm512_fnmadd_ps, _mm512_loadu_ps, _mm512_set1_ps,
        _mm512_storeu_ps,
    };

    use super::{Lane, TILE, Tile};

    /// # Safety
    /// AVX-512 F must be there, and `b` must have as many rows as `a`.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn avx512<const MINUS: bool>(a: &[Lane], b: &[Lane], tile: &mut Tile) {
        // SAFETY: a row of a tile or of a panel is 16 values, what one register holds; no row but
        // those of the slices is touched.
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
    /// AVX2 and FMA must be there, and `b` must have as many rows as `a`.
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn avx2<const MINUS: bool>(a: &[Lane], b: &[Lane], tile: &mut Tile) {
        /// Rows of the tile held at a time: two registers each, of sixteen.
        const ROWS: usize = 4;
        const HALF: usize = TILE / 2;
        for (quarter, held) in tile.chunks_exact_mut(ROWS).enumerate() {
            // SAFETY: half a row is 8 values, what one register holds; no row but those of the
            // slices is touched.
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

    /// Small whole numbers: sums of their products are exact in any order.
    fn panel(rows: usize, seed: usize) -> Vec<Lane> {
        (0..rows)
            .map(|row| std::array::from_fn(|at| ((row * 7 + at * 3 + seed) % 11) as f32 - 5.0))
            .collect()
    }

    #[test]
    fn every_instruction_set_gives_the_sum_of_products() {
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
                // SAFETY: the instructions are there, and the panels have equally many rows.
                check(&|tile| unsafe { x86::avx2::<false>(&a, &b, tile) }, &|tile| unsafe {
                    x86::avx2::<true>(&a, &b, tile);
                });
            }
        }
    }
}
