//! Names of a generation's files.

/// Plain feature rows.
pub const ITEM_FEATURES: &str = "item_features.npz";
/// Fitted TF-IDF vectorizer.
pub const TFIDF: &str = "tfidf_vectorizer.json";
/// Genre columns of the plain rows.
pub const GENRES: &str = "genre_mlb.json";
/// Fitted scaler of the numeric columns.
pub const NUMERIC: &str = "numeric_scaler.json";
/// Ranking feature rows.
pub const RANKING_ROWS: &str = "ranking_features.npz";
/// Columns of the ranking rows.
pub const RANKING_COLUMNS: &str = "ranking_features.json";
/// Movies in row order.
pub const MOVIES: &str = "movies_meta.json";
/// Streaming availability by region; written only if it was fetched.
pub const AVAILABILITY: &str = "availability.json";
/// Manifest, which lists all other files.
pub const MANIFEST: &str = "manifest.json";
