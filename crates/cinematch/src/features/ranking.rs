//! Ranking features: sparse rows whose dot product is the similarity of two movies as users perceive it.
//!
//! A row consists of blocks (overview words, title words, genres, keywords, cast, directors, user tags, era).
//! Within a block, a movie's entries are tf · idf, scaled to norm √weight, and the weights add up to 1. The
//! dot product of two movies is therefore Σ weight · cosine over the blocks. A movie's similarity to itself
//! is at most 1. A movie with few known facts has low similarities, because missing facts contribute 0.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub use super::block::{Block, BlockKind};
use super::labels::Labels;
use super::matrix::CsrMatrix;
use super::plain::{PlainFeatures, text_of};
use super::tags::TagCounts;
use super::text::{StopWords, TfidfError, TfidfParams, TfidfVectorizer};
use crate::catalog::{Interactions, Movie};
use crate::ids::UserIdx;

/// Which features are used for ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureSet {
    /// Plain features scaled to unit norm, so their dot product is the cosine similarity.
    Seed,
    /// All blocks except [`BlockKind::Numeric`], each with its weight.
    Full,
}

/// Ranking features, with the meaning of each column.
#[derive(Clone, Debug, PartialEq)]
pub struct RankingFeatures {
    /// Feature set that the rows were computed for.
    pub feature_set: FeatureSet,
    /// Blocks in column order.
    pub blocks: Vec<Block>,
    /// Display name of each column.
    pub names: Vec<String>,
    /// Inverse document frequency of each column, used to transform new movies. Empty for the seed set, whose
    /// plain features already include it, and for generations written by versions that did not store it.
    pub idf: Vec<f64>,
    /// Keywords and tags that reasons may name. Empty until [`Self::with_labels`].
    pub labels: Labels,
    /// Feature matrix with one row per movie.
    pub matrix: CsrMatrix<f32>,
}

/// Block weights for the full set, which add up to 1. Chosen by inspecting the nearest neighbors of
/// well-known movies in MovieLens with facts from TMDB.
const WEIGHTS: [(BlockKind, f32); 8] = [
    (BlockKind::Overview, 0.15),
    (BlockKind::Title, 0.13),
    (BlockKind::Genre, 0.17),
    (BlockKind::Keyword, 0.20),
    (BlockKind::Cast, 0.09),
    (BlockKind::Director, 0.09),
    (BlockKind::Tag, 0.12),
    (BlockKind::Era, 0.05),
];

/// Maximum fraction of overviews in which a word can occur and still get a column. More common words, such as
/// "life" and "young", are neither evidence of similarity nor useful as reasons.
const MAX_DF_SHARE: f32 = 0.02;
/// Words in up to this many overviews are never excluded by [`MAX_DF_SHARE`], which is too strict for small
/// catalogs.
const MIN_MAX_DF: u32 = 50;

/// Genres of MovieLens that do not describe a movie.
const NOT_GENRES: [&str; 2] = ["imax", "(no genres listed)"];

/// A movie's entries in one block, as names and frequencies.
type Entries = Vec<(String, f32)>;

impl RankingFeatures {
    /// Computes the rows for `feature_set`. O(entries) time and memory.
    ///
    /// # Errors
    /// Returns an error if there are too many distinct words. A corpus without a usable word is not an error
    /// and results in an empty block.
    pub fn fit(
        feature_set: FeatureSet,
        movies: &[Movie],
        plain: &PlainFeatures,
        tags: &TagCounts,
    ) -> Result<Self, TfidfError> {
        match feature_set {
            FeatureSet::Seed => Ok(Self::seed(plain)),
            FeatureSet::Full => Self::full(movies, tags),
        }
    }

    fn seed(plain: &PlainFeatures) -> Self {
        let mut matrix = CsrMatrix::new(plain.matrix.n_columns());
        for row in 0..plain.matrix.n_rows() {
            let values = plain.matrix.row(row).1;
            let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            matrix.push_row(
                plain.matrix.entries(row).map(|(column, value)| (column, (value * scale) as f32)),
            );
        }
        let ends = [
            (BlockKind::Overview, plain.tfidf.terms.len()),
            (BlockKind::Genre, plain.genres.classes.len()),
            (BlockKind::Numeric, plain.numeric.features.len()),
        ];
        let mut blocks: Vec<Block> = Vec::new();
        for (kind, width) in ends {
            let start = blocks.last().map_or(0, |block| block.end);
            blocks.push(Block { kind, weight: 1.0, start, end: start + width as u32 });
        }
        let names = plain.column_names().map(str::to_owned).collect();
        let (idf, labels) = (Vec::new(), Labels::default());
        Self { feature_set: FeatureSet::Seed, blocks, names, idf, labels, matrix }
    }

    fn full(movies: &[Movie], tags: &TagCounts) -> Result<Self, TfidfError> {
        let fitted: Vec<(Columns, CsrMatrix<f32>)> = WEIGHTS
            .par_iter()
            .map(|(kind, weight)| fit_block(*kind, *weight, movies, tags))
            .collect::<Result<_, _>>()?;
        let mut blocks: Vec<Block> = Vec::new();
        let (mut names, mut idf) = (Vec::new(), Vec::new());
        let mut matrices: Vec<CsrMatrix<f32>> = Vec::new();
        for ((kind, weight), (columns, matrix)) in WEIGHTS.into_iter().zip(fitted) {
            let start = names.len() as u32;
            names.extend(columns.names);
            idf.extend(columns.idf);
            blocks.push(Block { kind, weight, start, end: names.len() as u32 });
            matrices.push(matrix);
        }
        let matrix = CsrMatrix::hstack(&matrices.iter().collect::<Vec<_>>());
        let labels = Labels::default();
        Ok(Self { feature_set: FeatureSet::Full, blocks, names, idf, labels, matrix })
    }

    /// Computes the rows of `movies` using the existing columns. `plain` holds the plain features of the
    /// movies. For the movies that the columns were fitted to, the rows equal those from [`Self::fit`].
    /// Features without a column are ignored. Returns `None` if the columns' idf was not stored.
    pub fn transformed(
        &self,
        movies: &[Movie],
        plain: &PlainFeatures,
        tags: &TagCounts,
    ) -> Option<Self> {
        if self.feature_set == FeatureSet::Seed {
            return Some(Self::seed(plain));
        }
        if self.idf.len() != self.names.len() {
            return None;
        }
        let rows = |block: &Block| {
            let range = block.start as usize..block.end as usize;
            let (names, idf) = (self.names[range.clone()].to_vec(), self.idf[range].to_vec());
            transform_block(block, Columns { names, idf }, movies, tags)
        };
        let matrices: Vec<CsrMatrix<f32>> = self.blocks.par_iter().map(rows).collect();
        let matrix = CsrMatrix::hstack(&matrices.iter().collect::<Vec<_>>());
        let (blocks, names, idf) = (self.blocks.clone(), self.names.clone(), self.idf.clone());
        let labels = self.labels.clone();
        Some(Self { feature_set: self.feature_set, blocks, names, idf, labels, matrix })
    }

    /// Selects the keywords and tags that reasons may name. The rows must correspond to `movies` and to the movies
    /// of the ratings. `ratings` holds the ratings and the users whose likes are counted.
    #[must_use]
    pub fn with_labels(
        mut self,
        movies: &[Movie],
        ratings: Option<(&Interactions, &[UserIdx])>,
    ) -> Self {
        self.labels = Labels::fit((&self.blocks, &self.names), &self.matrix, movies, ratings);
        self
    }

    /// Returns the kind and the name of a column that a reason may name, or `None` for all others. Single words of
    /// overviews and titles are evidence of similarity, but mean little without their context.
    ///
    /// # Panics
    /// Panics if `column` is outside the matrix.
    pub(crate) fn named(&self, column: u32) -> Option<(BlockKind, &str)> {
        let kind = self.blocks[self.blocks.partition_point(|block| block.end <= column)].kind;
        let name = self.names[column as usize].as_str();
        match kind {
            BlockKind::Overview | BlockKind::Title | BlockKind::Numeric => None,
            BlockKind::Keyword | BlockKind::Tag => self.labels.get(column, kind),
            BlockKind::Genre if NOT_GENRES.contains(&name) => None,
            BlockKind::Genre | BlockKind::Cast | BlockKind::Director | BlockKind::Era => {
                Some((kind, name))
            }
        }
    }
}

/// Names and idf of the columns in a block.
struct Columns {
    names: Vec<String>,
    idf: Vec<f64>,
}

/// Input for a block in the full set.
enum Content<'a> {
    /// One text per movie, and the function that weights its words.
    Words(Vec<&'a str>, WordWeight),
    /// Names with their frequencies, one list per movie.
    Names(Vec<Entries>),
    /// Release years, which [`era_block`] reads from the movies.
    Era,
}

/// Computes the weight of a movie's words from the block weight and the number of distinct words.
type WordWeight = fn(f32, usize) -> f32;

fn content<'a>(kind: BlockKind, movies: &'a [Movie], tags: &TagCounts) -> Content<'a> {
    let names_from = |list: fn(&Movie) -> &[String]| {
        let entries = |movie: &Movie| list(movie).iter().map(|name| (name.clone(), 1.0)).collect();
        Content::Names(movies.iter().map(entries).collect())
    };
    match kind {
        BlockKind::Overview => {
            Content::Words(movies.iter().map(text_of).collect(), |weight, _| weight)
        }
        BlockKind::Title => {
            let texts = movies.iter().map(|movie| movie.title.as_str()).collect();
            // A single shared word may be a coincidence (Heat, The Heat), but two indicate a series.
            Content::Words(texts, |weight, n_words| {
                weight * n_words as f32 / (n_words as f32 + 1.0)
            })
        }
        BlockKind::Genre => names_from(|movie| &movie.genres),
        BlockKind::Keyword => names_from(|movie| &movie.keywords),
        BlockKind::Director => names_from(|movie| &movie.directors),
        BlockKind::Cast => Content::Names(movies.iter().map(billed_cast).collect()),
        BlockKind::Tag => {
            Content::Names(movies.iter().map(|movie| tag_entries(tags, movie)).collect())
        }
        BlockKind::Era | BlockKind::Numeric => Content::Era,
    }
}

fn fit_block(
    kind: BlockKind,
    weight: f32,
    movies: &[Movie],
    tags: &TagCounts,
) -> Result<(Columns, CsrMatrix<f32>), TfidfError> {
    match content(kind, movies, tags) {
        Content::Words(texts, weight_of) => {
            let overviews = movies.iter().filter(|movie| movie.overview.is_some()).count();
            let max_df = ((overviews as f32 * MAX_DF_SHARE) as u32).max(MIN_MAX_DF);
            let df = if kind == BlockKind::Overview { 3..=max_df } else { 2..=u32::MAX };
            fit_words(&texts, df, |n_words| weight_of(weight, n_words))
        }
        Content::Names(entries) => {
            let columns = choose_names(&entries);
            let matrix = weigh(&entries, &columns, weight);
            Ok((columns, matrix))
        }
        Content::Era => Ok(era_block(movies, weight)),
    }
}

fn transform_block(
    block: &Block,
    columns: Columns,
    movies: &[Movie],
    tags: &TagCounts,
) -> CsrMatrix<f32> {
    match content(block.kind, movies, tags) {
        Content::Words(texts, weight_of) => {
            let Columns { names, idf } = columns;
            let fitted = TfidfVectorizer { params: word_params(1), terms: names, idf };
            let mut matrix = CsrMatrix::new(fitted.terms.len());
            for row in fitted.weigh(&texts) {
                matrix.push_row(scaled_words(&row, |n_words| weight_of(block.weight, n_words)));
            }
            matrix
        }
        Content::Names(entries) => weigh(&entries, &columns, block.weight),
        Content::Era => era_block(movies, block.weight).1,
    }
}

/// Returns the actors with weights that decrease in billing order: 1 / √(1 + index).
fn billed_cast(movie: &Movie) -> Entries {
    let billed = movie.cast.iter().enumerate();
    billed.map(|(rank, actor)| (actor.clone(), 1.0 / (1.0 + rank as f32).sqrt())).collect()
}

fn tag_entries(tags: &TagCounts, movie: &Movie) -> Entries {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (tag, users) in movie.ids().flat_map(|id| tags.movie_tags(id)) {
        *counts.entry(tag).or_default() += users;
    }
    counts.into_iter().map(|(tag, users)| (tag.to_owned(), (1.0 + users as f32).ln())).collect()
}

fn word_params(min_df: u32) -> TfidfParams {
    TfidfParams { max_features: 20_000, ngram_max: 1, stop_words: StopWords::English, min_df }
}

/// Fits TF-IDF to single words whose document frequency is within `df_range`. `weight` maps the number of
/// distinct words in a text to its weight. A corpus without a usable word results in an empty block.
fn fit_words(
    texts: &[&str],
    df_range: RangeInclusive<u32>,
    weight: impl Fn(usize) -> f32,
) -> Result<(Columns, CsrMatrix<f32>), TfidfError> {
    let (fitted, rows) = match TfidfVectorizer::fit(texts, word_params(*df_range.start()), |_| ()) {
        Err(TfidfError::EmptyVocabulary { .. }) => {
            let mut empty = CsrMatrix::new(0);
            for _ in texts {
                empty.push_row([]);
            }
            return Ok((Columns { names: Vec::new(), idf: Vec::new() }, empty));
        }
        fitted => fitted?,
    };
    let mut dfs = vec![0; rows.n_columns()];
    rows.parts().1.iter().for_each(|column| dfs[*column as usize] += 1);
    let mut columns = Columns { names: Vec::new(), idf: Vec::new() };
    let mut column_of = Vec::with_capacity(rows.n_columns());
    for ((term, idf), df) in fitted.terms.into_iter().zip(fitted.idf).zip(dfs) {
        let keep = df_range.contains(&df);
        column_of.push(keep.then_some(columns.names.len() as u32));
        if keep {
            columns.names.push(term);
            columns.idf.push(idf);
        }
    }
    let mut matrix = CsrMatrix::new(columns.names.len());
    let mut entries_in_range: Vec<(u32, f64)> = Vec::new();
    for row in 0..rows.n_rows() {
        entries_in_range.clear();
        let entries = rows.entries(row);
        entries_in_range.extend(
            entries.filter_map(|(column, value)| Some((column_of[column as usize]?, value))),
        );
        matrix.push_row(scaled_words(&entries_in_range, &weight));
    }
    Ok((columns, matrix))
}

/// Scales a row of words to norm √weight, where the weight depends on the number of distinct words.
fn scaled_words(
    row: &[(u32, f64)],
    weight: impl Fn(usize) -> f32,
) -> impl Iterator<Item = (u32, f32)> {
    let length = row.iter().map(|(_, value)| value * value).sum::<f64>().sqrt();
    let scale = f64::from(weight(row.len())).sqrt() / length.max(f64::MIN_POSITIVE);
    row.iter().map(move |(column, value)| (*column, (value * scale) as f32))
}

/// Selects the names that occur in at least two movies. Names that occur in only one movie can't match
/// another movie, and they don't count toward norms.
fn choose_names(movies: &[Entries]) -> Columns {
    let mut df: FxHashMap<&str, u32> = FxHashMap::default();
    for (name, _) in movies.iter().flatten() {
        *df.entry(name).or_default() += 1;
    }
    let mut shared_names: Vec<(&str, u32)> =
        df.into_iter().filter(|(_, movies)| *movies > 1).collect();
    shared_names.sort_unstable();
    let n_movies = movies.len() as f32;
    let idf = |movies: u32| f64::from(((1.0 + n_movies) / (1.0 + movies as f32)).ln() + 1.0);
    let idf = shared_names.iter().map(|(_, movies)| idf(*movies)).collect();
    Columns { names: shared_names.into_iter().map(|(name, _)| name.to_owned()).collect(), idf }
}

/// Computes tf · idf, with rows scaled to norm √weight.
fn weigh(movies: &[Entries], columns: &Columns, weight: f32) -> CsrMatrix<f32> {
    let Columns { names, idf } = columns;
    let columns: FxHashMap<&str, (u32, f32)> = names
        .iter()
        .zip(idf)
        .enumerate()
        .map(|(column, (name, idf))| (name.as_str(), (column as u32, *idf as f32)))
        .collect();
    let mut matrix = CsrMatrix::new(names.len());
    for movie in movies {
        let mut row: Vec<(u32, f32)> = movie
            .iter()
            .filter_map(|(name, tf)| {
                columns.get(name.as_str()).map(|(column, idf)| (*column, tf * idf))
            })
            .collect();
        // The sort is stable, so `dedup_by_key` keeps the first of any repeated names.
        row.sort_by_key(|(column, _)| *column);
        row.dedup_by_key(|(column, _)| *column);
        matrix.push_row(scaled(row, weight));
    }
    matrix
}

/// Encodes years by linear interpolation between decades: 1994 has weight 0.6 for 1990 and 0.4 for 2000.
fn era_block(movies: &[Movie], weight: f32) -> (Columns, CsrMatrix<f32>) {
    const FIRST_YEAR: u16 = 1870;
    const DECADES: u16 = 25;
    let names = (0..DECADES).map(|decade| format!("around {}", FIRST_YEAR + decade * 10)).collect();
    let columns = Columns { names, idf: vec![1.0; DECADES.into()] };
    let mut matrix = CsrMatrix::new(DECADES.into());
    for movie in movies {
        let Some(year) =
            movie.year.filter(|year| (FIRST_YEAR..FIRST_YEAR + DECADES * 10 - 10).contains(year))
        else {
            matrix.push_row([]);
            continue;
        };
        let decade = u32::from((year - FIRST_YEAR) / 10);
        let fraction = f32::from((year - FIRST_YEAR) % 10) / 10.0;
        let entries = [(decade, 1.0 - fraction), (decade + 1, fraction)];
        let row = entries.into_iter().filter(|(_, share)| *share > 0.0).collect();
        matrix.push_row(scaled(row, weight));
    }
    (columns, matrix)
}

/// Scales a row to norm √weight.
fn scaled(row: Vec<(u32, f32)>, weight: f32) -> impl Iterator<Item = (u32, f32)> {
    let length = row.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
    let scale = if length > 0.0 { weight.sqrt() / length } else { 0.0 };
    row.into_iter().map(move |(column, value)| (column, value * scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        let total: f32 = WEIGHTS.iter().map(|(_, weight)| weight).sum();
        assert!((total - 1.0).abs() < 1e-6);
    }

    #[test]
    fn drops_names_of_single_movies_and_scales_rows_to_their_weight() {
        let movie = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1.0)).collect();
        let movies = [movie(&["b", "a"]), movie(&["a", "b", "c"]), movie(&[])];
        let columns = choose_names(&movies);
        let matrix = weigh(&movies, &columns, 0.25);
        assert_eq!(columns.names, ["a", "b"]);
        for row in 0..2 {
            let length: f32 = matrix.entries(row).map(|(_, value)| value * value).sum();
            assert!((length - 0.25).abs() < 1e-6);
        }
        assert!(matrix.row(2).0.is_empty());
    }

    #[test]
    fn transforming_the_fitted_movies_returns_the_same_rows() {
        use crate::fixtures::catalog;
        let movies = catalog();
        let tags = TagCounts::default();
        let plain = PlainFeatures::fit(&movies, TfidfParams::default()).unwrap();
        let PlainFeatures { tfidf, genres, numeric, matrix } = plain.clone();
        let again = PlainFeatures::transformed(&movies, tfidf, genres, numeric);
        assert_eq!(again.matrix, matrix);
        for set in [FeatureSet::Full, FeatureSet::Seed] {
            let fitted = RankingFeatures::fit(set, &movies, &plain, &tags).unwrap();
            assert_eq!(fitted.transformed(&movies, &again, &tags), Some(fitted.clone()));
        }
        let fitted = RankingFeatures::fit(FeatureSet::Full, &movies, &plain, &tags).unwrap();
        let unknown = RankingFeatures { idf: Vec::new(), ..fitted };
        assert_eq!(unknown.transformed(&movies, &again, &tags), None);
    }
}
