//! Reader for `ratings.parquet`, which has the columns of `ratings.csv` and is written by pandas, Polars
//! or `DuckDB`. In problems, the line number is the row number, from 1.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use rayon::prelude::*;

use super::{Part, RatingsError, RatingsRead, Row};
use crate::ids::{MovieId, UserId, Vocabulary};
use crate::rating::Stars;
use crate::sources::movielens::RATING_COLUMNS;
use crate::sources::problem::{Outcome, Problem, ProblemKind};
use crate::sources::values::ID_EXPECTED;

/// Number of rows that a thread decodes at a time.
const CHUNK: usize = 1 << 18;

/// Reads `ratings.parquet` under the same rules as [`ratings.csv`](super::read). Problems refer to it as
/// `file`. Row groups are read in parallel. Takes O(rows) time and 13 bytes of memory per row.
pub fn read_parquet(
    file: &str,
    source: File,
    movies: &Vocabulary,
) -> Result<RatingsRead, RatingsError> {
    let parquet_error = |cause: ParquetError| {
        let mut reason = cause.to_string();
        if reason.contains("Disabled feature") {
            reason += ". Its compression is not supported: write the file again with snappy, zstd or no \
                       compression";
        }
        RatingsError::Parquet { file: file.to_owned(), reason }
    };
    let reader = SerializedFileReader::new(PositionedFile(source)).map_err(parquet_error)?;
    let columns = columns(file, &reader)?;
    let mut first_rows = vec![0];
    for group in reader.metadata().row_groups() {
        first_rows.push(first_rows[first_rows.len() - 1] + group.num_rows() as u64);
    }
    let groups: Vec<Vec<Part>> = (0..reader.num_row_groups())
        .into_par_iter()
        .with_max_len(1)
        .map(|group| {
            let read = |first: u64, rows: Rows| part(file, movies, first, &rows);
            read_group(&reader, group, &columns, first_rows[group], read)
        })
        .collect::<Result<_, _>>()
        .map_err(parquet_error)?;
    let mut read = RatingsRead::default();
    for mut part in groups.into_iter().flatten() {
        read.problems.append(&mut part.problems);
        read.unlisted.append(std::mem::take(&mut part.unlisted));
        read.rows += part.rows;
        read.parts.push(part);
    }
    Ok(read)
}

/// A file read at explicit offsets. Clones of a [`File`] share a cursor, so threads that read row groups
/// through clones would interfere with each other.
struct PositionedFile(File);

impl Length for PositionedFile {
    fn len(&self) -> u64 {
        self.0.metadata().map_or(0, |metadata| metadata.len())
    }
}

impl ChunkReader for PositionedFile {
    type T = std::io::Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        /// Number of bytes to return for a page header, which usually takes a few dozen bytes.
        const HEADER_BYTES: u64 = 1 << 16;
        let length = HEADER_BYTES.min(self.len().saturating_sub(start)) as usize;
        self.get_bytes(start, length).map(std::io::Cursor::new)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = vec![0; length];
        self.0.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// Position and number format of one of the `ratings.csv` columns in the Parquet file.
#[derive(Clone, Copy)]
struct ColumnSource {
    column: usize,
    unsigned: bool,
    /// Factor that converts a stored value, such as 1e-3 for timestamps in milliseconds.
    unit: f64,
}

/// Finds the columns of `ratings.csv` in the schema.
fn columns(
    file: &str,
    reader: &SerializedFileReader<PositionedFile>,
) -> Result<Vec<ColumnSource>, RatingsError> {
    let schema = reader.metadata().file_metadata().schema_descr();
    let found = schema.columns();
    let invalid = |reason: String| RatingsError::Parquet { file: file.to_owned(), reason };
    let find = |name: &str| {
        let column = found.iter().position(|column| column.name() == name).ok_or_else(|| {
            let names: Vec<&str> = found.iter().map(|column| column.name()).collect();
            invalid(format!("the column `{name}` is missing; the file has {}", names.join(", ")))
        })?;
        if found[column].max_rep_level() > 0 {
            return Err(invalid(format!(
                "column `{name}` contains lists; expected one number per row"
            )));
        }
        let (mut unsigned, mut unit) = (false, 1.0);
        match found[column].logical_type_ref() {
            Some(LogicalType::Timestamp(timestamp)) => {
                unit = match timestamp.unit {
                    TimeUnit::MILLIS => 1e-3,
                    TimeUnit::MICROS => 1e-6,
                    TimeUnit::NANOS => 1e-9,
                };
            }
            Some(LogicalType::Integer(integer)) => unsigned = !integer.is_signed,
            _ => {}
        }
        Ok(ColumnSource { column, unsigned, unit })
    };
    RATING_COLUMNS.iter().map(|column| find(column.name)).collect()
}

/// Row values, stored by column. `None` is a null.
type Rows = Vec<Vec<Option<f64>>>;

/// Reads a row group in chunks. Calls `each` with the index of each chunk's first row and the chunk's
/// rows.
fn read_group<T>(
    reader: &SerializedFileReader<PositionedFile>,
    group: usize,
    sources: &[ColumnSource],
    first_row: u64,
    mut each: impl FnMut(u64, Rows) -> T,
) -> Result<Vec<T>, ParquetError> {
    let group = reader.get_row_group(group)?;
    let mut columns = Vec::with_capacity(sources.len());
    for source in sources {
        columns.push(group.get_column_reader(source.column)?);
    }
    let n_rows = group.metadata().num_rows() as usize;
    let mut results = Vec::new();
    for first in (0..n_rows).step_by(CHUNK) {
        let n = CHUNK.min(n_rows - first);
        let mut rows = Rows::with_capacity(sources.len());
        for (source, column) in sources.iter().zip(&mut columns) {
            let values = numbers(column, *source, n)?;
            if values.len() != n {
                return Err(ParquetError::EOF("a column ends before the others".to_owned()));
            }
            rows.push(values);
        }
        results.push(each(first_row + first as u64, rows));
    }
    Ok(results)
}

/// Reads the next `n` values of a column.
fn numbers(
    column: &mut ColumnReader,
    source: ColumnSource,
    n: usize,
) -> Result<Vec<Option<f64>>, ParquetError> {
    let scale = |value: i64| value as f64 * source.unit;
    match column {
        ColumnReader::Int32ColumnReader(column) => read_values(column, n, |value| {
            if source.unsigned { scale(i64::from(value as u32)) } else { scale(i64::from(value)) }
        }),
        ColumnReader::Int64ColumnReader(column) => read_values(column, n, scale),
        ColumnReader::FloatColumnReader(column) => read_values(column, n, f64::from),
        ColumnReader::DoubleColumnReader(column) => read_values(column, n, |value| value),
        _ => Err(ParquetError::General("a column does not contain numbers".to_owned())),
    }
}

fn read_values<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    n: usize,
    number: impl Fn(T::T) -> f64,
) -> Result<Vec<Option<f64>>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut read = 0;
    while read < n {
        let (records, ..) = column.read_records(n - read, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            break;
        }
        read += records;
    }
    let mut values = values.into_iter().map(number);
    // Required columns have no definition levels.
    if levels.is_empty() {
        return Ok(values.map(Some).collect());
    }
    Ok(levels.into_iter().map(|level| if level > 0 { values.next() } else { None }).collect())
}

/// Validates `rows` and collects the valid ones along with any problems.
fn part(file: &str, movies: &Vocabulary, first_row: u64, rows: &Rows) -> Part {
    let mut part = Part { first_line: first_row + 1, ..Part::default() };
    for index in 0..rows[0].len() {
        match row(movies, [0, 1, 2, 3].map(|column| rows[column][index])) {
            Ok(row) => part.push(&row),
            Err((column, kind, reason)) => {
                part.rows += 1;
                part.gaps.push(part.users.len() as u32);
                part.add_problems(vec![Problem {
                    file: file.to_owned(),
                    line: first_row + index as u64 + 1,
                    field: Some(RATING_COLUMNS[column].name.to_owned()),
                    kind,
                    outcome: Outcome::RowDropped,
                    reason,
                }]);
            }
        }
        part.n_lines += 1;
    }
    part
}

fn row(movies: &Vocabulary, values: [Option<f64>; 4]) -> Result<Row, (usize, ProblemKind, String)> {
    let number = |column: usize, expected: &str| {
        values[column].ok_or_else(|| {
            (column, ProblemKind::MissingValue, format!("expected {expected}, got nothing"))
        })
    };
    let parse_integer = |column: usize, expected: &str| {
        let value = number(column, expected)?.floor();
        let is_in_range = (0.0..=f64::from(u32::MAX)).contains(&value);
        is_in_range.then_some(value as u32).ok_or_else(|| {
            (column, ProblemKind::InvalidValue, format!("expected {expected}, got `{value}`"))
        })
    };
    let (user, movie_id) =
        (UserId(parse_integer(0, ID_EXPECTED)?), MovieId(parse_integer(1, ID_EXPECTED)?));
    let value = number(2, "0.5 to 5.0 in halves")?;
    let stars = Stars::from_value(value as f32).ok_or_else(|| {
        let reason = format!("expected 0.5 to 5.0 in halves, got `{value}`");
        (2, ProblemKind::InvalidValue, reason)
    })?;
    let time = parse_integer(3, "seconds since 1970")?;
    let movie = movies.index_of(movie_id).ok_or_else(|| {
        let reason = format!("there is no movie {movie_id} in movies.csv");
        (1, ProblemKind::UnknownReference, reason)
    })?;
    Ok(Row { user, movie, stars, time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use parquet::data_type::{DoubleType, Int32Type, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    const SCHEMA: &str = "message ratings { required int64 userId; optional int32 movieId; \
                          required double rating; required int64 timestamp (TIMESTAMP(MILLIS,true)); }";

    /// User, movie, star rating and Unix time of a row to write.
    type Written = (i64, Option<i32>, f64, i64);

    fn file(groups: &[&[Written]]) -> File {
        let file = tempfile::tempfile().unwrap();
        let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer =
            SerializedFileWriter::new(file.try_clone().unwrap(), schema, properties).unwrap();
        for rows in groups {
            let mut group = writer.next_row_group().unwrap();
            let mut column =
                |write: &mut dyn FnMut(&mut parquet::file::writer::SerializedColumnWriter<'_>)| {
                    let mut column = group.next_column().unwrap().unwrap();
                    write(&mut column);
                    column.close().unwrap();
                };
            column(&mut |column| {
                let users: Vec<i64> = rows.iter().map(|row| row.0).collect();
                column.typed::<Int64Type>().write_batch(&users, None, None).unwrap();
            });
            column(&mut |column| {
                let movies: Vec<i32> = rows.iter().filter_map(|row| row.1).collect();
                let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.1.is_some())).collect();
                column.typed::<Int32Type>().write_batch(&movies, Some(&levels), None).unwrap();
            });
            column(&mut |column| {
                let stars: Vec<f64> = rows.iter().map(|row| row.2).collect();
                column.typed::<DoubleType>().write_batch(&stars, None, None).unwrap();
            });
            column(&mut |column| {
                let times: Vec<i64> = rows.iter().map(|row| row.3 * 1000).collect();
                column.typed::<Int64Type>().write_batch(&times, None, None).unwrap();
            });
            group.close().unwrap();
        }
        writer.close().unwrap();
        file
    }

    #[test]
    fn every_row_is_returned_or_reported() {
        let movies = Vocabulary::new([7, 1].map(MovieId));
        let file = file(&[
            &[(5, Some(1), 4.5, 100), (5, None, 3.0, 101), (6, Some(9), 3.0, 102)],
            &[(6, Some(7), 0.5, 103), (-6, Some(7), 0.5, 104), (6, Some(1), 4.2, 105)],
        ]);
        let read = read_parquet("r.parquet", file, &movies).unwrap();
        let users: Vec<u32> =
            read.parts.iter().flat_map(|part| &part.users).map(|user| user.0).collect();
        let times: Vec<u32> = read.parts.iter().flat_map(|part| &part.times).copied().collect();
        assert_eq!((users, times, read.rows), (vec![5, 6], vec![100, 103], 6));
        assert_eq!(read.parts[1].line_of(0), 4);
        let problems: Vec<String> = read
            .problems
            .iter()
            .map(|problem| format!("{} {}", problem.line, problem.reason))
            .collect();
        assert_eq!(
            problems,
            [
                "2 expected a whole number from 0 to 4294967295, got nothing",
                "3 there is no movie 9 in movies.csv",
                "5 expected a whole number from 0 to 4294967295, got `-6`",
                "6 expected 0.5 to 5.0 in halves, got `4.2`",
            ]
        );
    }

    #[test]
    fn rejects_a_file_that_is_not_parquet() {
        let movies = Vocabulary::new([MovieId(7)]);
        let mut text = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut text, b"userId,movieId,rating,timestamp\n").unwrap();
        let error = read_parquet("r.parquet", text, &movies).unwrap_err();
        assert!(error.to_string().starts_with("r.parquet cannot be read as Parquet"), "{error}");
    }
}
