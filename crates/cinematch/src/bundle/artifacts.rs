//! Training a generation from a merged table, and reading and writing its files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::manifest::{Counts, FORMAT_VERSION, FileSum, InputSum, Manifest, Run, Settings};
use super::{Bundle, models, npz};
use crate::catalog::{Availability, Interactions, Movie};
use crate::evaluation::HoldOut;
use crate::features::GenreBinarizer;
use crate::features::numeric::NumericScaler;
use crate::features::plain::PlainFeatures;
use crate::features::ranking::{Block, FeatureSet, RankingFeatures};
use crate::features::tags::TagCounts;
use crate::features::text::{TfidfError, TfidfParams, TfidfVectorizer};
use crate::ids::{UserIdx, Vocabulary, sha256_hex};
use crate::models::{FitError, Fitted, Spec, TrainingSet};
use crate::ranking::{Blend, Recommender, Votes};

// Files of a generation.
pub(super) const ITEM_FEATURES: &str = "item_features.npz";
pub(super) const TFIDF: &str = "tfidf_vectorizer.json";
pub(super) const GENRES: &str = "genre_mlb.json";
pub(super) const NUMERIC: &str = "numeric_scaler.json";
const RANKING_ROWS: &str = "ranking_features.npz";
const RANKING_COLUMNS: &str = "ranking_features.json";
const MOVIES: &str = "movies_meta.json";
const AVAILABILITY: &str = "availability.json";
pub(super) const MANIFEST: &str = "manifest.json";

/// Inputs and settings of a training run.
#[derive(Debug)]
pub struct Training {
    /// Movies of the merged table.
    pub movies: Vec<Movie>,
    /// Streaming availability, if it was fetched.
    pub availability: Option<Availability>,
    /// User tags.
    pub tags: TagCounts,
    /// Ratings, including those of other movies; not needed by a pure content model.
    pub ratings: Option<Interactions>,
    /// Users whose ratings are left out of training. The caller is responsible for leaving their tags out of
    /// `tags`.
    pub hold_out: Option<HoldOut>,
    /// Files that the data was read from.
    pub inputs: Vec<InputSum>,
    /// Training settings.
    pub settings: Settings,
    /// Start of the run, RFC 3339 in UTC.
    pub created_at: String,
}

/// Error of training.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The table has no movies.
    #[error("there are no films to train on; loosen the filters of `cinematch preprocess`")]
    NoMovies,
    /// The TF-IDF vectorizer could not be fitted.
    #[error(transparent)]
    Tfidf(#[from] TfidfError),
    /// The model could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The model learns from ratings, but there are none.
    #[error(
        "the model `{0}` learns from ratings, and no film of the merged table has one: train \
         `--model content`, or put ratings.csv beside movies.csv"
    )]
    NoRatings(&'static str),
    /// A file could not be serialized.
    #[error("cannot write the artifacts: {0}")]
    Write(#[from] io::Error),
}

/// A generation in memory.
#[derive(Debug)]
pub struct Trained {
    /// Manifest of the generation.
    pub manifest: Manifest,
    /// Bytes of every other file, by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Contents of `tfidf_vectorizer.json`.
#[derive(Serialize, Deserialize)]
struct TfidfFile<'a> {
    params: TfidfFileParams,
    vocabulary: BTreeMap<Cow<'a, str>, usize>,
    idf: Cow<'a, [f64]>,
}

/// TF-IDF parameters under their scikit-learn names.
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
    /// Empty in generations of earlier versions, which cannot be updated.
    #[serde(default)]
    idf: Cow<'a, [f64]>,
}

/// Name of a file and the function that serializes it.
type Make<'a> = (String, Box<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync + 'a>);

/// Trains a generation and serializes its files. Equal inputs give equal bytes at any number of threads,
/// except for `run` in the manifest. `progress` is called with the name of the model being fitted and its
/// progress, 0 to 1.
pub fn train(
    training: Training,
    progress: &mut dyn FnMut(&'static str, f32),
) -> Result<Trained, TrainError> {
    let Training { movies, availability, tags, ratings, hold_out, inputs, settings, created_at } =
        training;
    if movies.is_empty() {
        return Err(TrainError::NoMovies);
    }
    let mut clock = Clock::new();
    let learned_from: Cow<'_, [Movie]> = if settings.without_tmdb_text {
        movies.iter().map(Movie::of_movielens_alone).collect::<Vec<_>>().into()
    } else {
        Cow::Borrowed(&movies)
    };
    let plain = PlainFeatures::fit(&learned_from, settings.tfidf)?;
    clock.step("plain_features");
    let ranking = RankingFeatures::fit(settings.features, &learned_from, &plain, &tags)?;
    clock.step("ranking_features");

    let vocabulary = Vocabulary::new(movies.iter().map(|movie| movie.movie_id));
    let ratings = ratings.map(|ratings| ratings.restricted_to(&vocabulary));
    let users: Option<Vec<UserIdx>> = ratings.as_ref().map(|ratings| match hold_out {
        Some(hold_out) => hold_out.learned(ratings),
        None => ratings.users().collect(),
    });
    let learned_from = ratings.as_ref().zip(users.as_deref());
    let learned = learn(&settings.model, &ranking, learned_from, progress)?;
    clock.step("models");
    let n_ratings = learned_from
        .map_or(0, |(ratings, users)| users.iter().map(|user| ratings.of_user(*user).len()).sum());
    // Free the memory of the ratings, which are about as large as the models.
    drop(ratings);

    let models = learned.as_ref().map(|learned| models::files(&settings.model, learned));
    let contents = Contents {
        movies: &movies,
        availability: availability.as_ref(),
        plain: &plain,
        ranking: &ranking,
        models: models.unwrap_or_default(),
    };
    let (files, sums) = contents.files()?;
    clock.step("serialise");

    let mut manifest = Manifest {
        format_version: FORMAT_VERSION,
        model_id: String::new(),
        settings,
        counts: Counts { tagged_movies: tags.n_movies(), ratings: n_ratings, ..contents.counts() },
        inputs,
        hold_out,
        derived_from: None,
        vocabulary_sha256: vocabulary.checksum(),
        services_source: movies.iter().find_map(|movie| movie.services_source),
        files: sums,
        run: Run {
            created_at,
            trained_at: None,
            threads: rayon::current_num_threads(),
            timings_ms: clock.steps,
        },
    };
    manifest.model_id = manifest.computed_id();
    Ok(Trained { manifest, files })
}

/// Bytes of files by name.
type Files = BTreeMap<String, Vec<u8>>;
/// Checksums of files by name.
type Sums = BTreeMap<String, FileSum>;

/// Contents of a generation's files.
pub(super) struct Contents<'a> {
    pub movies: &'a [Movie],
    pub availability: Option<&'a Availability>,
    pub plain: &'a PlainFeatures,
    pub ranking: &'a RankingFeatures,
    pub models: Vec<(String, &'a Fitted)>,
}

impl Contents<'_> {
    /// Serializes the files and computes the checksums for the manifest. The files are processed in
    /// parallel.
    pub(super) fn files(&self) -> io::Result<(Files, Sums)> {
        let Self { movies, availability, plain, ranking, models } = self;
        let mut makers: Vec<Make<'_>> = vec![
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
        for (name, model) in models {
            makers.push((name.clone(), Box::new(|| models::bytes(model))));
        }
        let made: Vec<(String, Vec<u8>, FileSum)> = makers
            .par_iter()
            .map(|(name, make)| {
                let bytes = make()?;
                let sum = FileSum { bytes: bytes.len() as u64, sha256: sha256_hex(&bytes) };
                Ok((name.clone(), bytes, sum))
            })
            .collect::<io::Result<_>>()?;
        let mut files = BTreeMap::new();
        let mut sums = BTreeMap::new();
        for (name, bytes, sum) in made {
            sums.insert(name.clone(), sum);
            files.insert(name, bytes);
        }
        Ok((files, sums))
    }

    /// Returns the counts; those of tags and ratings are 0.
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

/// Fits the model if it learns from ratings; returns `None` otherwise.
fn learn(
    spec: &Spec,
    features: &RankingFeatures,
    ratings: Option<(&Interactions, &[UserIdx])>,
    progress: &mut dyn FnMut(&'static str, f32),
) -> Result<Option<Fitted>, TrainError> {
    if !spec.model.learns_from_ratings() {
        return Ok(None);
    }
    let (interactions, users) = ratings
        .filter(|(ratings, _)| ratings.n_ratings() > 0)
        .ok_or(TrainError::NoRatings(spec.model.name()))?;
    let data = TrainingSet { interactions, users, features };
    Ok(Some(spec.fit(data, progress)?))
}

/// Measures the duration of each step in milliseconds.
pub(super) struct Clock {
    last: Instant,
    pub(super) steps: BTreeMap<String, f64>,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { last: Instant::now(), steps: BTreeMap::new() }
    }

    pub(super) fn step(&mut self, name: &str) {
        let elapsed = self.last.elapsed().as_secs_f64() * 1e3;
        self.steps.insert(name.to_owned(), (elapsed * 1e3).round() / 1e3);
        self.last = Instant::now();
    }
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Serializes a manifest with indentation.
pub(super) fn manifest_bytes(manifest: &Manifest) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(manifest)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn tfidf_bytes(tfidf: &TfidfVectorizer) -> io::Result<Vec<u8>> {
    use crate::features::text::StopWords;
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

/// Serializes movies as a JSON array with one movie per line.
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
    })
}

/// Fitted transformers of a generation.
#[derive(Debug)]
pub(super) struct Transformers {
    pub tfidf: TfidfVectorizer,
    pub genres: GenreBinarizer,
    pub numeric: NumericScaler,
}

/// Loads the transformers of a generation. `read` returns the verified bytes of a file.
pub(super) fn load_transformers(
    read: impl Fn(&str) -> Result<Vec<u8>, LoadError>,
) -> Result<Transformers, LoadError> {
    use crate::features::text::StopWords;
    let bytes = read(TFIDF)?;
    let file: TfidfFile<'_> = parse(TFIDF, &bytes)?;
    let mut terms = vec![String::new(); file.vocabulary.len()];
    for (term, column) in file.vocabulary {
        let place =
            terms.get_mut(column).ok_or_else(|| broken(TFIDF, "a column is out of range"))?;
        *place = term.into_owned();
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

/// A missing, damaged or inconsistent file of a generation.
#[derive(Debug)]
pub(super) struct LoadError {
    pub file: String,
    pub reason: String,
}

pub(super) fn broken(file: &str, reason: impl std::fmt::Display) -> LoadError {
    LoadError { file: file.to_owned(), reason: format!("{reason}") }
}

pub(super) fn parse<'a, T: Deserialize<'a>>(file: &str, bytes: &'a [u8]) -> Result<T, LoadError> {
    serde_json::from_slice(bytes).map_err(|error| broken(file, error))
}

/// Loads a generation. `read` returns the verified bytes of a file.
pub(super) fn load(
    manifest: Manifest,
    generation: u64,
    read: impl Fn(&str) -> Result<Vec<u8>, LoadError> + Sync,
) -> Result<Bundle, LoadError> {
    let (movies, features) = rayon::join(
        || -> Result<Vec<Movie>, LoadError> { parse(MOVIES, &read(MOVIES)?) },
        || -> Result<RankingFeatures, LoadError> {
            let columns = read(RANKING_COLUMNS)?;
            let file: RankingFile<'_> = parse(RANKING_COLUMNS, &columns)?;
            let matrix = npz::csr_from_bytes(&read(RANKING_ROWS)?)
                .map_err(|error| broken(RANKING_ROWS, error))?;
            let RankingFile { feature_set, blocks, names, idf } = file;
            let (blocks, names) = (blocks.into_owned(), names.into_owned());
            Ok(RankingFeatures { feature_set, blocks, names, idf: idf.into_owned(), matrix })
        },
    );
    let (movies, features) = (movies?, features?);
    if features.matrix.n_rows() != movies.len() {
        return Err(broken(RANKING_ROWS, "its rows are not the films of movies_meta.json"));
    }
    if features.matrix.n_columns() != features.names.len() {
        return Err(broken(RANKING_COLUMNS, "its names are not the columns of the matrix"));
    }
    let last = features.blocks.last().map_or(0, |block| block.end as usize);
    if last != features.names.len() {
        return Err(broken(RANKING_COLUMNS, "its blocks do not cover the columns"));
    }
    let blend = if manifest.settings.model.model.learns_from_ratings() {
        models::load(&manifest.settings.model, (movies.len(), manifest.learned_movies()), &read)?
    } else {
        Blend::CONTENT
    };
    let votes = if manifest.settings.without_tmdb_text { Votes::Ignore } else { Votes::Count };
    let n_movies = movies.len();
    let mut recommender = Recommender::new(movies, features, blend, votes);
    if manifest.files.contains_key(AVAILABILITY) {
        let availability: Availability = parse(AVAILABILITY, &read(AVAILABILITY)?)?;
        if !availability.fits(n_movies) {
            return Err(broken(AVAILABILITY, "its positions are not those of films and services"));
        }
        recommender = recommender.with_availability(availability);
    }
    if recommender.vocabulary().checksum() != manifest.vocabulary_sha256 {
        return Err(broken(MOVIES, "its films are not those of the manifest"));
    }
    Ok(Bundle { manifest, generation, recommender })
}

/// Writes a generation's files into an empty directory and syncs each.
pub(super) fn write_files(directory: &Path, trained: &Trained) -> io::Result<()> {
    let manifest = manifest_bytes(&trained.manifest)?;
    let mut files: Vec<(&str, &[u8])> =
        trained.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    files.push((MANIFEST, &manifest));
    // Written in parallel, the largest first, because copying to the kernel takes most of the time.
    files.sort_by_key(|(_, bytes)| std::cmp::Reverse(bytes.len()));
    files.into_par_iter().with_max_len(1).try_for_each(|(name, bytes)| {
        let mut file = std::fs::File::create_new(directory.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    })
}
