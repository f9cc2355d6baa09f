//! Counts the ratings of a few movies without reading all the others.

use std::io;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{MAX_LINE_BYTES, PIECE_BYTES, RatingsError, ReadAt, fill, number, skip};
use crate::ids::MovieId;

/// Returns the number of ratings of each of `movies` in `ratings.csv`. Counts every line that starts with
/// a user and one of the movies, whatever follows. Takes O(bytes) time and constant memory.
pub fn count(
    file: &str,
    source: &(impl ReadAt + ?Sized),
    movies: &[MovieId],
) -> Result<Vec<u64>, RatingsError> {
    let read_error = |cause| RatingsError::Read { file: file.to_owned(), cause };
    let length = source.length().map_err(read_error)?;
    let position_of: FxHashMap<u32, usize> = movies.iter().map(|movie| movie.0).zip(0..).collect();
    let count_piece = |buffer: &mut Vec<u8>, start: u64| -> io::Result<Vec<u64>> {
        let end = length.min(start + PIECE_BYTES);
        let from = start.saturating_sub(1);
        fill(source, from..length.min(end + MAX_LINE_BYTES), buffer)?;
        let mut counts = vec![0; movies.len()];
        // A line feed before `start` means that a line starts there. The first line is the header.
        let line_feeds = memchr::memchr_iter(b'\n', buffer).map(|index| index + 1);
        for line in line_feeds.take_while(|line| from + (*line as u64) < end) {
            if let Some(position) = movie_of(&buffer[line..]).and_then(|id| position_of.get(&id)) {
                counts[*position] += 1;
            }
        }
        Ok(counts)
    };
    let pieces: Vec<u64> = (0..length).step_by(PIECE_BYTES as usize).collect();
    let counts: Vec<Vec<u64>> = pieces
        .into_par_iter()
        .map_init(Vec::new, count_piece)
        .collect::<io::Result<_>>()
        .map_err(read_error)?;
    let mut total = vec![0; movies.len()];
    for piece in counts {
        total.iter_mut().zip(piece).for_each(|(total, count)| *total += count);
    }
    Ok(total)
}

/// Parses the second field of a line such as `1,296,5.0,1147880044`.
fn movie_of(line: &[u8]) -> Option<u32> {
    let mut position = 0;
    number(line, &mut position)?;
    skip(line, &mut position, b',')?;
    number(line, &mut position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_requested_movies_across_pieces() {
        let mut csv = b"userId,movieId,rating,timestamp\n".to_vec();
        let n_lines = 3 * PIECE_BYTES as usize / 16;
        for line in 0..n_lines {
            csv.extend(
                format!("{},{},4.0,9{:03}\n", line + 1, [7, 70, 8][line % 3], line % 7).bytes(),
            );
        }
        let counts = count("r.csv", csv.as_slice(), &[MovieId(8), MovieId(7), MovieId(9)]).unwrap();
        assert_eq!(counts, [(n_lines as u64) / 3, (n_lines as u64).div_ceil(3), 0]);
    }
}
