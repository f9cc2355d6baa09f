//! Small systems of linear equations.

/// Solves `matrix · x = values` for a positive definite matrix by Gaussian elimination. O(n³).
pub(crate) fn solve(mut matrix: Vec<Vec<f64>>, mut values: Vec<f64>) -> Vec<f64> {
    let n = values.len();
    for pivot in 0..n {
        for row in pivot + 1..n {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            for column in pivot..n {
                matrix[row][column] -= factor * matrix[pivot][column];
            }
            values[row] -= factor * values[pivot];
        }
    }
    for row in (0..n).rev() {
        for column in row + 1..n {
            values[row] -= matrix[row][column] * values[column];
        }
        values[row] /= matrix[row][row];
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_positive_definite_systems() {
        let matrix = vec![vec![4.0, 1.0, 0.5], vec![1.0, 3.0, -1.0], vec![0.5, -1.0, 2.0]];
        let expected = [1.0, -2.0, 3.0];
        let product = |row: &Vec<f64>| row.iter().zip(expected).map(|(a, x)| a * x).sum();
        let got = solve(matrix.clone(), matrix.iter().map(product).collect());
        assert!(got.iter().zip(expected).all(|(got, x)| (got - x).abs() < 1e-12), "{got:?}");
    }
}
