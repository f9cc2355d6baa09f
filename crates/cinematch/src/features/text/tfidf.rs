//! TF-IDF, equivalent to scikit-learn's `TfidfVectorizer` (smooth idf, L2-normalized rows, raw counts).
//!
//! idf(t) = ln((1 + n) / (1 + df(t))) + 1; an entry is tf · idf, and rows are scaled to unit norm (Salton and
//! Buckley, "Term-weighting Approaches in Automatic Text Retrieval", 1988, with scikit-learn's smoothing).
//! Words are numbered once, and n-grams are packed into integers. Counting is partitioned by key, so threads
//! share nothing and the result does not depend on their number or order.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::stop_words::is_english_stop_word;
use super::tokenize::for_each_word;
use crate::features::matrix::CsrMatrix;

/// Which words to remove before forming n-grams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopWords {
    /// Removes scikit-learn's English stop words.
    English,
    /// Removes no words.
    None,
}

/// Parameters for building a TF-IDF vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TfidfParams {
    /// Maximum number of terms. The most frequent terms in the corpus are selected, with ties broken
    /// alphabetically.
    pub max_features: usize,
    /// Maximum number of words per n-gram, 1 to 3.
    pub ngram_max: usize,
    /// Stop words to remove.
    pub stop_words: StopWords,
    /// Minimum number of documents that must contain a term.
    pub min_df: u32,
}

impl Default for TfidfParams {
    fn default() -> Self {
        Self { max_features: 500, ngram_max: 2, stop_words: StopWords::English, min_df: 1 }
    }
}

/// Error returned when a TF-IDF vocabulary can't be fitted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TfidfError {
    /// A parameter is outside its range.
    #[error("{name} must be {expected}, got {got}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// Description of the valid range.
        expected: &'static str,
        /// The rejected value.
        got: u64,
    },
    /// No term qualifies for the vocabulary.
    #[error(
        "no usable words: every word is a stop word, a single letter, or in fewer \
         than min_df = {min_df} documents"
    )]
    EmptyVocabulary {
        /// Minimum number of documents that a term had to occur in.
        min_df: u32,
    },
    /// The corpus contains more distinct words than n-gram keys can represent.
    #[error("the corpus has more than {} distinct words", WORD_LIMIT - 1)]
    TooManyWords,
}

/// A fitted vocabulary, with the idf of its terms.
#[derive(Clone, Debug, PartialEq)]
pub struct TfidfVectorizer {
    /// Parameters of the fit.
    pub params: TfidfParams,
    /// Terms, sorted by code point. A term's index is its column.
    pub terms: Vec<String>,
    /// Inverse document frequency of each term.
    pub idf: Vec<f64>,
}

/// Number of bits per word number in an n-gram key. Word number 0 means "no word".
const WORD_BITS: u32 = 21;
const WORD_LIMIT: usize = 1 << WORD_BITS;
const CHUNK: usize = 2048;
const PARTITIONS: u64 = 8;

impl TfidfVectorizer {
    /// Fits the vocabulary to `texts` and returns it with the texts × terms matrix.
    ///
    /// O(total length of `texts`) time and memory.
    ///
    /// # Errors
    /// Returns an error if a parameter is out of range, no term qualifies, or there are too many distinct words.
    pub(crate) fn fit_transform<S: AsRef<str> + Sync>(
        texts: &[S],
        params: TfidfParams,
    ) -> Result<(Self, CsrMatrix<f64>), TfidfError> {
        Self::fit(texts, params, |row| to_unit_length(row))
    }

    /// Fits the vocabulary. `finish` is called with the tf · idf entries of each row and may modify them.
    pub(in crate::features) fn fit<S: AsRef<str> + Sync>(
        texts: &[S],
        params: TfidfParams,
        finish: impl Fn(&mut Vec<(u32, f64)>) + Sync,
    ) -> Result<(Self, CsrMatrix<f64>), TfidfError> {
        check(&params)?;
        let corpus = Corpus::new(texts, params.stop_words)?;
        let selected = choose_terms(&corpus, &params);
        if selected.is_empty() {
            return Err(TfidfError::EmptyVocabulary { min_df: params.min_df });
        }
        let n_texts = texts.len() as f64;
        let idf: Vec<f64> = selected
            .iter()
            .map(|term| ((1.0 + n_texts) / (1.0 + f64::from(term.df))).ln() + 1.0)
            .collect();
        let columns: FxHashMap<u64, u32> =
            selected.iter().enumerate().map(|(column, term)| (term.key, column as u32)).collect();
        let rows: Vec<Vec<(u32, f64)>> = (0..texts.len())
            .into_par_iter()
            .with_min_len(CHUNK)
            .map(|document| {
                let mut row = corpus.row(document, params.ngram_max, &columns, &idf);
                finish(&mut row);
                row
            })
            .collect();
        let mut matrix = CsrMatrix::new(selected.len());
        for row in rows {
            matrix.push_row(row);
        }
        let terms = selected.into_iter().map(|term| term.text).collect();
        Ok((Self { params, terms, idf }, matrix))
    }

    /// Returns the texts × terms matrix for `texts`. For the text that the vocabulary was fitted to, the
    /// matrix equals the one from [`Self::fit_transform`]. O(total length of `texts`).
    pub(crate) fn transform<S: AsRef<str> + Sync>(&self, texts: &[S]) -> CsrMatrix<f64> {
        let mut matrix = CsrMatrix::new(self.terms.len());
        for mut row in self.weigh(texts) {
            to_unit_length(&mut row);
            matrix.push_row(row);
        }
        matrix
    }

    /// Returns the tf · idf entries of each text, without scaling them to unit norm.
    pub(in crate::features) fn weigh<S: AsRef<str> + Sync>(
        &self,
        texts: &[S],
    ) -> Vec<Vec<(u32, f64)>> {
        let columns: FxHashMap<&str, u32> =
            self.terms.iter().map(String::as_str).zip(0_u32..).collect();
        let row = |line: &mut Line, text: &S| {
            line.read(text.as_ref(), self.params.stop_words);
            let mut found: Vec<u32> = Vec::new();
            line.for_each_ngram(self.params.ngram_max, |term| found.extend(columns.get(term)));
            tfidf_row(found, &self.idf)
        };
        texts.par_iter().with_min_len(64).map_init(Line::default, row).collect()
    }
}

/// Returns the distinct columns in `found`, with their tf · idf.
fn tfidf_row(mut found: Vec<u32>, idf: &[f64]) -> Vec<(u32, f64)> {
    found.sort_unstable();
    let runs = found.chunk_by(|a, b| a == b);
    runs.map(|run| (run[0], run.len() as f64 * idf[run[0] as usize])).collect()
}

/// Scales a row to unit norm.
fn to_unit_length(row: &mut [(u32, f64)]) {
    let length = row.iter().map(|(_, value)| value * value).sum::<f64>().sqrt();
    for (_, value) in row {
        *value /= length;
    }
}

/// A text's words without stop words, joined by single spaces, so every n-gram is a substring.
#[derive(Default)]
struct Line {
    text: String,
    words: Vec<Range<usize>>,
}

impl Line {
    fn read(&mut self, text: &str, stop_words: StopWords) {
        self.text.clear();
        self.words.clear();
        for_each_word(text, |word| {
            if stop_words == StopWords::English && is_english_stop_word(word) {
                return;
            }
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            let start = self.text.len();
            self.text.push_str(word);
            self.words.push(start..self.text.len());
        });
    }

    fn for_each_ngram(&self, ngram_max: usize, mut each: impl FnMut(&str)) {
        for (index, first) in self.words.iter().enumerate() {
            for last in self.words[index..].iter().take(ngram_max) {
                each(&self.text[first.start..last.end]);
            }
        }
    }
}

fn check(params: &TfidfParams) -> Result<(), TfidfError> {
    let invalid = |name, expected, got| Err(TfidfError::Parameter { name, expected, got });
    if params.max_features == 0 {
        return invalid("max_features", "1 or more", 0);
    }
    if !(1..=3).contains(&params.ngram_max) {
        return invalid("ngram_max", "1, 2 or 3", params.ngram_max as u64);
    }
    if params.min_df == 0 {
        return invalid("min_df", "1 or more", 0);
    }
    Ok(())
}

/// A corpus stored as sequences of word numbers, starting at 1, without stop words.
struct Corpus {
    words: Vec<String>,
    tokens: Vec<u32>,
    documents: Vec<Range<usize>>,
}

impl Corpus {
    fn new<S: AsRef<str> + Sync>(texts: &[S], stop_words: StopWords) -> Result<Self, TfidfError> {
        let chunks: Vec<LocalCorpus> =
            texts.par_chunks(CHUNK).map(|chunk| LocalCorpus::new(chunk, stop_words)).collect();
        let mut word_ids: FxHashMap<String, u32> = FxHashMap::default();
        let mut words = vec![String::new()];
        let n_tokens = chunks.iter().map(|chunk| chunk.tokens.len()).sum();
        let mut tokens = Vec::with_capacity(n_tokens);
        let mut documents = Vec::with_capacity(texts.len());
        for chunk in chunks {
            let global: Vec<u32> = chunk
                .words
                .into_iter()
                .map(|word| {
                    let next = words.len() as u32;
                    *word_ids.entry(word).or_insert_with_key(|word| {
                        words.push(word.clone());
                        next
                    })
                })
                .collect();
            let offset = tokens.len();
            tokens.extend(chunk.tokens.iter().map(|local| global[*local as usize]));
            documents.extend(
                chunk.documents.iter().map(|range| range.start + offset..range.end + offset),
            );
        }
        if words.len() >= WORD_LIMIT {
            return Err(TfidfError::TooManyWords);
        }
        Ok(Self { words, tokens, documents })
    }

    /// Calls `each` with the key of every n-gram in `document`. The lowest bits of a key hold the last word.
    fn for_each_ngram(&self, document: usize, ngram_max: usize, mut each: impl FnMut(u64)) {
        let tokens = &self.tokens[self.documents[document].clone()];
        for start in 0..tokens.len() {
            let mut key = 0;
            for token in &tokens[start..tokens.len().min(start + ngram_max)] {
                key = key << WORD_BITS | u64::from(*token);
                each(key);
            }
        }
    }

    fn text_of(&self, key: u64) -> String {
        let mut words: Vec<&str> = (0..3)
            .map(|index| (key >> (index * WORD_BITS)) as usize & (WORD_LIMIT - 1))
            .take_while(|word| *word != 0)
            .map(|word| self.words[word].as_str())
            .collect();
        words.reverse();
        words.join(" ")
    }

    fn row(
        &self,
        document: usize,
        ngram_max: usize,
        columns: &FxHashMap<u64, u32>,
        idf: &[f64],
    ) -> Vec<(u32, f64)> {
        let mut found: Vec<u32> = Vec::new();
        self.for_each_ngram(document, ngram_max, |key| found.extend(columns.get(&key)));
        tfidf_row(found, idf)
    }
}

/// A chunk of the corpus with its own word numbers.
struct LocalCorpus {
    words: Vec<String>,
    tokens: Vec<u32>,
    documents: Vec<Range<usize>>,
}

impl LocalCorpus {
    fn new<S: AsRef<str>>(texts: &[S], stop_words: StopWords) -> Self {
        const STOP_WORD: u32 = u32::MAX;
        let mut word_ids: FxHashMap<String, u32> = FxHashMap::default();
        let mut local = Self {
            words: Vec::new(),
            tokens: Vec::new(),
            documents: Vec::with_capacity(texts.len()),
        };
        for text in texts {
            let start = local.tokens.len();
            for_each_word(text.as_ref(), |word| {
                let word_id = word_ids.get(word).copied().unwrap_or_else(|| {
                    let is_stop_word =
                        stop_words == StopWords::English && is_english_stop_word(word);
                    let number = if is_stop_word { STOP_WORD } else { local.words.len() as u32 };
                    if !is_stop_word {
                        local.words.push(word.to_owned());
                    }
                    word_ids.insert(word.to_owned(), number);
                    number
                });
                if word_id != STOP_WORD {
                    local.tokens.push(word_id);
                }
            });
            local.documents.push(start..local.tokens.len());
        }
        local
    }
}

struct Term {
    key: u64,
    text: String,
    df: u32,
}

#[derive(Clone, Copy)]
struct Frequency {
    /// Number of occurrences in the corpus.
    total: u32,
    /// Number of documents that contain the term.
    documents: u32,
    last_document: u32,
}

/// Returns the terms in the vocabulary, in ascending order.
fn choose_terms(corpus: &Corpus, params: &TfidfParams) -> Vec<Term> {
    let mut counted: Vec<(u64, Frequency)> = (0..PARTITIONS)
        .into_par_iter()
        .flat_map_iter(|partition| count_partition(corpus, params.ngram_max, partition))
        .filter(|(_, frequency)| frequency.documents >= params.min_df)
        .collect();
    let term = |(key, frequency): &(u64, Frequency)| Term {
        key: *key,
        text: corpus.text_of(*key),
        df: frequency.documents,
    };
    let mut chosen: Vec<Term>;
    if counted.len() > params.max_features {
        let by_total = |a: &(u64, Frequency), b: &(u64, Frequency)| b.1.total.cmp(&a.1.total);
        let (_, last_kept, _) = counted.select_nth_unstable_by(params.max_features - 1, by_total);
        let min_total = last_kept.1.total;
        chosen = counted.iter().filter(|(_, freq)| freq.total > min_total).map(term).collect();
        let mut tied: Vec<Term> =
            counted.iter().filter(|(_, freq)| freq.total == min_total).map(term).collect();
        tied.sort_unstable_by(|a, b| a.text.cmp(&b.text));
        tied.truncate(params.max_features - chosen.len());
        chosen.extend(tied);
    } else {
        chosen = counted.iter().map(term).collect();
    }
    chosen.sort_unstable_by(|a, b| a.text.cmp(&b.text));
    chosen
}

fn count_partition(
    corpus: &Corpus,
    ngram_max: usize,
    partition: u64,
) -> impl Iterator<Item = (u64, Frequency)> {
    let mut counts: FxHashMap<u64, Frequency> = FxHashMap::default();
    for document in 0..corpus.documents.len() {
        corpus.for_each_ngram(document, ngram_max, |key| {
            // The top bits of a multiplicative hash distribute the keys evenly.
            if key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61 != partition {
                return;
            }
            let frequency = counts.entry(key).or_insert(Frequency {
                total: 0,
                documents: 0,
                last_document: u32::MAX,
            });
            frequency.total += 1;
            if frequency.last_document != document as u32 {
                frequency.documents += 1;
                frequency.last_document = document as u32;
            }
        });
    }
    counts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(texts: &[&str], params: TfidfParams) -> (TfidfVectorizer, CsrMatrix<f64>) {
        TfidfVectorizer::fit_transform(texts, params).unwrap()
    }

    #[test]
    fn forms_bigrams_across_stop_words_and_scales_rows_to_unit_norm() {
        let texts = ["the bank of the robbers", "bank robbers robbers", "a"];
        let (fitted, matrix) = fit(&texts, TfidfParams::default());
        assert_eq!(fitted.terms, ["bank", "bank robbers", "robbers", "robbers robbers"]);
        let expected = (4.0_f64 / 3.0).ln() + 1.0;
        assert!((fitted.idf[0] - expected).abs() < 1e-12);
        for row in 0..2 {
            let length: f64 = matrix.entries(row).map(|(_, value)| value * value).sum();
            assert!((length - 1.0).abs() < 1e-12);
        }
        assert_eq!(matrix.row(2).0.len(), 0);
    }

    #[test]
    fn keeps_the_most_frequent_terms_and_breaks_ties_alphabetically() {
        let params = TfidfParams { max_features: 2, ngram_max: 1, ..TfidfParams::default() };
        let (fitted, _) = fit(&["zebra zebra apple mango", "kiwi"], params);
        assert_eq!(fitted.terms, ["apple", "zebra"]);
    }

    #[test]
    fn min_df_counts_documents_instead_of_occurrences() {
        let params = TfidfParams { min_df: 2, ngram_max: 3, ..TfidfParams::default() };
        let (fitted, _) = fit(&["red red blue green", "blue green", "red"], params);
        assert_eq!(fitted.terms, ["blue", "blue green", "green", "red"]);
    }

    #[test]
    fn rejects_invalid_parameters_and_empty_vocabularies() {
        let texts = ["the of and"];
        let empty = TfidfVectorizer::fit_transform(&texts, TfidfParams::default());
        assert_eq!(empty.unwrap_err(), TfidfError::EmptyVocabulary { min_df: 1 });
        let params = TfidfParams { ngram_max: 4, ..TfidfParams::default() };
        let invalid = TfidfVectorizer::fit_transform(&texts, params).unwrap_err();
        assert_eq!(invalid.to_string(), "ngram_max must be 1, 2 or 3, got 4");
    }

    #[test]
    fn transforming_the_fitted_texts_returns_the_same_matrix() {
        let texts: Vec<String> = (0..300)
            .map(|at| format!("The w{} of w{} and common w{} WORDS x é{}", at % 7, at % 31, at, at))
            .collect();
        for params in [
            TfidfParams { ngram_max: 3, max_features: 100, ..TfidfParams::default() },
            TfidfParams { stop_words: StopWords::None, min_df: 2, ..TfidfParams::default() },
        ] {
            let (fitted, matrix) = TfidfVectorizer::fit_transform(&texts, params).unwrap();
            assert_eq!(fitted.transform(&texts), matrix);
            let unknown = fitted.transform(&["qqq", "zzz qqq"]);
            assert_eq!((unknown.n_rows(), unknown.n_entries()), (2, 0));
        }
    }

    #[test]
    fn result_does_not_depend_on_the_number_of_threads() {
        let texts: Vec<String> =
            (0..5000).map(|at| format!("w{} w{} common w{}", at % 7, at % 311, at)).collect();
        let with = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| TfidfVectorizer::fit_transform(&texts, TfidfParams::default()))
                .unwrap()
        };
        assert_eq!(with(1), with(3));
    }
}
