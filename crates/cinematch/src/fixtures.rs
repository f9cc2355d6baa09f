//! Movies for unit tests.

use crate::catalog::Movie;
use crate::ids::MovieId;

/// Returns a movie that has a title but no other metadata.
pub(crate) fn movie(id: u32, title: &str) -> Movie {
    Movie::new(MovieId(id), title)
}

/// Returns twelve movies of three kinds: heists, musicals and westerns.
pub(crate) fn catalog() -> Vec<Movie> {
    let kinds: [(&[&str], &[&str], &str); 3] = [
        (&["crime", "thriller"], &["heist", "police"], "A crew plans a heist"),
        (&["musical", "comedy"], &["singing", "dancing"], "They sing on a stage"),
        (&["western"], &["duel", "horse"], "A rider comes to a town"),
    ];
    (0..12)
        .map(|id| {
            let (genres, keywords, overview) = kinds[id as usize % 3];
            let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            Movie {
                year: Some(1980 + id as u16 * 3),
                runtime: Some(85 + id * 5),
                genres: owned(genres),
                keywords: owned(keywords),
                overview: Some(format!("{overview} number{id}.")),
                vote_count: Some(10 + 37 * (id % 5)),
                vote_average: Some(5.0 + (id % 4) as f32),
                // Titles that end with numbers would be a series.
                ..movie(100 + id, &format!("Film {}", char::from(b'A' + id as u8)))
            }
        })
        .collect()
}
