//! Stores the models of a generation in files: one `.npz` archive per model, readable by `NumPy` and
//! `SciPy`. Each model's module docs describe its arrays. The content model has no archive, because the
//! ranking rows are stored separately.

use std::io;

use super::error::{LoadError, broken};
use super::npz;
use crate::features::CsrMatrix;
use crate::models::archive::{Archive, ArchiveContext, ReadArchive};
use crate::models::spec::{Kind, Weighted};
use crate::models::{Fitted, Model, Spec};
use crate::ranking::{Blend, WeightedModel};

/// The models that a generation can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelSet {
    /// The models that are served.
    Served,
    /// The models fitted without the holdout. Only generations whose served models were refit have them.
    Evaluation,
}

impl ModelSet {
    fn file_prefix(self) -> &'static str {
        match self {
            Self::Served => "model",
            Self::Evaluation => "evaluation",
        }
    }
}

/// Returns the models in `spec`, with their file names in `set` and their weights.
fn components(spec: &Spec, set: ModelSet) -> Vec<(String, f32, &Kind)> {
    let parts: Vec<(f32, &Kind)> = match &spec.model {
        Kind::Hybrid { parts } => {
            parts.iter().map(|Weighted { weight, model }| (*weight, model)).collect()
        }
        single => vec![(1.0, single)],
    };
    let prefix = set.file_prefix();
    let name = |index, model: &Kind| format!("{prefix}_{index}_{}.npz", model.name());
    let named = parts.into_iter().enumerate();
    named.map(|(index, (weight, model))| (name(index, model), weight, model)).collect()
}

/// Returns the models that have an archive, with their file names.
pub(crate) fn files<'a>(
    spec: &Spec,
    set: ModelSet,
    fitted: &'a Fitted,
) -> Vec<(String, &'a Fitted)> {
    let models: Vec<&Fitted> = match fitted {
        Fitted::Hybrid(hybrid) => hybrid.parts().iter().map(|(model, _)| model).collect(),
        single => vec![single],
    };
    let named = components(spec, set).into_iter().map(|(name, ..)| name).zip(models);
    named.filter(|(_, model)| !matches!(model, Fitted::Content(_))).collect()
}

/// Returns the models in `blend` that have an archive, with their file names and parameters.
pub(crate) fn blended_models<'a>(
    spec: &'a Spec,
    set: ModelSet,
    blend: &'a Blend,
) -> Vec<(String, &'a Kind, &'a Fitted)> {
    let named = components(spec, set);
    let named = named.into_iter().filter(|(.., kind)| !matches!(kind, Kind::Content(_)));
    let models = named.zip(&blend.models);
    models.map(|((name, _, kind), weighted)| (name, kind, &weighted.model)).collect()
}

/// Serializes a model. O(bytes).
pub(crate) fn bytes(model: &Fitted) -> io::Result<Vec<u8>> {
    match model.archive() {
        Some(Archive::Sparse(matrix)) => npz::csr_bytes(matrix),
        Some(Archive::Dense(arrays)) => {
            let arrays: Vec<(&str, usize, &[f32])> =
                arrays.iter().map(|array| (array.name, array.n_rows, &*array.values)).collect();
            npz::dense_bytes(&arrays)
        }
        None => Err(io::Error::other("the model has no archive")),
    }
}

/// The bytes of an `.npz` archive.
struct Npz<'a>(&'a [u8]);

impl ReadArchive for Npz<'_> {
    fn sparse(&self) -> io::Result<CsrMatrix<f32>> {
        npz::csr_from_bytes(self.0)
    }

    fn dense(&self, name: &str) -> io::Result<Vec<f32>> {
        npz::dense_from_bytes(self.0, name)
    }
}

/// Restores a set of models of a generation with `n_movies` movies, the first `n_learned` of which were part
/// of the training. `read` returns the verified contents of a file.
pub(crate) fn load(
    spec: &Spec,
    set: ModelSet,
    (n_movies, n_learned): (usize, usize),
    read: impl Fn(&str) -> Result<Vec<u8>, LoadError>,
) -> Result<Blend, LoadError> {
    let context = ArchiveContext { n_movies, n_learned, confidence: spec.confidence };
    let mut blend = Blend { name: spec.model.name(), models: Vec::new(), content: 0.0 };
    for (file, weight, kind) in components(spec, set) {
        if matches!(kind, Kind::Content(_)) {
            blend.content = weight;
            continue;
        }
        let model = kind.restore(context, &Npz(&read(&file)?));
        let model = model.map_err(|error| broken(&file, error))?;
        if model.n_movies() != n_movies {
            let found = model.n_movies();
            let message = format!("has {found} movies, but movies_meta.json has {n_movies}");
            return Err(broken(&file, message));
        }
        blend.models.push(WeightedModel { name: kind.name(), model, weight });
    }
    Ok(blend)
}
