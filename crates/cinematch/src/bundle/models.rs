//! The models of a generation on disk: an archive each, which NumPy and scipy open.
//!
//! | model | archive |
//! |---|---|
//! | edlae, ease, item-knn | CSR: what a film (row) says for others (columns) |
//! | user-knn | CSR: how much each user (row) liked films (columns) |
//! | ials | `factors`: a film's a row |
//! | biased-mf | `films`: bias and factors of a film a row; `mean`, `counts`, `quantiles` |
//! | popular and its like | `scores`: a film's a row |
//!
//! Content has none: the ranking rows are files of their own.

use std::io;

use super::artifacts::{LoadError, broken};
use super::npz;
use crate::models::biased_mf::{BiasedMf, Numbers};
use crate::models::ials::Ials;
use crate::models::popular::Popular;
use crate::models::spec::{Kind, Weighted};
use crate::models::{Fitted, Implicit, ItemItem, Model, Spec};
use crate::ranking::{Blend, WeightedModel};

/// The models of a spec, with their weights and their files' names.
fn parts(spec: &Spec) -> Vec<(String, f32, &Kind)> {
    let parts: Vec<(f32, &Kind)> = match &spec.model {
        Kind::Hybrid { parts } => {
            parts.iter().map(|Weighted { weight, model }| (*weight, model)).collect()
        }
        alone => vec![(1.0, alone)],
    };
    let name = |place, model: &Kind| format!("model_{place}_{}.npz", model.name());
    let named = parts.into_iter().enumerate();
    named.map(|(place, (weight, model))| (name(place, model), weight, model)).collect()
}

/// The models that have files, with the files' names.
pub fn files<'a>(spec: &Spec, fitted: &'a Fitted) -> Vec<(String, &'a Fitted)> {
    let models: Vec<&Fitted> = match fitted {
        Fitted::Hybrid(hybrid) => hybrid.parts().iter().map(|(model, _)| model).collect(),
        alone => vec![alone],
    };
    let named = parts(spec).into_iter().map(|(name, ..)| name).zip(models);
    named.filter(|(_, model)| !matches!(model, Fitted::Content(_))).collect()
}

/// The models of a blend, each with its file's name and what it is.
pub fn of_blend<'a>(spec: &'a Spec, blend: &'a Blend) -> Vec<(String, &'a Kind, &'a Fitted)> {
    let named = parts(spec).into_iter().filter(|(.., kind)| !matches!(kind, Kind::Content));
    let models = named.zip(&blend.models);
    models.map(|((name, _, kind), learned)| (name, kind, &learned.model)).collect()
}

/// A model's file. O(bytes).
pub fn bytes(model: &Fitted) -> io::Result<Vec<u8>> {
    match model {
        Fitted::Popular(popular) => {
            npz::dense_bytes(&[("scores", popular.scores().len(), popular.scores())])
        }
        Fitted::ItemItem(model) => npz::csr_bytes(model.weights()),
        Fitted::UserKnn(model) => npz::csr_bytes(model.implicit().user_movies()),
        Fitted::Ials(model) => {
            let movies = model.movies();
            let rows = (0..movies.n_rows()).flat_map(|row| movies.values(row)).copied();
            npz::dense_bytes(&[("factors", movies.n_rows(), &rows.collect::<Vec<f32>>())])
        }
        Fitted::BiasedMf(model) => {
            let Numbers { mean, counts, movies, quantiles } = model.numbers();
            // Counts of ratings are far below 2²⁴, up to which f32 is exact.
            let counts: Vec<f32> = counts.into_iter().map(|count| count as f32).collect();
            npz::dense_bytes(&[
                ("films", counts.len(), &movies),
                ("mean", 1, &[mean]),
                ("counts", counts.len(), &counts),
                ("quantiles", 5, &quantiles),
            ])
        }
        Fitted::Content(_) | Fitted::Hybrid(_) => Err(io::Error::other("it has no file")),
    }
}

/// Puts the models of a generation together again, of so many films of which the first were learned.
/// `read` gives a file's verified bytes.
pub fn load(
    spec: &Spec,
    (n_movies, n_learned): (usize, usize),
    read: impl Fn(&str) -> Result<Vec<u8>, LoadError>,
) -> Result<Blend, LoadError> {
    let mut blend = Blend { name: spec.model.name(), models: Vec::new(), content: 0.0 };
    for (file, weight, kind) in parts(spec) {
        if matches!(kind, Kind::Content) {
            blend.content = weight;
            continue;
        }
        let model = model(kind, spec, (n_movies, n_learned), &read(&file)?);
        let model = model.map_err(|error| broken(&file, error))?;
        if model.n_movies() != n_movies {
            return Err(broken(&file, "it is of another number of films than movies_meta.json"));
        }
        blend.models.push(WeightedModel { name: kind.name(), model, weight });
    }
    Ok(blend)
}

fn model(kind: &Kind, spec: &Spec, rows: (usize, usize), bytes: &[u8]) -> io::Result<Fitted> {
    Ok(match kind {
        Kind::Popular | Kind::PopularRecent { .. } | Kind::TopRated { .. } => {
            Fitted::Popular(Popular::from_scores(npz::dense_from_bytes(bytes, "scores")?))
        }
        Kind::Edlae(_) | Kind::Ease(_) | Kind::ItemKnn(_) => {
            let weights = npz::csr_from_bytes(bytes)?;
            if weights.n_columns() != weights.n_rows() {
                return Err(io::Error::other("it is not of films on films"));
            }
            Fitted::ItemItem(ItemItem::from_weights(spec.confidence, weights))
        }
        Kind::UserKnn(params) => {
            let rows = npz::csr_from_bytes(bytes)?;
            Fitted::UserKnn(params.fit(&Implicit::from_weights(rows, spec.confidence)))
        }
        Kind::Ials(params) => {
            let params = params.check().map_err(io::Error::other)?;
            let values = npz::dense_from_bytes(bytes, "factors")?;
            let model = Ials::from_factors(params, spec.confidence, rows, &values);
            Fitted::Ials(model.ok_or_else(|| {
                io::Error::other("its factors are not as many as films and parameters say")
            })?)
        }
        Kind::BiasedMf(params) => {
            let params = params.check().map_err(io::Error::other)?;
            let counts: Vec<f32> = npz::dense_from_bytes(bytes, "counts")?;
            let numbers = Numbers {
                mean: npz::dense_from_bytes(bytes, "mean")?.first().copied().unwrap_or_default(),
                counts: counts.into_iter().map(|count| count as u32).collect(),
                movies: npz::dense_from_bytes(bytes, "films")?,
                quantiles: npz::dense_from_bytes(bytes, "quantiles")?,
            };
            Fitted::BiasedMf(BiasedMf::from_numbers(params, numbers).ok_or_else(|| {
                io::Error::other("its numbers are not as many as films and parameters say")
            })?)
        }
        Kind::Content | Kind::Hybrid { .. } => return Err(io::Error::other("it has no file")),
    })
}
