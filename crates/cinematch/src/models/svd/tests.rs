use super::training::truncated_svd;
use super::*;
use crate::features::CsrMatrix;
use crate::ids::UserIdx;
use crate::linalg::eigendecomposition;
use crate::models::factors::Factors;
use crate::models::implicit::{Confidence, Implicit};
use crate::models::model::Model;
use crate::models::tests::{interactions, rated};

fn implicit(rows: &[&[f32]]) -> Implicit {
    let mut matrix = CsrMatrix::new(rows[0].len());
    for row in rows {
        matrix.push_row((0..).zip(row.iter().copied()).filter(|(_, weight)| *weight != 0.0));
    }
    Implicit::from_weights(matrix, Confidence::default())
}

fn decompose(factors: usize, implicit: &Implicit) -> (Factors, Vec<f32>) {
    let params = SvdParams { factors, ..SvdParams::default() };
    truncated_svd(params, implicit, &mut |_| ())
}

fn assert_near(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (value, expected) in found.iter().zip(expected) {
        assert!((f64::from(*value) - expected).abs() < 1e-5, "{found:?} {expected:?}");
    }
}

#[test]
fn equals_the_closed_form_of_a_matrix_of_rank_two() {
    // XᵀX is [[25, 20], [20, 25]]. The third movie has no ratings.
    let implicit = implicit(&[&[3.0, 0.0, 0.0], &[4.0, 5.0, 0.0]]);
    let half = 0.5_f64.sqrt();
    let (movies, values) = decompose(1, &implicit);
    assert_near(&values, &[45.0_f64.sqrt()]);
    assert_near(&movies.to_values(), &[half, half, 0.0]);

    let model = Svd::new(implicit.confidence(), movies, values);
    let mut scores = [f32::NAN; 3];
    model.score(&[rated(0, 10), rated(1, 6)], &mut scores);
    // The weights are 1 and 0.35, and VVᵀ has the entries ½.
    assert_near(&scores, &[0.675, 0.675, 0.0]);
}

#[test]
fn factors_beyond_the_rank_are_zero() {
    let implicit = implicit(&[&[3.0, 0.0], &[4.0, 5.0], &[0.0, 0.0]]);
    let (movies, values) = decompose(4, &implicit);
    assert_near(&values, &[45.0_f64.sqrt(), 5.0_f64.sqrt(), 0.0, 0.0]);
    assert!((0..2).all(|row| movies.values(row)[2..] == [0.0; 2]));

    let (movies, values) = decompose(2, &self::implicit(&[&[0.0, 0.0]]));
    assert_eq!((movies.to_values(), values), (vec![0.0; 4], vec![0.0; 2]));
}

#[test]
fn equals_the_eigenvectors_of_the_gram_matrix() {
    let interactions = interactions();
    let users: Vec<UserIdx> = interactions.users().collect();
    let implicit = Implicit::new(&interactions, &users, Confidence::default());
    let n = implicit.n_movies();
    let mut gram = vec![vec![0.0; n]; n];
    for user in 0..implicit.n_users() {
        for (i, a) in implicit.user_movies().entries(user) {
            for (j, b) in implicit.user_movies().entries(user) {
                gram[i as usize][j as usize] += f64::from(a) * f64::from(b);
            }
        }
    }
    let exact = eigendecomposition(gram);
    let d = 6;
    let (movies, values) = decompose(d, &implicit);
    for (value, exact) in values.iter().zip(&exact.values) {
        assert!((f64::from(*value) / exact.sqrt() - 1.0).abs() < 1e-5, "{value} {exact}");
    }
    for i in 0..n {
        for j in 0..n {
            let expected: f64 = exact.vectors[..d].iter().map(|v| v[i] * v[j]).sum();
            let found = f64::from(movies.dot(i, movies.row(j)));
            assert!((found - expected).abs() < 1e-4, "{i} {j}: {found} {expected}");
        }
    }
    for column in 0..d {
        let values = (0..n).map(|row| movies.values(row)[column]);
        let peak = values.max_by(|a, b| a.abs().total_cmp(&b.abs()));
        assert!(peak > Some(0.0), "{column}: {peak:?}");
    }
}
