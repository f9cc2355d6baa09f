//! Exports the fitted transformers as scikit-learn objects.

use std::path::Path;

use super::contents::Transformers;
use super::error::ArtifactsError;
use super::generations::Generations;
use super::pickle::{Value, pickle};
use crate::features::text::StopWords;
use crate::files;

/// Version of scikit-learn that the objects are written for. Newer versions can load them too.
const SKLEARN_VERSION: &str = "1.9.1";

/// Names of the files that [`export_sklearn`] writes.
pub const PICKLES: [&str; 3] = ["tfidf_vectorizer.pkl", "genre_mlb.pkl", "numeric_scaler.pkl"];

/// Writes the published generation's transformers to the folder `out`, as pickled `TfidfVectorizer`,
/// `MultiLabelBinarizer` and `StandardScaler` objects.
pub fn export_sklearn(artifacts: &Path, out: &Path) -> Result<(), ArtifactsError> {
    let transformers = Generations::new(artifacts).transformers()?;
    let objects = [tfidf(&transformers), genres(&transformers), numeric(&transformers)];
    for (name, object) in PICKLES.into_iter().zip(&objects) {
        files::replace(&out.join(name), |file| file.write_all(&pickle(object)))?;
    }
    Ok(())
}

fn tfidf(transformers: &Transformers) -> Value<'_> {
    let fitted = &transformers.tfidf;
    let n_terms = fitted.terms.len() as i64;
    let norm = || {
        [
            ("norm", Value::Text("l2")),
            ("use_idf", Value::Bool(true)),
            ("smooth_idf", Value::Bool(true)),
            ("sublinear_tf", Value::Bool(false)),
        ]
    };
    let mut transformer = Vec::from(norm());
    transformer.extend([
        ("n_features_in_", Value::Int(n_terms)),
        ("idf_", Value::Floats(&fitted.idf)),
        ("_sklearn_version", Value::Text(SKLEARN_VERSION)),
    ]);
    let ngrams: &[i64] = match fitted.params.ngram_max {
        1 => &[1, 1],
        2 => &[1, 2],
        _ => &[1, 3],
    };
    let terms = fitted.terms.iter().enumerate();
    let mut state = vec![
        ("input", Value::Text("content")),
        ("encoding", Value::Text("utf-8")),
        ("decode_error", Value::Text("strict")),
        ("strip_accents", Value::None),
        ("preprocessor", Value::None),
        ("tokenizer", Value::None),
        ("analyzer", Value::Text("word")),
        ("lowercase", Value::Bool(true)),
        ("token_pattern", Value::Text(r"(?u)\b\w\w+\b")),
        (
            "stop_words",
            match fitted.params.stop_words {
                StopWords::English => Value::Text("english"),
                StopWords::None => Value::None,
            },
        ),
        ("max_df", Value::Float(1.0)),
        ("min_df", Value::Int(fitted.params.min_df.into())),
        ("max_features", Value::Int(fitted.params.max_features as i64)),
        ("ngram_range", Value::IntTuple(ngrams)),
        ("vocabulary", Value::None),
        ("binary", Value::Bool(false)),
        ("dtype", Value::Global("numpy", "float64")),
    ];
    state.extend(norm());
    state.extend([
        ("fixed_vocabulary_", Value::Bool(false)),
        (
            "vocabulary_",
            Value::IntDict(terms.map(|(column, term)| (term.as_str(), column as i64)).collect()),
        ),
        ("_tfidf", Value::Object(TEXT_MODULE, "TfidfTransformer", transformer)),
        ("_sklearn_version", Value::Text(SKLEARN_VERSION)),
    ]);
    Value::Object(TEXT_MODULE, "TfidfVectorizer", state)
}

const TEXT_MODULE: &str = "sklearn.feature_extraction.text";

fn genres(transformers: &Transformers) -> Value<'_> {
    let state = vec![
        ("classes", Value::None),
        ("sparse_output", Value::Bool(true)),
        ("_cached_dict", Value::None),
        ("classes_", Value::Texts(&transformers.genres.classes)),
        ("_sklearn_version", Value::Text(SKLEARN_VERSION)),
    ];
    Value::Object("sklearn.preprocessing._label", "MultiLabelBinarizer", state)
}

fn numeric(transformers: &Transformers) -> Value<'_> {
    let scaler = &transformers.numeric;
    let state = vec![
        ("with_mean", Value::Bool(true)),
        ("with_std", Value::Bool(true)),
        ("copy", Value::Bool(true)),
        ("n_features_in_", Value::Int(scaler.features.len() as i64)),
        ("n_samples_seen_", Value::Int(scaler.n_samples as i64)),
        ("mean_", Value::Floats(&scaler.mean)),
        ("var_", Value::Floats(&scaler.var)),
        ("scale_", Value::Floats(&scaler.scale)),
        ("_sklearn_version", Value::Text(SKLEARN_VERSION)),
    ];
    Value::Object("sklearn.preprocessing._data", "StandardScaler", state)
}
