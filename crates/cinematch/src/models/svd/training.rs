//! Randomized subspace iteration.

use rayon::prelude::*;

use super::params::SvdParams;
use crate::features::CsrMatrix;
use crate::linalg::{Lane, Lanes, TILE, add_combination, dot, eigendecomposition};
use crate::models::factors::Factors;
use crate::models::implicit::Implicit;

/// Largest tangent of the angle between a converged vector v and `XᵀX`·v. Rounding
/// in f32 arithmetic limits it to about 5e-6 on MovieLens latest-small.
const MAX_TANGENT: f64 = 3e-5;

/// Singular values up to this share of the largest one count as 0, because f32 arithmetic on `XᵀX` does not resolve
/// them.
const MIN_SINGULAR_VALUE: f64 = 1e-3;

/// Returns the first right singular vectors of the matrix, in columns, with their singular values, largest first. If
/// the matrix has a lower rank, the last vectors and values are 0. Calls `progress` with the fraction of training
/// completed, from 0 to 1.
pub(super) fn truncated_svd(
    params: SvdParams,
    implicit: &Implicit,
    progress: &mut dyn FnMut(f32),
) -> (Factors, Vec<f32>) {
    let SvdParams { factors, iterations, seed } = params;
    // The error of a vector falls by the ratio of the first omitted eigenvalue to its own, so more vectors converge
    // in fewer iterations.
    let n_vectors = (2 * factors).next_multiple_of(TILE);
    let start = Factors::normal(implicit.n_movies(), n_vectors, 1.0, seed);
    let (mut vectors, mut values) = orthonormal(&start);
    for iteration in 1..=iterations {
        let users = product(implicit.user_movies(), &vectors);
        let products = product(implicit.movie_users(), &users);
        let tangent = largest_tangent(&vectors, &products, factors);
        (vectors, values) = orthonormal(&products);
        if tangent <= MAX_TANGENT {
            break;
        }
        // The logarithm of the tangent falls linearly.
        let converged = (tangent.ln() / MAX_TANGENT.ln()) as f32;
        progress(converged.clamp(iteration as f32 / iterations as f32, 1.0));
    }
    progress(1.0);
    // The values are those of XᵀX.
    let singular_values = values.iter().take(factors).map(|value| value.sqrt() as f32).collect();
    (with_positive_peaks(&vectors, factors), singular_values)
}

/// Multiplies a sparse matrix by `columns`, one row of which belongs to each column of the matrix.
fn product(matrix: &CsrMatrix<f32>, columns: &Factors) -> Factors {
    /// Number of entries per partial sum. Rounding errors of long sums would prevent convergence.
    const CHUNK_ENTRIES: usize = 256;
    let mut rows = Factors::zeros(matrix.n_rows(), columns.n_factors());
    let sums: Vec<(usize, &mut [Lane])> = rows.rows_mut().enumerate().collect();
    let partial_sum = || vec![[0.0; TILE]; columns.width()];
    sums.into_par_iter().for_each_init(partial_sum, |partial_sum, (row, sum)| {
        let (indices, weights) = matrix.row(row);
        for (indices, weights) in indices.chunks(CHUNK_ENTRIES).zip(weights.chunks(CHUNK_ENTRIES)) {
            partial_sum.fill([0.0; TILE]);
            for (lanes, weight) in columns.gather(indices).zip(weights) {
                add_combination(lanes, std::slice::from_ref(weight), partial_sum);
            }
            add_combination(partial_sum, &[1.0], sum);
        }
    });
    rows
}

/// Returns the largest tangent of the angle between a vector and its product, over the first `n_vectors`. Vectors
/// that are 0 are skipped.
fn largest_tangent(vectors: &Factors, products: &Factors, n_vectors: usize) -> f64 {
    let mut sums = vec![[0.0_f64; 3]; n_vectors];
    for row in 0..vectors.n_rows() {
        let values = vectors.values(row).iter().zip(products.values(row));
        for ([vv, vp, pp], (v, p)) in sums.iter_mut().zip(values) {
            let (v, p) = (f64::from(*v), f64::from(*p));
            *vv += v * v;
            *vp += v * p;
            *pp += p * p;
        }
    }
    let tangents = sums.iter().map(|[vv, vp, pp]| (vv * pp / (vp * vp) - 1.0).max(0.0).sqrt());
    tangents.fold(0.0, f64::max)
}

/// Returns an orthonormal basis of the columns of `columns`: their left singular vectors and singular values, largest
/// first, by an eigendecomposition of the Gram matrix (Stathopoulos and Wu, "A Block Orthogonalization Procedure with
/// Constant Synchronization Requirements", 2002). Vectors beyond the numerical rank are 0.
fn orthonormal(columns: &Factors) -> (Factors, Vec<f64>) {
    let (n, width) = (columns.n_factors(), columns.width());
    let eigen = eigendecomposition(gram_matrix(columns));
    let largest = eigen.values.first().copied().unwrap_or_default();
    // `columns` is a product with XᵀX, and the eigenvalues are the squares of its singular values.
    let min_value = largest * MIN_SINGULAR_VALUE.powi(4);
    let mut values = vec![0.0; n];
    let mut transform = Lanes::zeros(n * width);
    for (column, (value, vector)) in eigen.values.iter().zip(&eigen.vectors).enumerate() {
        if *value > min_value {
            values[column] = value.sqrt();
            for (row, entry) in transform.chunks_exact_mut(width).zip(vector) {
                row.as_flattened_mut()[column] = (entry / values[column]) as f32;
            }
        }
    }
    let mut basis = Factors::zeros(columns.n_rows(), n);
    let rows: Vec<(usize, &mut [Lane])> = basis.rows_mut().enumerate().collect();
    rows.into_par_iter()
        .for_each(|(row, sum)| add_combination(&transform, columns.values(row), sum));
    (basis, values)
}

/// Returns `FᵀF` for the factors F, summed in f64. The result does not depend on the number of threads.
fn gram_matrix(factors: &Factors) -> Vec<Vec<f64>> {
    /// Number of rows per partial sum.
    const CHUNK_ROWS: usize = 4096;
    /// Number of rows transposed at a time, chosen to fit in the L2 cache.
    const PANEL_ROWS: usize = 64;
    let n = factors.n_factors();
    let starts: Vec<usize> = (0..factors.n_rows()).step_by(CHUNK_ROWS).collect();
    let partial_sum = |start: &usize| {
        let mut sum = vec![vec![0.0; n]; n];
        let mut columns = vec![[0.0; PANEL_ROWS]; n];
        let end = factors.n_rows().min(start + CHUNK_ROWS);
        for first in (*start..end).step_by(PANEL_ROWS) {
            columns.fill([0.0; PANEL_ROWS]);
            for row in first..end.min(first + PANEL_ROWS) {
                for (column, value) in columns.iter_mut().zip(factors.values(row)) {
                    column[row - first] = f64::from(*value);
                }
            }
            for i in 0..n {
                for j in i..n {
                    sum[i][j] += dot(&columns[i], &columns[j]);
                }
            }
        }
        sum
    };
    let partial_sums: Vec<Vec<Vec<f64>>> = starts.par_iter().map(partial_sum).collect();
    let mut gram = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in i..n {
            gram[i][j] = partial_sums.iter().map(|sum| sum[i][j]).sum();
            gram[j][i] = gram[i][j];
        }
    }
    gram
}

/// Returns the first `n_vectors` vectors, with signs such that the entry of largest magnitude is positive.
fn with_positive_peaks(vectors: &Factors, n_vectors: usize) -> Factors {
    let mut peaks = vec![0.0_f32; n_vectors];
    for row in 0..vectors.n_rows() {
        for (peak, value) in peaks.iter_mut().zip(vectors.values(row)) {
            if value.abs() > peak.abs() {
                *peak = *value;
            }
        }
    }
    let mut signed = Factors::zeros(vectors.n_rows(), n_vectors);
    for (row, lanes) in signed.rows_mut().enumerate() {
        let values = vectors.values(row).iter().zip(&peaks);
        for (target, (value, peak)) in lanes.as_flattened_mut().iter_mut().zip(values) {
            *target = value * peak.signum();
        }
    }
    signed
}
