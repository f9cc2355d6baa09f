//! Multi-hot genre encoding, equivalent to scikit-learn's `MultiLabelBinarizer`.

use serde::{Deserialize, Serialize};

use super::matrix::CsrMatrix;

/// A fitted genre encoder. A genre's column is its index in `classes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenreBinarizer {
    /// Distinct genres, in ascending order.
    pub classes: Vec<String>,
}

impl GenreBinarizer {
    /// Fits the encoder by collecting the distinct genres of all movies.
    pub(crate) fn fit<'a>(genres: impl IntoIterator<Item = &'a [String]>) -> Self {
        let mut classes: Vec<String> = genres.into_iter().flatten().cloned().collect();
        classes.sort_unstable();
        classes.dedup();
        Self { classes }
    }

    /// Returns one row per movie, with 1 in the column of each of its genres. Genres that were not seen
    /// during fitting are ignored.
    pub(crate) fn transform<'a>(
        &self,
        genres: impl IntoIterator<Item = &'a [String]>,
    ) -> CsrMatrix<f64> {
        let mut matrix = CsrMatrix::new(self.classes.len());
        for movie in genres {
            let mut columns: Vec<u32> = movie
                .iter()
                .filter_map(|genre| self.classes.binary_search(genre).ok())
                .map(|column| column as u32)
                .collect();
            columns.sort_unstable();
            columns.dedup();
            matrix.push_row(columns.into_iter().map(|column| (column, 1.0)));
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_classes_and_encodes_rows_multi_hot() {
        let movies = [vec!["war".to_owned(), "drama".to_owned()], vec![], vec!["drama".to_owned()]];
        let slices = || movies.iter().map(Vec::as_slice);
        let binarizer = GenreBinarizer::fit(slices());
        assert_eq!(binarizer.classes, ["drama", "war"]);
        let matrix = binarizer.transform(slices());
        assert_eq!(matrix.row(0).0, [0, 1]);
        assert!(matrix.row(1).0.is_empty());
        assert_eq!(matrix.row(2).0, [0]);
    }
}
