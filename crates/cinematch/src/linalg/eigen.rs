//! Eigendecomposition of a small symmetric positive semidefinite matrix in f64.
//!
//! One-sided Jacobi (Hestenes, "Inversion of Matrices by Biorthogonalization and Related Results", 1958): plane
//! rotations make the rows of the matrix orthogonal, one pair at a time. They accumulate to the transposed
//! eigenvectors, so each resulting row is an eigenvector times its eigenvalue. Small eigenvalues of a graded matrix
//! are as accurate, relative to their size, as large ones (Demmel and Veselić, "Jacobi's Method is More Accurate
//! than QR", 1992).

/// Eigenvalues in descending order, with their unit eigenvectors.
#[derive(Clone, Debug)]
pub(crate) struct Eigen {
    /// Eigenvalues, 0 or more.
    pub(crate) values: Vec<f64>,
    /// Eigenvectors, one row per eigenvalue. The eigenvector of the eigenvalue 0 is 0.
    pub(crate) vectors: Vec<Vec<f64>>,
}

/// Decomposes a symmetric positive semidefinite matrix. Each sweep takes 6·n³ FLOPs; about ten sweeps are needed, and
/// fewer for a nearly diagonal matrix.
pub(crate) fn eigendecomposition(mut rows: Vec<Vec<f64>>) -> Eigen {
    const MAX_SWEEPS: usize = 40;
    for _ in 0..MAX_SWEEPS {
        if !sweep(&mut rows) {
            break;
        }
    }
    let norm = |row: &Vec<f64>| dot(row, row).sqrt();
    let mut pairs: Vec<(f64, Vec<f64>)> = rows.into_iter().map(|row| (norm(&row), row)).collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (value, row) in pairs.iter_mut().filter(|(value, _)| *value > 0.0) {
        for entry in row {
            *entry /= *value;
        }
    }
    let (values, vectors) = pairs.into_iter().unzip();
    Eigen { values, vectors }
}

/// Rotates every pair of rows that is not orthogonal. Returns false if there was none.
fn sweep(rows: &mut [Vec<f64>]) -> bool {
    /// Largest cosine of the angle between orthogonal rows.
    const TOLERANCE: f64 = 1e-13;
    let mut has_rotated = false;
    for p in 0..rows.len() {
        let (before, after) = rows.split_at_mut(p + 1);
        let first = &mut before[p];
        for second in after {
            let (a, b, c) = (dot(first, first), dot(second, second), dot(first, second));
            if c.abs() <= TOLERANCE * (a * b).sqrt() {
                continue;
            }
            has_rotated = true;
            let ratio = (b - a) / (2.0 * c);
            let tangent = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
            let cosine = tangent.hypot(1.0).recip();
            let sine = cosine * tangent;
            for (x, y) in first.iter_mut().zip(second) {
                (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
            }
        }
    }
    has_rotated
}

/// Returns the dot product, summed in a fixed order that the compiler can vectorize.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns Σ value · v·vᵀ over orthonormal vectors v, the columns of a discrete sine transform.
    fn with_eigenvalues(values: &[f64]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let n = values.len();
        let step = std::f64::consts::PI / (n + 1) as f64;
        let vector = |k: usize| {
            let entry = |i: usize| ((i + 1) as f64 * (k + 1) as f64 * step).sin();
            (0..n).map(|i| entry(i) * (2.0 / (n + 1) as f64).sqrt()).collect::<Vec<f64>>()
        };
        let vectors: Vec<Vec<f64>> = (0..n).map(vector).collect();
        let entry = |i: usize, j: usize| {
            values.iter().zip(&vectors).map(|(value, v)| value * v[i] * v[j]).sum()
        };
        ((0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect(), vectors)
    }

    #[test]
    fn finds_known_eigenvalues_and_eigenvectors() {
        let values: Vec<f64> = (0..21).map(|k| 100.0 * 0.7_f64.powi(k)).collect();
        let (matrix, vectors) = with_eigenvalues(&values);
        let found = eigendecomposition(matrix);
        for (at, (value, vector)) in values.iter().zip(&vectors).enumerate() {
            assert!((found.values[at] / value - 1.0).abs() < 1e-10, "{at}: {:?}", found.values);
            assert!(dot(&found.vectors[at], vector).abs() > 1.0 - 1e-10, "{at}");
        }
    }

    #[test]
    fn vectors_of_repeated_eigenvalues_are_orthonormal() {
        let (matrix, _) = with_eigenvalues(&[3.0, 3.0, 3.0, 1.0, 1.0]);
        let found = eigendecomposition(matrix);
        for (a, left) in found.vectors.iter().enumerate() {
            for (b, right) in found.vectors.iter().enumerate() {
                let expected = if a == b { 1.0 } else { 0.0 };
                assert!((dot(left, right) - expected).abs() < 1e-10, "{a} {b}");
            }
        }
    }

    #[test]
    fn small_eigenvalues_of_a_graded_matrix_are_accurate() {
        let scales = [1e6, 1.0, 1e-6];
        let entry = |i: usize, j: usize| {
            let correlation = if i == j { 1.0 } else { 1e-3 };
            correlation * scales[i] * scales[j]
        };
        let found =
            eigendecomposition((0..3).map(|i| (0..3).map(|j| entry(i, j)).collect()).collect());
        let determinant: f64 = 1.0 - 3e-6 + 2e-9;
        let product: f64 = found.values.iter().product();
        assert!((product / determinant - 1.0).abs() < 1e-9, "{product}");
    }

    #[test]
    fn a_matrix_of_zeros_has_no_eigenvectors() {
        let found = eigendecomposition(vec![vec![0.0; 2]; 2]);
        assert_eq!((found.values, found.vectors), (vec![0.0; 2], vec![vec![0.0; 2]; 2]));
    }
}
