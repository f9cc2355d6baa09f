//! From columns to types: every number is a `BIGINT`, in both databases.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;

use crate::StoreError;

/// The film of a column.
pub(crate) fn movie_id(number: i64) -> Result<MovieId, StoreError> {
    u32::try_from(number).map(MovieId).map_err(|_| damaged("movie_id", &number))
}

/// The stars of a column.
pub(crate) fn stars(halves: Option<i64>) -> Result<Option<Stars>, StoreError> {
    let Some(halves) = halves else { return Ok(None) };
    let stars = u8::try_from(halves).ok().and_then(Stars::from_halves);
    stars.map(Some).ok_or_else(|| damaged("half_stars", &halves))
}

/// A value that its column cannot have.
pub(crate) fn damaged(column: &str, value: &dyn std::fmt::Display) -> StoreError {
    StoreError::Damaged { what: format!("{column} is {value}") }
}

/// `($1, $2), ($3, $4)`: places for `rows` rows of `columns` values.
pub(crate) fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let place = |column: usize| format!("${}", row * columns + column + 1);
        format!("({})", (0..columns).map(place).collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Rows written by one statement: both databases take thousands of values, and a statement of a few
/// hundred rows costs hardly more than one of one row.
pub(crate) const ROWS_AT_ONCE: usize = 400;
