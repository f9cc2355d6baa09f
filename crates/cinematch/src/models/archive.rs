//! The arrays in a model's archive, independent of the file format. [`bundle`](crate::bundle) stores them as
//! `.npz` files.

use std::borrow::Cow;
use std::io;

use crate::features::CsrMatrix;
use crate::models::implicit::Confidence;

/// The arrays needed to restore a fitted model.
pub(crate) enum Archive<'a> {
    /// One sparse matrix.
    Sparse(&'a CsrMatrix<f32>),
    /// Named dense arrays.
    Dense(Vec<DenseArray<'a>>),
}

/// A dense matrix in row-major order.
pub(crate) struct DenseArray<'a> {
    /// Name of the array in the archive.
    pub(crate) name: &'static str,
    /// Number of rows.
    pub(crate) n_rows: usize,
    /// Matrix entries. The length is a multiple of `n_rows`.
    pub(crate) values: Cow<'a, [f32]>,
}

/// Reads arrays from a stored archive.
pub(crate) trait ReadArchive {
    /// Reads the sparse matrix.
    fn sparse(&self) -> io::Result<CsrMatrix<f32>>;

    /// Reads the values of a dense array.
    fn dense(&self, name: &str) -> io::Result<Vec<f32>>;
}

/// Properties of a generation needed to restore a model, in addition to its parameters and archive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArchiveContext {
    /// Number of movies.
    pub(crate) n_movies: usize,
    /// Number of movies the model was trained on. They occupy the first rows.
    pub(crate) n_learned: usize,
    /// Rating weights for implicit feedback.
    pub(crate) confidence: Confidence,
}
