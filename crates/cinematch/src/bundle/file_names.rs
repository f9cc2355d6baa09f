//! Names of the files in a generation.

/// Plain feature matrix, with one row per movie.
pub(crate) const ITEM_FEATURES: &str = "item_features.npz";
/// Fitted TF-IDF vectorizer.
pub(crate) const TFIDF: &str = "tfidf_vectorizer.json";
/// Genres of the plain feature columns.
pub(crate) const GENRES: &str = "genre_mlb.json";
/// Fitted scaler for the numeric columns.
pub(crate) const NUMERIC: &str = "numeric_scaler.json";
/// Ranking feature matrix, with one row per movie.
pub(crate) const RANKING_ROWS: &str = "ranking_features.npz";
/// Columns of the ranking feature matrix.
pub(crate) const RANKING_COLUMNS: &str = "ranking_features.json";
/// The catalog's movies, in row order.
pub(crate) const MOVIES: &str = "movies_meta.json";
/// Streaming availability by region. Written only if it was fetched.
pub(crate) const AVAILABILITY: &str = "availability.json";
/// The manifest, which lists all other files.
pub(crate) const MANIFEST: &str = "manifest.json";
