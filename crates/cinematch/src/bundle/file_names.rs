//! Names of a generation's files.

/// Plain feature rows.
pub(crate) const ITEM_FEATURES: &str = "item_features.npz";
/// Fitted TF-IDF vectorizer.
pub(crate) const TFIDF: &str = "tfidf_vectorizer.json";
/// Genre columns of the plain rows.
pub(crate) const GENRES: &str = "genre_mlb.json";
/// Fitted scaler of the numeric columns.
pub(crate) const NUMERIC: &str = "numeric_scaler.json";
/// Ranking feature rows.
pub(crate) const RANKING_ROWS: &str = "ranking_features.npz";
/// Columns of the ranking rows.
pub(crate) const RANKING_COLUMNS: &str = "ranking_features.json";
/// Movies in row order.
pub(crate) const MOVIES: &str = "movies_meta.json";
/// Streaming availability by region; written only if it was fetched.
pub(crate) const AVAILABILITY: &str = "availability.json";
/// Manifest, which lists all other files.
pub(crate) const MANIFEST: &str = "manifest.json";
