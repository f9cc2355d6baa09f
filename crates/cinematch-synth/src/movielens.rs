//! `movies.csv` and `links.csv`.

use std::io::{self, Write};

use crate::taxonomy::GENRES;
use crate::world::World;

pub(crate) fn write_movies(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = movielens_writer(out);
    writer.write_record(["movieId", "title", "genres"])?;
    for (index, movie) in world.movies.movies.iter().enumerate() {
        let names: Vec<&str> = (0..GENRES.len())
            .filter(|genre| movie.genres >> genre & 1 == 1)
            .map(|genre| GENRES[genre].0)
            .collect();
        let genres =
            if names.is_empty() { "(no genres listed)".to_owned() } else { names.join("|") };
        let title = world.title(index).movielens(movie);
        writer.write_record([movie.movie_id.to_string(), title, genres])?;
    }
    writer.flush()
}

pub(crate) fn write_links(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = movielens_writer(out);
    writer.write_record(["movieId", "imdbId", "tmdbId"])?;
    for movie in &world.movies.movies {
        let tmdb_id = if movie.tmdb_id == 0 { String::new() } else { movie.tmdb_id.to_string() };
        let imdb_id = format!("{:07}", movie.imdb_id);
        writer.write_record([movie.movie_id.to_string(), imdb_id, tmdb_id])?;
    }
    writer.flush()
}

/// Returns a CSV writer with CRLF line endings, as in the MovieLens files.
pub(crate) fn movielens_writer(out: &mut dyn Write) -> csv::Writer<&mut dyn Write> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}
