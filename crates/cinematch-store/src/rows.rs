//! Conversions between columns and types. Every number is a 64-bit integer in both databases.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;

use crate::error::StoreError;

/// Decodes a `movie_id` column.
pub(crate) fn movie_id(number: i64) -> Result<MovieId, StoreError> {
    u32::try_from(number).map(MovieId).map_err(|_| damaged("movie_id", &number))
}

/// Decodes a `half_stars` column.
pub(crate) fn stars(halves: Option<i64>) -> Result<Option<Stars>, StoreError> {
    let Some(halves) = halves else { return Ok(None) };
    let stars = u8::try_from(halves).ok().and_then(Stars::from_halves);
    stars.map(Some).ok_or_else(|| damaged("half_stars", &halves))
}

/// Returns the error for a value that is invalid in `column`.
pub(crate) fn damaged(column: &str, value: &dyn std::fmt::Display) -> StoreError {
    StoreError::Damaged { value: format!("{value} in column {column}") }
}

/// Returns the placeholders for `rows` rows with `columns` values each: `($1, $2), ($3, $4)`.
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let placeholder = |column: usize| format!("${}", row * columns + column + 1);
        format!("({})", (0..columns).map(placeholder).collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Number of rows that one `INSERT` writes. Both databases accept more than 30,000 values per statement.
pub(crate) const ROWS_PER_STATEMENT: usize = 400;
