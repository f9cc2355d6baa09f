//! Serializes and loads the files of a generation.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{ArtifactsError, LoadError, broken, parse};
use super::file_names::{
    AVAILABILITY, GENRES, ITEM_FEATURES, MANIFEST, MOVIES, NUMERIC, RANKING_COLUMNS, RANKING_ROWS,
    TFIDF,
};
use super::loaded::Bundle;
use super::manifest::{Counts, FileChecksum, Manifest};
use super::models::{self, ModelSet};
use super::npz;
use crate::catalog::{Availability, Movie};
use crate::features::GenreBinarizer;
use crate::features::labels::Labels;
use crate::features::numeric::NumericScaler;
use crate::features::plain::PlainFeatures;
use crate::features::ranking::{Block, FeatureSet, RankingFeatures};
use crate::features::text::{StopWords, TfidfParams, TfidfVectorizer};
use crate::ids::sha256_hex;
use crate::models::Fitted;
use crate::ranking::{Blend, Recommender};

/// A generation in memory.
#[derive(Debug)]
pub struct Trained {
    /// The generation's manifest.
    pub manifest: Manifest,
    /// Contents of all other files, keyed by file name.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Trained {
    /// Loads the generation straight from memory, without writing it to disk. The bundle's generation
    /// number is 0.
    ///
    /// # Errors
    /// Returns an error if a file is inconsistent with the manifest.
    pub fn into_bundle(mut self) -> Result<Bundle, ArtifactsError> {
        let files = std::mem::take(&mut self.files);
        let read = |name: &str| files.get(name).cloned().ok_or_else(|| broken(name, "missing"));
        load(self.manifest, 0, ModelSet::Served, read).map_err(|LoadError { file, reason }| {
            ArtifactsError::Broken { path: file.into(), reason }
        })
    }

    /// Writes the files into the empty `directory` and syncs each one.
    pub(super) fn write(&self, directory: &Path) -> io::Result<()> {
        let manifest = manifest_bytes(&self.manifest)?;
        let mut files: Vec<(&str, &[u8])> =
            self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        files.push((MANIFEST, &manifest));
        // Write in parallel, largest file first, because most of the time is spent copying to the kernel.
        files.sort_by_key(|(_, bytes)| std::cmp::Reverse(bytes.len()));
        files.into_par_iter().with_max_len(1).try_for_each(|(name, bytes)| {
            let mut file = std::fs::File::create_new(directory.join(name))?;
            file.write_all(bytes)?;
            file.sync_all()
        })
    }
}

/// Contents of `tfidf_vectorizer.json`.
#[derive(Serialize, Deserialize)]
struct TfidfFile<'a> {
    params: TfidfFileParams,
    vocabulary: BTreeMap<Cow<'a, str>, usize>,
    idf: Cow<'a, [f64]>,
}

/// TF-IDF parameters, under the names that scikit-learn uses.
#[derive(Serialize, Deserialize)]
struct TfidfFileParams {
    max_features: usize,
    ngram_range: (usize, usize),
    stop_words: Option<String>,
    min_df: u32,
}

/// Contents of `ranking_features.json`.
#[derive(Serialize, Deserialize)]
struct RankingFile<'a> {
    feature_set: FeatureSet,
    blocks: Cow<'a, [Block]>,
    names: Cow<'a, [String]>,
    /// IDF weights of the columns. Empty in generations from earlier versions, which cannot be updated.
    #[serde(default)]
    idf: Cow<'a, [f64]>,
    /// Keywords and tags that reasons may name. Missing in generations from earlier versions.
    labels: Option<Cow<'a, Labels>>,
}

/// A file name and the function that serializes the file.
type FileMaker<'a> = (String, Box<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync + 'a>);

/// Serialized files of a generation.
#[derive(Default)]
pub(super) struct SerializedFiles {
    /// Contents, keyed by file name.
    pub contents: BTreeMap<String, Vec<u8>>,
    /// Lengths and checksums for the manifest, keyed by file name.
    pub checksums: BTreeMap<String, FileChecksum>,
}

impl SerializedFiles {
    /// Serializes models, given with their file names.
    pub(super) fn of_models<'a>(models: &'a [(String, &'a Fitted)]) -> io::Result<Self> {
        let maker = |(name, model): &'a (String, &'a Fitted)| -> FileMaker<'a> {
            (name.clone(), Box::new(|| models::bytes(model)))
        };
        Self::new(&models.iter().map(maker).collect::<Vec<_>>())
    }

    /// Adds the files of `other`.
    #[must_use]
    pub(super) fn with(mut self, other: Self) -> Self {
        self.contents.extend(other.contents);
        self.checksums.extend(other.checksums);
        self
    }

    /// Serializes files in parallel and computes their checksums.
    fn new(makers: &[FileMaker<'_>]) -> io::Result<Self> {
        let built: Vec<(String, Vec<u8>, FileChecksum)> = makers
            .par_iter()
            .map(|(name, make)| {
                let bytes = make()?;
                let sum = FileChecksum { bytes: bytes.len() as u64, sha256: sha256_hex(&bytes) };
                Ok((name.clone(), bytes, sum))
            })
            .collect::<io::Result<_>>()?;
        let mut files = Self::default();
        for (name, bytes, sum) in built {
            files.checksums.insert(name.clone(), sum);
            files.contents.insert(name, bytes);
        }
        Ok(files)
    }
}

/// The data to be written to a generation's files, except for the models.
pub(super) struct Contents<'a> {
    pub movies: &'a [Movie],
    pub availability: Option<&'a Availability>,
    pub plain: &'a PlainFeatures,
    pub ranking: &'a RankingFeatures,
}

impl Contents<'_> {
    /// Serializes the files.
    pub(super) fn files(&self) -> io::Result<SerializedFiles> {
        let Self { movies, availability, plain, ranking } = self;
        let mut makers: Vec<FileMaker<'_>> = vec![
            (MOVIES.to_owned(), Box::new(|| movies_bytes(movies))),
            (ITEM_FEATURES.to_owned(), Box::new(|| npz::csr_bytes(&plain.matrix))),
            (RANKING_ROWS.to_owned(), Box::new(|| npz::csr_bytes(&ranking.matrix))),
            (RANKING_COLUMNS.to_owned(), Box::new(|| ranking_bytes(ranking))),
            (TFIDF.to_owned(), Box::new(|| tfidf_bytes(&plain.tfidf))),
            (GENRES.to_owned(), Box::new(|| json(&plain.genres))),
            (NUMERIC.to_owned(), Box::new(|| json(&plain.numeric))),
        ];
        if let Some(availability) = availability {
            makers.push((AVAILABILITY.to_owned(), Box::new(|| json(availability))));
        }
        SerializedFiles::new(&makers)
    }

    /// Returns the counts for the manifest. The caller must set `tagged_movies` and `ratings`, which are
    /// 0 here.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            movies: self.movies.len(),
            terms: self.plain.tfidf.terms.len(),
            genres: self.plain.genres.classes.len(),
            numeric: self.plain.numeric.features.len(),
            ranking_columns: self.ranking.names.len(),
            ranking_entries: self.ranking.matrix.n_entries(),
            tagged_movies: 0,
            ratings: 0,
        }
    }
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Serializes a manifest as indented JSON.
fn manifest_bytes(manifest: &Manifest) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(manifest)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn tfidf_bytes(tfidf: &TfidfVectorizer) -> io::Result<Vec<u8>> {
    let terms = tfidf.terms.iter().enumerate();
    json(&TfidfFile {
        params: TfidfFileParams {
            max_features: tfidf.params.max_features,
            ngram_range: (1, tfidf.params.ngram_max),
            stop_words: match tfidf.params.stop_words {
                StopWords::English => Some("english".to_owned()),
                StopWords::None => None,
            },
            min_df: tfidf.params.min_df,
        },
        vocabulary: terms.map(|(column, term)| (Cow::Borrowed(term.as_str()), column)).collect(),
        idf: Cow::Borrowed(&tfidf.idf),
    })
}

/// Serializes movies as a JSON array, one movie per line.
fn movies_bytes(movies: &[Movie]) -> io::Result<Vec<u8>> {
    let parts: Vec<Vec<u8>> = movies
        .par_chunks(4096)
        .map(|chunk| {
            let mut part = Vec::with_capacity(chunk.len() * 512);
            for movie in chunk {
                serde_json::to_writer(&mut part, movie)?;
                part.extend_from_slice(b",\n");
            }
            Ok(part)
        })
        .collect::<io::Result<_>>()?;
    let mut bytes = Vec::with_capacity(parts.iter().map(Vec::len).sum::<usize>() + 4);
    bytes.extend_from_slice(b"[\n");
    for part in parts {
        bytes.extend_from_slice(&part);
    }
    // Remove the comma after the last movie.
    bytes.truncate(bytes.len() - 2);
    bytes.extend_from_slice(b"\n]\n");
    Ok(bytes)
}

fn ranking_bytes(ranking: &RankingFeatures) -> io::Result<Vec<u8>> {
    json(&RankingFile {
        feature_set: ranking.feature_set,
        blocks: Cow::Borrowed(&ranking.blocks),
        names: Cow::Borrowed(&ranking.names),
        idf: Cow::Borrowed(&ranking.idf),
        labels: Some(Cow::Borrowed(&ranking.labels)),
    })
}

/// The fitted transformers of a generation.
#[derive(Debug)]
pub(super) struct Transformers {
    pub tfidf: TfidfVectorizer,
    pub genres: GenreBinarizer,
    pub numeric: NumericScaler,
}

/// Loads a generation's transformers. `read` returns the verified contents of a file.
pub(super) fn load_transformers(
    read: impl Fn(&str) -> Result<Vec<u8>, LoadError>,
) -> Result<Transformers, LoadError> {
    let bytes = read(TFIDF)?;
    let file: TfidfFile<'_> = parse(TFIDF, &bytes)?;
    let mut terms = vec![String::new(); file.vocabulary.len()];
    for (term, column) in file.vocabulary {
        let slot =
            terms.get_mut(column).ok_or_else(|| broken(TFIDF, "a column is out of range"))?;
        *slot = term.into_owned();
    }
    if terms.len() != file.idf.len() {
        return Err(broken(TFIDF, "vocabulary and idf differ in length"));
    }
    let params = TfidfParams {
        max_features: file.params.max_features,
        ngram_max: file.params.ngram_range.1,
        stop_words: match file.params.stop_words {
            Some(_) => StopWords::English,
            None => StopWords::None,
        },
        min_df: file.params.min_df,
    };
    Ok(Transformers {
        tfidf: TfidfVectorizer { params, terms, idf: file.idf.into_owned() },
        genres: parse(GENRES, &read(GENRES)?)?,
        numeric: parse(NUMERIC, &read(NUMERIC)?)?,
    })
}

/// Loads the models in `set` of a generation with `n_movies` movies. `read` returns the verified contents of
/// a file.
pub(super) fn load_models(
    manifest: &Manifest,
    set: ModelSet,
    n_movies: usize,
    read: impl Fn(&str) -> Result<Vec<u8>, LoadError>,
) -> Result<Blend, LoadError> {
    let spec = manifest.spec();
    if !spec.model.learns_from_ratings() {
        return Ok(Blend::CONTENT);
    }
    models::load(&spec, set, (n_movies, manifest.learned_movies()), read)
}

/// Loads a generation with the models in `set`. `read` returns the verified contents of a file.
pub(super) fn load(
    manifest: Manifest,
    generation: u64,
    set: ModelSet,
    read: impl Fn(&str) -> Result<Vec<u8>, LoadError> + Sync,
) -> Result<Bundle, LoadError> {
    let (movies, features) = rayon::join(
        || -> Result<Vec<Movie>, LoadError> { parse(MOVIES, &read(MOVIES)?) },
        || -> Result<(RankingFeatures, bool), LoadError> {
            let columns = read(RANKING_COLUMNS)?;
            let file: RankingFile<'_> = parse(RANKING_COLUMNS, &columns)?;
            let matrix = npz::csr_from_bytes(&read(RANKING_ROWS)?)
                .map_err(|error| broken(RANKING_ROWS, error))?;
            let RankingFile { feature_set, blocks, names, idf, labels } = file;
            let (blocks, names) = (blocks.into_owned(), names.into_owned());
            let (idf, labels) = (idf.into_owned(), labels.map(Cow::into_owned));
            let has_labels = labels.is_some();
            let labels = labels.unwrap_or_default();
            let features = RankingFeatures { feature_set, blocks, names, idf, labels, matrix };
            Ok((features, has_labels))
        },
    );
    let (movies, (features, has_labels)) = (movies?, features?);
    if features.matrix.n_rows() != movies.len() {
        return Err(broken(RANKING_ROWS, "its rows do not match the movies of movies_meta.json"));
    }
    if features.matrix.n_columns() != features.names.len() {
        return Err(broken(RANKING_COLUMNS, "its names do not match the columns of the matrix"));
    }
    let n_columns = features.blocks.last().map_or(0, |block| block.end as usize);
    if n_columns != features.names.len() {
        return Err(broken(RANKING_COLUMNS, "its blocks do not cover the columns"));
    }
    let features = if has_labels {
        features
    } else {
        features.with_labels(&manifest.settings.training_movies(&movies), None)
    };
    let blend = load_models(&manifest, set, movies.len(), &read)?;
    let n_movies = movies.len();
    let match_scale = manifest.match_calibration.as_ref().map(|calibration| calibration.scale);
    let mut recommender = Recommender::new(movies, features, blend, manifest.settings.votes())
        .with_match_scale(match_scale);
    if manifest.files.contains_key(AVAILABILITY) {
        let availability: Availability = parse(AVAILABILITY, &read(AVAILABILITY)?)?;
        if !availability.is_consistent(n_movies) {
            return Err(broken(AVAILABILITY, "its rows do not match the movies and services"));
        }
        recommender = recommender.with_availability(availability);
    }
    if recommender.vocabulary().checksum() != manifest.vocabulary_sha256 {
        return Err(broken(MOVIES, "its movies do not match the manifest"));
    }
    Ok(Bundle { manifest, generation, recommender })
}
