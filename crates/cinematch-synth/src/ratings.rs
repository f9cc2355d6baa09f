//! `ratings.csv`, streamed one user at a time. Formats numbers by hand rather than with `fmt`, because
//! the file can have tens of millions of rows.

use std::io::{self, Write};

use crate::user::Picker;
use crate::world::World;

/// Minimum number of rows between calls to `progress`.
const PROGRESS_STEP: u64 = 100_000;
const BUFFER_BYTES: usize = 1 << 16;

const STARS: [&[u8; 5]; 11] = [
    b",0.0,", b",0.5,", b",1.0,", b",1.5,", b",2.0,", b",2.5,", b",3.0,", b",3.5,", b",4.0,",
    b",4.5,", b",5.0,",
];

pub(crate) fn write(
    world: &World,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let movies = &world.movies.movies;
    let mut picker = Picker::new(movies.len());
    let mut buffer: Vec<u8> = Vec::with_capacity(BUFFER_BYTES + 64);
    buffer.extend_from_slice(b"userId,movieId,rating,timestamp\r\n");
    let (mut rows, mut reported) = (0, 0);
    for user in 0..world.activity.len() as u32 {
        let (profile, mut stream) = world.user(user);
        let mut user_field = [0; 11];
        let user_field = with_comma(&mut user_field, user + 1);
        for index in picker.pick(&profile, &world.movies, &mut stream) {
            let movie = &movies[*index as usize];
            let (halves, timestamp) = profile.rate(movie, &mut stream);
            buffer.extend_from_slice(user_field);
            let mut digits = [0; 10];
            buffer.extend_from_slice(decimal(&mut digits, movie.movie_id));
            buffer.extend_from_slice(STARS[usize::from(halves)]);
            buffer.extend_from_slice(decimal(&mut digits, timestamp));
            buffer.extend_from_slice(b"\r\n");
            if buffer.len() >= BUFFER_BYTES {
                out.write_all(&buffer)?;
                buffer.clear();
            }
        }
        rows += u64::from(world.activity[user as usize]);
        if rows - reported >= PROGRESS_STEP {
            reported = rows;
            progress(rows);
        }
    }
    out.write_all(&buffer)?;
    progress(rows);
    out.flush()
}

/// Formats `number` in decimal, followed by a comma.
fn with_comma(space: &mut [u8; 11], number: u32) -> &[u8] {
    let mut digits = [0; 10];
    let digits = decimal(&mut digits, number);
    space[..digits.len()].copy_from_slice(digits);
    space[digits.len()] = b',';
    &space[..=digits.len()]
}

/// Formats `number` in decimal at the end of `space`.
fn decimal(space: &mut [u8; 10], mut number: u32) -> &[u8] {
    let mut position = space.len();
    loop {
        position -= 1;
        space[position] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &space[position..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_numbers_like_the_standard_library() {
        for number in [0, 7, 10, 99, 100, 12_345, 999_999_999, u32::MAX] {
            assert_eq!(decimal(&mut [0; 10], number), number.to_string().as_bytes());
            assert_eq!(with_comma(&mut [0; 11], number), format!("{number},").as_bytes());
        }
    }
}
