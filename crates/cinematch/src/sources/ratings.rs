//! Parallel reader for a full-size `ratings.csv` with tens of millions of rows.
//!
//! The values in `ratings.csv` contain no line breaks, so each row is one line. The file is split into
//! pieces, and each piece consists of the lines that start in it. A fast path parses lines in the usual
//! form. All other lines go to the general [table reader](super::table), which reports any problems.
//! Pieces are read rather than memory-mapped, because mapped pages would count toward the process's
//! memory, and truncating the file during a read would crash the process.

mod count;
mod parquet;
mod validity;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rayon::prelude::*;

use super::movielens::{self, HISTORY_COLUMNS, RATING_COLUMNS};
use super::problem::{Outcome, Problem, ProblemKind, SourceError, Unlisted};
use super::table::{Column, Table, strip_bom};
use crate::ids::{MovieIdx, UserId, Vocabulary};
use crate::rating::Stars;

pub use count::count;
pub use parquet::read_parquet;

/// Size of a piece in bytes. Each task reads one piece.
const PIECE_BYTES: u64 = 4 << 20;
/// Maximum number of bytes by which the last line of a piece may extend past its end. A longer line is
/// reported as malformed.
const MAX_LINE_BYTES: u64 = 64 << 10;
/// Maximum number of problems listed for each piece, column, kind and outcome. Further problems are only
/// counted, which limits memory use if the file is in the wrong format.
const MAX_LISTED_PROBLEMS: u64 = 1_000;

/// A byte source that supports random access.
pub trait ReadAt: Sync {
    /// Returns the total number of bytes.
    fn length(&self) -> io::Result<u64>;

    /// Reads into `buffer`, starting at `offset`, and returns the number of bytes read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
}

impl ReadAt for [u8] {
    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.get(offset as usize..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

/// Error returned when ratings cannot be read from a file.
#[derive(Debug, thiserror::Error)]
pub enum RatingsError {
    /// The header is missing or wrong.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An I/O operation failed.
    #[error("cannot read {file}: {cause}")]
    Read {
        /// Name of the ratings file.
        file: String,
        /// Error from the operating system.
        cause: io::Error,
    },
    /// Too many rows are invalid.
    #[error("{invalid} of {rows} rows of {file} are invalid: {cause}")]
    MostlyInvalid {
        /// Name of the ratings file.
        file: String,
        /// Number of invalid rows.
        invalid: String,
        /// Number of rows.
        rows: String,
        /// The likely cause, with advice.
        cause: String,
    },
    /// The file is not a Parquet file with the columns of `ratings.csv`.
    #[error(
        "{file} cannot be read as Parquet with numeric userId, movieId, rating and timestamp: {reason}"
    )]
    Parquet {
        /// Name of the ratings file.
        file: String,
        /// The reason why the file was rejected.
        reason: String,
    },
}

/// The valid rows of one piece of a file, in file order, stored by column.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// User who gave each rating.
    pub users: Vec<UserId>,
    /// Movie that each rating is for.
    pub movies: Vec<MovieIdx>,
    /// Star rating in each row.
    pub stars: Vec<Stars>,
    /// Time of each rating, in seconds since 1970, UTC.
    pub times: Vec<u32>,
    /// Line number of the first line in the piece.
    first_line: u64,
    /// For each line that is not a valid row, the number of valid rows before it.
    gaps: Vec<u32>,
    /// Number of lines, including invalid ones.
    n_lines: u64,
    problems: Vec<Problem>,
    /// Number of problems of each kind, both listed and unlisted.
    problem_counts: Unlisted,
    unlisted: Unlisted,
    /// Number of rows, including invalid ones.
    rows: u64,
    /// Users with invalid rows, without consecutive duplicates.
    users_with_unusable_rows: Vec<UserId>,
    /// True if the last line lacks fields, has an open quote or is too long.
    is_last_line_cut: bool,
}

impl Part {
    /// Returns the line number of the valid row `row`. O(log invalid lines).
    pub(crate) fn line_of(&self, row: usize) -> u64 {
        let n_gaps_before = self.gaps.partition_point(|gap| *gap as usize <= row);
        self.first_line + (row + n_gaps_before) as u64
    }
}

/// The valid rows and the problems read from a ratings file.
#[derive(Clone, Debug, Default)]
pub struct RatingsRead {
    /// Valid rows, one part per piece of the file.
    pub parts: Vec<Part>,
    /// Problems in file order, at most 1,000 for each piece, column, kind and outcome.
    pub problems: Vec<Problem>,
    /// Number of problems that are not listed.
    pub unlisted: Unlisted,
    /// Number of data rows, including invalid ones.
    pub rows: u64,
    /// Users with at least one invalid row, in ascending order. Empty for Parquet files.
    pub users_with_unusable_rows: Vec<UserId>,
}

/// Reads `ratings.csv`. Problems refer to it as `file`. A rating of a movie that is not in `movies` is
/// reported as a problem. Takes O(bytes) time and 13 bytes of memory per row.
pub fn read(
    file: &str,
    source: &(impl ReadAt + ?Sized),
    movies: &Vocabulary,
) -> Result<RatingsRead, RatingsError> {
    let known_movies = KnownMovies { movies, source_name: "movies.csv" };
    read_columns(file, source, &RATING_COLUMNS, known_movies)
}

/// Reads a user history file, which has the columns of `ratings.csv`. `timestamp` is optional and
/// defaults to 0. A rating of a movie that is not in `movies`, the catalog, is reported as a problem.
/// Takes O(bytes) time and 13 bytes of memory per row.
pub fn read_histories(
    file: &str,
    source: &(impl ReadAt + ?Sized),
    movies: &Vocabulary,
) -> Result<RatingsRead, RatingsError> {
    let known_movies = KnownMovies { movies, source_name: "the catalog" };
    read_columns(file, source, &HISTORY_COLUMNS, known_movies).map_err(|error| match error {
        RatingsError::Source(error) => error.with_advice("Create it again").into(),
        other => other,
    })
}

/// The movies that ratings may refer to.
#[derive(Clone, Copy)]
struct KnownMovies<'a> {
    movies: &'a Vocabulary,
    /// Name used in messages for the source of `movies`, such as `movies.csv`.
    source_name: &'a str,
}

fn read_columns(
    file: &str,
    source: &(impl ReadAt + ?Sized),
    columns: &[Column],
    known_movies: KnownMovies<'_>,
) -> Result<RatingsRead, RatingsError> {
    let read_error = |cause| RatingsError::Read { file: file.to_owned(), cause };
    let length = source.length().map_err(read_error)?;
    let mut head = Vec::new();
    fill(source, 0..length.min(MAX_LINE_BYTES), &mut head).map_err(read_error)?;
    let table = Table::open(file, strip_bom(&head), columns)?;
    let data = (head.len() - strip_bom(&head).len() + table.data_start) as u64;
    let lines_before = memchr::memchr_iter(b'\n', &head[..data as usize]).count() as u64;

    let reader = Reader { table: &table, is_plain: table.is_plain(), known_movies };
    let pieces = (data..length).step_by(PIECE_BYTES as usize).collect::<Vec<u64>>();
    let mut parts: Vec<Part> = pieces
        .into_par_iter()
        .with_max_len(1)
        .map_init(Vec::new, |buffer, start| {
            let lines = start..length.min(start + PIECE_BYTES);
            // Read the preceding byte too: if it is a line feed, a line starts at `start`.
            let from = if start > data { start - 1 } else { start };
            fill(source, from..length.min(lines.end + MAX_LINE_BYTES), buffer)?;
            let bytes = buffer.as_slice();
            let first = if start > data {
                memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1)
            } else {
                0
            };
            let (end, last) = ((lines.end - from) as usize, lines.end == length);
            Ok(reader.read(bytes, first..end, last))
        })
        .collect::<io::Result<_>>()
        .map_err(read_error)?;

    let mut read = RatingsRead::default();
    let mut line = lines_before + 1;
    let mut cut_line = None;
    for part in &mut parts {
        part.first_line = line;
        line += part.n_lines;
        if part.n_lines > 0 {
            cut_line = part.is_last_line_cut.then(|| line - 1);
        }
        for mut problem in part.problems.drain(..) {
            problem.line += part.first_line;
            read.problems.push(problem);
        }
        read.unlisted.append(std::mem::take(&mut part.unlisted));
        read.rows += part.rows;
        read.users_with_unusable_rows.append(&mut part.users_with_unusable_rows);
    }
    let mut last_byte = Vec::new();
    fill(source, length.saturating_sub(1)..length, &mut last_byte).map_err(read_error)?;
    table.reject_incomplete(cut_line, last_byte.first())?;
    read.users_with_unusable_rows.sort_unstable();
    read.users_with_unusable_rows.dedup();
    read.parts = parts;
    Ok(read)
}

/// Reads `range` of `source` into `buffer`, stopping early at the end of the source.
fn fill(
    source: &(impl ReadAt + ?Sized),
    range: Range<u64>,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    buffer.resize((range.end - range.start) as usize, 0);
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read_at(range.start + filled as u64, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(())
}

/// Parser for the pieces of a file.
struct Reader<'a> {
    table: &'a Table<'a>,
    /// True if the file has exactly the expected columns, in the expected order.
    is_plain: bool,
    known_movies: KnownMovies<'a>,
}

impl Reader<'_> {
    /// Reads the lines that start in `range`. Line numbers in problems are relative to the piece, from 0.
    /// `is_last` is true for the last piece of the file.
    fn read(&self, bytes: &[u8], range: Range<usize>, is_last: bool) -> Part {
        // If a single line spans the whole piece, no line starts in it.
        let end = range.end.min(bytes.len());
        let piece = &bytes[range.start.min(end)..end];
        let max_rows = memchr::memchr_iter(b'\n', piece).count() + 1;
        let mut part = Part {
            users: Vec::with_capacity(max_rows),
            movies: Vec::with_capacity(max_rows),
            stars: Vec::with_capacity(max_rows),
            times: Vec::with_capacity(max_rows),
            ..Part::default()
        };
        let mut position = range.start;
        while position < end {
            let plain = if self.is_plain { self.parse_plain(&bytes[position..]) } else { None };
            if let Some((row, length)) = plain {
                part.push(&row);
                part.is_last_line_cut = false;
                position += length;
            } else {
                let rest = &bytes[position..];
                let length = memchr::memchr(b'\n', rest).map(|length| length + 1);
                if length.is_some() || is_last || rest.len() as u64 <= MAX_LINE_BYTES {
                    let line = &rest[..length.unwrap_or(rest.len())];
                    self.parse_general(line, &mut part);
                    position += line.len();
                } else {
                    part.too_long(self.table.too_long(part.n_lines, rest));
                    position = bytes.len();
                }
            }
            part.n_lines += 1;
        }
        part
    }

    /// Parses a line in the usual form, `1,296,5.0,1147880044`. Returns the row and the line's length, or
    /// `None` if the line has another form or the movie is unknown.
    fn parse_plain(&self, bytes: &[u8]) -> Option<(Row, usize)> {
        let mut position = 0;
        let user = number(bytes, &mut position)?;
        skip(bytes, &mut position, b',')?;
        let movie = number(bytes, &mut position)?;
        skip(bytes, &mut position, b',')?;
        let [whole @ b'0'..=b'5', b'.', half @ (b'0' | b'5'), b','] =
            *bytes.get(position..position + 4)?
        else {
            return None;
        };
        position += 4;
        let stars = Stars::from_halves((whole - b'0') * 2 + u8::from(half == b'5'))?;
        let time = number(bytes, &mut position)?;
        if bytes.get(position) == Some(&b'\r') {
            position += 1;
        }
        skip(bytes, &mut position, b'\n')?;
        let movie = self.known_movies.movies.index_of(crate::ids::MovieId(movie))?;
        Some((Row { user: UserId(user), movie, stars, time }, position))
    }

    /// Parses a line that the fast path can't handle, using the general table reader, and records any
    /// problems.
    fn parse_general(&self, line: &[u8], part: &mut Part) {
        let mut problems = Vec::new();
        let (mut usable, mut unusable_user) = (None, None);
        let (rows, is_cut) =
            self.table.read_line(line, part.n_lines, &mut problems, |row, problems| {
                let Some(rating) = movielens::rating(row, problems) else {
                    unusable_user = row.get(0).parse().ok();
                    return;
                };
                let Some(movie) = self.known_movies.movies.index_of(rating.movie_id) else {
                    let reason = format!(
                        "there is no movie {} in {}",
                        rating.movie_id, self.known_movies.source_name
                    );
                    let kind = ProblemKind::UnknownReference;
                    problems.push(row.problem(1, kind, Outcome::RowDropped, reason));
                    unusable_user = Some(rating.user_id);
                    return;
                };
                let (user, stars, time) = (rating.user_id, rating.stars, rating.timestamp);
                usable = Some(Row { user, movie, stars, time });
            });
        part.rows += rows;
        part.is_last_line_cut = is_cut;
        part.add_problems(problems);
        if unusable_user.is_some() && part.users_with_unusable_rows.last() != unusable_user.as_ref()
        {
            part.users_with_unusable_rows.extend(unusable_user);
        }
        match usable {
            Some(row) => {
                part.rows -= 1;
                part.push(&row);
            }
            None => part.gaps.push(part.users.len() as u32),
        }
    }
}

/// A valid row.
struct Row {
    user: UserId,
    movie: MovieIdx,
    stars: Stars,
    time: u32,
}

impl Part {
    fn push(&mut self, row: &Row) {
        self.rows += 1;
        self.users.push(row.user);
        self.movies.push(row.movie);
        self.stars.push(row.stars);
        self.times.push(row.time);
    }

    fn too_long(&mut self, problem: Problem) {
        self.rows += 1;
        self.gaps.push(self.users.len() as u32);
        self.is_last_line_cut = true;
        self.add_problems(vec![problem]);
    }

    fn add_problems(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            if self.problem_counts.add(&problem) <= MAX_LISTED_PROBLEMS {
                self.problems.push(problem);
            } else {
                self.unlisted.add(&problem);
            }
        }
    }
}

/// Parses the digits at `position` as a `u32` and advances `position` past them. Returns `None` if there
/// are no digits or the value overflows.
fn number(bytes: &[u8], position: &mut usize) -> Option<u32> {
    const MAX_DIGITS: usize = 10;
    let mut value = 0_u64;
    let start = *position;
    for byte in bytes.get(start..)?.iter().take(MAX_DIGITS) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value * 10 + u64::from(digit);
        *position += 1;
    }
    if *position == start {
        return None;
    }
    u32::try_from(value).ok()
}

fn skip(bytes: &[u8], position: &mut usize, byte: u8) -> Option<()> {
    (bytes.get(*position) == Some(&byte)).then(|| *position += 1)
}

#[cfg(test)]
mod tests;
